import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { FromThread } from "../../../core/host/messages.ts";
import { ThreadDeliveries } from "../../../core/host/threadDeliveries.ts";

type Delivered = FromThread & { type: "deliver" };

function made(): { deliveries: ThreadDeliveries; heard: () => Delivered | undefined } {
  const { port1, port2 } = new MessageChannel();
  const deliveries = new ThreadDeliveries(port1);
  return { deliveries, heard: () => (receiveMessageOnPort(port2) as { message: Delivered } | undefined)?.message };
}

describe("ThreadDeliveries", () => {
  it("gather what a task sends until its end, in order, as it was when it was sent", () => {
    const { deliveries, heard } = made();
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const column = { type: "uint8", offset: 64, length: 8 } as const;
    deliveries.deliver(7, 2, bytes.subarray(1, 3));
    bytes.fill(9);
    deliveries.deliver(7, 3, bytes, [column]);
    expect(heard()).toBe(undefined);
    deliveries.flush();
    expect(heard()).toEqual({
      type: "deliver",
      stageId: 7,
      parcels: [
        { host: 2, bytes: Uint8Array.of(2, 3), columns: [] },
        { host: 3, bytes: Uint8Array.of(9, 9, 9, 9), columns: [column] },
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
    expect(heard()).toMatchObject({ stageId: 7, parcels: [{ bytes: new Uint8Array(1) }] });
    deliveries.deliver(8, 2, new Uint8Array(0), [{ type: "uint8", offset: 0, length: 2 ** 20 }]);
    expect(heard()!.parcels).toHaveLength(2);
  });

  it("share large messages rather than copy them, but nothing that keeps far more alive", () => {
    const { deliveries, heard } = made();
    const shared = new Uint8Array(new SharedArrayBuffer(8192));
    deliveries.deliver(1, 2, shared);
    deliveries.deliver(1, 2, new Uint8Array(new SharedArrayBuffer(2 ** 20), 0, 8192));
    deliveries.deliver(1, 2, new Uint8Array(8192));
    deliveries.flush();
    const [first, second, third] = heard()!.parcels;
    shared[5] = 5;
    expect(first!.bytes[5]).toBe(5);
    for (const { bytes } of [second!, third!]) expect(bytes.buffer.byteLength).toBe(8192);
  });
});
