import { afterAll, describe, expect, it, vi } from "vitest";
import { Arena } from "../../../../core/column/arena.ts";
import { Deliveries, type Part, type StageReport } from "../../../../core/cluster/executor/deliveries.ts";
import { messagesOf, PartBuilder } from "../../../../core/host/exchangeParts.ts";
import { Mailboxes } from "../../../../core/cluster/executor/mailboxes.ts";
import { SuperstepError } from "../../../../core/errors.ts";
import type { RingEntry } from "../../../../core/net/segmentRing.ts";
import { SimClock } from "../../../simulation/simClock.ts";
import { TestOperators } from "../testOperators.ts";

const operators = new TestOperators(`
  export const receive = (shared, message) => {
    globalThis.heardOfMailboxes ??= [];
    globalThis.heardOfMailboxes.push(message === undefined ? [shared] : [shared, message.from, ...message.bytes]);
  };
`);
afterAll(() => operators.remove());

const heard = (): unknown[] => {
  const world = globalThis as { heardOfMailboxes?: unknown[] };
  const all = world.heardOfMailboxes ?? [];
  world.heardOfMailboxes = [];
  return all;
};

const partOf = (...messages: number[][]): Uint8Array => {
  const builder = new PartBuilder();
  for (const message of messages) builder.add([Uint8Array.from(message)]);
  return Buffer.concat(builder.take());
};

describe("parts of an exchange", () => {
  it("hold messages of any length, each at a multiple of 8", () => {
    const messages = Array.from({ length: 20 }, (_, length) => Array.from({ length }, (_item, i) => i));
    const read = messagesOf(new Uint8Array(partOf(...messages)));
    expect(read.map((message) => [...message])).toEqual(messages);
    expect(read.every(({ byteOffset }) => byteOffset % 8 === 0)).toBe(true);
  });

  it("that are cut are refused", () => {
    const part = partOf([1, 2, 3], [4]);
    for (const length of [1, 7, 9, 10, 17, 24]) {
      expect(() => messagesOf(part.subarray(0, length))).toThrow(expect.objectContaining({ code: "BLOCK_CORRUPT" }));
    }
  });
});

describe("Mailboxes", () => {
  const make = (): { clock: SimClock; mailboxes: Mailboxes } => {
    const clock = new SimClock();
    const arena = Arena.create({ capacityBytes: 65536 });
    return { clock, mailboxes: new Mailboxes({ host: 1, arena, clock, patienceMs: 1000, maxBytes: 100 }) };
  };
  const header = (from: number, part: number, mailbox = 5) => ({
    host: 1,
    incarnation: "a",
    mailbox,
    from: { host: from, incarnation: "b" },
    part,
  });
  const caller = { role: "executor", remoteAddress: "x:1" } as const;
  const exchange = { sends: 5, receive: operators.ref("receive") };

  it("hand each message over once, whatever is repeated, and remember that they were there", async () => {
    heard();
    const { mailboxes } = make();
    expect(() => mailboxes.checkKnown(5)).toThrow(expect.objectContaining({ code: "HOST_LOST" }));
    await mailboxes.open(exchange, "s");
    await mailboxes.open(exchange, "s");
    const take = (from: number, part: number, ...messages: number[][]): Promise<void> =>
      mailboxes.upload.take(header(from, part), [partOf(...messages)], caller);
    await take(2, 0, [1], [2]);
    await take(2, 0, [1], [2]);
    await take(2, 1, [4]);
    await take(3, 0, [3]);
    await take(3, 0, [3]);
    mailboxes.checkKnown(5);
    mailboxes.close(5);
    await take(3, 1, [3]);
    mailboxes.checkKnown(5);
    expect(heard()).toEqual([["s"], ["s", 2, 1], ["s", 2, 2], ["s", 2, 4], ["s", 3, 3]]);
  });

  it("keep a part until its stage is known, and refuse it in the end", async () => {
    heard();
    const { clock, mailboxes } = make();
    const early = mailboxes.upload.take(header(2, 0), [partOf([7])], caller);
    const never = mailboxes.upload.take(header(2, 0, 6), [partOf([8])], caller).catch((error: unknown) => error);
    await clock.run(clock.sleep(500), 600);
    expect(heard()).toEqual([]);
    await mailboxes.open(exchange, "s");
    await early;
    expect(heard()).toEqual([["s"], ["s", 2, 7]]);
    expect(await clock.run(never, 2000)).toMatchObject({ code: "NO_CAPACITY" });
    expect(clock.numTimers).toBe(0);
  });

  it("drop what comes for a stage that was given up, and what was waiting is not kept for ever", async () => {
    heard();
    const { mailboxes } = make();
    mailboxes.close(5);
    await mailboxes.open(exchange, "s");
    await mailboxes.upload.take(header(2, 0), [partOf([7])], caller);
    expect(heard()).toEqual([]);
    expect(() => mailboxes.checkKnown(5)).toThrow(expect.objectContaining({ code: "HOST_LOST" }));
  });

  it("have no room for more than they may keep, but always for one part", async () => {
    const { clock, mailboxes } = make();
    const place = (bytes: number): readonly Uint8Array[] => mailboxes.upload.place(header(2, 0), bytes, caller);
    expect(place(1000)[0]).toHaveLength(1000);
    const waiting = mailboxes.upload.take(header(2, 0), [new Uint8Array(80)], caller).catch(() => undefined);
    expect(place(20)[0]).toHaveLength(20);
    expect(() => place(21)).toThrow(expect.objectContaining({ code: "NO_CAPACITY" }));
    await clock.run(waiting, 2000);
    expect(place(1000)[0]).toHaveLength(1000);
  });
});

