/**
 * Vertex ids and their indices: ids ascend with the index, so that an id is found by binary search.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { VertexId } from "../types.ts";
import type { Scratch } from "./scratch.ts";
import { compareUtf8 } from "./compareUtf8.ts";
import type { IdColumn, Topology } from "./topology.ts";

/** Reads the id of a vertex by its index. */
export type IdReader = (index: number) => VertexId;

const encoder = new TextEncoder();
/** What UTF-8 cannot say: such a string is no id. */
const loneSurrogate = /\p{Surrogate}/u;

/** A reader of ids: integers as numbers, as bigints beyond 2^53; strings as such. Fast from the second call on. */
export function idReader(ids: IdColumn, arena: Arena): IdReader {
  switch (ids.kind) {
    case "uint32": {
      const values = arena.view(ids.ids);
      return (index) => values[index]!;
    }
    case "int64": {
      const values = arena.view(ids.ids);
      return (index) => narrow(values[index]!);
    }
    case "string": {
      const offsets = arena.view(ids.offsets);
      const bytes = arena.view(ids.bytes);
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      return (index) => text.toString("utf8", offsets[index]!, offsets[index + 1]!);
    }
  }
}

/** The id of one vertex. For many, make an `idReader`. */
export function idAt(ids: IdColumn, arena: Arena, index: number): VertexId {
  return idReader(ids, arena)(index);
}

/**
 * The index of a vertex, -1 if there is none. 5 and 5n are one id; a string is no id of a graph of integers, nor an
 * integer one of a graph of strings.
 *
 * Cost: a binary search.
 */
export function indexOf(ids: IdColumn, arena: Arena, id: VertexId): number {
  switch (ids.kind) {
    case "uint32": {
      if (!isInteger(id)) return -1;
      const values = arena.view(ids.ids);
      const wanted = typeof id === "bigint" ? narrow(id) : id;
      return search(values.length, (index) => (values[index]! < wanted ? -1 : values[index]! > wanted ? 1 : 0));
    }
    case "int64": {
      if (!isInteger(id)) return -1;
      const values = arena.view(ids.ids);
      return search(values.length, (index) => (values[index]! < id ? -1 : values[index]! > id ? 1 : 0));
    }
    case "string": {
      if (typeof id !== "string" || loneSurrogate.test(id)) return -1;
      const offsets = arena.view(ids.offsets);
      const bytes = arena.view(ids.bytes);
      const wanted = encoder.encode(id);
      return search(offsets.length - 1, (index) =>
        compareUtf8(bytes, offsets[index]!, offsets[index + 1]!, wanted, 0, wanted.length),
      );
    }
  }
}

/** What kind of ids a graph has, in words. */
export function describeIds({ kind }: IdColumn): string {
  return { uint32: "integers below 2^32", int64: "integers of 64 bits", string: "strings" }[kind];
}

/** The order of ids: integers by value, strings by code points, integers before strings. Negative, 0 or positive. */
export function compareIds(a: VertexId, b: VertexId): number {
  if (typeof a !== "string") return typeof b === "string" || a < b ? -1 : a > b ? 1 : 0;
  if (typeof b !== "string") return 1;
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at++) {
    const difference = codePointRank(a.charCodeAt(at)) - codePointRank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A copy of the ids, as columns of the scratch. */
export function copyIds(arena: Arena, ids: IdColumn, scratch: Scratch): IdColumn {
  if (ids.kind === "string") {
    const offsets = scratch.allocate("uint32", ids.offsets.length);
    const bytes = scratch.allocate("uint8", ids.bytes.length);
    arena.view(offsets).set(arena.view(ids.offsets));
    arena.view(bytes).set(arena.view(ids.bytes));
    return { kind: "string", offsets, bytes };
  }
  if (ids.kind === "int64") {
    const copy = scratch.allocate("int64", ids.ids.length);
    arena.view(copy).set(arena.view(ids.ids));
    return { kind: "int64", ids: copy };
  }
  const copy = scratch.allocate("uint32", ids.ids.length);
  arena.view(copy).set(arena.view(ids.ids));
  return { kind: "uint32", ids: copy };
}

/** Frees all columns of a topology. */
export function freeTopology(arena: Arena, topology: Topology): void {
  for (const column of topology.columns) arena.free(column);
}

function isInteger(id: VertexId): id is number | bigint {
  return typeof id === "bigint" || Number.isInteger(id);
}

/** An integer as a number where that is exact. */
function narrow(id: bigint): number | bigint {
  return id >= Number.MIN_SAFE_INTEGER && id <= Number.MAX_SAFE_INTEGER ? Number(id) : id;
}

/** The index in [0, length) at which `compare` is 0, where it ascends; -1 if there is none. */
function search(length: number, compare: (index: number) => number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const order = compare(middle);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/** UTF-16 units in the order of code points: surrogates, which stand for those from 2^16 on, come last. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
