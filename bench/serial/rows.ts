/**
 * A graph as compressed rows, the form in which one thread computes fastest.
 */
import type { EdgeArrays } from "./readEdges.ts";

/** The neighbours of vertex v: `neighbours[offsets[v]]` up to `neighbours[offsets[v + 1] - 1]`. */
export interface Rows {
  readonly offsets: Uint32Array;
  readonly neighbours: Uint32Array;
}

/** Vertices as indices from 0, in the order in which ids occur first; edges as two arrays of indices. */
export interface SerialGraph {
  readonly ids: readonly number[];
  readonly indexOf: ReadonlyMap<number, number>;
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  /** The sources of each vertex's incoming edges. */
  readonly incoming: Rows;
}

/** Numbers the vertices and sorts the edges by destination, by counting. */
export function buildGraph({ src, dst }: EdgeArrays): SerialGraph {
  const indexOf = new Map<number, number>();
  const ids: number[] = [];
  const number = (id: number): number => {
    let index = indexOf.get(id);
    if (index === undefined) {
      index = ids.length;
      indexOf.set(id, index);
      ids.push(id);
    }
    return index;
  };
  const from = new Uint32Array(src.length);
  const to = new Uint32Array(src.length);
  for (let edge = 0; edge < src.length; edge++) {
    from[edge] = number(src[edge]!);
    to[edge] = number(dst[edge]!);
  }
  return { ids, indexOf, src: from, dst: to, incoming: rowsBy(ids.length, to, from) };
}

/** Rows by `key`, of what stands in `value`. */
export function rowsBy(numVertices: number, key: Uint32Array, value: Uint32Array): Rows {
  const offsets = new Uint32Array(numVertices + 1);
  for (const vertex of key) offsets[vertex + 1]!++;
  for (let vertex = 0; vertex < numVertices; vertex++) offsets[vertex + 1]! += offsets[vertex]!;
  const next = offsets.slice();
  const neighbours = new Uint32Array(key.length);
  for (let edge = 0; edge < key.length; edge++) neighbours[next[key[edge]!]!++] = value[edge]!;
  return { offsets, neighbours };
}
