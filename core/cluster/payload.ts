/**
 * Values on their way between processes: what a stage shares, parameters, results, contributions.
 *
 * `encodeValues` carries the values; this adds what it leaves to threads. A SharedArrayBuffer, wherever it lies, travels
 * with its bytes and arrives as a SharedArrayBuffer of its own; all views of one buffer arrive over one buffer. Holes of
 * arrays stay holes.
 *
 * Layout: uint32 length of the head, the head (`encodeValues`), then each buffer; all begin at multiples of 8.
 */
import { isMap, isSet } from "node:util/types";
import { type ViewType, viewTypes } from "../column/blockFormat.ts";
import { decodeValues, encodeValues } from "../column/codec.ts";
import { formOf } from "../column/shippable.ts";
import { SuperstepError } from "../errors.ts";

/** A packed value: pieces to be sent one after the other, unchanged until they are. */
export interface Packed {
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;
}

/** Steps from container to container: an index, a property, or the place among the flattened entries of a Map or Set. */
type Path = readonly (string | number)[];
/** A buffer (`type` "") or a view of one, to be put back at `path`. */
type Reference = readonly [path: Path, buffer: number, type: string, byteOffset: number, length: number];
type Head = readonly [
  root: readonly [unknown],
  byteLengths: readonly number[],
  references: readonly Reference[],
  holes: readonly Path[],
];

const maxDepth = 64;
/** Typed arrays by the names that stand for them. */
const viewsByName: ReadonlyMap<string, ViewType> = new Map(viewTypes.map((type) => [type.name, type]));

/**
 * `arenaBytes`: the size of the arena, whose memory does not travel.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `value` holds something that cannot travel: see `encodeValues`.
 */
export function packValue(value: unknown, arenaBytes: number): Packed {
  const packing = new Packing(arenaBytes);
  const root = packing.walk(value, [0], 0);
  const lengths = packing.buffers.map(({ byteLength }) => byteLength);
  const head = encodeValues([[root], lengths, packing.references, packing.holes] satisfies Head);
  const start = new Uint8Array(8);
  new DataView(start.buffer).setUint32(0, head.byteLength, true);
  const pieces: Uint8Array[] = [start, head, padding(head.byteLength)];
  for (const buffer of packing.buffers) pieces.push(new Uint8Array(buffer), padding(buffer.byteLength));
  const filled = pieces.filter(({ byteLength }) => byteLength > 0);
  return { pieces: filled, byteLength: byteLengthOf(filled) };
}

/**
 * What `packValue` was given, made anew.
 *
 * @throws SuperstepError BLOCK_CORRUPT if the bytes are not what it gave.
 */
export function unpackValue(bytes: Uint8Array): unknown {
  try {
    return unpack(bytes);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw corrupt("must be what was packed");
    throw error;
  }
}

function unpack(bytes: Uint8Array): unknown {
  if (bytes.byteLength < 8) throw corrupt("must be 8 bytes or more");
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (8 + headLength > bytes.byteLength) throw corrupt("must hold its head");
  const [root, byteLengths, references, holes] = decodeValues(bytes.subarray(8, 8 + headLength)) as unknown as Head;
  let at = 8 + padded(headLength);
  const buffers = byteLengths.map((length) => {
    if (!Number.isSafeInteger(length) || length < 0 || at + length > bytes.byteLength) {
      throw corrupt("must hold its buffers");
    }
    const buffer = new SharedArrayBuffer(length);
    new Uint8Array(buffer).set(bytes.subarray(at, at + length));
    at += padded(length);
    return buffer;
  });
  for (const [path, buffer, type, byteOffset, length] of references) {
    putAt(root, path, viewOf(buffers[buffer], type, byteOffset, length));
  }
  for (const path of holes) removeAt(root, path);
  return root[0];
}

/** Bytes of pieces together. */
export function byteLengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((total, { byteLength }) => total + byteLength, 0);
}

/** All pieces of a packed value in one. */
export function joined({ pieces, byteLength }: Packed): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/** Copies a value but for its shared buffers, in whose places stands undefined. */
class Packing {
  readonly buffers: SharedArrayBuffer[] = [];
  readonly references: Reference[] = [];
  readonly holes: Path[] = [];
  readonly #arenaBytes: number;

  constructor(arenaBytes: number) {
    this.#arenaBytes = arenaBytes;
  }

