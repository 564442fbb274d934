import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FrameSender } from "../../../core/net/frameSender.ts";
import { grpcTransport } from "../../../core/net/grpcTransport.ts";
import { RingReader } from "../../../core/net/ringReader.ts";
import { Secret } from "../../../core/net/secret.ts";
import {
  maxEntryBytes,
  RingEntries,
  type RingEntry,
  SegmentRing,
  type StoredBytes,
} from "../../../core/net/segmentRing.ts";
import type { Peer } from "../../../core/net/transport.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of endings.splice(0).toReversed()) await end();
});

/** Any directory will do: that it lies in memory is a matter of speed. */
function directory(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), "superstep-rings-"));
  endings.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const page = 4096;
const ringBytes = 4096 * page;

/** Both sides of a ring, and who reads it. `page`: the number that its entries begin with. */
function made(
  where: string,
  firstPage = 0,
): {
  entries: RingEntries;
  ring: SegmentRing;
  reader: RingReader;
  put: (bytes: Uint8Array) => StoredBytes | undefined;
} {
  const entries = new RingEntries(where);
  entries.share.state[0] = firstPage | 0;
  const ring = new SegmentRing(entries.share);
  const reader = new RingReader(where);
  endings.push(
    () => ring.close(),
    () => reader.close(),
  );
  const put = (bytes: Uint8Array): StoredBytes | undefined =>
    ring.write([bytes.subarray(0, 7), bytes.subarray(7, 7), bytes.subarray(7)], bytes.byteLength);
  return { entries, ring, reader, put };
}

function read(reader: RingReader, stored: StoredBytes): Uint8Array {
  const bytes = new Uint8Array(stored.byteLength);
  reader.read(stored, [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]);
  return bytes;
}

function patternOf(seed: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length, `${seed} and some more `);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
}

const corrupt = expect.objectContaining({ code: "BLOCK_CORRUPT" });

describe("SegmentRing", () => {
  it.each([0, 2 ** 32 - 4096, 2 ** 32 - 1])(
    "keeps each entry until it is over, whatever is written and over in which order: from page %i on",
    (firstPage) => {
      const where = directory();
      const sizes = fc.oneof(fc.integer({ min: 1, max: 3 * page }), fc.integer({ min: 2 ** 20, max: 2 ** 23 }));
      const steps = fc.array(fc.oneof(sizes, fc.constant("over" as const)), { maxLength: 20 });
      fc.assert(
        fc.property(steps, fc.infiniteStream(fc.nat()), (all, picks) => {
          const { entries, put, reader, ring } = made(where, firstPage);
          const there: { bytes: Uint8Array; entry: RingEntry }[] = [];
          const check = (): void => {
            for (const { bytes, entry } of there) expect(Buffer.compare(read(reader, entry.stored), bytes)).toBe(0);
          };
          for (const [at, step] of all.entries()) {
            if (step === "over") {
              const [one] = there.splice((picks.next().value as number) % Math.max(1, there.length), 1);
              one?.entry.over();
              continue;
            }
            const bytes = patternOf(at, step);
            const stored = put(bytes);
            if (stored !== undefined) there.push({ bytes, entry: entries.written(stored) });
            else expect(there.length).toBeGreaterThan(0);
          }
          check();
          for (const { entry } of there.splice(0)) entry.over();
          expect(put(patternOf(1, maxEntryBytes))).toBeDefined(); // all of it is free again
          ring.close();
          entries.remove();
        }),
        { numRuns: 8, seed: 7 },
      );
      expect(readdirSync(where)).toEqual([]);
    },
    20_000,
  );

  it("holds 16 MiB and no more, and begins at its start again once all is over", () => {
    const { entries, put } = made(directory());
    expect(put(new Uint8Array(maxEntryBytes + 1))).toBeUndefined();
    const quarter = new Uint8Array(ringBytes / 4 - 8);
    const four = [0, 1, 2, 3].map(() => entries.written(put(quarter)!));
    expect(four.map(({ stored }) => stored.entry)).toEqual([0, 1024, 2048, 3072]);
    expect(put(new Uint8Array(1))).toBeUndefined();
    four[1]!.over(); // not the first
    expect(put(new Uint8Array(1))).toBeUndefined();
    four[0]!.over();
    four[0]!.over();
    const fifth = entries.written(put(quarter)!);
    expect(fifth.stored.entry).toBe(4096);
    for (const { over } of [four[2]!, four[3]!]) over();
    expect(put(new Uint8Array(ringBytes / 2 - 8))).toMatchObject({ entry: 5120 });
    fifth.over();
    entries.written({ segment: "", entry: 5120, byteLength: ringBytes / 2 - 8, checksum: 0 }).over();
    expect(put(new Uint8Array(1))).toMatchObject({ entry: 8192 });
  });

  it("cuts no entry in two: one that does not fit before the end begins at the start", () => {
    const where = directory();
    const { entries, put, reader } = made(where);
    const pages = (count: number): Uint8Array => patternOf(count, count * page - 8);
    const [first, second] = [put(pages(2000))!, put(pages(1500))!];
    const over = entries.written(first).over;
    expect(put(pages(1000))).toBeUndefined();
    over();
    const third = put(pages(1000))!;
    expect([second.entry, third.entry]).toEqual([2000, 4096]);
    expect(Buffer.compare(read(reader, second), pages(1500))).toBe(0);
    expect(Buffer.compare(read(reader, third), pages(1000))).toBe(0);
  });

  it("makes no file before it is used, and takes nothing more once it is closed, or could not be made", () => {
    const where = directory();
    const { entries, put } = made(where);
    expect(readdirSync(where)).toEqual([]);
    const entry = entries.written(put(new Uint8Array(5))!);
    expect(readdirSync(where)).toEqual([entries.share.name]);
    entry.unreadable();
    expect(put(new Uint8Array(5))).toBeUndefined();
    entries.remove();
    entries.remove();
    expect(readdirSync(where)).toEqual([]);
    const homeless = made(path.join(where, "gone"));
    expect(homeless.put(new Uint8Array(5))).toBeUndefined();
    expect(homeless.entries.share.state[1]).toBe(1);
  });
});

