/**
 * One superstep on executors: scan and apply as on one machine, then each task sends what changed of its vertices to the
 * executors that mirror them, and each executor writes what it is sent to its mirrors of the next
 * generation.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef, StoredColumn } from "../../../core/column/types.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import { assert } from "../../../core/errors.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { Receiver } from "../../../core/schedule/job.ts";
import type { ApplyInput } from "../apply.ts";
import { compiledSuperstep, superstepPaths } from "../../compile/compiledSuperstep.ts";
import { lowerBound } from "../combine.ts";
import { inOneLoop } from "../inOneLoop.ts";
import { numPartitionsOf, partitionAt, type PartitionTable } from "../partitionTable.ts";
import { superstep, type SuperstepInput, type SuperstepPartition, type SuperstepReport } from "../superstep.ts";
import { holds, type Lease } from "./lease.ts";
import { listOf, rangeOf, type Mirrors } from "./mirrors.ts";
import {
  arePositionsShort,
  carryRows,
  countChanged,
  lanesAsBefore,
  lanesOf,
  packChanged,
  packPositions,
  unpack,
  type Lane,
} from "./packet.ts";
import { isRangePacket, packRange, unpackRange, type PartitionRange } from "./rangePacket.ts";
import type { PlacedRange } from "./placeValues.ts";
import { addMirrored, setListed } from "./hostLists.ts";
import { mirrorsToMend, sparseSuperstep, type SparseInput, type SparseShare } from "./sparseStep.ts";
import { addValues, carryPlaces, fixedOf, fullReport, heapOf, takeValues } from "./placedSuperstep.ts";

/** What all partitions of a superstep share. */
export interface ShippedInput extends SuperstepInput, ShippingInput {
  readonly apply: ApplyInput;
}

/** What a superstep ships of its vertices. */
export interface ShippingInput {
  readonly apply: ApplyInput;
  /** Where attributes are read that live elsewhere. */
  readonly routes: readonly Mirrors[];
  readonly shipped: ShippedColumns;
  readonly lease: Lease;
  /** Set if an executor may walk the rows of its active vertices alone: each decides for itself. */
  readonly sparse?: SparseInput;
}

/** What is read of vertices that live elsewhere: attributes, or the messages that are made of them. */
export interface ShippedColumns {
  /** As this superstep reads them. */
  readonly before: readonly StoredColumn[];
  /** As the next one does, in the same order. */
  readonly after: readonly StoredColumn[];
  /** True if they are read of all mirrors, and not only of those that changed: the others keep what they were. */
  readonly isKept: boolean;
}

/** Some partitions of one host. */
export interface ShippedTask {
  readonly host: number;
  readonly partitions: readonly ShippedPartition[];
  /** Set if tiles are walked: a number for each target of a block. */
  readonly sums?: ColumnRef<"float64">;
  readonly sparse?: SparseShare;
}

/** One partition of a task. */
export interface ShippedPartition extends SuperstepPartition {
  /** Its number in the graph. */
  readonly partition: number;
  /** Set if tiles are walked, instead of `rows`: its blocks, in order. */
  readonly blocks?: PartitionTable;
}

/** A partition is sent as a whole if it has at most so many vertices for each that changed and is mirrored. */
const maxSparseness = 2;

export const superstepAndShipRef: OperatorRef = operatorRef(import.meta.url, "superstepAndShip");
export const receiveMirrorsRef: OperatorRef = operatorRef(import.meta.url, "receiveMirrors");

/** Task: the superstep of some partitions, and what other hosts need of them. Returns what `shipAfterEach` does. */
export function superstepAndShip(
  input: ShippedInput,
  shippedTask: ShippedTask,
  task: TaskContext,
): Promise<readonly SuperstepReport[]> {
  const { host, partitions, sums } = shippedTask;
  const reports = superstepOfFew(input, shippedTask, task);
  if (reports !== undefined) return Promise.resolve(reports);
  if (sums !== undefined) return tiledAndShip(input, shippedTask, sums, task);
  return shipAfterEach(input, host, partitions, (rows) => superstep(input, rows, task), task);
}

