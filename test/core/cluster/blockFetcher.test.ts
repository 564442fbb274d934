import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerBlocks, readAnswer } from "../../../core/cluster/blockBatch.ts";
import { BlockFetcher } from "../../../core/cluster/blockFetcher.ts";
import { BlockReads } from "../../../core/cluster/blockReads.ts";
import { resolveConfig } from "../../../core/config.ts";
import { SuperstepError } from "../../../core/errors.ts";
import type { BlockId } from "../../../core/host/task.ts";
import { SimClock } from "../../simulation/simClock.ts";

const output = (map: number, reduce = 0): BlockId => ({ kind: "shuffle", shuffle: 1, map, reduce });
const partition = (index: number): BlockId => ({ kind: "rdd", rdd: 1, partition: index });
const unreachable = (): SuperstepError => new SuperstepError("UNREACHABLE", "away");

const join = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));
const answer = async (
  ids: readonly BlockId[],
  get: (id: BlockId) => Promise<Uint8Array | undefined>,
): Promise<Uint8Array> => join(await answerBlocks(ids, get));

describe("answers with blocks", () => {
  it("bring each block of any length, in order, and say which are missing or damaged", async () => {
    const block = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(undefined), fc.constant("damaged" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 9 }), async (blocks) => {
        const ids = blocks.map((_, map) => output(map));
        const get = async (id: BlockId): Promise<Uint8Array | undefined> => {
          const found = blocks[(id as { map: number }).map];
          if (found === "damaged") throw new SuperstepError("BLOCK_CORRUPT", "damaged");
          return found;
        };
        const read = readAnswer(await answer(ids, get), ids.length);
        expect(read).toEqual(blocks.map((bytes) => (bytes === "damaged" ? bytes : { bytes })));
        for (const one of read) {
          if (typeof one === "object" && one.bytes !== undefined) {
            expect(one.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
            expect(one.bytes.buffer.byteLength).toBe(one.bytes.byteLength);
          }
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it("that are cut or lie are refused", async () => {
    const whole = await answer([output(0), output(1)], async () => Uint8Array.of(1, 2, 3));
    for (const length of [0, 7, 8, 10, 18]) {
      expect(() => readAnswer(whole.subarray(0, length), 2)).toThrow(
        expect.objectContaining({ code: "BLOCK_CORRUPT" }),
      );
    }
    new DataView(whole.buffer).setInt32(0, -7, true);
    expect(() => readAnswer(whole, 2)).toThrow(expect.objectContaining({ code: "BLOCK_CORRUPT" }));
  });

  it("that are full leave the rest for later, which is asked for again", async () => {
    const large = new Uint8Array(new SharedArrayBuffer(40 * 2 ** 20));
    const asked: number[] = [];
    const reads = new BlockReads(async (_host, ids) => {
      asked.push(ids.length);
      return answer(ids, async () => large);
    });
    const all = await Promise.all([0, 1, 2, 3, 4, 5].map((map) => reads.read(1, output(map))));
    expect(all.map((bytes) => bytes?.byteLength)).toEqual(all.map(() => large.byteLength));
    expect(asked.reduce((sum, count) => sum + count)).toBeGreaterThan(6);
  });
});

describe("BlockReads", () => {
  it("ask for what comes in one turn, or while answers are under way, in one go, two at a time", async () => {
    const clock = new SimClock();
    const asked: number[] = [];
    let underWay = 0;
    const reads = new BlockReads(async (_host, ids) => {
      asked.push(ids.length);
      expect(++underWay).toBeLessThanOrEqual(2);
      await clock.sleep(10);
      underWay--;
      return answer(ids, async (id) => Uint8Array.of((id as { map: number }).map));
    });
    const turns = [10, 1, 30, 59];
    const reading: Promise<Uint8Array | undefined>[] = [];
    for (const count of turns) {
      for (let read = 0; read < count; read++) reading.push(reads.read(3, output(reading.length)));
      await Promise.resolve();
    }
    const all = Promise.all(reading);
    expect((await clock.run(all, 1000)).map((bytes) => bytes![0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(asked).toEqual([10, 1, 89]);
  });
});

describe("BlockFetcher", () => {
  const config = resolveConfig({ maxFetchRetries: 2, fetchRetryMs: 100 });
  const make = (
    hosts: () => number[],
    get: (host: number, id: BlockId) => Promise<Uint8Array | undefined>,
  ): { clock: SimClock; fetcher: BlockFetcher; located: () => number; kept: BlockId[] } => {
    const clock = new SimClock();
    const kept: BlockId[] = [];
    let located = 0;
    const fetcher = new BlockFetcher({
      self: 1,
      config,
      clock,
      locateShuffle: async () => ({ epoch: ++located, hosts: hosts() }),
      locate: async () => hosts(),
      ask: (host, ids) => answer(ids, (id) => get(host, id)),
      keep: async (id) => void kept.push(id),
    });
    return { clock, fetcher, located: () => located, kept };
  };
  const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

  it("asks once where the map outputs of a shuffle are, until a later epoch", async () => {
    const { fetcher, located } = make(
      () => [2, 3],
      async (host) => Uint8Array.of(host),
    );
    expect(await fetcher.fetch(output(0))).toEqual(Uint8Array.of(2));
    expect(await fetcher.fetch(output(1))).toEqual(Uint8Array.of(3));
    expect(located()).toBe(1);
    fetcher.seeEpoch(1);
    await fetcher.fetch(output(1));
    expect(located()).toBe(2);
    fetcher.seeEpoch(1);
    await fetcher.fetch(output(1));
    expect(located()).toBe(2);
  });

  it("tries a host again that cannot be reached, at where the output is by then", async () => {
    let holder = 2;
    const { clock, fetcher } = make(
      () => [holder],
      async (host) => {
        holder = 3;
        if (host === 2) throw unreachable();
        return Uint8Array.of(host);
      },
    );
    expect(await clock.run(fetcher.fetch(output(0)), 1000)).toEqual(Uint8Array.of(3));
    expect(clock.now()).toBe(100);
  });

  it("gives up after the retries, and at once what is gone, with what the scheduler needs to know", async () => {
    const away = make(
      () => [2],
      () => Promise.reject(unreachable()),
    );
    const details = { shuffle: 1, map: 0, reduce: 4, holder: 2 };
    expect(await away.clock.run(failure(away.fetcher.fetch(output(0, 4))), 1000)).toMatchObject({
      code: "FETCH_FAILED",
      details: { ...details, isUnreachable: true },
    });
    expect(away.clock.now()).toBe(300);
    const gone = make(
      () => [2],
      async () => undefined,
    );
    expect(await gone.clock.run(failure(gone.fetcher.fetch(output(0, 4))), 1)).toMatchObject({
      code: "FETCH_FAILED",
      details: { ...details, isUnreachable: false },
    });
    for (const nowhere of [-1, 1]) {
      const lost = make(
        () => [nowhere],
        async () => Uint8Array.of(1),
      );
      expect(await failure(lost.fetcher.fetch(output(0, 4)))).toMatchObject({ code: "FETCH_FAILED" });
    }
  });

  it("takes a persisted partition from any holder, or none", async () => {
    const get = async (host: number): Promise<Uint8Array | undefined> => {
      if (host === 2) throw unreachable();
      return host === 3 ? undefined : Uint8Array.of(host);
    };
    expect(await make(() => [1, 2, 3, 4], get).fetcher.fetch(partition(0))).toEqual(Uint8Array.of(4));
    expect(await make(() => [1, 2, 3], get).fetcher.fetch(partition(0))).toBe(undefined);
  });

  it("fetches a broadcast once, keeps it, and does not keep one that is removed meanwhile", async () => {
    let asked = 0;
    const { clock, fetcher, kept } = make(
      () => [],
      async (host) => {
        asked++;
        expect(host).toBe(0);
        await clock.sleep(5);
        return Uint8Array.of(7);
      },
    );
    const id: BlockId = { kind: "broadcast", broadcast: 9 };
    const both = Promise.all([fetcher.fetch(id), fetcher.fetch(id)]);
    expect(await clock.run(both, 100)).toEqual([Uint8Array.of(7), Uint8Array.of(7)]);
    expect([asked, kept]).toEqual([1, [id]]);
    const late = fetcher.fetch(id);
    fetcher.forget({ kind: "broadcast", broadcast: 9 });
    await clock.run(late, 100);
    expect(kept).toEqual([id]);
  });
});
