/**
 * Edge lists as readers hand them on, and topologies as plain lists: what the tests here compare.
 */
import { createHash } from "node:crypto";
import type { Arena } from "../../../core/column/arena.ts";
import type { EdgeChunk, IdValues, RawColumn, Utf8Values } from "../../../graph/load/edgeChunk.ts";
import { idReader } from "../../../graph/partition/idColumn.ts";
import type { EdgeRows, Topology } from "../../../graph/partition/topology.ts";
import type { VertexId } from "../../../graph/types.ts";

export type Pair = readonly [src: VertexId, dst: VertexId];
export type IdKind = IdValues["kind"];

/** `length` elements of shared memory. */
export function shared<A>(type: new (buffer: SharedArrayBuffer) => A, bytes: number): A {
  return new type(new SharedArrayBuffer(bytes));
}

/** A column of ids of the given kind. `dictionary` may have strings that no id uses. */
export function idValues(kind: IdKind, ids: readonly VertexId[], dictionary?: StringTable): IdValues {
  if (kind === "uint32") {
    const values = shared(Uint32Array, 4 * ids.length);
    values.set(ids.map(Number));
    return { kind, values };
  }
  if (kind === "int64") {
    const values = shared(BigInt64Array, 8 * ids.length);
    ids.forEach((id, i) => (values[i] = BigInt(id)));
    return { kind, values };
  }
  const { codeOf, values } = dictionary ?? stringTable(ids.map(String));
  const codes = shared(Uint32Array, 4 * ids.length);
  ids.forEach((id, i) => (codes[i] = codeOf.get(String(id))!));
  return { kind, codes, dictionary: values };
}

export interface StringTable {
  readonly values: Utf8Values;
  readonly codeOf: Map<string, number>;
}

/** Distinct strings in order of first appearance. */
export function stringTable(texts: readonly string[]): StringTable {
  const distinct = [...new Set(texts)];
  const encoded = distinct.map((text) => Buffer.from(text, "utf8"));
  const offsets = shared(Uint32Array, 4 * (distinct.length + 1));
  encoded.forEach((bytes, i) => (offsets[i + 1] = offsets[i]! + bytes.length));
  const bytes = shared(Uint8Array, offsets[distinct.length]!);
  bytes.set(Buffer.concat(encoded));
  return { values: { offsets, bytes }, codeOf: new Map(distinct.map((text, code) => [text, code])) };
}

/** Chunks of the given lengths (the last takes the rest), with attributes made for each range of edges. */
export function chunksOf(
  kind: IdKind,
  pairs: readonly Pair[],
  cuts: readonly number[] = [],
  attrs: (from: number, to: number) => RawColumn[] = () => [],
): EdgeChunk[] {
  const bounds = [0];
  for (const cut of cuts) bounds.push(Math.min(pairs.length, bounds.at(-1)! + cut));
  bounds.push(pairs.length);
  return bounds.slice(1).map((to, chunk): EdgeChunk => {
    const from = bounds[chunk]!;
    const own = pairs.slice(from, to);
    const dictionary = kind === "string" ? stringTable(["unused", ...own.flat().map(String)]) : undefined;
    const [src, dst] = [0, 1].map((end) => idValues(kind, own.map((pair) => pair[end]!), dictionary)); // prettier-ignore
    return { numEdges: to - from, src: src!, dst: dst!, attrs: attrs(from, to) };
  });
}

/** The rows of `rows`, each with its vertex, its neighbours, and the positions of its edges. */
export function rowsOf(arena: Arena, rows: EdgeRows): [vertex: number, neighbours: number[], positions: number[]][] {
  const offsets = arena.view(rows.offsets);
  const neighbours = arena.view(rows.neighbours);
  const positions = rows.positions && arena.view(rows.positions);
  const targets = rows.targets && arena.view(rows.targets);
  if (offsets.length !== rows.numRows + 1) throw new Error("offsets of another length");
  if (offsets[0] !== 0 || offsets[rows.numRows] !== neighbours.length) throw new Error("rows do not cover the edges");
  return Array.from({ length: rows.numRows }, (_, row) => {
    const entries = Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, entry) => offsets[row]! + entry);
    return [
      targets ? targets[row]! : rows.firstRow + row,
      entries.map((entry) => neighbours[entry]!),
      entries.map((entry) => (positions ? positions[entry]! : rows.firstEdge + entry)),
    ];
  });
}

/** Ids and edges of a topology; edges as pairs of ids in the order of their positions, which are checked. */
export function plain(arena: Arena, topology: Topology): { ids: VertexId[]; edges: Pair[] } {
  const idOf = idReader(topology.ids, arena);
  const ids = Array.from({ length: topology.numVertices }, (_, index) => idOf(index));
  const edges: Pair[] = [];
  let vertex = 0;
  for (const { from, to, inRows } of topology.partitions) {
    if (from !== vertex || inRows.numRows !== to - from) throw new Error("partitions leave gaps");
    for (const [target, neighbours, positions] of rowsOf(arena, inRows)) {
      if (target !== vertex++) throw new Error("rows are not in order");
      neighbours.forEach((source, i) => {
        if (positions[i] !== edges.length) throw new Error("positions are not in order");
        edges.push([ids[source]!, ids[target]!]);
      });
    }
  }
  if (vertex !== topology.numVertices || edges.length !== topology.numEdges) throw new Error("counts are wrong");
  return { ids, edges };
}

/** Ids ascending: integers by value, strings by UTF-8 bytes. */
export function compareReference(a: VertexId, b: VertexId): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a topology of these edges must be, the slow way: ids, edges in order, and where each stood in the input. */
export function referenceTopology(
  pairs: readonly Pair[],
  extra: readonly VertexId[] = [],
): { ids: VertexId[]; edges: Pair[]; order: number[] } {
  const distinct = new Map([...pairs.flat(), ...extra].map((id) => [String(id), id]));
  const ids = [...distinct.values()].sort(compareReference);
  const rank = new Map(ids.map((id, index) => [String(id), index]));
  const keys = pairs.map(([src, dst]) => [rank.get(String(src))!, rank.get(String(dst))!] as const);
  const order = pairs.map((_, edge) => edge);
  order.sort((a, b) => keys[a]![1] - keys[b]![1] || keys[a]![0] - keys[b]![0] || a - b);
  return { ids, edges: order.map((edge) => pairs[edge]!), order };
}

/** The first places at which two lists differ, as text; for lists too long to compare otherwise. */
export function differences(found: readonly unknown[], expected: readonly unknown[]): string[] {
  const spell = (item: unknown): string =>
    Array.isArray(item) ? item.map(spell).join(">") : `${typeof item} ${String(item)}`;
  const places: string[] = [];
  for (let i = 0; i < Math.max(found.length, expected.length) && places.length < 3; i++) {
    if (spell(found[i]) !== spell(expected[i])) places.push(`[${i}] ${spell(found[i])}, not ${spell(expected[i])}`);
  }
  return places;
}

/** A digest of all bytes of a topology's columns, and of where its partitions are cut. */
export function digestOf(arena: Arena, topology: Topology): string {
  const hash = createHash("sha256");
  for (const column of topology.columns) hash.update(arena.view(column).slice());
  hash.update(JSON.stringify(topology.partitions.map(({ from, to }) => [from, to])));
  return hash.digest("hex");
}
