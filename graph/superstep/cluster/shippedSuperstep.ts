/**
 * One superstep on executors: scan and apply as on one machine, then each task sends what changed of its vertices to the
 * executors that mirror them, and each executor writes what it is sent to its mirrors of the next
 * generation.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { StoredColumn } from "../../../core/column/types.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { Receiver } from "../../../core/schedule/job.ts";
import { superstep, type SuperstepInput, type SuperstepPartition, type SuperstepReport } from "../superstep.ts";
import { holds, type Lease } from "./lease.ts";
import { listOf, type Mirrors } from "./mirrors.ts";
import { carryRows, lanesOf, packChanged, unpack, type Lane } from "./packet.ts";
import { addValues, carryPlaces, fixedOf, fullReport, heapOf, takeValues } from "./placedSuperstep.ts";

/** What all partitions of a superstep share. */
export interface ShippedInput extends SuperstepInput {
  /** Where attributes are read that live elsewhere. */
  readonly routes: readonly Mirrors[];
  readonly shipped: ShippedColumns;
  readonly lease: Lease;
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
  /** `partition`: its number in the graph. */
  readonly partitions: readonly (SuperstepPartition & { readonly partition: number })[];
}

export const superstepAndShipRef: OperatorRef = operatorRef(import.meta.url, "superstepAndShip");
export const receiveMirrorsRef: OperatorRef = operatorRef(import.meta.url, "receiveMirrors");

/**
 * Task: the superstep of some partitions, and what other hosts need of them. Returns a report each; after one that met a
 * missing value there are no more: the superstep will run again, elsewhere.
 */
export async function superstepAndShip(
  input: ShippedInput,
  { host, partitions }: ShippedTask,
  task: TaskContext,
): Promise<readonly SuperstepReport[]> {
  const { arena } = task;
  const { apply, routes, shipped } = input;
  const reports: SuperstepReport[] = [];
  const heap = heapOf(arena, apply.output);
  for (const rows of partitions) {
    const startBytes = heap?.usedBytes ?? 0;
    if (heap?.isFull === true) return [...reports, fullReport({ host, startBytes, endBytes: startBytes })];
    const report = await superstep(input, rows, task);
    reports.push(heap === undefined ? report : { ...report, heap: { host, startBytes, endBytes: heap.usedBytes } });
    if (report.metMissing !== undefined) break;
    if (routes.length === 0) continue;
    const lanes = lanesOf(arena, fixedOf(shipped.after));
    const before = lanesBefore(input, arena);
    const changed = apply.program.applyTo === "received" ? arena.view(apply.received) : undefined;
    for (const route of routes) {
      if (route.host === host) continue;
      const list = listOf(arena, route, rows.partition);
      const bytes = packChanged(rows.partition, list, changed, lanes, before);
      if (bytes !== undefined) task.deliver(route.host, addValues(arena, bytes, list, changed, shipped));
    }
  }
  return reports;
}

/**
 * Receiver: at first, mirrors keep what they were, and are not marked as having received a message; then each packet
 * writes and marks those that changed.
 */
export const receiveMirrors: Receiver<ShippedInput> = (input, message, { id, arena }) => {
  if (!holds(input.lease, arena)) return;
  const { apply, routes, shipped } = input;
  const route = routes.find(({ host }) => host === id);
  if (route === undefined) return;
  const received = arena.view(apply.received);
  if (message !== undefined) {
    const numPartitions = route.bounds.length - 1;
    const list = (partition: number): Uint32Array | undefined =>
      partition < numPartitions ? listOf(arena, route, partition) : undefined;
    const { packet, place } = takeValues(arena, message.bytes, shipped.after);
    unpack(packet, list, lanesOf(arena, fixedOf(shipped.after)), lanesBefore(input, arena), (vertices) => {
      place(vertices);
      for (let at = 0; at < vertices.length; at++) received[vertices[at]!] = 1;
    });
    return;
  }
  const vertices = arena.view(route.vertices);
  carryPlaces(arena, vertices, shipped);
  if (apply.program.applyTo === "received") {
    if (shipped.isKept) {
      const before = fixedOf(shipped.before);
      for (const [at, column] of fixedOf(shipped.after).entries()) carryRows(arena, before[at]!, column, vertices);
    }
    for (let at = 0; at < vertices.length; at++) received[vertices[at]!] = 0;
  }
};

/** What lanes were a generation ago; nothing where that is not known of all mirrors. */
function lanesBefore({ apply, shipped }: ShippedInput, arena: Arena): Lane[] {
  return shipped.isKept || apply.program.applyTo === "all" ? lanesOf(arena, fixedOf(shipped.before)) : [];
}
