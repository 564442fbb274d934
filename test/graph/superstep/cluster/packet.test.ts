import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "../../../../core/errors.ts";
import { Arena } from "../../../../core/column/arena.ts";
import type { ColumnRef, FixedType, StoredColumn } from "../../../../core/column/types.ts";
import { integersFrom } from "../../../support/graphs.ts";
import { carryRows, lanesOf, packChanged, unpack, type Lane } from "../../../../graph/superstep/cluster/packet.ts";

const numVertices = 70;
const types: readonly FixedType[] = ["float64", "boolean", "int64", "float32", "uint32", "int32"];

/** Vertices that are listed, and those that changed. */
const selection = fc
  .tuple(fc.constantFrom(0, 0.2, 0.9, 1), fc.constantFrom(0, 0.02, 0.3, 1), fc.nat())
  .map(([listed, share, seed]) => {
    const next = integersFrom(seed);
    const all = Uint32Array.from({ length: numVertices }, (_, vertex) => vertex);
    return {
      list: all.filter(() => next(1000) < 1000 * listed),
      changed: Uint8Array.from(all, () => Number(next(1000) < 1000 * share)),
    };
  });

function bytesOf(arena: Arena, { type, offset, length }: ColumnRef): Uint8Array {
  const width = arena.view({ type, offset, length }).BYTES_PER_ELEMENT;
  return arena.view({ type: "uint8", offset, length: length * width });
}

/** Columns of random bits, of one type each, every second with validity; the same places in two arenas. */
function twoArenas(seed: number): { from: Arena; to: Arena; columns: StoredColumn[] } {
  const [from, to] = [Arena.create({ capacityBytes: 65536 }), Arena.create({ capacityBytes: 65536 })];
  const columns = types.map((type, at): StoredColumn => {
    const data = from.allocate(type, numVertices);
    return at % 2 === 0
      ? { kind: "fixed", data }
      : { kind: "fixed", data, validity: from.allocate("uint8", numVertices) };
  });
  let state = seed;
  for (const column of columns) {
    if (column.kind === "encoded") continue;
    for (const ref of [column.data, ...(column.validity ? [column.validity] : [])]) {
      const bytes = bytesOf(from, ref);
      for (let at = 0; at < bytes.length; at++) bytes[at] = (state = (state * 69069 + 12345) >>> 0) >>> 24;
      bytesOf(to, ref).fill(0x77);
    }
  }
  return { from, to, columns };
}

