/**
 * A superstep over an explicit vertex cut on executors, the task halves: parts are scanned where their edges are, and send
 * what came to each target to the host where it lives; there it is combined, in the order of the parts, and applied.
 *
 * A packet of messages:
 *
 *   header   4 x uint32: slot, number of targets, bytes of the values, 0
 *   targets  uint32 each, ascending; padding to a multiple of 8
 *   values   one a target, as written by `encodeValues`
 *
 * On the receiving host packets lie in a heap; the place of each is found in its slot.
 */
import type { Arena } from "../../../core/column/arena.ts";
import { decodeValues, encodeValues } from "../../../core/column/codec.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import { ValueHeap } from "../../../core/column/valueHeap.ts";
import { SuperstepError } from "../../../core/errors.ts";
import type { FunctionPath } from "../../../core/compile/functionPath.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../../core/host/task.ts";
import type { Receiver } from "../../../core/schedule/job.ts";
import type { ApplyInput } from "../apply.ts";
import { applyReceived, lowerBound, scanTargets, type ReceivedMessages } from "../combine.ts";
import type { ScanProgram } from "../program.ts";
import type { ScanCounts, ScanInput, ScanRows } from "../scan.ts";
import type { SuperstepReport } from "../superstep.ts";
import { holds, type Lease } from "./lease.ts";
import type { PlacedRange } from "./placeValues.ts";
import { shipAfterEach, type ShippingInput } from "./shippedSuperstep.ts";

/** Where packets of messages lie on the host that they came to. */
export interface MessageBoxes {
  readonly heap: ColumnRef<"uint8">;
  /** The place of the packet from each part to each task that applies: part * number of these tasks + task; 0: none. */
  readonly slots: ColumnRef<"uint32">;
}

/** Consecutive vertices [from, to) to which one task applies messages. */
export interface ApplyRange {
  readonly host: number;
  readonly from: number;
  readonly to: number;
}

/** What all tasks share that scan parts. */
export interface PartsInput {
  readonly scan: ScanInput;
  readonly boxes: MessageBoxes;
  /** Ascending. */
  readonly applies: readonly ApplyRange[];
  readonly lease: Lease;
}

/** Some parts on one host. */
export interface PartsTask {
  readonly host: number;
  readonly parts: readonly { readonly part: number; readonly rows: ScanRows }[];
}

/** What the scan of some parts counted. */
export interface PartsReport extends ScanCounts {
  readonly functions?: readonly FunctionPath[];
}

/** What all tasks share that combine and apply. */
export interface CutInput extends ShippingInput {
  readonly apply: ApplyInput;
  readonly program: ScanProgram;
  readonly boxes: MessageBoxes;
  readonly numParts: number;
  readonly numApplies: number;
}

/** One task of those: its number among them, and its partitions. */
export interface CutTask {
  readonly host: number;
  readonly index: number;
  readonly partitions: readonly PlacedRange[];
}

/** `messageBytes`: of the host's heap of messages; if that has less, nothing was done. */
export interface CutReport {
  readonly reports: readonly SuperstepReport[];
  readonly messageBytes: number;
}

export const scanPartsRef: OperatorRef = operatorRef(import.meta.url, "scanParts");
export const receiveMessagesRef: OperatorRef = operatorRef(import.meta.url, "receiveMessages");
export const combineAndShipRef: OperatorRef = operatorRef(import.meta.url, "combineAndShip");

const headerBytes = 16;

