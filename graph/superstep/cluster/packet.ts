/**
 * The attributes of changed vertices as bytes: what the tasks of one host send to the mirrors on another.
 *
 *   header     4 x uint32: partition, form, number of vertices, which lanes are left out, a bit each
 *   selection  form 0: nothing, all vertices of the list; 1: uint32 positions in the list, ascending; 2: a bit each
 *   columns    for each: the values, then their validity, a byte each, if the column has one; lanes left out are what they
 *              were in the generation before, for all vertices of the packet
 *
 * Each part starts at a multiple of 8 bytes. Numbers are in the byte order of the machine: all hosts of a run agree in it.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { StoredColumn } from "../../../core/column/types.ts";
import { SuperstepError } from "../../../core/errors.ts";

/** A column of fixed width as it is copied: `stride` elements of `values` a row. */
export interface Lane {
  readonly values: Float64Array | Uint32Array | Uint8Array;
  readonly stride: 1 | 2;
}

/** Bytes of the header of any packet. */
export const headerBytes = 16;
/** How vertices are selected; `range` is that of `rangePacket.ts`. */
export const forms = { all: 0, positions: 1, bits: 2, range: 3 } as const;

/** The lanes of stored columns, and their validity columns behind each. Throws a plain Error for encoded ones. */
export function lanesOf(arena: Arena, columns: readonly StoredColumn[]): Lane[] {
  return columns.flatMap((column): Lane[] => {
    if (column.kind === "encoded") throw new Error("internal error: an encoded column has no lane");
    const lanes = [laneOf(arena, column.data)];
    if (column.validity !== undefined) lanes.push({ values: arena.view(column.validity), stride: 1 });
    return lanes;
  });
}

function laneOf(arena: Arena, data: (StoredColumn & { kind: "fixed" })["data"]): Lane {
  const { type, offset, length } = data;
  if (type === "float64") return { values: arena.view({ type, offset, length }), stride: 1 };
  if (type === "uint8" || type === "boolean") return { values: arena.view({ type, offset, length }), stride: 1 };
  const stride = type === "int64" ? 2 : 1;
  return { values: arena.view({ type: "uint32", offset, length: length * stride }), stride };
}

/**
 * Packs the rows of the vertices in `list` that have `changed` set; all of them without it. Undefined if there are none.
 * `before`: the same lanes a generation ago; what is the same there, to the bit, is left out.
 */
export function packChanged(
  partition: number,
  list: Uint32Array,
  changed: Uint8Array | undefined,
  allLanes: readonly Lane[],
  before: readonly Lane[],
): Uint8Array<SharedArrayBuffer> | undefined {
  const count = countChanged(list, changed);
  if (count === 0) return undefined;
  const form = count === list.length ? forms.all : arePositionsShort(count, list) ? forms.positions : forms.bits;
  const vertices = form === forms.all ? list : select(list, changed!, count);
  const bytes = packRows(partition, form, vertices, list.length, allLanes, before);
  if (form === forms.positions) {
    const positions = new Uint32Array(bytes.buffer, headerBytes, count);
    for (let from = 0, to = 0; from < list.length; from++) if (changed![list[from]!] !== 0) positions[to++] = from;
  } else if (form === forms.bits) {
    for (let from = 0; from < list.length; from++) {
      if (changed![list[from]!] !== 0) bytes[headerBytes + (from >>> 3)]! |= 1 << (from & 7);
    }
  }
  return bytes;
}

/** True if so many positions in a list take no more room than a bit for each entry of it. */
export function arePositionsShort(count: number, list: Uint32Array): boolean {
  return 32 * count <= list.length;
}

/** Packs the rows of the vertices at some positions in `list`, ascending: what `packChanged` does where these changed. */
export function packPositions(
  partition: number,
  list: Uint32Array,
  positions: Uint32Array,
  lanes: readonly Lane[],
  before: readonly Lane[],
): Uint8Array<SharedArrayBuffer> {
  const vertices = positions.map((position) => list[position]!);
  const bytes = packRows(partition, forms.positions, vertices, list.length, lanes, before);
  new Uint32Array(bytes.buffer, headerBytes, positions.length).set(positions);
  return bytes;
}

/** A packet whose selection is still to be written. */
function packRows(
  partition: number,
  form: number,
  vertices: Uint32Array,
  listLength: number,
  allLanes: readonly Lane[],
  before: readonly Lane[],
): Uint8Array<SharedArrayBuffer> {
  const count = vertices.length;
  const omitted = lanesAsBefore(allLanes, before, vertices);
  const lanes = withoutOmitted(allLanes, omitted);
  const bytes = new Uint8Array(new SharedArrayBuffer(packetBytes(form, count, listLength, lanes)));
  new Uint32Array(bytes.buffer, 0, 4).set([partition, form, count, omitted]);
  let at = headerBytes + selectionBytes(form, count, listLength);
  for (const lane of lanes) {
    gather(laneAt(lane, bytes, at, count), lane, vertices);
    at += laneBytes(lane, count);
  }
  return bytes;
}