describe("RingReader", () => {
  const bytes = patternOf(3, 3 * page);

  it("F42: refuses what is not what was written: changed, written over, cut off, or another", () => {
    const where = directory();
    const { entries, put, reader } = made(where);
    const file = path.join(where, entries.share.name);
    const stored = put(bytes)!;
    expect(Buffer.compare(read(reader, stored), bytes)).toBe(0);
    for (const other of [
      { ...stored, checksum: stored.checksum ^ 1 },
      { ...stored, byteLength: stored.byteLength - 1 },
      { ...stored, entry: stored.entry + 4096 },
      { ...stored, entry: stored.entry + 1 },
    ])
      expect(() => read(reader, other)).toThrow(corrupt);
    const whole = readFileSync(file);
    for (const at of [0, 4, 8, 8 + 2 * page, 8 + bytes.length - 1]) {
      const changed = Uint8Array.from(whole);
      changed[at]! ^= 4;
      writeFileSync(file, changed, { mode: 0o600 });
      expect(() => read(reader, stored)).toThrow(corrupt);
    }
    writeFileSync(file, whole);
    expect(Buffer.compare(read(reader, stored), bytes)).toBe(0);
    entries.written(stored).over();
    const next = put(patternOf(4, bytes.length))!; // in the same place
    expect(() => read(reader, stored)).toThrow(corrupt);
    expect(Buffer.compare(read(reader, next), patternOf(4, bytes.length))).toBe(0);
    truncateSync(file, page);
    expect(() => read(reader, next)).toThrow(corrupt);
  });

  it("F85: reads files of this user's alone, by names of one form alone", () => {
    const where = directory();
    const { put, reader } = made(where);
    const stored = put(bytes)!;
    const digits = "0".repeat(32);
    symlinkSync(path.join(where, stored.segment), path.join(where, `1-${digits}`));
    writeFileSync(path.join(where, `2-${digits}`), readFileSync(path.join(where, stored.segment)), { mode: 0o644 });
    for (const segment of ["", "../x", `./${stored.segment}`, `1-${digits}`, `2-${digits}`, `3-${digits}`])
      expect(() => read(reader, { ...stored, segment })).toThrow(corrupt);
    expect(Buffer.compare(read(reader, stored), bytes)).toBe(0);
  });

  it("keeps few files open, and reads those that were removed since", () => {
    const where = directory();
    const { entries, put, reader } = made(where);
    const stored = put(bytes)!;
    expect(Buffer.compare(read(reader, stored), bytes)).toBe(0);
    entries.remove();
    expect(Buffer.compare(read(reader, stored), bytes)).toBe(0);
    for (let count = 0; count < 64; count++) {
      const other = made(where);
      expect(Buffer.compare(read(reader, other.put(bytes)!), bytes)).toBe(0);
    }
    expect(() => read(reader, stored)).toThrow(corrupt); // it was closed meanwhile
  });
});