describe("packets", () => {
  it("bring the bits of changed rows, of every type, to the receiver and touch no other row", () => {
    const seenForms = new Set<number>();
    fc.assert(
      fc.property(selection, fc.nat(), fc.boolean(), ({ list, changed }, seed, isAll) => {
        const { from, to, columns } = twoArenas(seed);
        const packet = packChanged(3, list, isAll ? undefined : changed, lanesOf(from, columns), []);
        const wanted = [...list].filter((vertex) => isAll || changed[vertex] === 1);
        expect(packet === undefined).toBe(wanted.length === 0);
        const marked: number[] = [];
        if (packet !== undefined) {
          seenForms.add(new Uint32Array(packet.buffer, 0, 4)[1]!);
          const moved = new Uint8Array(packet.length + 5).subarray(5); // at any place of a buffer
          moved.set(packet);
          unpack(
            moved,
            (partition) => (partition === 3 ? list : undefined),
            lanesOf(to, columns),
            [],
            (vertices) => {
              marked.push(...vertices);
            },
          );
        }
        expect(marked).toEqual(wanted);
        for (const column of columns) {
          if (column.kind === "encoded") continue;
          for (const ref of [column.data, ...(column.validity ? [column.validity] : [])]) {
            const sent = bytesOf(from, ref);
            const width = sent.length / numVertices;
            const expected = sent.map((byte, at) => (wanted.includes(Math.floor(at / width)) ? byte : 0x77));
            expect(bytesOf(to, ref)).toEqual(expected);
          }
        }
      }),
      { numRuns: 60, seed: 9 },
    );
    expect([...seenForms].sort((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it("leave out lanes that are as they were a generation ago, to the bit", () => {
    const omitted = new Set<number>();
    fc.assert(
      fc.property(selection, fc.nat(), fc.nat({ max: 31 }), fc.boolean(), ({ list, changed }, seed, which, isAll) => {
        const now = twoArenas(seed);
        const before = twoArenas(seed); // the same bits, at the sender and, once copied, at the receiver
        const lanes = lanesOf(now.from, now.columns);
        const old = lanesOf(before.from, before.columns);
        const vertex = list.find((candidate) => isAll || changed[candidate] === 1);
        lanes.forEach((lane, at) => {
          if (vertex === undefined || ((which >>> at) & 1) === 0) return;
          const { buffer, byteOffset, BYTES_PER_ELEMENT } = lane.values;
          // the sign of a number, the highest bit of any other: what an equality of values might not see
          new Uint8Array(buffer, byteOffset)[(vertex + 1) * lane.stride * BYTES_PER_ELEMENT - 1]! ^= 0x80;
        });
        const packet = packChanged(0, list, isAll ? undefined : changed, lanes, old);
        if (packet === undefined) return;
        const left = new Uint32Array(packet.buffer, 0, 4)[3]!;
        expect(left).toBe(~which & (2 ** lanes.length - 1));
        omitted.add(left);
        for (const column of before.columns) {
          if (column.kind === "encoded") continue;
          for (const ref of [column.data, ...(column.validity ? [column.validity] : [])]) {
            bytesOf(before.to, ref).set(bytesOf(before.from, ref));
          }
        }
        const received = lanesOf(now.to, now.columns);
        const marked: number[] = [];
        unpack(
          packet,
          () => list,
          received,
          lanesOf(before.to, before.columns),
          (vertices) => marked.push(...vertices),
        );
        for (const [at, lane] of lanes.entries()) {
          const got = received[at]!;
          for (const row of marked) {
            const words = ({ values, stride }: Lane): Uint8Array => {
              const width = stride * values.BYTES_PER_ELEMENT;
              return new Uint8Array(values.buffer, values.byteOffset + row * width, width);
            };
            expect(words(got)).toEqual(words(lane));
          }
        }
      }),
      { numRuns: 60, seed: 11 },
    );
    expect(omitted.size).toBeGreaterThan(4);
  });

  it("take the shorter of a list of positions and a bit for each vertex", () => {
    const list = Uint32Array.from({ length: 6400 }, (_, at) => at);
    const sizeWith = (count: number): number =>
      packChanged(
        0,
        list,
        Uint8Array.from(list, (vertex) => Number(vertex < count)),
        [],
        [],
      )!.length;
    expect(sizeWith(1)).toBe(16 + 8);
    expect(sizeWith(200)).toBe(16 + 800);
    expect(sizeWith(201)).toBe(16 + 800);
    expect(sizeWith(6399)).toBe(16 + 800);
    expect(sizeWith(6400)).toBe(16);
  });

  it("are refused when damaged or not for here, and then nothing was written", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        selection,
        fc.nat(),
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.boolean(),
        ({ list, changed }, seed, at, byte, isCut) => {
          const { from, to, columns } = twoArenas(seed);
          const packet = packChanged(0, list, changed, lanesOf(from, columns), []);
          if (packet === undefined) return;
          const damaged = isCut ? packet.slice(0, at % packet.length) : packet.slice();
          if (!isCut) damaged[at % 24]! ^= byte; // the header and the beginning of what follows
          const before = columns.map((column) =>
            column.kind === "fixed" ? bytesOf(to, column.data).slice() : undefined,
          );
          const outside = new Set(Array.from({ length: numVertices }, (_, vertex) => vertex));
          for (const vertex of list) outside.delete(vertex);
          try {
            unpack(
              damaged,
              (partition) => (partition === 0 ? list : undefined),
              lanesOf(to, columns),
              [],
              () => undefined,
            );
          } catch (error) {
            refused++;
            expect(hasCode(error, "BLOCK_CORRUPT")).toBe(true);
            columns.forEach((column, index) => {
              if (column.kind === "fixed") expect(bytesOf(to, column.data)).toEqual(before[index]);
            });
            return;
          }
          // what passes is a packet: it can have changed only rows that are mirrored
          columns.forEach((column, index) => {
            if (column.kind === "encoded") return;
            const got = bytesOf(to, column.data);
            const width = got.length / numVertices;
            for (const vertex of outside) {
              expect(got.subarray(vertex * width, (vertex + 1) * width)).toEqual(
                before[index]!.subarray(vertex * width, (vertex + 1) * width),
              );
            }
          });
        },
      ),
      { numRuns: 200, seed: 4 },
    );
    expect(refused).toBeGreaterThan(20);
  });

  it("carry rows over between columns of any number types, and make room for missing values", () => {
    const arena = Arena.create({ capacityBytes: 65536 });
    const data = arena.allocate("int32", 4);
    const from: StoredColumn = { kind: "fixed", data };
    const to: StoredColumn = {
      kind: "fixed",
      data: arena.allocate("float64", 4),
      validity: arena.allocate("uint8", 4),
    };
    arena.view(data).set([-5, 6, -7, 8]);
    carryRows(arena, from, to, Uint32Array.of(0, 2));
    expect([...(arena.view(to.data) as Float64Array)]).toEqual([-5, 0, -7, 0]);
    expect([...arena.view(to.validity!)]).toEqual([1, 0, 1, 0]);
  });
});
