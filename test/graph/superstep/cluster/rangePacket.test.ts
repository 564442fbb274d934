import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../../core/column/arena.ts";
import type { ColumnRef, FixedType, StoredColumn } from "../../../../core/column/types.ts";
import { lanesOf, packChanged } from "../../../../graph/superstep/cluster/packet.ts";
import { isRangePacket, packRange, unpackRange } from "../../../../graph/superstep/cluster/rangePacket.ts";

const numVertices = 40;
const types: readonly FixedType[] = ["float64", "boolean", "int64", "float32", "uint32"];
const range = fc
  .tuple(fc.nat(numVertices), fc.nat(numVertices))
  .map(([a, b]) => ({ partition: 3, from: Math.min(a, b), to: Math.max(a, b) }));

/** Columns of a type each, and marks, at the same places in two arenas: counted up in one, 0x77 in the other. */
function twoArenas(): { from: Arena; to: Arena; columns: StoredColumn[]; marks: ColumnRef<"uint8">; used: number } {
  const [from, to] = [Arena.create({ capacityBytes: 65536 }), Arena.create({ capacityBytes: 65536 })];
  const columns = types.map((type): StoredColumn => ({ kind: "fixed", data: from.allocate(type, numVertices) }));
  const marks = from.allocate("uint8", numVertices);
  const used = marks.offset + numVertices;
  bytesOf(from, used).forEach((_byte, at, all) => (all[at] = 1 + (at % 113)));
  bytesOf(to, used).fill(0x77);
  return { from, to, columns, marks, used };
}

function bytesOf(arena: Arena, length: number): Uint8Array {
  return new Uint8Array(arena.memory.buffer, 0, length);
}

/** The message as it arrives: at any place of a buffer. */
function moved(arena: Arena, { bytes, columns }: ReturnType<typeof packRange>): Uint8Array {
  const pieces = [new Uint8Array(3), bytes, ...columns.map((column) => arena.view(column))];
  return new Uint8Array(Buffer.concat(pieces)).subarray(3);
}

describe("packets of a range", () => {
  it("bring the bits of its rows, of every type, and of the marks, and touch no other", () => {
    fc.assert(
      fc.property(range, fc.boolean(), fc.nat({ max: 31 }), (rows, hasMarks, omitted) => {
        const { from, to, columns, marks, used } = twoArenas();
        const before = twoArenas();
        const packet = packRange(rows, hasMarks ? from.view(marks) : undefined, lanesOf(from, columns), omitted);
        const message = moved(from, packet);
        expect(isRangePacket(message)).toBe(true);
        // what is left out comes from where it was, for the vertices that are mirrored
        const list = Uint32Array.from({ length: rows.to - rows.from }, (_, at) => rows.from + at).filter(
          (v) => v % 3 > 0,
        );
        const old = lanesOf(to, columns).map((lane, at) => ({
          ...lane,
          values: lanesOf(before.from, before.columns)[at]!.values,
        }));
        unpackRange(
          message,
          (partition) => (partition === 3 ? rows : undefined),
          () => list,
          hasMarks ? to.view(marks) : undefined,
          lanesOf(to, columns),
          old,
        );

        const expected = new Uint8Array(used).fill(0x77);
        const copy = (offset: number, width: number, vertex: number): void => {
          const at = offset + width * vertex;
          expected.set(bytesOf(from, used).subarray(at, at + width), at);
        };
        columns.forEach((column, at) => {
          if (column.kind === "encoded") return;
          const width = [8, 1, 8, 4, 4][at]!;
          for (let vertex = rows.from; vertex < rows.to; vertex++) {
            if (((omitted >>> at) & 1) === 0 || list.includes(vertex)) copy(column.data.offset, width, vertex);
          }
        });
        for (let vertex = rows.from; vertex < rows.to; vertex++) if (hasMarks) copy(marks.offset, 1, vertex);
        expect(bytesOf(to, used)).toEqual(expected);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it("are refused when damaged or not for here, and then nothing was written", () => {
    const { from, to, columns, marks, used } = twoArenas();
    const rows = { partition: 3, from: 4, to: 20 };
    const lanes = lanesOf(to, columns);
    const good = moved(from, packRange(rows, from.view(marks), lanesOf(from, columns), 0));
    const withWord = (index: number, value: number): Uint8Array => {
      const bytes = good.slice();
      new Uint32Array(bytes.buffer)[index] = value;
      return bytes;
    };
    const bad = [
      withWord(0, 4),
      withWord(2, 15),
      withWord(2, 17),
      withWord(3, 1),
      withWord(3, 32),
      good.subarray(0, -1),
    ];
    for (const bytes of [...bad, Buffer.concat([good, new Uint8Array(1)])]) {
      const unpack = (): void =>
        unpackRange(
          bytes,
          (partition) => (partition === 3 ? rows : undefined),
          () => new Uint32Array(),
          to.view(marks),
          lanes,
          [],
        );
      expect(unpack).toThrow(expect.objectContaining({ code: "BLOCK_CORRUPT" }));
    }
    expect(bytesOf(to, used).every((byte) => byte === 0x77)).toBe(true);
  });

  it("are told from others", () => {
    const { from, columns } = twoArenas();
    const other = packChanged(3, Uint32Array.of(1, 2), undefined, lanesOf(from, columns), [])!;
    expect(isRangePacket(other)).toBe(false);
    expect(isRangePacket(new Uint8Array(15))).toBe(false);
  });
});