/** How many vertices of `list` have `changed` set; all of them without it. */
export function countChanged(list: Uint32Array, changed: Uint8Array | undefined): number {
  if (changed === undefined) return list.length;
  let count = 0;
  for (let at = 0; at < list.length; at++) count += changed[list[at]!]!;
  return count;
}

/** Lanes that are left out are bits of one word. */
const maxOmitted = 32;

/** A bit for each lane whose rows at `vertices` are those of the lane `before` it. */
export function lanesAsBefore(lanes: readonly Lane[], before: readonly Lane[], vertices: Uint32Array): number {
  if (lanes.length > maxOmitted || lanes.length !== before.length) return 0;
  let omitted = 0;
  lanes.forEach((lane, at) => {
    if (isAsBefore(lane, before[at]!, vertices)) omitted |= 1 << at;
  });
  return omitted >>> 0;
}

/** Compares bits: 0 is not -0, and NaN is NaN. Ends at the first difference. */
function isAsBefore(lane: Lane, before: Lane, vertices: Uint32Array): boolean {
  if (lane.values.constructor !== before.values.constructor || lane.stride !== before.stride) return false;
  const now = wordsOf(lane);
  const then = wordsOf(before);
  const width = now.length === lane.values.length ? lane.stride : 2;
  for (let at = 0; at < vertices.length; at++) {
    const first = width * vertices[at]!;
    if (now[first] !== then[first]) return false;
    if (width === 2 && now[first + 1] !== then[first + 1]) return false;
  }
  return true;
}

function wordsOf({ values }: Lane): Uint32Array | Uint8Array {
  if (!(values instanceof Float64Array)) return values;
  return new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
}

/** The lanes whose bits are not set. */
export function withoutOmitted(lanes: readonly Lane[], omitted: number): readonly Lane[] {
  return omitted === 0 ? lanes : lanes.filter((_lane, at) => !isOmitted(omitted, at));
}

/** True if the bit of a lane is set. */
export function isOmitted(omitted: number, lane: number): boolean {
  return lane < maxOmitted && ((omitted >>> lane) & 1) === 1;
}

/**
 * Writes a packet's values to their rows, and calls `mark` with the vertices that it is about. `listOf` gives the list of
 * a partition, undefined if the receiver mirrors nothing of it. Lanes that were left out are copied from `before`.
 *
 * @throws SuperstepError BLOCK_CORRUPT if the bytes are no such packet; nothing was written then.
 */
export function unpack(
  bytes: Uint8Array,
  listOf: (partition: number) => Uint32Array | undefined,
  allLanes: readonly Lane[],
  before: readonly Lane[],
  mark: (vertices: Uint32Array) => void,
): void {
  const packet = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  if (packet.length < headerBytes) throw corrupt("it has no header");
  const header = new Uint32Array(packet.buffer, packet.byteOffset, 4);
  const [partition, form, count, omitted] = [header[0]!, header[1]!, header[2]!, header[3]!];
  const list = listOf(partition);
  if (list === undefined) throw corrupt(`partition ${partition} is not one that is mirrored here`);
  if (form > forms.bits || count > list.length || (form === forms.all && count !== list.length)) {
    throw corrupt(`form ${form} with ${count} of ${list.length} vertices`);
  }
  if (omitted >= 2 ** Math.min(allLanes.length, maxOmitted) || (omitted !== 0 && before.length !== allLanes.length)) {
    throw corrupt(`it leaves out lanes ${omitted} of ${allLanes.length}`);
  }
  const lanes = withoutOmitted(allLanes, omitted);
  const expected = packetBytes(form, count, list.length, lanes);
  if (packet.length !== expected) throw corrupt(`it has ${packet.length} bytes where ${expected} are due`);
  const vertices = selected(packet, form, count, list);
  let at = headerBytes + selectionBytes(form, count, list.length);
  for (const lane of lanes) {
    scatter(lane, laneAt(lane, packet, at, count), vertices);
    at += laneBytes(lane, count);
  }
  allLanes.forEach((lane, index) => {
    if (isOmitted(omitted, index)) carryLane(before[index]!, lane, vertices);
  });
  mark(vertices);
}

/** Copies the rows at `vertices`. */
export function carryLane(from: Lane, to: Lane, vertices: Uint32Array): void {
  for (let at = 0; at < vertices.length; at++) {
    const first = to.stride * vertices[at]!;
    to.values[first] = from.values[first]!;
    if (to.stride === 2) to.values[first + 1] = from.values[first + 1]!;
  }
}

