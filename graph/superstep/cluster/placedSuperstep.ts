/**
 * What a superstep on executors does for columns of placed values, beside what it does for those of fixed width.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnSet, PlacedValues, StoredColumn } from "../../../core/column/types.ts";
import { ValueHeap } from "../../../core/column/valueHeap.ts";
import type { HeapUse, SuperstepReport } from "../superstep.ts";
import { changedOf } from "./packet.ts";
import { placeReceived, splitValues, withValues } from "./valuePacket.ts";

/** Columns as a superstep reads them, and as the next one does, in the same order. */
interface Shipped {
  readonly before: readonly StoredColumn[];
  readonly after: readonly StoredColumn[];
}

/** The placed ones among columns. */
export function placedOf(columns: readonly StoredColumn[]): PlacedValues[] {
  return columns.flatMap((column) => (column.kind === "encoded" && column.placed ? [column.placed] : []));
}

/** Those of fixed width. */
export function fixedOf(columns: readonly StoredColumn[]): StoredColumn[] {
  return columns.filter(({ kind }) => kind === "fixed");
}

/** The packet of a list's changed vertices, with their placed values if any of the shipped columns has such. */
export function addValues(
  arena: Arena,
  packet: Uint8Array,
  list: Uint32Array,
  changed: Uint8Array | undefined,
  shipped: Shipped,
): Uint8Array {
  const now = placedOf(shipped.after);
  if (now.length === 0) return packet;
  const before = placedOf(shipped.before);
  const columns = now.map((placed, at) => ({ now: placed, before: before[at] }));
  return withValues(arena, packet, changedOf(list, changed), columns);
}

/** A message taken apart: `place` writes the values of the vertices that its packet is about. */
export function takeValues(
  arena: Arena,
  bytes: Uint8Array,
  after: readonly StoredColumn[],
): { readonly packet: Uint8Array; readonly place: (vertices: Uint32Array) => void } {
  const columns = placedOf(after);
  if (columns.length === 0) return { packet: bytes, place: () => undefined };
  const values = splitValues(bytes);
  return { packet: values.packet, place: (vertices) => placeReceived(arena, values, vertices, columns) };
}

/** Mirrors keep the places that they had, until packets come: a packet leaves out the values that stay where they are. */
export function carryPlaces(arena: Arena, mirrors: Uint32Array, shipped: Shipped): void {
  const before = placedOf(shipped.before);
  placedOf(shipped.after).forEach(({ places }, at) => {
    const from = arena.view(before[at]!.places);
    const to = arena.view(places);
    for (let each = 0; each < mirrors.length; each++) to[mirrors[each]!] = from[mirrors[each]!]!;
  });
}

/** Asks how full the heap of a set's values is: undefined if it has none. */
export function heapOf(arena: Arena, { columns }: ColumnSet): ValueHeap | undefined {
  for (const column of columns) {
    if (column.kind === "encoded" && column.placed) return new ValueHeap(arena, column.placed.heap);
  }
  return undefined;
}

/** What a superstep reports that has not begun, since values found no room before. */
export function fullReport(heap: HeapUse): SuperstepReport {
  return { messages: 0, edgesScanned: 0, received: 0, rows: { chunks: [] }, aggregates: {}, heap };
}