describe("Deliveries", () => {
  const make = (send: (to: number, part: Part, signal: AbortSignal) => Promise<void>) => {
    const clock = new SimClock();
    const reports: StageReport[] = [];
    const exchanged = (report: StageReport): void => void reports.push(report);
    const deliveries = new Deliveries({ host: 1, clock, patienceMs: 500, send, exchanged });
    deliveries.begin(7, 1, 5, [1, 2, 3], 2);
    return { clock, reports, deliveries };
  };
  const deliverToAll = (deliveries: Deliveries): void => {
    for (const to of [2, 3]) deliveries.deliver(7, to, [[new Uint8Array(1)]]);
  };
  const unreachable = (): SuperstepError => new SuperstepError("UNREACHABLE", "away");

  it("hold back the end of a stage's last task here until all has arrived, sending much early, in order", async () => {
    const sent: [number, number, number][] = [];
    const { clock, reports, deliveries } = make(async (to, { part, pieces }) => {
      await clock.sleep(10);
      sent.push([to, part, pieces.reduce((total, { byteLength }) => total + byteLength, 0)]);
    });
    deliveries.deliver(7, 2, [[new Uint8Array(2 ** 20)]]);
    deliveries.deliver(7, 3, [[new Uint8Array(8)]]);
    expect(deliveries.finished(7, 0, 100)).toBe(undefined);
    expect(deliveries.finished(7, 0, 100)).toBe(undefined);
    await clock.run(clock.sleep(15), 20);
    expect(sent).toEqual([[2, 0, 2 ** 20 + 8]]);
    deliveries.deliver(7, 2, [[new Uint8Array(1)]]);
    const last = deliveries.finished(7, 1, 101)!;
    expect(reports).toEqual([]);
    expect(await clock.run(last, 100)).toBe(undefined);
    expect(sent.slice(1).sort(([a], [b]) => a - b)).toEqual([
      [2, 1, 16],
      [3, 0, 16],
    ]);
    expect(reports).toEqual([{ jobId: 1, stageId: 7, bytes: 2 ** 20 + 40, computeMs: 15, shipMs: 10, waitMs: 0 }]);
  });

  describe("of parts that lie in a ring", () => {
    const entryOf = (byteLength: number) => {
      const entry: RingEntry = {
        stored: { segment: "1-a", entry: 0, byteLength, checksum: 0 },
        over: vi.fn<() => void>(),
        unreadable: vi.fn<() => void>(),
      };
      return entry;
    };

    it("send notes at once, one beside the other, and tell when each was answered", async () => {
      const sent: unknown[] = [];
      const { clock, reports, deliveries } = make(async (to, { part, pieces, entry }) => {
        const length = pieces.reduce((total, { byteLength }) => total + byteLength, 0);
        sent.push([to, part, length, entry?.stored.byteLength]);
        await clock.sleep(10 * (3 - part));
      });
      const entries = [entryOf(24), entryOf(40)];
      deliveries.deliver(7, 2, [[new Uint8Array(9)]], entries[0]);
      deliveries.deliver(7, 2, [[new Uint8Array(1)]]);
      deliveries.deliver(7, 2, [[new Uint8Array(1)], [new Uint8Array(8), new Uint8Array(8)]], entries[1]);
      await clock.run(clock.sleep(15), 20);
      const wanted = [
        [2, 0, 24, 24],
        [2, 1, 40, 40],
      ];
      expect(sent).toEqual(wanted);
      for (const { over } of entries) expect(over).not.toHaveBeenCalled();
      void deliveries.finished(7, 0, 100);
      const last = deliveries.finished(7, 1, 101)!;
      await clock.run(clock.sleep(10), 20);
      expect(entries.map(({ over }) => vi.mocked(over).mock.calls.length)).toEqual([0, 1]);
      expect(await clock.run(last, 100)).toBe(undefined);
      expect(sent).toEqual([...wanted, [2, 2, 16, undefined]]);
      expect(reports[0]!.bytes).toBe(24 + 40 + 16);
      expect(entries.map(({ over }) => vi.mocked(over).mock.calls.length)).toEqual([1, 1]);
      for (const { unreadable } of entries) expect(unreadable).not.toHaveBeenCalled();
    });

    it("send their bytes where they could not be read, and notes again where nobody could be reached", async () => {
      const outcomes = ["UNREACHABLE", "NO_CAPACITY", "BLOCK_CORRUPT", "UNREACHABLE", undefined] as const;
      const notes: boolean[] = [];
      const { clock, deliveries } = make(async (_to, { entry }) => {
        const code = outcomes[notes.push(entry !== undefined) - 1];
        if (code !== undefined) throw new SuperstepError(code, "no");
      });
      const entry = entryOf(16);
      deliveries.deliver(7, 2, [[new Uint8Array(1)]], entry);
      void deliveries.finished(7, 0, 100);
      expect(await clock.run(deliveries.finished(7, 1, 101)!, 1000)).toBe(undefined);
      expect(notes).toEqual([true, true, true, false, false]);
      expect(entry.unreadable).toHaveBeenCalledTimes(1);
      expect(entry.over).toHaveBeenCalledTimes(1);
    });

    it("are over where nobody wants them", async () => {
      const { clock, deliveries } = make(() => Promise.reject(unreachable()));
      const [unknown, misdirected, given] = [entryOf(16), entryOf(16), entryOf(16)];
      deliveries.deliver(8, 2, [[new Uint8Array(1)]], unknown);
      deliveries.deliver(7, 4, [[new Uint8Array(1)]], misdirected);
      deliveries.deliver(7, 2, [[new Uint8Array(1)]], given);
      for (const { over } of [unknown, misdirected]) expect(over).toHaveBeenCalledTimes(1);
      expect(given.over).not.toHaveBeenCalled();
      deliveries.forget(7);
      await clock.run(clock.sleep(100), 200);
      expect(given.over).toHaveBeenCalledTimes(1);
      expect(clock.numTimers).toBe(0);
    });
  });

  it("send again what did not arrive, for as long as they have patience", async () => {
    let failures = 3;
    const parts: number[] = [];
    const { clock, deliveries } = make(async (to, { part }) => {
      if (to === 2 && failures-- > 0) throw unreachable();
      parts.push(part);
    });
    deliverToAll(deliveries);
    void deliveries.finished(7, 0, 100);
    expect(await clock.run(deliveries.finished(7, 1, 101)!, 1000)).toBe(undefined);
    expect(parts).toEqual([0, 0]);

    const hopeless = make(() => Promise.reject(unreachable()));
    deliverToAll(hopeless.deliveries);
    void hopeless.deliveries.finished(7, 0, 100);
    const failure = await hopeless.clock.run(hopeless.deliveries.finished(7, 1, 101)!, 1000);
    expect(failure).toMatchObject({ kind: "permanent", error: { superstep: { code: "HOST_LOST" } } });
    expect(hopeless.reports).toEqual([]);
  });

  it("wait, however long, for a host that is there but not ready", async () => {
    const { clock, deliveries } = make(async () => {
      if (clock.now() < 100_000) throw new SuperstepError("NO_CAPACITY", "not yet");
    });
    deliverToAll(deliveries);
    void deliveries.finished(7, 0, 100);
    expect(await clock.run(deliveries.finished(7, 1, 101)!, 200_000)).toBe(undefined);
    expect(clock.now()).toBeGreaterThanOrEqual(100_000);
  });

  it("send nothing where there is nothing to send", async () => {
    const { clock, reports, deliveries } = make(() => Promise.reject(new Error("nothing is to be sent")));
    void deliveries.finished(7, 0, 100);
    expect(await clock.run(deliveries.finished(7, 1, 101)!, 10)).toBe(undefined);
    expect(reports).toMatchObject([{ bytes: 0 }]);
  });

  it("stop when the stage is given up, or the launch that waits is cancelled", async () => {
    for (const stop of [(d: Deliveries): void => void d.forget(7), (d: Deliveries): void => d.cancel(101)]) {
      const { clock, reports, deliveries } = make((_to, _part, signal) => {
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(unreachable())));
      });
      deliverToAll(deliveries);
      void deliveries.finished(7, 0, 100);
      const last = deliveries.finished(7, 1, 101)!;
      deliveries.cancel(999);
      await clock.run(clock.sleep(1), 5);
      stop(deliveries);
      expect(await clock.run(last, 10)).toMatchObject({ kind: "cancelled" });
      expect(reports).toEqual([]);
    }
  });
});
