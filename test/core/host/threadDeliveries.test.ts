import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import { messagesOf } from "../../../core/host/exchangeParts.ts";
import type { FromThread } from "../../../core/host/messages.ts";
import { ThreadDeliveries } from "../../../core/host/threadDeliveries.ts";
import { RingReader } from "../../../core/net/ringReader.ts";
import { RingEntries, SegmentRing } from "../../../core/net/segmentRing.ts";

type Delivered = FromThread & { type: "deliver" };

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0).toReversed()) end();
});

const arena = Arena.create({ capacityBytes: 2 ** 22 });

function made(ring?: SegmentRing): { deliveries: ThreadDeliveries; heard: () => Delivered | undefined } {
  const { port1, port2 } = new MessageChannel();
  const deliveries = new ThreadDeliveries(port1, arena, ring);
  return { deliveries, heard: () => (receiveMessageOnPort(port2) as { message: Delivered } | undefined)?.message };
}

describe("ThreadDeliveries", () => {
  it("gather what a task sends until its end, by host, in order, as it was when it was sent", () => {
    const { deliveries, heard } = made();
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const column = { type: "uint8", offset: 64, length: 8 } as const;
    deliveries.deliver(7, 2, bytes.subarray(1, 3));
    bytes.fill(9);
    deliveries.deliver(7, 3, bytes, [column]);
    deliveries.deliver(7, 2, bytes.subarray(1));
    expect(heard()).toBe(undefined);
    deliveries.flush();
    expect(heard()).toEqual({
      type: "deliver",
      stageId: 7,
      deliveries: [
        {
          host: 2,
          parcels: [
            { bytes: Uint8Array.of(2, 3), columns: [] },
            { bytes: Uint8Array.of(9, 9, 9), columns: [] },
          ],
        },
        { host: 3, parcels: [{ bytes: Uint8Array.of(9, 9, 9, 9), columns: [column] }] },
      ],
    });
    deliveries.flush();
    expect(heard()).toBe(undefined);
    deliveries.deliver(7, 2, bytes);
    deliveries.clear();
    deliveries.flush();
    expect(heard()).toBe(undefined);
  });

  it("send a mebibyte on at once, and never what belongs to two stages together", () => {
    const { deliveries, heard } = made();
    deliveries.deliver(7, 2, new Uint8Array(1));
    deliveries.deliver(8, 2, new Uint8Array(2));
    expect(heard()).toMatchObject({ stageId: 7, deliveries: [{ parcels: [{ bytes: new Uint8Array(1) }] }] });
    deliveries.deliver(8, 2, new Uint8Array(0), [{ type: "uint8", offset: 0, length: 2 ** 20 }]);
    expect(heard()!.deliveries[0]!.parcels).toHaveLength(2);
  });

  it("share large messages rather than copy them, but nothing that keeps far more alive", () => {
    const { deliveries, heard } = made();
    const shared = new Uint8Array(new SharedArrayBuffer(8192));
    deliveries.deliver(1, 2, shared);
    deliveries.deliver(1, 2, new Uint8Array(new SharedArrayBuffer(2 ** 20), 0, 8192));
    deliveries.deliver(1, 2, new Uint8Array(8192));
    deliveries.flush();
    const [first, second, third] = heard()!.deliveries[0]!.parcels;
    shared[5] = 5;
    expect(first!.bytes[5]).toBe(5);
    for (const { bytes } of [second!, third!]) expect(bytes.buffer.byteLength).toBe(8192);
  });

  it("write what is much for one host into their ring, as the part that it is", () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-deliveries-"));
    endings.push(() => rmSync(directory, { recursive: true, force: true }));
    const { share } = new RingEntries(directory);
    const ring = new SegmentRing(share);
    const reader = new RingReader(directory);
    endings.push(
      () => ring.close(),
      () => reader.close(),
    );
    const { deliveries, heard } = made(ring);
    const column = arena.allocate("uint8", 2 ** 17, "test");
    const values = arena.view(column);
    for (let at = 0; at < values.length; at++) values[at] = at % 251;
    deliveries.deliver(7, 2, Uint8Array.of(1, 2, 3), [column]);
    deliveries.deliver(7, 3, Uint8Array.of(4), [arena.slice(column, 0, 2 ** 15)]); // little
    deliveries.deliver(7, 2, Uint8Array.of(5, 6));
    deliveries.flush();
    const [much, little] = heard()!.deliveries;
    expect([much!.host, little!.host, little!.stored]).toEqual([2, 3, undefined]);
    expect(much!.parcels).toHaveLength(2);
    const bytes = new Uint8Array(much!.stored!.byteLength);
    reader.read(much!.stored!, [bytes]);
    const [first, second, ...others] = messagesOf(bytes);
    expect(others).toEqual([]);
    expect(Buffer.compare(first!, Buffer.concat([Uint8Array.of(1, 2, 3), values]))).toBe(0);
    expect(Array.from(second!)).toEqual([5, 6]);
    arena.free(column);
    rmSync(directory, { recursive: true });
    const gone = made(new SegmentRing(new RingEntries(directory).share)); // where none can be made
    gone.deliveries.deliver(7, 2, new Uint8Array(0), [{ type: "uint8", offset: 0, length: 2 ** 20 }]);
    expect(gone.heard()).toBe(undefined); // a note is worth four mebibytes
    gone.deliveries.deliver(7, 2, new Uint8Array(0), [{ type: "uint8", offset: 0, length: 3 * 2 ** 20 }]);
    const [delivery] = gone.heard()!.deliveries;
    expect([delivery!.parcels.length, delivery!.stored]).toEqual([2, undefined]);
  });
});
