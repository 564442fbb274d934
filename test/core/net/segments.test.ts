import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { chunkBytes } from "../../../core/net/byteStream.ts";
import { FrameSender } from "../../../core/net/frameSender.ts";
import { grpcTransport, type GrpcTransportOptions } from "../../../core/net/grpcTransport.ts";
import { Secret } from "../../../core/net/secret.ts";
import { removeSegmentsOf } from "../../../core/net/segmentFile.ts";
import { Segment, SegmentReader, Segments } from "../../../core/net/segments.ts";
import type { Handlers, Peer, Transport } from "../../../core/net/transport.ts";
import { randomFor } from "../../../core/random.ts";

const secret = Secret.generate();
const endings: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of endings.splice(0).toReversed()) await end();
});

/** Any directory will do: that it lies in memory is a matter of speed. */
function directory(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), "superstep-segments-"));
  endings.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function transport(role: GrpcTransportOptions["role"], segmentDirectory: string | undefined): Transport {
  const made = grpcTransport({ role, secret, segmentDirectory });
  endings.push(() => made.close());
  return made;
}

function randomBytes(seed: number, length: number): Uint8Array {
  const random = randomFor(seed);
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.nextUint32());
  return new Uint8Array(words.buffer, 0, length);
}

const life = { host: 1, incarnation: "a" };

/** An executor with memory, and its driver. */
async function pair(
  ofDriver: string | undefined,
  ofExecutor: string | undefined,
): Promise<{ arena: Uint8Array; write: (...pieces: Uint8Array[]) => Promise<void>; read: () => Promise<Uint8Array> }> {
  const arena = new Uint8Array(24 * 2 ** 20);
  let length = 0;
  const handlers: Handlers = {
    calls: {},
    uploads: {
      "executor.writeArena": {
        // in two places, cut where no chunk ends
        place: (_header, byteLength) => [
          arena.subarray(0, byteLength >> 1),
          arena.subarray(byteLength >> 1, byteLength),
        ],
        take: async () => undefined,
      },
    },
    downloads: {
      "executor.readArena": async () => [arena.subarray(0, length >> 2), arena.subarray(length >> 2, length)],
    },
  };
  const server = await transport("executor", ofExecutor).serve(handlers);
  const peer: Peer = await transport("driver", ofDriver).connect(server.address, "executor");
  return {
    arena,
    write: async (...pieces) => {
      length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
      await peer.upload("executor.writeArena", { ...life, ranges: [], number: 1, since: 0 }, pieces);
    },
    read: async () => (await peer.download("executor.readArena", { ...life, ranges: [] }))!,
  };
}

/** Counts chunks that go through segments and those that were sent on streams: frames that have data. */
function counted(): { stored: () => number; sent: () => number } {
  const write = vi.spyOn(Segment.prototype, "write");
  const send = vi.spyOn(FrameSender.prototype, "send");
  return {
    stored: () => write.mock.results.filter(({ value }) => value !== undefined).length,
    sent: () => send.mock.calls.filter(([frame]) => frame.length > 1).length,
  };
}

