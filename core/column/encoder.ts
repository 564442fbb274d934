/**
 * The writing half of the block format: values to columns and tagged values.
 */
import { excerpt } from "../errors.ts";
import { kind, maxColumnDepth, maxDepth, type Shape, tag, viewTypes } from "./blockFormat.ts";
import { ByteWriter } from "./byteWriter.ts";
import { arrayOf, isWellFormed, writeBigints, writeBooleans, writeNumbers, writeStrings } from "./flatColumns.ts";
import { kindsAmong, missing, sees } from "./kindsAmong.ts";
import { type Form, formOf, hasPlainProperties, viewTypeOf } from "./shippable.ts";

/** Thrown when a value cannot travel; `findUnshippable` then says which. */
export class Unshippable extends Error {}

/** Fewer values than this are written one after another. */
const fewestForColumn = 4;
/** Arrays of one length are written by position up to this length, else as lists. */
const longestTuple = 16;
/** Causes and other errors within one error, at most: errors that refer to each other have endlessly many. */
const mostErrorsInOne = 50;

/** A node of the tree of shapes seen: one step per key. */
interface ShapeNode {
  readonly next: Map<string, ShapeNode>;
  shape: Shape | undefined;
  id: number;
}

/** Writes the values of one block. */
export class Encoder {
  readonly writer: ByteWriter = new ByteWriter();
  readonly #shapes: Shape[] = [];
  /** The errors around the value being written, the outermost first. */
  readonly #openErrors: Error[] = [];
  #errorsLeft = 0;
  readonly #shapeTree: ShapeNode = { next: new Map(), shape: undefined, id: -1 };

  /**
   * Writes a column. `depth`: containers around these values; `columns`: columns around this one.
   *
   * @throws Unshippable if a value cannot travel.
   */
  column(values: readonly unknown[], depth: number, columns: number): void {
    const seen = values.length < fewestForColumn ? sees.other : kindsAmong(values);
    if ((seen & missing) !== 0 && (seen & ~missing) !== 0 && columns < maxColumnDepth) {
      const present = seen & ~missing;
      if ((present & (present - 1)) === 0 && present !== sees.other) return this.#optional(values, depth, columns);
    }
    if (!this.#alike(values, seen, depth, columns)) {
      this.writer.byte(kind.mixed);
      for (let i = 0; i < values.length; i++) this.value(values[i], depth, columns);
    }
  }