/** The vertices that a packet is about. */
function selected(packet: Uint8Array, form: number, count: number, list: Uint32Array): Uint32Array {
  if (form === forms.all) return list;
  const vertices = new Uint32Array(count);
  if (form === forms.positions) {
    const positions = new Uint32Array(packet.buffer, packet.byteOffset + headerBytes, count);
    for (let at = 0, least = 0; at < count; at++) {
      const position = positions[at]!;
      if (position < least || position >= list.length) throw corrupt(`position ${position} is out of order or range`);
      vertices[at] = list[position]!;
      least = position + 1;
    }
    return vertices;
  }
  let found = 0;
  const numBytes = Math.ceil(list.length / 8);
  for (let byte = 0; byte < numBytes; byte++) {
    for (let bits = packet[headerBytes + byte]!, at = byte * 8; bits !== 0; bits >>>= 1, at++) {
      if ((bits & 1) === 0) continue;
      if (at >= list.length || found === count) throw corrupt("its bits are more than its vertices");
      vertices[found++] = list[at]!;
    }
  }
  if (found !== count) throw corrupt(`${found} bits are set for ${count} vertices`);
  return vertices;
}

/** The vertices that a packet is about. `changed`: as for `packChanged`. */
export function changedOf(list: Uint32Array, changed: Uint8Array | undefined): Uint32Array {
  return changed === undefined ? list : list.filter((vertex) => changed[vertex] !== 0);
}

/** The vertices of the list that changed. */
function select(list: Uint32Array, changed: Uint8Array, count: number): Uint32Array {
  const vertices = new Uint32Array(count);
  for (let from = 0, to = 0; from < list.length; from++) {
    const vertex = list[from]!;
    if (changed[vertex] !== 0) vertices[to++] = vertex;
  }
  return vertices;
}

function packetBytes(form: number, count: number, listLength: number, lanes: readonly Lane[]): number {
  let bytes = headerBytes + selectionBytes(form, count, listLength);
  for (const lane of lanes) bytes += laneBytes(lane, count);
  return bytes;
}

function selectionBytes(form: number, count: number, listLength: number): number {
  if (form === forms.all) return 0;
  return padded(form === forms.positions ? 4 * count : Math.ceil(listLength / 8));
}

function laneBytes({ values, stride }: Lane, count: number): number {
  return padded(count * stride * values.BYTES_PER_ELEMENT);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** The packed rows of a lane. */
function laneAt({ values, stride }: Lane, { buffer, byteOffset }: Uint8Array, at: number, count: number): Lane {
  const start = byteOffset + at;
  if (values instanceof Float64Array) return { values: new Float64Array(buffer, start, count), stride };
  if (values instanceof Uint32Array) return { values: new Uint32Array(buffer, start, count * stride), stride };
  return { values: new Uint8Array(buffer, start, count), stride };
}

/** Rows of `from`, at `vertices`, to consecutive rows. The kinds of array agree; told apart here, loops stay fast. */
function gather(to: Lane, from: Lane, vertices: Uint32Array): void {
  const { length } = vertices;
  if (to.values instanceof Float64Array) {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) target[at] = source[vertices[at]!]!;
  } else if (to.values instanceof Uint8Array) {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) target[at] = source[vertices[at]!]!;
  } else if (to.stride === 1) {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) target[at] = source[vertices[at]!]!;
  } else {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) {
      target[2 * at] = source[2 * vertices[at]!]!;
      target[2 * at + 1] = source[2 * vertices[at]! + 1]!;
    }
  }
}

/** Consecutive rows to the rows of `to` at `vertices`. */
function scatter(to: Lane, from: Lane, vertices: Uint32Array): void {
  const { length } = vertices;
  if (to.values instanceof Float64Array) {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) target[vertices[at]!] = source[at]!;
  } else if (to.values instanceof Uint8Array) {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) target[vertices[at]!] = source[at]!;
  } else if (to.stride === 1) {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) target[vertices[at]!] = source[at]!;
  } else {
    const [target, source] = [to.values, from.values];
    for (let at = 0; at < length; at++) {
      target[2 * vertices[at]!] = source[2 * at]!;
      target[2 * vertices[at]! + 1] = source[2 * at + 1]!;
    }
  }
}

/** Copies the rows at `vertices` from one column to another of the same field, which may be of another width. */
export function carryRows(arena: Arena, from: StoredColumn, to: StoredColumn, vertices: Uint32Array): void {
  if (from.kind === "encoded" || to.kind === "encoded") throw new Error("internal error: an encoded column is carried");
  const carry = (source: Float64Array, target: Float64Array): void => {
    for (let at = 0; at < vertices.length; at++) target[vertices[at]!] = source[vertices[at]!]!;
  };
  carry(arena.view(from.data) as Float64Array, arena.view(to.data) as Float64Array);
  if (to.validity === undefined) return;
  const isThere = arena.view(to.validity);
  const wasThere = from.validity && arena.view(from.validity);
  for (let at = 0; at < vertices.length; at++) isThere[vertices[at]!] = wasThere ? wasThere[vertices[at]!]! : 1;
}

/** The error of a packet that is none. */
export function corrupt(why: string): SuperstepError {
  return new SuperstepError("BLOCK_CORRUPT", `superstep: what another host sent for its mirrors is damaged: ${why}`);
}
