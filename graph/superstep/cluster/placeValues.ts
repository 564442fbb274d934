/**
 * Brings the values of encoded columns to their places on executors, and from there to the driver.
 */
import { decodeValues, encodeValues } from "../../../core/column/codec.ts";
import type { EncodedChunk, PlacedValues } from "../../../core/column/types.ts";
import { ValueHeap } from "../../../core/column/valueHeap.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { Receiver } from "../../../core/schedule/job.ts";
import { readerOf } from "../../../core/column/columnSet.ts";
import { sharedCopy } from "../../columns/output.ts";
import { holds, type Lease } from "./lease.ts";
import { listOf, type Mirrors } from "./mirrors.ts";
import { packChanged, unpack } from "./packet.ts";
import { placeReceived, splitValues, withValues } from "./valuePacket.ts";

/** What all tasks of a placing share. */
export interface PlacingInput {
  /** The columns; their places are written. */
  readonly columns: readonly PlacedValues[];
  /** Where the values of these columns are now; absent: they come in chunks. */
  readonly old?: readonly PlacedValues[];
  /** Who mirrors what of them, and which of the columns are mirrored: their indices. */
  readonly routes: readonly Mirrors[];
  readonly shipped: readonly number[];
  readonly lease: Lease;
}

/** Rows [from, to) of one partition. */
export interface PlacedRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Some ranges of one host; for each column the chunks that their rows are in, unless these lie there already. */
export interface PlacingTask {
  readonly host: number;
  readonly ranges: readonly PlacedRange[];
  readonly chunks: readonly (readonly EncodedChunk[])[];
}

export const placeValuesRef: OperatorRef = operatorRef(import.meta.url, "placeValues");
export const receiveValuesRef: OperatorRef = operatorRef(import.meta.url, "receiveValues");
export const collectValuesRef: OperatorRef = operatorRef(import.meta.url, "collectValues");

/** Task: places the values of its rows, and sends them to the hosts that mirror them. Returns the bytes used of the heap. */
export function placeValues(input: PlacingInput, { host, ranges, chunks }: PlacingTask, task: TaskContext): number {
  const { arena } = task;
  const { columns, old, routes, shipped } = input;
  columns.forEach(({ places, heap: ref }, at) => {
    const heap = new ValueHeap(arena, ref);
    const target = arena.view(places);
    if (old === undefined) {
      for (const chunk of chunks[at]!) placeChunk(chunk, ranges, heap, target);
      return;
    }
    const source = arena.view(old[at]!.places);
    const records = new ValueHeap(arena, old[at]!.heap);
    for (const { from, to } of ranges) {
      task.throwIfCancelled();
      for (let row = from; row < to; row++) target[row] = heap.putRecords(records.record(source[row]!));
    }
  });
  for (const route of routes) {
    if (route.host === host) continue;
    for (const { partition } of ranges) {
      const list = listOf(arena, route, partition);
      const packet = packChanged(partition, list, undefined, [], []);
      if (packet === undefined) continue;
      const sent = shipped.map((at) => ({ now: columns[at]! }));
      task.deliver(route.host, withValues(arena, packet, list, sent));
    }
  }
  const [first] = columns;
  return first === undefined ? 0 : new ValueHeap(arena, first.heap).usedBytes;
}

/** Receiver: places what came for the mirrors. */
export const receiveValues: Receiver<PlacingInput> = ({ columns, routes, shipped, lease }, message, { id, arena }) => {
  const route = routes.find(({ host }) => host === id);
  if (message === undefined || route === undefined || !holds(lease, arena)) return;
  const values = splitValues(message.bytes);
  const numPartitions = route.bounds.length - 1;
  const list = (partition: number): Uint32Array | undefined =>
    partition < numPartitions ? listOf(arena, route, partition) : undefined;
  const placed = shipped.map((at) => columns[at]!);
  unpack(values.packet, list, [], [], (vertices) => placeReceived(arena, values, vertices, placed));
};

/** Task: the values of its rows, a chunk a range: for each column, in order. */
export function collectValues(
  columns: readonly PlacedValues[],
  ranges: readonly PlacedRange[],
  { arena }: TaskContext,
): EncodedChunk[][] {
  return columns.map((placed) => {
    const field = { name: "", type: "object", nullable: true } as const;
    const set = { schema: { kind: "scalar", field }, length: placed.places.length } as const;
    const [reader] = readerOf({ ...set, columns: [{ kind: "encoded", chunks: [], placed }] }, arena).fields;
    return ranges.map(({ from, to }): EncodedChunk => {
      const values = Array.from({ length: to - from }, (_, at) => reader!.read(from + at));
      return { from, to, bytes: sharedCopy(encodeValues(values)) };
    });
  });
}

/** Places the rows of a chunk that lie in the ranges. */
function placeChunk(
  { from: start, to: end, bytes }: EncodedChunk,
  ranges: readonly PlacedRange[],
  heap: ValueHeap,
  places: Uint32Array,
): void {
  const values = decodeValues(new Uint8Array(bytes));
  for (const { from, to } of ranges) {
    for (let row = Math.max(from, start); row < Math.min(to, end); row++) places[row] = heap.put(values[row - start]);
  }
}