  /** Writes a column of values of one kind, if there is a way to; else writes nothing and returns false. */
  #alike(values: readonly unknown[], seen: number, depth: number, columns: number): boolean {
    switch (seen) {
      case sees.number:
        writeNumbers(values as number[], this.writer);
        return true;
      case sees.boolean:
        writeBooleans(values as boolean[], this.writer);
        return true;
      case sees.bigint:
        return writeBigints(values as bigint[], this.writer);
      case sees.string:
        return writeStrings(values as string[], this.writer);
      case sees.array:
        return columns < maxColumnDepth && this.#arrays(values as unknown[][], depth, columns);
      case sees.object:
        return columns < maxColumnDepth && this.#records(values as Record<string, unknown>[], depth, columns);
      default:
        return false;
    }
  }

  #optional(values: readonly unknown[], depth: number, columns: number): void {
    this.writer.byte(kind.optional);
    let at = this.writer.reserve(values.length, 1);
    const present: unknown[] = [];
    for (const value of values) {
      this.writer.bytes[at++] = value === undefined ? 0 : value === null ? 1 : 2;
      if (value !== undefined && value !== null) present.push(value);
    }
    this.column(present, depth, columns + 1);
  }

  #arrays(values: readonly unknown[][], depth: number, columns: number): boolean {
    const { length } = values[0]!;
    if (length >= 1 && length <= longestTuple && values.every((value) => value.length === length)) {
      this.#enter(depth);
      this.writer.byte(kind.tuples);
      this.writer.varint(length);
      for (let position = 0; position < length; position++) {
        const part = arrayOf<unknown>(values.length);
        for (let i = 0; i < values.length; i++) part[i] = values[i]![position];
        this.column(part, depth + 1, columns + 1);
      }
      return true;
    }
    const items = flattenPrimitives(values);
    if (items === undefined) return false;
    this.#enter(depth);
    this.writer.byte(kind.lists);
    const start = this.writer.reserve(values.length * 4, 4);
    const lengths = new Uint32Array(this.writer.bytes.buffer, start, values.length);
    for (let i = 0; i < values.length; i++) lengths[i] = values[i]!.length;
    this.column(items, depth + 1, columns + 1);
    return true;
  }

  #records(values: readonly Record<string, unknown>[], depth: number, columns: number): boolean {
    const keys = Object.keys(values[0]!);
    if (keys.length === 0) return false;
    for (const value of values) {
      const own = Object.keys(value);
      if (own.length !== keys.length) return false;
      for (let i = 0; i < keys.length; i++) if (own[i] !== keys[i]) return false;
      if (!hasPlainProperties(value, keys)) throw new Unshippable();
    }
    this.#enter(depth);
    this.writer.byte(kind.records);
    this.#shape(keys);
    for (const key of keys) {
      const part = arrayOf<unknown>(values.length);
      for (let i = 0; i < values.length; i++) part[i] = values[i]![key];
      this.column(part, depth + 1, columns + 1);
    }
    return true;
  }

  /** Writes one value behind its tag. */
  value(value: unknown, depth: number, columns: number): void {
    const { writer } = this;
    switch (typeof value) {
      case "undefined":
        return writer.byte(tag.undefined);
      case "boolean":
        return writer.byte(value ? tag.true : tag.false);
      case "number":
        return this.#number(value);
      case "bigint":
        return this.#bigint(value);
      case "string":
        return this.#string(value);
      case "object":
        return value === null ? writer.byte(tag.null) : this.#container(value, formOf(value), depth, columns);
      default:
        throw new Unshippable();
    }
  }

  #container(value: object, form: Form, depth: number, columns: number): void {
    switch (form) {
      case "array":
        return this.#array(value as unknown[], depth, columns);
      case "object":
        return this.#object(tag.object, value as Record<string, unknown>, depth, columns);
      case "bareObject":
        return this.#object(tag.bareObject, value as Record<string, unknown>, depth, columns);
      case "map":
        return this.#map(value as Map<unknown, unknown>, depth, columns);
      case "set":
        return this.#set(value as Set<unknown>, depth, columns);
      case "date":
        this.writer.byte(tag.date);
        return this.writer.float64((value as Date).getTime());
      case "regExp":
        return this.#regExp(value as RegExp);
      case "typedArray":
        return this.#typedArray(value as ArrayBufferView);
      case "arrayBuffer":
        this.writer.byte(tag.arrayBuffer);
        this.writer.varint((value as ArrayBuffer).byteLength);
        return this.#bytes(new Uint8Array(value as ArrayBuffer), 1);
      case "error":
        return this.#error(value as Error, depth, columns);
      default:
        throw new Unshippable();
    }
  }

  #number(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      this.writer.byte(tag.int32);
      this.writer.int32(value);
    } else {
      this.writer.byte(tag.float64);
      this.writer.float64(value);
    }
  }

  #bigint(value: bigint): void {
    const hex = (value < 0n ? -value : value).toString(16);
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").reverse();
    this.writer.byte(tag.bigint);
    this.writer.byte(value < 0n ? 1 : 0);
    this.writer.varint(bytes.length);
    this.#bytes(bytes, 1);
  }

  #string(value: string): void {
    if (isWellFormed(value)) {
      this.writer.byte(tag.string);
      this.writer.text(value);
    } else {
      this.writer.byte(tag.string16);
      this.writer.varint(value.length);
      this.#bytes(Buffer.from(value, "utf16le"), 1);
    }
  }

  #array(value: readonly unknown[], depth: number, columns: number): void {
    this.#enter(depth);
    const asColumn = value.length >= fewestForColumn && columns < maxColumnDepth;
    this.writer.byte(asColumn ? tag.columnArray : tag.array);
    this.writer.varint(value.length);
    if (asColumn) this.column(value, depth + 1, columns + 1);
    else for (let i = 0; i < value.length; i++) this.value(value[i], depth + 1, columns);
  }

  #object(objectTag: number, value: Record<string, unknown>, depth: number, columns: number): void {
    const keys = Object.keys(value);
    if (!hasPlainProperties(value, keys)) throw new Unshippable();
    this.#enter(depth);
    this.writer.byte(objectTag);
    this.#shape(keys);
    for (const key of keys) this.value(value[key], depth + 1, columns);
  }

  #map(value: Map<unknown, unknown>, depth: number, columns: number): void {
    this.#enter(depth);
    this.writer.byte(tag.map);
    this.writer.varint(value.size);
    for (const [key, item] of value) {
      this.value(key, depth + 1, columns);
      this.value(item, depth + 1, columns);
    }
  }

  #set(value: Set<unknown>, depth: number, columns: number): void {
    this.#enter(depth);
    this.writer.byte(tag.set);
    this.writer.varint(value.size);
    for (const item of value) this.value(item, depth + 1, columns);
  }

  #regExp(value: RegExp): void {
    this.writer.byte(tag.regExp);
    this.#string(value.source);
    this.writer.text(value.flags);
  }

  #typedArray(value: ArrayBufferView): void {
    const type = viewTypeOf(value);
    this.writer.byte(tag.typedArray);
    this.writer.byte(type);
    this.writer.varint(value.byteLength);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const { position } = this.writer;
    this.#bytes(bytes, 8);
    if (viewTypes[type] === Float64Array || viewTypes[type] === Float32Array) {
      this.#unifyNaNs(value as Float64Array | Float32Array, position);
    }
  }

  /** Writes the one pattern over each NaN of an array of floats just written from `position` on. */
  #unifyNaNs(values: Float64Array | Float32Array, position: number): void {
    const { buffer } = this.writer.bytes;
    const start = Math.ceil(position / 8) * 8;
    const written =
      values instanceof Float64Array
        ? new Float64Array(buffer, start, values.length)
        : new Float32Array(buffer, start, values.length);
    for (let i = 0; i < written.length; i++) if (Number.isNaN(written[i]!)) written[i] = NaN;
  }

  /** Errors always travel: what of their fields cannot, and errors within themselves, become descriptions. */
  #error(error: Error, depth: number, columns: number): void {
    this.#enter(depth);
    const open = this.#openErrors;
    if (open.length === 0) this.#errorsLeft = mostErrorsInOne;
    if (open.includes(error) || this.#errorsLeft <= 0) {
      return this.#string(excerpt(`${textOf(read(error, "name"))}: ${textOf(read(error, "message"))}`));
    }
    open.push(error);
    this.#errorsLeft--;
    const fields = new Map<string, unknown>();
    for (const key of Object.keys(error)) fields.set(key, read(error, key));
    for (const key of ["code", "details", "cause"]) if (key in error) fields.set(key, read(error, key));
    for (const key of ["name", "message", "stack"]) fields.delete(key);
    const stack = read(error, "stack");
    this.writer.byte(tag.error);
    this.#string(textOf(read(error, "name")));
    this.#string(textOf(read(error, "message")));
    this.value(stack === undefined ? undefined : textOf(stack), depth + 1, columns);
    this.writer.varint(fields.size);
    for (const [key, value] of fields) {
      this.#string(key);
      this.#valueOrExcerpt(value, depth + 1, columns);
    }
    open.pop();
  }

  #valueOrExcerpt(value: unknown, depth: number, columns: number): void {
    const { position } = this.writer;
    const numShapes = this.#shapes.length;
    const numOpen = this.#openErrors.length;
    try {
      this.value(value, depth, columns);
    } catch (error) {
      if (!(error instanceof Unshippable)) throw error;
      this.writer.position = position;
      this.#shapes.length = numShapes;
      this.#openErrors.length = numOpen;
      this.#string(excerpt(value));
    }
  }

  #bytes(bytes: Uint8Array, alignment: number): void {
    const start = this.writer.reserve(bytes.length, alignment);
    this.writer.bytes.set(bytes, start);
  }

  #shape(keys: Shape): void {
    let node = this.#shapeTree;
    for (const key of keys) {
      let next = node.next.get(key);
      if (next === undefined) {
        next = { next: new Map(), shape: undefined, id: -1 };
        node.next.set(key, next);
      }
      node = next;
    }
    // A shape that was taken back with the value it came with is no longer in the list.
    if (node.shape === undefined || this.#shapes[node.id] !== node.shape) {
      node.shape = keys;
      node.id = this.#shapes.push(keys) - 1;
      this.writer.varint(node.id);
      this.writer.varint(keys.length);
      for (const key of keys) this.#string(key);
    } else this.writer.varint(node.id);
  }

  #enter(depth: number): void {
    if (depth >= maxDepth) throw new Unshippable();
  }
}

/** All items of all arrays in order, if every one is a primitive. */
function flattenPrimitives(values: readonly unknown[][]): unknown[] | undefined {
  const items: unknown[] = [];
  for (const value of values) {
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (typeof item === "object" && item !== null) return undefined;
      items.push(item);
    }
  }
  return items;
}

function read(source: object, key: string): unknown {
  try {
    return Reflect.get(source, key);
  } catch {
    return undefined; // a getter that throws must not keep the error from travelling
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : excerpt(value);
}
