import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import { readerOf } from "../../../core/column/columnSet.ts";
import { decodeValues, encodeValues } from "../../../core/column/codec.ts";
import type { ColumnSet } from "../../../core/column/types.ts";
import { allocateHeap, emptyHeap, recordStarts, ValueHeap } from "../../../core/column/valueHeap.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "ÿ", "Ā", "\ud800", "a\udc00b", "\u0000", "x".repeat(5000), "世".repeat(3000)),
);
const anyValue = fc.oneof(
  anyText,
  fc.constantFrom(null, undefined, NaN, -0, 7n, new Map([["a", [1]]]), new Set([2]), new Float64Array([0.5])),
  fc.jsonValue(),
);

function heapOf(numBytes = 2 ** 20): { arena: Arena; heap: ValueHeap; ref: ReturnType<typeof allocateHeap> } {
  const arena = Arena.create({ capacityBytes: 2 ** 21 });
  arena.free(arena.allocate("uint8", 4096, "so that the heap does not start at the arena's start"));
  const ref = allocateHeap(arena, numBytes, "test");
  return { arena, heap: new ValueHeap(arena, ref), ref };
}

describe("ValueHeap", () => {
  it("gives back each value as a block of values would, text to the last surrogate", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 40 }), (values) => {
        const { heap } = heapOf();
        const places = values.map((value) => heap.put(value));
        expect(new Set(places).size).toBe(values.length);
        expect(places.map((place) => heap.read(place))).toEqual(decodeValues(encodeValues(values)));
      }),
      { seed: 1 },
    );
  });

  it("keeps the place of a value that is what it was, and takes another for any other", () => {
    fc.assert(
      fc.property(anyValue, anyValue, (one, other) => {
        const { heap } = heapOf();
        const place = heap.put(one);
        const used = heap.usedBytes;
        expect(heap.put(structuredClone(one), place)).toBe(place);
        expect(heap.usedBytes).toBe(used);
        const [a, b] = [encodeValues([one]), encodeValues([other])];
        expect(heap.put(other, place) === place).toBe(Buffer.compare(a, b) === 0);
        expect(heap.read(place)).toEqual(decodeValues(a)[0]);
      }),
      { seed: 2 },
    );
  });

  it("takes in records of another heap", () => {
    const values = ["a", "wide 世", { n: [1, 2] }, "", "x".repeat(100), null];
    const { heap: from } = heapOf();
    const { heap: to } = heapOf();
    to.put("something before");
    const records = Buffer.concat(values.map((value) => from.record(from.put(value))));
    const aligned = new Uint8Array(records);
    const first = to.putRecords(aligned);
    const starts = recordStarts(aligned, values.length);
    expect(values.map((_value, at) => to.read(first + starts[at]!))).toEqual(values);
    expect(starts[values.length]).toBe(aligned.length / 8);
    expect(recordStarts(aligned.subarray(0, 16), 50)[50]).toBeGreaterThan(2);
  });

  it("tells how much was asked for when it is full, gives no place then, and leaves what it holds as it is", () => {
    const { heap, arena, ref } = heapOf(64);
    const place = heap.put("x".repeat(20)); // 24 bytes of 56
    expect(heap.isFull).toBe(false);
    expect(heap.put("y".repeat(40))).toBe(0);
    expect(heap.isFull).toBe(true);
    expect(heap.usedBytes).toBe(8 + 24 + 48);
    expect(heap.put("z")).toBe(0); // though it would fit: who asked for more is told
    expect(heap.putRecords(new Uint8Array(16))).toBe(0);
    expect(heap.usedBytes).toBe(8 + 24 + 48 + 8 + 16);
    expect(heap.read(place)).toBe("x".repeat(20));
    expect(heap.read(0)).toBe(undefined);
    const empty = arena.view(emptyHeap(arena, allocateHeap(arena, 64, "other")));
    arena.view(emptyHeap(arena, ref)).set(empty);
    expect([heap.usedBytes, heap.isFull]).toEqual([8, false]);
  });

  it("takes values to the last byte", () => {
    const { heap } = heapOf(32);
    expect(heap.put("x".repeat(20))).toBe(1);
    expect([heap.usedBytes, heap.isFull]).toEqual([32, false]);
  });

  it("is what placed columns are read from", () => {
    const { arena, heap, ref } = heapOf();
    const places = arena.allocate("uint32", 3, "test");
    const age = arena.allocate("float64", 3, "test");
    arena.view(places).set([heap.put("Ada"), 0, heap.put("Grace")]);
    arena.view(age).set([36, 0, 85]);
    const set: ColumnSet = {
      schema: {
        kind: "record",
        fields: [
          { name: "name", type: "string", nullable: false },
          { name: "age", type: "number", nullable: false },
        ],
      },
      length: 3,
      columns: [
        { kind: "encoded", chunks: [], placed: { places, heap: ref } },
        { kind: "fixed", data: age },
      ],
    };
    const reader = readerOf<{ name: string; age: number }>(set, arena);
    expect([reader.get(2), reader.get(0)]).toEqual([
      { name: "Grace", age: 85 },
      { name: "Ada", age: 36 },
    ]);
    expect(reader.fields[0]!.values).toEqual(["Ada", undefined, "Grace"]);
  });
});
