import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../../core/column/types.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import { ship, type AnyFunction } from "../../../core/function/ship.ts";
import { compiledMap } from "../../../graph/compile/compiledMap.ts";
import {
  mapPartition,
  mapPartitionAsJavaScript,
  rowRange,
  type MapInput,
  type RowKind,
} from "../../../graph/operators/mapRows.ts";
import { bytesOf, boolean, nullableNumber, number, record } from "../../core/compile/rows.ts";
import { arena, columns, randomPartition, scoped, taskContext } from "./partitions.ts";
import { valuesOf } from "./values.ts";

const vertex: Schema = record({ rank: "number", isSink: "boolean", n: "number?" });
const edge: Schema = record({ weight: "number", kind: "string" });

interface V {
  rank: number;
  isSink: boolean;
  n: number | null;
}
interface E {
  srcId: number;
  dstId: number;
  attr: { weight: number; kind: string };
  srcAttr: V;
  dstAttr: V;
}

type Case = {
  kind: RowKind;
  output: Schema;
  compiles: boolean;
  fn: AnyFunction;
  table?: Schema;
  keepsAbsent?: boolean;
};

const start = 12;
const cases: Record<string, Case> = {
  "vertices by id": {
    kind: "vertex",
    output: number,
    compiles: true,
    fn: (id: number) => (id === start ? 0 : Infinity),
  },
  "fields of vertices": {
    kind: "vertex",
    output: record({ rank: "number", isSink: "boolean" }),
    compiles: true,
    fn: (_id: number, { n, rank, isSink }: V) => ({ rank: rank + (n ?? 0), isSink: !isSink }),
  },
  "vertices with one field changed": {
    kind: "vertex",
    output: vertex,
    compiles: true,
    fn: (id: number, v: V) => ({ ...v, rank: v.rank / id }),
  },
  "a predicate of vertices": {
    kind: "vertex",
    output: boolean,
    compiles: true,
    fn: (_id: number, v: V) => v.n === null || v.rank > 0.5,
  },
  "what is missing, with no room for it": {
    kind: "vertex",
    output: number,
    compiles: true,
    fn: (_id: number, v: V) => v.n,
  },
  "what is missing, with room for it": {
    kind: "vertex",
    output: nullableNumber,
    compiles: true,
    fn: (_id: number, v: V) => v.n,
  },
  "vertices as texts": { kind: "vertex", output: number, compiles: false, fn: (id: number) => `${id}`.length },
  "a table, absent ones as undefined": {
    kind: "joined",
    output: number,
    compiles: true,
    table: number,
    fn: (_id: number, v: V, degree: number | undefined) => (degree ?? -0) * v.rank,
  },
  "a table of records, absent ones as undefined": {
    kind: "joined",
    output: number,
    compiles: true,
    table: record({ a: "number", b: "number?" }),
    fn: (id: number, _v: V, row: { a: number; b: number | null } | undefined) =>
      row === undefined ? id : row.a + (row.b ?? 1),
  },
  "a table, absent ones kept": {
    kind: "joined",
    output: vertex,
    compiles: true,
    table: number,
    keepsAbsent: true,
    fn: (_id: number, v: V, x: number) => ({ ...v, n: x, isSink: x > v.rank }),
  },
  "edges by their ends": {
    kind: "edge",
    output: number,
    compiles: true,
    fn: (e: E) => (e.srcId < e.dstId ? e.attr.weight : -e.srcId),
  },
  "a constant for each edge": { kind: "edge", output: number, compiles: true, fn: () => 1 },
  "edges with a text that is not read": {
    kind: "edge",
    output: number,
    compiles: true,
    fn: ({ attr: { weight } }: E) => weight * 2,
  },
  "edges with a text that is read": { kind: "edge", output: number, compiles: false, fn: (e: E) => e.attr.kind.length },
  triplets: {
    kind: "triplet",
    output: record({ share: "number", isLast: "boolean" }),
    compiles: true,
    fn: (t: E) => ({ share: t.srcAttr.rank === 0 ? 0 : t.attr.weight / t.srcAttr.rank, isLast: t.dstAttr.isSink }),
  },
};

describe("a compiled function over rows of a graph", () => {
  it.each(Object.entries(cases))("has the bits of the one in JavaScript: %s", async (_name, tested) => {
    const { kind, output: schema, compiles, fn, table, keepsAbsent = false } = tested;
    const shipped = ship(fn, "test", "fn");
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom(60, 60, 9000), async (seed, size) => {
        await scoped(async (allocate) => {
          const [from, to] = size === 60 ? [11, 50] : [0, size];
          const graph = randomPartition(seed, size, from, to, 4, allocate);
          const length = graph.numEdges + 200;
          const source: MapInput["source"] = {
            kind,
            ids: graph.ids,
            vertices: columns(vertex, size, allocate, valuesOf(vertex, seed)),
            edges: columns(edge, length, allocate, valuesOf(edge, seed + 1)),
            ...(table && {
              table: {
                columns: columns(table, size, allocate, valuesOf(table, seed + 2)),
                present: graph.active,
                keepsAbsent,
              },
            }),
          };
          const partition = { from, to, inRows: graph.inRows };
          const run = async (how: typeof mapPartition): Promise<unknown> => {
            const isOfVertices = kind === "vertex" || kind === "joined";
            const output = columns(schema, isOfVertices ? size : length, allocate);
            const task = taskContext();
            expect(isRefusal(compiledMap(shipped, source, output, task))).toBe(!compiles);
            const written = await how({ operation: "test", fn: shipped, source, output }, partition, task);
            if (written.metMissing) return written.metMissing;
            expect(rowRange(kind, partition).to).toBeLessThanOrEqual(output.length);
            return [written.chunks.length, bytesOf(arena, output)];
          };
          expect(await run(mapPartition)).toEqual(await run(mapPartitionAsJavaScript));
        });
      }),
      { numRuns: 6, seed: 3, endOnFailure: true },
    );
  });
});