describe("bytes between processes that share a directory", () => {
  const mebi = chunkBytes;

  it.each([2 ** 18, 2 ** 18 + 1, mebi, mebi + 1, 8 * mebi, 9 * mebi + 5, 20 * mebi])(
    "arrive through segments as they were: %i of them",
    async (length) => {
      const shared = directory();
      const { arena, write, read } = await pair(shared, shared);
      const { stored, sent } = counted();
      const bytes = randomBytes(length, length);
      await write(bytes.subarray(0, 11), bytes.subarray(11));
      expect(Buffer.compare(arena.subarray(0, length), bytes)).toBe(0);
      const back = await read();
      expect(Buffer.compare(back, bytes)).toBe(0);
      expect(back.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect([stored(), sent()]).toEqual([2 * Math.ceil(length / mebi), 0]);
    },
  );

  it("arrive also many at a time, when there are fewer segments than transfers", async () => {
    const shared = directory();
    const { arena, write, read } = await pair(shared, shared);
    const { stored, sent } = counted();
    const bytes = randomBytes(4, 2 * mebi);
    await write(bytes);
    const all = await Promise.all(Array.from({ length: 24 }, read));
    for (const back of all) expect(Buffer.compare(back, bytes)).toBe(0);
    expect(Buffer.compare(arena.subarray(0, bytes.length), bytes)).toBe(0);
    expect(stored()).toBeGreaterThan(2);
    expect(stored() + sent()).toBe(2 * 25);
    expect(readdirSync(shared).length).toBeLessThanOrEqual(16); // eight of each side
  });

  it.each([
    ["the server has none", true, false],
    ["the caller has none", false, true],
    ["theirs are different", true, true],
  ])("go through sockets where %s", async (_what, caller, server) => {
    const { arena, write, read } = await pair(caller ? directory() : undefined, server ? directory() : undefined);
    const { stored, sent } = counted();
    const bytes = randomBytes(3, 3 * mebi);
    await write(bytes);
    expect(Buffer.compare(arena.subarray(0, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await read(), bytes)).toBe(0);
    expect([stored(), sent()]).toEqual([0, 6]);
  });

  it("go on through the socket when the memory is full in the middle of them", async () => {
    const shared = directory();
    const { arena, write, read } = await pair(shared, shared);
    const original = Reflect.get(Segment.prototype, "write") as Segment["write"];
    let count = 0;
    vi.spyOn(Segment.prototype, "write").mockImplementation(function (this: Segment, views) {
      return ++count % 3 === 0 ? undefined : original.call(this, views);
    });
    const send = vi.spyOn(FrameSender.prototype, "send");
    const bytes = randomBytes(8, 7 * mebi + 3);
    await write(bytes);
    expect(Buffer.compare(arena.subarray(0, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await read(), bytes)).toBe(0);
    expect(count).toBe(16);
    expect(send.mock.calls.filter(([frame]) => frame.length > 1).length).toBe(5);
  });

  it("F42: are refused when they were changed on the way, and whole the next time", async () => {
    const shared = directory();
    const { arena, write, read } = await pair(shared, shared);
    const original = Reflect.get(Segment.prototype, "write") as Segment["write"];
    const bytes = randomBytes(5, 3 * mebi);
    const spoiled = vi.spyOn(Segment.prototype, "write").mockImplementation(function (this: Segment, views) {
      const copy = Uint8Array.from(views[0]!);
      copy[copy.length >> 1]! ^= 16;
      return original.call(this, [copy, ...views.slice(1)]);
    });
    await expect(write(bytes)).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    await expect(read()).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    spoiled.mockRestore();
    await write(bytes);
    expect(Buffer.compare(arena.subarray(0, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await read(), bytes)).toBe(0);
  });

  it("F44: find the socket again when the directory was removed", async () => {
    const shared = directory();
    const { arena, write, read } = await pair(shared, shared);
    const bytes = randomBytes(6, 2 * mebi);
    await write(bytes);
    rmSync(shared, { recursive: true, force: true });
    const outcome = await write(bytes).catch((error: unknown) => error as { code: string });
    if (outcome !== undefined) expect(outcome.code).toBe("UNREACHABLE"); // of the one segment that there was
    arena.fill(0);
    await write(bytes);
    expect(Buffer.compare(arena.subarray(0, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await read(), bytes)).toBe(0);
  });
});

describe("Segments", () => {
  const chunk = randomBytes(1, 1000);
  const stored = (segment: Segment, sequence: number) => {
    return { segment: segment.name, sequence, byteLength: chunk.length, checksum: 0 };
  };

  it("are few, hold few chunks, are used again once read, and leave nothing", () => {
    const shared = directory();
    const segments = new Segments(shared);
    const taken = Array.from({ length: 8 }, () => segments.take()!);
    expect(segments.take()).toBeUndefined();
    const [first] = taken;
    const reader = new SegmentReader(shared);
    const got = new Uint8Array(chunk.length);
    for (let sequence = 1; sequence <= 8; sequence++) {
      expect(first!.hasRoom).toBe(true);
      expect(first!.write([chunk.subarray(0, 9), chunk.subarray(9)])).toBe(sequence);
    }
    expect([first!.hasRoom, first!.isRead]).toEqual([false, false]);
    reader.read(stored(first!, 1), [got.subarray(0, 500), got.subarray(500)]);
    expect(got).toEqual(chunk);
    expect([first!.hasRoom, first!.isRead]).toEqual([true, false]);
    for (let sequence = 2; sequence <= 8; sequence++) reader.read(stored(first!, sequence), [got]);
    expect(first!.isRead).toBe(true);
    reader.close();
    segments.give(first!);
    expect(segments.take()).toBe(first);
    expect(first!.write([chunk])).toBe(9); // numbers go on
    expect(readdirSync(shared)).toHaveLength(8);
    segments.close();
    segments.close();
    expect(readdirSync(shared)).toEqual([]);
    expect(segments.take()).toBeUndefined();
  });

  it("serve another transfer when their reader is slower than their sender", async () => {
    const shared = directory();
    const segments = new Segments(shared);
    endings.push(() => segments.close());
    const all = Array.from({ length: 8 }, () => segments.take()!);
    all[3]!.write([chunk]);
    segments.give(all[3]!);
    expect(segments.take()).toBeUndefined(); // not read yet
    const reader = new SegmentReader(shared);
    reader.read(stored(all[3]!, 1), [new Uint8Array(chunk.length)]);
    reader.close();
    let again: Segment | undefined;
    while ((again = segments.take()) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(again).toBe(all[3]);
  });

  it("are read by their names alone, as files of this user's alone", () => {
    const shared = directory();
    const segments = new Segments(shared);
    endings.push(() => segments.close());
    const segment = segments.take()!;
    segment.write([chunk]);
    const digits = "0".repeat(32);
    const outside = path.join(directory(), "x");
    writeFileSync(outside, "x", { mode: 0o600 });
    symlinkSync(outside, path.join(shared, `1-${digits}`));
    writeFileSync(path.join(shared, `2-${digits}`), "x");
    chmodSync(path.join(shared, `2-${digits}`), 0o644);
    writeFileSync(path.join(shared, `3-${digits}`), "short", { mode: 0o600 });
    const codeOf = (name: string): unknown => {
      const reader = new SegmentReader(shared);
      try {
        reader.read({ segment: name, sequence: 1, byteLength: 8, checksum: 0 }, [new Uint8Array(8)]);
        return undefined;
      } catch (error) {
        return (error as { code: unknown }).code;
      } finally {
        reader.close();
      }
    };
    expect(codeOf(segment.name)).toBeUndefined();
    expect(codeOf(`1-${digits}`)).toBe("UNREACHABLE"); // a link
    expect(codeOf(`2-${digits}`)).toBe("INVALID_ARGUMENT"); // others may read it
    expect(codeOf(`3-${digits}`)).toBe("UNREACHABLE"); // no chunk lies there
    expect(codeOf(`4-${digits}`)).toBe("UNREACHABLE"); // nothing there
    for (const name of ["", ".", "..", "../x", outside, `../${path.basename(shared)}/${segment.name}`, `1-${digits}/`])
      expect([name, codeOf(name)]).toEqual([name, "INVALID_ARGUMENT"]);
  });

  it("of a process that has ended are removed, and no others", () => {
    const shared = directory();
    const digits = "a".repeat(32);
    for (const pid of [12, 123, 1]) writeFileSync(path.join(shared, `${pid}-${digits}`), "");
    removeSegmentsOf(12, shared);
    expect(readdirSync(shared).toSorted()).toEqual([`1-${digits}`, `123-${digits}`]);
    removeSegmentsOf(12, path.join(shared, "gone"));
  });
});
