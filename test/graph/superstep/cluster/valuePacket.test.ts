import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../../core/column/arena.ts";
import type { PlacedValues } from "../../../../core/column/types.ts";
import { allocateHeap, ValueHeap } from "../../../../core/column/valueHeap.ts";
import { hasCode } from "../../../../core/errors.ts";
import { placeReceived, splitValues, withValues } from "../../../../graph/superstep/cluster/valuePacket.ts";
import { integersFrom } from "../../../support/graphs.ts";

const numVertices = 40;
const numColumns = 2;

/** Two generations of columns over one heap, at the same places of two arenas; the sender's hold values. */
function twoArenas(seed: number, heapBytes = 65_536) {
  const [from, to] = [Arena.create({ capacityBytes: 2 ** 17 }), Arena.create({ capacityBytes: 2 ** 17 })];
  const heap = allocateHeap(from, heapBytes, "heap");
  expect(allocateHeap(to, heapBytes, "heap")).toEqual(heap);
  const columnsOf = (): PlacedValues[] =>
    Array.from({ length: numColumns }, () => {
      const places = from.allocate("uint32", numVertices);
      expect(to.allocate("uint32", numVertices)).toEqual(places);
      return { places, heap };
    });
  const [before, now] = [columnsOf(), columnsOf()];
  const next = integersFrom(seed);
  const sender = new ValueHeap(from, heap);
  const value = (): unknown => (next(3) === 0 ? { n: next(9) } : "ü".repeat(next(12)));
  before.forEach(({ places }, at) => {
    const then = from.view(places);
    const here = from.view(now[at]!.places);
    for (let vertex = 0; vertex < numVertices; vertex++) {
      then[vertex] = sender.put(value());
      here[vertex] = next(2) === 0 ? then[vertex]! : sender.put(value());
    }
  });
  return { from, to, before, now, heap };
}

const packet = Uint8Array.from({ length: 24 }, (_, at) => at);

describe("packets with values", () => {
  it("bring the values of their vertices that lie elsewhere than before, and no other", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0, 0.1, 0.8, 1), fc.boolean(), (seed, share, isFirst) => {
        const { from, to, before, now, heap } = twoArenas(seed);
        const next = integersFrom(seed + 1);
        const all = Uint32Array.from({ length: numVertices }, (_, vertex) => vertex);
        const vertices = all.filter(() => next(1000) < 1000 * share);
        const columns = now.map((placed, at) => ({ now: placed, ...(!isFirst && { before: before[at]! }) }));
        const sent = withValues(from, packet, vertices, columns);
        // at an odd place, as out of a stream
        const moved = new Uint8Array(sent.length + 5).subarray(5);
        moved.set(sent);
        const split = splitValues(moved);
        expect(split.packet).toEqual(packet);
        const receiver = new ValueHeap(to, heap);
        receiver.put("what is there already");
        placeReceived(to, split, vertices, now);
        const sender = new ValueHeap(from, heap);
        now.forEach(({ places }, at) => {
          const then = from.view(before[at]!.places);
          from.view(places).forEach((place, vertex) => {
            const isSent = vertices.includes(vertex) && (isFirst || place !== then[vertex]);
            const got = to.view(places)[vertex]!;
            expect(got !== 0).toBe(isSent);
            if (isSent) expect(receiver.read(got)).toEqual(sender.read(place));
          });
        });
      }),
      { seed: 3 },
    );
  });

  it("leave a receiver without room full, and say so", () => {
    const { from, to, now, heap } = twoArenas(5);
    const receiver = new ValueHeap(to, heap);
    while (receiver.put("x".repeat(400)) !== 0);
    const vertices = Uint32Array.from([1, 2, 3]);
    const used = receiver.usedBytes;
    const sent = withValues(from, packet, vertices, [{ now: now[0]! }]);
    to.view(now[0]!.places).fill(1);
    placeReceived(to, splitValues(sent), vertices, [now[0]!]);
    expect([...to.view(now[0]!.places)].slice(0, 5)).toEqual([1, 0, 0, 0, 1]);
    expect(receiver.isFull).toBe(true);
    expect(receiver.usedBytes).toBeGreaterThan(used);
  });

  it("are refused with BLOCK_CORRUPT when cut, or for other columns, and write nothing out of range", () => {
    const { from, to, now } = twoArenas(7);
    const vertices = Uint32Array.from([0, 5, 9, 30]);
    const whole = withValues(
      from,
      packet,
      vertices,
      now.map((placed) => ({ now: placed })),
    );
    const take = (bytes: Uint8Array, columns = now): void => placeReceived(to, splitValues(bytes), vertices, columns);
    take(whole);
    for (let length = 0; length < whole.length; length++) {
      expect(() => take(whole.slice(0, length))).toThrow(expect.toSatisfy((error) => hasCode(error, "BLOCK_CORRUPT")));
    }
    expect(() => take(whole, now.slice(1))).toThrow("2 columns of values, not 1");
    const longer = new Uint8Array(whole.length + 8);
    longer.set(whole);
    expect(() => take(longer)).toThrow("more than its columns");
    // any count of values, any size of a record
    for (const word of [8, 9, 10, 11]) {
      for (const value of [1, 3, 5, 0x7fff_ffff, 0xffff_ffff]) {
        const damaged = whole.slice();
        new Uint32Array(damaged.buffer)[word] = value;
        try {
          take(damaged);
        } catch (error) {
          expect(hasCode(error, "BLOCK_CORRUPT")).toBe(true);
        }
      }
    }
  });
});