/**
 * Runs `step` on each partition, and sends other hosts what they need of its vertices. Returns a report each; after one that
 * met a missing value, or where values found no room, there are no more: the superstep will run again.
 */
export async function shipAfterEach<P extends PlacedRange>(
  input: ShippingInput,
  host: number,
  partitions: readonly P[],
  step: (partition: P) => Promise<SuperstepReport>,
  task: TaskContext,
): Promise<readonly SuperstepReport[]> {
  const { arena } = task;
  const { apply, routes } = input;
  const reports: SuperstepReport[] = [];
  const heap = heapOf(arena, apply.output);
  for (const own of partitions) {
    const startBytes = heap?.usedBytes ?? 0;
    if (heap?.isFull === true) return [...reports, fullReport({ host, startBytes, endBytes: startBytes })];
    const report = await step(own);
    reports.push(heap === undefined ? report : { ...report, heap: { host, startBytes, endBytes: heap.usedBytes } });
    if (report.metMissing !== undefined) break;
    if (routes.length === 0) continue;
    for (const route of routes) if (route.host !== host) ship(input, own, route, task);
  }
  return reports;
}

/** The superstep if it is sparse; undefined if rows of all vertices are to be scanned. */
function superstepOfFew(
  input: ShippedInput,
  { host, sparse: share }: ShippedTask,
  task: TaskContext,
): readonly SuperstepReport[] | undefined {
  const { sparse, routes } = input;
  if (sparse === undefined || share === undefined) return undefined;
  const [route, others] = [routes.find((each) => each.host === host), routes.filter((each) => each.host !== host)];
  const shipReceived = (own: PlacedRange, received: Uint32Array): void => {
    for (const other of others) shipListed(input, own, received, other, task);
  };
  return sparseSuperstep({ ...input, sparse }, share, route, shipReceived, task);
}

/** The same over tiles, in one loop and to one report: a partition is sent when its last block is done. */
async function tiledAndShip(
  input: ShippedInput,
  { host, partitions }: ShippedTask,
  sums: ColumnRef<"float64">,
  task: TaskContext,
): Promise<readonly SuperstepReport[]> {
  const { scan, apply, routes } = input;
  const first = partitions.find(({ blocks }) => blocks !== undefined && numPartitionsOf(blocks) > 0)?.blocks;
  if (first === undefined) return []; // no vertices
  const compiled = compiledSuperstep(scan, apply, partitionAt(first, 0).rows, task);
  assert(!isRefusal(compiled) && "loop" in compiled, "a superstep is to walk tiles, and cannot");
  const walked = function* (): Generator<SuperstepPartition> {
    for (const partition of partitions) {
      const { blocks } = partition;
      for (let at = 0; blocks !== undefined && at < numPartitionsOf(blocks); at++) yield partitionAt(blocks, at);
      for (const route of routes) if (route.host !== host) ship(input, partition, route, task);
    }
  };
  const report = await inOneLoop(compiled, input, walked(), sums, task);
  return [task.partition === 0 ? { ...report, functions: superstepPaths(compiled, apply) } : report];
}

/** Sends what changed of a partition to a host that mirrors some of it. */
function ship(input: ShippingInput, { partition, from, to }: PlacedRange, route: Mirrors, task: TaskContext): void {
  const { arena } = task;
  const { apply, shipped } = input;
  const list = listOf(arena, route, partition);
  const changed = apply.program.applyTo === "received" ? arena.view(apply.received) : undefined;
  const count = countChanged(list, changed);
  if (count === 0) return;
  const lanes = lanesOf(arena, fixedOf(shipped.after));
  const before = lanesBefore(input, arena);
  if (to - from <= maxSparseness * count && areFixed(shipped)) {
    const omitted = lanesAsBefore(lanes, before, list);
    const { bytes, columns } = packRange({ partition, from, to }, changed, lanes, omitted);
    task.deliver(route.host, bytes, columns);
    return;
  }
  const bytes = packChanged(partition, list, changed, lanes, before);
  if (bytes !== undefined) task.deliver(route.host, addValues(arena, bytes, list, changed, shipped));
}

