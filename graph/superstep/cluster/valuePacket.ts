/**
 * Placed values of changed vertices as bytes, behind a packet of what has a fixed width.
 *
 *   header    2 x uint32: bytes of the packet before the values, number of columns of values
 *   packet    as `packChanged` made it: it says which vertices this is about
 *   sections  one a column: 2 x uint32, number of values and units of all their records; uint32 positions among the vertices,
 *             ascending, unless there is a value for each; the records
 *
 * Each part starts at a multiple of 8 bytes. A value that lies where it lay a generation ago is left out.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { PlacedValues } from "../../../core/column/types.ts";
import { bytesPerUnit, recordStarts, ValueHeap } from "../../../core/column/valueHeap.ts";
import { SuperstepError } from "../../../core/errors.ts";

/** A column of values to send. `before`: what the receiver has; absent: nothing. */
export interface SentValues {
  readonly now: PlacedValues;
  readonly before?: PlacedValues | undefined;
}

/** What came with a packet. */
export interface ValuePacket {
  readonly packet: Uint8Array;
  readonly sections: Uint8Array;
  readonly numColumns: number;
}

const headerBytes = 8;

/** `packet` with the values of `vertices`, which are those that it is about. */
export function withValues(
  arena: Arena,
  packet: Uint8Array,
  vertices: Uint32Array,
  columns: readonly SentValues[],
): Uint8Array<SharedArrayBuffer> {
  const sections = columns.map((column) => new Section(arena, vertices, column));
  const numBytes = sections.reduce((sum, { byteLength }) => sum + byteLength, headerBytes + packet.length);
  const bytes = new Uint8Array(new SharedArrayBuffer(numBytes));
  new Uint32Array(bytes.buffer, 0, 2).set([packet.length, columns.length]);
  bytes.set(packet, headerBytes);
  let at = headerBytes + packet.length;
  for (const section of sections) {
    section.write(bytes, at);
    at += section.byteLength;
  }
  return bytes;
}

/** Takes apart what `withValues` made. @throws SuperstepError BLOCK_CORRUPT if it did not. */
export function splitValues(bytes: Uint8Array): ValuePacket {
  const whole = bytes.byteOffset % bytesPerUnit === 0 ? bytes : bytes.slice();
  if (whole.length < headerBytes || whole.length % bytesPerUnit !== 0) throw corrupt("it has no header");
  const [packetBytes, numColumns] = new Uint32Array(whole.buffer, whole.byteOffset, 2);
  const end = headerBytes + packetBytes!;
  if (packetBytes! % bytesPerUnit !== 0 || end > whole.length) throw corrupt("its packet is cut short");
  return { packet: whole.subarray(headerBytes, end), sections: whole.subarray(end), numColumns: numColumns! };
}

/**
 * Writes the places of the values that came for `vertices`, taking their records into the heap of each column. Where the
 * heap has no room, a place becomes 0, and the heap is full.
 *
 * @throws SuperstepError BLOCK_CORRUPT if the bytes are no sections for these columns.
 */
export function placeReceived(
  arena: Arena,
  { sections, numColumns }: ValuePacket,
  vertices: Uint32Array,
  columns: readonly PlacedValues[],
): void {
  if (numColumns !== columns.length) throw corrupt(`it has ${numColumns} columns of values, not ${columns.length}`);
  let at = 0;
  for (const { places, heap } of columns) {
    if (sections.length < at + headerBytes) throw corrupt("a column has no header");
    const [count, units] = new Uint32Array(sections.buffer, sections.byteOffset + at, 2) as unknown as [number, number];
    const positionsAt = at + headerBytes;
    const recordsAt = positionsAt + positionBytes(count, vertices.length);
    at = recordsAt + units * bytesPerUnit;
    if (count > vertices.length || at > sections.length) throw corrupt("a column of values is cut short");
    const records = sections.subarray(recordsAt, at);
    const starts = recordStarts(records, count);
    if (starts[count] !== units) throw corrupt(`${count} records take ${starts[count]} units, not ${units}`);
    if (count === 0) continue;
    const positions =
      count === vertices.length
        ? undefined
        : new Uint32Array(sections.buffer, sections.byteOffset + positionsAt, count);
    if (positions?.some((position) => position >= vertices.length)) throw corrupt("a position is out of range");
    const first = new ValueHeap(arena, heap).putRecords(records);
    const target = arena.view(places);
    for (let each = 0; each < count; each++) {
      const vertex = vertices[positions === undefined ? each : positions[each]!]!;
      target[vertex] = first === 0 ? 0 : first + starts[each]!;
    }
  }
  if (at !== sections.length) throw corrupt("there is more than its columns");
}

/** The values of one column that go along. */
class Section {
  readonly byteLength: number;
  readonly #heap: ValueHeap;
  readonly #places: Uint32Array;
  readonly #vertices: Uint32Array;
  /** Positions among the vertices; undefined if all. */
  readonly #positions: Uint32Array | undefined;
  readonly #units: number;

  constructor(arena: Arena, vertices: Uint32Array, { now, before }: SentValues) {
    this.#heap = new ValueHeap(arena, now.heap);
    this.#places = arena.view(now.places);
    this.#vertices = vertices;
    const then = before && arena.view(before.places);
    const positions = new Uint32Array(vertices.length);
    let count = 0;
    let bytes = 0;
    for (let at = 0; at < vertices.length; at++) {
      const place = this.#places[vertices[at]!]!;
      if (place === 0 || then?.[vertices[at]!] === place) continue; // 0: it found no room, and all is done again
      positions[count++] = at;
      bytes += this.#heap.record(place).length;
    }
    this.#positions = count === vertices.length ? undefined : positions.subarray(0, count);
    this.#units = bytes / bytesPerUnit;
    this.byteLength = headerBytes + positionBytes(count, vertices.length) + bytes;
  }

  write(bytes: Uint8Array, at: number): void {
    const { length } = this.#vertices;
    const positions = this.#positions;
    const count = positions?.length ?? length;
    new Uint32Array(bytes.buffer, bytes.byteOffset + at, 2).set([count, this.#units]);
    let to = at + headerBytes;
    if (positions !== undefined) new Uint32Array(bytes.buffer, bytes.byteOffset + to, count).set(positions);
    to += positionBytes(count, length);
    for (let each = 0; each < count; each++) {
      const vertex = this.#vertices[positions === undefined ? each : positions[each]!]!;
      const record = this.#heap.record(this.#places[vertex]!);
      bytes.set(record, to);
      to += record.length;
    }
  }
}

function positionBytes(count: number, numVertices: number): number {
  return count === numVertices ? 0 : Math.ceil((4 * count) / bytesPerUnit) * bytesPerUnit;
}

function corrupt(why: string): SuperstepError {
  return new SuperstepError(
    "BLOCK_CORRUPT",
    `superstep: values that another host sent for its mirrors are damaged: ${why}`,
  );
}