/** Task: scans parts, and sends each task that applies what came to its vertices. */
export async function scanParts(
  input: PartsInput,
  { host, parts }: PartsTask,
  task: TaskContext,
): Promise<PartsReport> {
  const { scan, applies, boxes } = input;
  const total: ScanCounts = { messages: 0, edgesScanned: 0 };
  let paths: readonly FunctionPath[] | undefined;
  for (const { part, rows } of parts) {
    const { counts, targets, merged, functions } = await scanTargets(scan, rows, task);
    total.messages += counts.messages;
    total.edgesScanned += counts.edgesScanned;
    paths ??= functions;
    applies.forEach((to, at) => {
      const start = lowerBound(targets, to.from);
      const end = lowerBound(targets, to.to);
      if (start === end) return;
      const slot = part * applies.length + at;
      const bytes = packMessages(slot, targets.slice(start, end), merged.slice(start, end));
      if (to.host === host) putMessages(task.arena, boxes, bytes);
      else task.deliver(to.host, bytes);
    });
  }
  return { ...total, ...(paths && { functions: paths }) };
}

/** Receiver: at first, there are no messages; then each packet is put in its slot. */
export const receiveMessages: Receiver<PartsInput> = ({ boxes, lease }, message, { arena }) => {
  if (!holds(lease, arena)) return;
  if (message !== undefined) {
    putMessages(arena, boxes, message.bytes);
    return;
  }
  new ValueHeap(arena, boxes.heap).clear();
  arena.view(boxes.slots).fill(0);
};

/** Task: combines what came to its vertices, applies it, and sends other hosts what they need of that. */
export async function combineAndShip(
  input: CutInput,
  { host, index, partitions }: CutTask,
  task: TaskContext,
): Promise<CutReport> {
  const { apply, program, boxes, numParts, numApplies } = input;
  const heap = new ValueHeap(task.arena, boxes.heap);
  const messageBytes = heap.usedBytes;
  if (heap.isFull) return { reports: [], messageBytes };
  const slots = task.arena.view(boxes.slots);
  const parts: ReceivedMessages[] = [];
  for (let part = 0; part < numParts; part++) {
    const place = slots[part * numApplies + index]!;
    if (place !== 0) parts.push(unpackMessages(heap.bytesAt(place)));
  }
  const step = (range: PlacedRange): Promise<SuperstepReport> =>
    applyReceived({ apply, scan: program }, range, parts, task);
  return { reports: await shipAfterEach(input, host, partitions, step, task), messageBytes };
}

function packMessages(
  slot: number,
  targets: readonly number[],
  messages: readonly unknown[],
): Uint8Array<SharedArrayBuffer> {
  const values = encodeValues(messages);
  const valuesAt = headerBytes + padded(4 * targets.length);
  const bytes = new Uint8Array(new SharedArrayBuffer(valuesAt + values.length));
  new Uint32Array(bytes.buffer, 0, 4).set([slot, targets.length, values.length]);
  new Uint32Array(bytes.buffer, headerBytes, targets.length).set(targets);
  bytes.set(values, valuesAt);
  return bytes;
}

/** Where it finds no room, the heap is full. @throws SuperstepError BLOCK_CORRUPT if it is no such packet. */
function putMessages(arena: Arena, { heap, slots }: MessageBoxes, bytes: Uint8Array): void {
  const slot =
    bytes.length < headerBytes ? slots.length : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (slot >= slots.length) throw corrupt(`it is for slot ${slot} of ${slots.length}`);
  arena.view(slots)[slot] = new ValueHeap(arena, heap).putBytes(bytes);
}

function unpackMessages(bytes: Uint8Array): ReceivedMessages {
  const [, count, valuesBytes] = new Uint32Array(bytes.buffer, bytes.byteOffset, 4);
  const valuesAt = headerBytes + padded(4 * count!);
  if (bytes.length !== valuesAt + valuesBytes!) {
    throw corrupt(`it has ${bytes.length} bytes where ${valuesAt + valuesBytes!} are due`);
  }
  let values: readonly unknown[] | undefined;
  return {
    targets: new Uint32Array(bytes.buffer, bytes.byteOffset + headerBytes, count),
    values: () => (values ??= decodeValues(bytes.subarray(valuesAt))),
  };
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function corrupt(why: string): SuperstepError {
  return new SuperstepError("BLOCK_CORRUPT", `superstep: messages that another host sent are damaged: ${why}`);
}
