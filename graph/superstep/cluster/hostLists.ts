/**
 * Who received a message in a superstep, as lists, on one executor: of its own vertices, and of those it mirrors. Sparse
 * supersteps go from list to list; where a superstep left none, they are read off the marks.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef } from "../../../core/column/types.ts";

/** Of the two generations of columns, the one that a superstep reads and the one that it writes. */
export interface Turn {
  readonly before: 0 | 1;
  readonly after: 0 | 1;
}

/** Lists of one host, two of each kind: one a generation of columns. The driver allocates them, and never reads them. */
export interface HostLists {
  /** Own vertices, ascending. */
  readonly own: readonly [ColumnRef<"uint32">, ColumnRef<"uint32">];
  /** Mirrors, as they came in: each once. */
  readonly mirrored: readonly [ColumnRef<"uint32">, ColumnRef<"uint32">];
  /** `controlLength` words. */
  readonly control: ColumnRef<"uint32">;
}

/** Words of the control column: lengths of lists plus 1, 0 where there is none; and 1 while a superstep is under way. */
const word = { own: [0, 1], mirrored: [2, 3], isUnderWay: 4 } as const;
export const controlLength = 5;

/** The list of a generation, if there is one. */
export function listed(
  arena: Arena,
  lists: HostLists,
  kind: "own" | "mirrored",
  generation: 0 | 1,
): Uint32Array | undefined {
  const length = Atomics.load(arena.view(lists.control), word[kind][generation]);
  return length === 0 ? undefined : arena.view(lists[kind][generation]).subarray(0, length - 1);
}

/** Says that the list of a generation has so many entries; undefined: that there is none. */
export function setListed(
  arena: Arena,
  lists: HostLists,
  kind: "own" | "mirrored",
  generation: 0 | 1,
  length: number | undefined,
): void {
  Atomics.store(arena.view(lists.control), word[kind][generation], length === undefined ? 0 : length + 1);
}

/** Says whether a superstep is under way; returns what was said before. */
export function setUnderWay(arena: Arena, { control }: HostLists, isUnderWay: boolean): boolean {
  return Atomics.exchange(arena.view(control), word.isUnderWay, Number(isUnderWay)) !== 0;
}

/** Marks mirrors that changed, and lists those that were not marked before, if there is a list. */
export function addMirrored(
  arena: Arena,
  lists: HostLists,
  generation: 0 | 1,
  received: Uint8Array,
  vertices: Uint32Array,
): void {
  const before = listed(arena, lists, "mirrored", generation);
  if (before === undefined) {
    for (let at = 0; at < vertices.length; at++) received[vertices[at]!] = 1;
    return;
  }
  const list = arena.view(lists.mirrored[generation]);
  let { length } = before;
  for (let at = 0; at < vertices.length; at++) {
    const vertex = vertices[at]!;
    if (received[vertex] !== 0) continue;
    received[vertex] = 1;
    list[length++] = vertex;
  }
  setListed(arena, lists, "mirrored", generation, length);
}

/** The vertices of [from, to) that are marked. */
export function markedIn(marks: Uint8Array, from: number, to: number): Uint32Array {
  const own = marks.subarray(from, to);
  const found: number[] = [];
  for (let at = own.indexOf(1); at >= 0; at = own.indexOf(1, at + 1)) found.push(from + at);
  return Uint32Array.from(found);
}