describe("an upload of bytes that lie in a ring", () => {
  const life = { host: 1, incarnation: "a" };
  const header = { ...life, mailbox: 5, part: 0, from: { host: 2, incarnation: "b" } };
  const bytes = patternOf(9, 300_000);

  /** An executor that takes parts, and another one that sends them. */
  async function pair(ofCaller: string | undefined, ofServer: string | undefined) {
    const secret = Secret.generate();
    const taken: Uint8Array[] = [];
    const transport = (segmentDirectory: string | undefined) => {
      const one = grpcTransport({ role: "executor", secret, segmentDirectory });
      endings.push(() => one.close());
      return one;
    };
    const server = await transport(ofServer).serve({
      calls: {},
      uploads: {
        "executor.deliver": {
          place: (_header, byteLength) => [new Uint8Array(100), new Uint8Array(byteLength - 100)],
          take: async (_header, pieces) => void taken.push(Buffer.concat(pieces)),
        },
      },
      downloads: {},
    });
    const peer: Peer = await transport(ofCaller).connect(server.address, "executor");
    return { peer, taken, sent: vi.spyOn(FrameSender.prototype, "send") };
  }

  it("is read from there, and nothing goes along", async () => {
    const where = directory();
    const { peer, taken, sent } = await pair(where, where);
    const { put } = made(where);
    await peer.upload("executor.deliver", header, [bytes], { stored: put(bytes) });
    await peer.upload("executor.deliver", header, [bytes.subarray(0, 101)], { stored: put(bytes.subarray(0, 101)) });
    expect(taken.map((one) => Buffer.compare(one, bytes.subarray(0, one.length)))).toEqual([0, 0]);
    expect(taken.map(({ length }) => length)).toEqual([bytes.length, 101]);
    expect(sent).not.toHaveBeenCalled();
  });

  it.each([
    ["the server has no directory", true, false],
    ["the caller has none", false, true],
    ["theirs are different", true, true],
  ])("goes through the socket where %s", async (_what, caller, server) => {
    const { peer, taken, sent } = await pair(caller ? directory() : undefined, server ? directory() : undefined);
    await peer.upload("executor.deliver", header, [bytes], { stored: made(directory()).put(bytes) });
    expect(Buffer.compare(taken[0]!, bytes)).toBe(0);
    expect(sent).toHaveBeenCalled();
  });

  it("is refused as damaged where it is not there, or has another length, and the connection stays", async () => {
    const where = directory();
    const { peer, taken } = await pair(where, where);
    const { put } = made(where);
    const stored = put(bytes)!;
    const upload = (one: StoredBytes): Promise<void> =>
      peer.upload("executor.deliver", header, [bytes], { stored: one });
    await expect(upload({ ...stored, checksum: 0 })).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    await expect(upload({ ...stored, segment: `1-${"0".repeat(32)}` })).rejects.toMatchObject({
      code: "BLOCK_CORRUPT",
    });
    await expect(upload(put(bytes.subarray(1))!)).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    expect(taken).toEqual([]);
    await upload(stored);
    expect(taken).toHaveLength(1);
  });
});
