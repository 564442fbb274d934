/**
 * The attributes of all vertices of a partition as bytes, where most of those that are mirrored have changed: a few more
 * bytes than a packet of these alone (`packet.ts`), but they are sent and received as they lie in the columns.
 *
 *   header   4 x uint32: partition, form, number of vertices, which lanes are left out, a bit each
 *   marks    who received a message, a byte each, if that is asked for
 *   columns  as in `packet.ts`, without padding
 */
import type { ColumnRef } from "../../../core/column/types.ts";
import { carryLane, corrupt, forms, headerBytes, isOmitted, type Lane } from "./packet.ts";

/** The vertices [from, to) of a partition. */
export interface PartitionRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A message: `bytes`, and behind them those of the slices. */
export interface RangePacket {
  readonly bytes: Uint8Array;
  readonly columns: readonly ColumnRef<"uint8">[];
}

/** Packs a partition. `marks`: a byte a vertex, if they are sent. `lanes` are of the arena; `omitted`: those left out. */
export function packRange(
  { partition, from, to }: PartitionRange,
  marks: Uint8Array | undefined,
  lanes: readonly Lane[],
  omitted: number,
): RangePacket {
  const header = new Uint32Array([partition, forms.range, to - from, omitted]);
  const columns = sent(marks, lanes, omitted).map((lane): ColumnRef<"uint8"> => {
    const width = bytesOfRow(lane);
    return { type: "uint8", offset: lane.values.byteOffset + from * width, length: (to - from) * width };
  });
  return { bytes: new Uint8Array(header.buffer), columns };
}

/** True if a message is a packet of this form. */
export function isRangePacket(bytes: Uint8Array): boolean {
  return bytes.byteLength >= headerBytes && headerOf(bytes)[1] === forms.range;
}

/**
 * Writes a packet to the rows of its vertices. `rangeOf` gives those of a partition, undefined if the receiver mirrors
 * nothing of it; lanes that were left out are copied from `before` at `listOf` it.
 *
 * @throws SuperstepError BLOCK_CORRUPT if the bytes are no such packet; nothing was written then.
 */
export function unpackRange(
  bytes: Uint8Array,
  rangeOf: (partition: number) => PartitionRange | undefined,
  listOf: (partition: number) => Uint32Array,
  marks: Uint8Array | undefined,
  lanes: readonly Lane[],
  before: readonly Lane[],
): void {
  const [partition, , count, omitted] = headerOf(bytes);
  const range = rangeOf(partition);
  if (range === undefined) throw corrupt(`partition ${partition} is not one that is mirrored here`);
  const { from, to } = range;
  if (count !== to - from) throw corrupt(`it has ${count} vertices of a partition of ${to - from}`);
  if (omitted >= 2 ** Math.min(lanes.length, 32) || (omitted !== 0 && before.length !== lanes.length)) {
    throw corrupt(`it leaves out lanes ${omitted} of ${lanes.length}`);
  }
  const here = sent(marks, lanes, omitted);
  const expected = here.reduce((sum, lane) => sum + count * bytesOfRow(lane), headerBytes);
  if (bytes.length !== expected) throw corrupt(`it has ${bytes.length} bytes where ${expected} are due`);
  let at = headerBytes;
  for (const lane of here) {
    const { buffer, byteOffset } = lane.values;
    const width = bytesOfRow(lane);
    new Uint8Array(buffer, byteOffset + from * width, count * width).set(bytes.subarray(at, at + count * width));
    at += count * width;
  }
  lanes.forEach((lane, index) => {
    if (isOmitted(omitted, index)) carryLane(before[index]!, lane, listOf(partition));
  });
}

function sent(marks: Uint8Array | undefined, lanes: readonly Lane[], omitted: number): Lane[] {
  const some = lanes.filter((_lane, at) => !isOmitted(omitted, at));
  return marks === undefined ? some : [{ values: marks, stride: 1 }, ...some];
}

function bytesOfRow({ values, stride }: Lane): number {
  return stride * values.BYTES_PER_ELEMENT;
}

function headerOf({
  buffer,
  byteOffset,
}: Uint8Array): [partition: number, form: number, count: number, omitted: number] {
  const view = new DataView(buffer, byteOffset, headerBytes);
  const at = (index: number): number => view.getUint32(4 * index, isLittleEndian);
  return [at(0), at(1), at(2), at(3)];
}

/** Headers are words of the machine. */
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
