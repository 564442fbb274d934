import { describe, expect, it } from "vitest";
import { ReceiveBuffers } from "../../../../core/cluster/executor/receiveBuffers.ts";

describe("ReceiveBuffers", () => {
  it("give memory of the length asked for, and the same again only once it was given back", () => {
    const buffers = new ReceiveBuffers(2 ** 20);
    const [a, b] = [buffers.take(100_000), buffers.take(70_000)];
    expect([a.length, b.length]).toEqual([100_000, 70_000]);
    expect(a.buffer).not.toBe(b.buffer);
    buffers.giveBack(a);
    buffers.giveBack(a);
    const c = buffers.take(131_072);
    expect(c.buffer).toBe(a.buffer);
    expect(c.length).toBe(131_072);
    expect(buffers.take(131_072).buffer).not.toBe(a.buffer);
  });

  it("keep no more than they may, and nothing that is not theirs", () => {
    const buffers = new ReceiveBuffers(2 ** 17);
    const taken = [1, 2, 3].map(() => buffers.take(1));
    for (const bytes of taken) buffers.giveBack(bytes);
    const again = [1, 2, 3].map(() => buffers.take(1).buffer);
    expect(again.filter((buffer) => taken.some((bytes) => bytes.buffer === buffer))).toHaveLength(2);
    const foreign = new Uint8Array(1000);
    buffers.giveBack(foreign);
    expect(buffers.take(1000).buffer).not.toBe(foreign.buffer);
  });
});