/** `ship` where the vertices of the partition that changed are known: ascending. Cost: in proportion to them. */
function shipListed(
  input: ShippedInput,
  own: PlacedRange,
  received: Uint32Array,
  route: Mirrors,
  task: TaskContext,
): void {
  const { arena } = task;
  const list = listOf(arena, route, own.partition);
  if (!arePositionsShort(received.length, list)) {
    ship(input, own, route, task); // costs as much as the list is long
    return;
  }
  const positions = positionsIn(list, received);
  if (positions.length === 0) return;
  const lanes = lanesOf(arena, input.shipped.after);
  task.deliver(route.host, packPositions(own.partition, list, positions, lanes, lanesBefore(input, arena)));
}

/** Where those of `some` that are in `list` stand there; both ascend. */
function positionsIn(list: Uint32Array, some: Uint32Array): Uint32Array {
  const positions = some.map((vertex) => lowerBound(list, vertex));
  return positions.filter((position, at) => list[position] === some[at]);
}

/**
 * Receiver: at first, mirrors keep what they were, and are not marked as having received a message; then each packet
 * writes and marks those that changed.
 */
export const receiveMirrors: Receiver<ShippingInput> = (input, message, { id, arena }) => {
  if (!holds(input.lease, arena)) return;
  const { apply, routes, shipped, sparse } = input;
  const route = routes.find(({ host }) => host === id);
  if (route === undefined) return;
  const received = arena.view(apply.received);
  if (message !== undefined) {
    const numPartitions = route.bounds.length - 1;
    const list = (partition: number): Uint32Array | undefined =>
      partition < numPartitions ? listOf(arena, route, partition) : undefined;
    const lanes = lanesOf(arena, fixedOf(shipped.after));
    const before = lanesBefore(input, arena);
    if (areFixed(shipped) && isRangePacket(message.bytes)) {
      const range = (partition: number): PartitionRange | undefined => rangeOf(arena, route, partition);
      const marks = apply.program.applyTo === "received" ? received : undefined;
      unpackRange(message.bytes, range, (partition) => listOf(arena, route, partition), marks, lanes, before);
      if (sparse) setListed(arena, sparse.lists, "mirrored", sparse.turn.after, undefined);
      return;
    }
    const { packet, place } = takeValues(arena, message.bytes, shipped.after);
    unpack(packet, list, lanes, before, (vertices) => {
      place(vertices);
      if (sparse) addMirrored(arena, sparse.lists, sparse.turn.after, received, vertices);
      else for (let at = 0; at < vertices.length; at++) received[vertices[at]!] = 1;
    });
    return;
  }
  const vertices = arena.view(route.vertices);
  carryPlaces(arena, vertices, shipped);
  if (apply.program.applyTo === "received") {
    const { changed = vertices, marked = vertices } = sparse === undefined ? {} : mirrorsToMend(arena, sparse);
    if (shipped.isKept) {
      const before = fixedOf(shipped.before);
      for (const [at, column] of fixedOf(shipped.after).entries()) carryRows(arena, before[at]!, column, changed);
    }
    for (let at = 0; at < marked.length; at++) received[marked[at]!] = 0;
    if (sparse) setListed(arena, sparse.lists, "mirrored", sparse.turn.after, 0);
  }
};

/** True if nothing shipped is a text or an object. */
function areFixed({ after }: ShippedColumns): boolean {
  return after.every(({ kind }) => kind === "fixed");
}

/** What lanes were a generation ago; nothing where that is not known of all mirrors. */
function lanesBefore({ apply, shipped }: ShippingInput, arena: Arena): Lane[] {
  return shipped.isKept || apply.program.applyTo === "all" ? lanesOf(arena, fixedOf(shipped.before)) : [];
}