  /** `value` itself where nothing in it had to be taken out. What lies deeper than can be encoded is left to that. */
  walk(value: unknown, path: Path, depth: number): unknown {
    if (typeof value !== "object" || value === null || depth > maxDepth) return value;
    if (value instanceof SharedArrayBuffer) return this.#takeOut(value, path, "", 0, value.byteLength);
    if (ArrayBuffer.isView(value)) {
      if (!(value.buffer instanceof SharedArrayBuffer)) return value;
      const type = Object.prototype.toString.call(value).slice(8, -1);
      const { length = value.byteLength } = value as { length?: number };
      return this.#takeOut(value.buffer, path, type, value.byteOffset, length);
    }
    switch (formOf(value)) {
      case "array":
        return this.#walkArray(value as unknown[], path, depth);
      case "object":
      case "bareObject":
        return this.#walkObject(value as Record<string, unknown>, path, depth);
      case "map": {
        const flat = [...(value as Map<unknown, unknown>)].flat(1);
        const walked = this.#walkArray(flat, path, depth);
        if (walked === flat) return value;
        return new Map(pairsOf(standIns(flat, walked)));
      }
      case "set": {
        const items = [...(value as Set<unknown>)];
        const walked = this.#walkArray(items, path, depth);
        return walked === items ? value : new Set(standIns(items, walked));
      }
      default:
        return value;
    }
  }

  #walkArray(values: readonly unknown[], path: Path, depth: number): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (let i = 0; i < values.length; i++) {
      const item = values[i];
      if (item === undefined && !(i in values)) this.holes.push([...path, i]);
      if (typeof item !== "object" || item === null) continue;
      const walked = this.walk(item, [...path, i], depth + 1);
      if (walked !== item) (copy ??= values.slice())[i] = walked;
    }
    return copy ?? values;
  }

  #walkObject(value: Record<string, unknown>, path: Path, depth: number): Record<string, unknown> {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property?.get !== undefined) continue; // refused by the encoder, by name
      const item: unknown = property?.value;
      if (typeof item !== "object" || item === null) continue;
      const walked = this.walk(item, [...path, key], depth + 1);
      if (walked === item) continue;
      copy ??= Object.defineProperties(
        Object.create(Object.getPrototypeOf(value) === null ? null : Object.prototype) as Record<string, unknown>,
        Object.getOwnPropertyDescriptors(value),
      );
      Object.defineProperty(copy, key, { value: walked, enumerable: true, writable: true, configurable: true });
    }
    return copy ?? value;
  }

  #takeOut(buffer: SharedArrayBuffer, path: Path, type: string, byteOffset: number, length: number): undefined {
    if (buffer.byteLength === this.#arenaBytes || !(type === "" || viewsByName.has(type))) {
      const message = "a view over the whole arena cannot travel. Send a ColumnRef, or a copy of what is needed";
      throw new SuperstepError("NOT_SHIPPABLE", message);
    }
    let index = this.buffers.indexOf(buffer);
    if (index < 0) index = this.buffers.push(buffer) - 1;
    this.references.push([path, index, type, byteOffset, length]);
    return undefined;
  }
}

/** `walked`, with a value like no other in each place that something was taken out of: keys must not fall together. */
function standIns(values: readonly unknown[], walked: readonly unknown[]): unknown[] {
  return walked.map((item, index) => (item === undefined && values[index] !== undefined ? [index] : item));
}

function pairsOf(flat: readonly unknown[]): [unknown, unknown][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

function viewOf(buffer: SharedArrayBuffer | undefined, type: string, byteOffset: number, length: number): unknown {
  if (buffer === undefined) throw corrupt("must refer to a buffer that it holds");
  if (type === "") return buffer;
  const view = viewsByName.get(type);
  if (view === undefined) throw corrupt("must hold views of known types");
  try {
    return new view(buffer, byteOffset, length);
  } catch {
    throw corrupt("must hold views that lie in their buffers");
  }
}

function putAt(root: unknown, path: Path, value: unknown): void {
  changeAt(root, path, (parent, key) => {
    Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true });
  });
}

function removeAt(root: unknown, path: Path): void {
  changeAt(root, path, (parent, key) => Reflect.deleteProperty(parent, key));
}

/** Calls `change` with the container at the end of `path` and the last step; Maps and Sets are taken apart for it. */
function changeAt(container: unknown, [key, ...rest]: Path, change: (parent: object, key: PropertyKey) => void): void {
  if (typeof container !== "object" || container === null || key === undefined) throw corrupt("must hold its paths");
  const parts: object = isMap(container) ? [...container].flat(1) : isSet(container) ? [...container] : container;
  if (rest.length === 0) change(parts, key);
  else {
    if (!Object.hasOwn(parts, key)) throw corrupt("must hold its paths");
    changeAt((parts as Record<PropertyKey, unknown>)[key], rest, change);
  }
  if (isMap(container)) {
    container.clear();
    for (const [entryKey, item] of pairsOf(parts as unknown[])) container.set(entryKey, item);
  } else if (isSet(container)) {
    container.clear();
    for (const item of parts as unknown[]) container.add(item);
  }
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function padding(length: number): Uint8Array {
  return new Uint8Array(padded(length) - length);
}

function corrupt(rule: string): SuperstepError {
  return new SuperstepError("BLOCK_CORRUPT", `payload: ${rule}`);
}
