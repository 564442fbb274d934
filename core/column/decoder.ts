/**
 * The reading half of the block format. It trusts nothing: any bytes give values or BLOCK_CORRUPT, in time and memory
 * proportional to their number.
 */
import { type ErrorCode, SuperstepError } from "../errors.ts";
import { kind, maxColumnDepth, maxDepth, type Shape, tag, viewTypes } from "./blockFormat.ts";
import type { ByteReader } from "./byteReader.ts";
import {
  arrayOf,
  readBigints,
  readBooleans,
  readDictionary,
  readFloat64s,
  readInt32s,
  readStrings,
} from "./flatColumns.ts";

const errorClasses: ReadonlyMap<unknown, ErrorConstructor> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

/** Reads the values of one block. */
export class Decoder {
  readonly #reader: ByteReader;
  readonly #shapes: Shape[] = [];

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** Reads a column of `count` values; `depth` and `columns` as for Encoder. */
  column(count: number, depth: number, columns: number): unknown[] {
    const reader = this.#reader;
    if (count > reader.remaining) reader.fail(`must hold ${count} values more`);
    switch (reader.byte()) {
      case kind.mixed:
        return this.#values(count, depth, columns);
      case kind.int32:
        return readInt32s(count, reader);
      case kind.float64:
        return readFloat64s(count, reader);
      case kind.boolean:
        return readBooleans(count, reader);
      case kind.bigint64:
        return readBigints(count, reader);
      case kind.strings:
        return readStrings(count, reader);
      case kind.dictionary:
        return readDictionary(count, reader);
      case kind.optional:
        return this.#optional(count, depth, columns);
      case kind.records:
        return this.#records(count, depth, columns);
      case kind.tuples:
        return this.#tuples(count, depth, columns);
      case kind.lists:
        return this.#lists(count, depth, columns);
      default:
        return reader.fail("a column must be of a known kind");
    }
  }

  #values(count: number, depth: number, columns: number): unknown[] {
    const values = arrayOf<unknown>(count);
    for (let i = 0; i < count; i++) values[i] = this.#value(depth, columns);
    return values;
  }

  #optional(count: number, depth: number, columns: number): unknown[] {
    const reader = this.#reader;
    this.#enterColumn(columns);
    const start = reader.take(count, 1);
    let numPresent = 0;
    for (let i = 0; i < count; i++) {
      const byte = reader.bytes[start + i]!;
      if (byte > 2) reader.fail("a value must be missing or not");
      if (byte === 2) numPresent++;
    }
    const present = this.column(numPresent, depth, columns + 1);
    const values = arrayOf<unknown>(count);
    for (let i = 0, next = 0; i < count; i++) {
      const byte = reader.bytes[start + i]!;
      values[i] = byte === 2 ? present[next++] : byte === 1 ? null : undefined;
    }
    return values;
  }

  #records(count: number, depth: number, columns: number): unknown[] {
    this.#enter(depth);
    this.#enterColumn(columns);
    const keys = this.#shape();
    if (keys.length === 0) this.#reader.fail("records in columns must have keys");
    const values = arrayOf<Record<string, unknown>>(count);
    for (let k = 0; k < keys.length; k++) {
      const part = this.column(count, depth + 1, columns + 1);
      const key = keys[k]!;
      if (k === 0) for (let i = 0; i < count; i++) values[i] = {};
      if (key === "__proto__") for (let i = 0; i < count; i++) define(values[i]!, key, part[i]);
      else for (let i = 0; i < count; i++) values[i]![key] = part[i];
    }
    return values;
  }

  #tuples(count: number, depth: number, columns: number): unknown[] {
    const reader = this.#reader;
    this.#enter(depth);
    this.#enterColumn(columns);
    const length = reader.count();
    if (length === 0) reader.fail("arrays in columns must have a length");
    const first = this.column(count, depth + 1, columns + 1);
    if (length === 2) {
      const second = this.column(count, depth + 1, columns + 1);
      const pairs = arrayOf<unknown>(count);
      for (let i = 0; i < count; i++) pairs[i] = [first[i], second[i]];
      return pairs;
    }
    const values = arrayOf<unknown[]>(count);
    for (let i = 0; i < count; i++) values[i] = [first[i]];
    for (let position = 1; position < length; position++) {
      const part = this.column(count, depth + 1, columns + 1);
      for (let i = 0; i < count; i++) values[i]!.push(part[i]);
    }
    return values;
  }

  #lists(count: number, depth: number, columns: number): unknown[] {
    const reader = this.#reader;
    this.#enter(depth);
    this.#enterColumn(columns);
    const lengths = reader.unsigned(count, 4);
    let total = 0;
    for (let i = 0; i < count; i++) total += lengths[i]!;
    const items = this.column(total, depth + 1, columns + 1);
    const values = arrayOf<unknown>(count);
    for (let i = 0, from = 0; i < count; i++) {
      const to = from + lengths[i]!;
      values[i] = items.slice(from, to);
      from = to;
    }
    return values;
  }

  #value(depth: number, columns: number): unknown {
    const reader = this.#reader;
    const valueTag = reader.byte();
    switch (valueTag) {
      case tag.undefined:
        return undefined;
      case tag.null:
        return null;
      case tag.false:
        return false;
      case tag.true:
        return true;
      case tag.int32:
        return reader.int32();
      case tag.float64:
        return reader.float64();
      case tag.bigint:
        return this.#bigint();
      case tag.string:
      case tag.string16:
        return this.#stringOf(valueTag);
      case tag.date:
        return new Date(reader.float64());
      case tag.regExp:
        return this.#regExp();
      case tag.typedArray:
        return this.#typedArray();
      case tag.arrayBuffer:
        return reader.copy(reader.count(), 1);
      default:
        return this.#container(valueTag, depth, columns);
    }
  }

  #container(valueTag: number, depth: number, columns: number): unknown {
    const reader = this.#reader;
    this.#enter(depth);
    switch (valueTag) {
      case tag.array:
        return this.#values(reader.count(), depth + 1, columns);
      case tag.columnArray:
        this.#enterColumn(columns);
        return this.column(reader.varint(), depth + 1, columns + 1);
      case tag.object:
        return this.#object({}, depth, columns);
      case tag.bareObject:
        return this.#object(Object.create(null) as Record<string, unknown>, depth, columns);
      case tag.map:
        return this.#map(depth, columns);
      case tag.set:
        return new Set(this.#values(reader.count(), depth + 1, columns));
      case tag.error:
        return this.#error(depth, columns);
      default:
        return reader.fail("a value must be of a known kind");
    }
  }

  #bigint(): bigint {
    const reader = this.#reader;
    const sign = reader.byte();
    const numBytes = reader.count();
    const start = reader.take(numBytes, 1);
    if (sign > 1 || numBytes === 0) reader.fail("a bigint must have a sign and digits");
    if (numBytes > 2 ** 26) reader.fail("a bigint must fit 2^29 bits");
    const magnitude = BigInt(
      `0x${Buffer.from(reader.bytes.subarray(start, start + numBytes))
        .reverse()
        .toString("hex")}`,
    );
    return sign === 1 ? -magnitude : magnitude;
  }

  #string(): string {
    return this.#stringOf(this.#reader.byte());
  }

  #stringOf(valueTag: number): string {
    const reader = this.#reader;
    if (valueTag === tag.string) return reader.text();
    if (valueTag !== tag.string16) reader.fail("must hold a string");
    const numBytes = reader.count() * 2;
    const start = reader.take(numBytes, 1);
    return reader.bytes.toString("utf16le", start, start + numBytes);
  }

  #object(target: Record<string, unknown>, depth: number, columns: number): Record<string, unknown> {
    for (const key of this.#shape()) {
      const value = this.#value(depth + 1, columns);
      if (key === "__proto__") define(target, key, value);
      else target[key] = value;
    }
    return target;
  }

  #map(depth: number, columns: number): Map<unknown, unknown> {
    const size = this.#reader.count();
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < size; i++) {
      const key = this.#value(depth + 1, columns);
      map.set(key, this.#value(depth + 1, columns));
    }
    return map;
  }

  #regExp(): RegExp {
    const source = this.#string();
    const flags = this.#reader.text();
    try {
      return new RegExp(source, flags);
    } catch {
      return this.#reader.fail("must hold a valid regular expression");
    }
  }

  #typedArray(): ArrayBufferView {
    const reader = this.#reader;
    const type = viewTypes[reader.byte()];
    if (type === undefined) return reader.fail("a typed array must be of a known type");
    const numBytes = reader.count();
    if ("BYTES_PER_ELEMENT" in type && numBytes % type.BYTES_PER_ELEMENT !== 0) {
      reader.fail("a typed array must hold whole elements");
    }
    return new (type as new (buffer: ArrayBuffer) => ArrayBufferView)(reader.copy(numBytes, 8));
  }

  #error(depth: number, columns: number): Error {
    const name = this.#string();
    const message = this.#string();
    const stack = this.#value(depth + 1, columns);
    if (stack !== undefined && typeof stack !== "string") this.#reader.fail("a stack must be a text");
    const fields = new Map<string, unknown>();
    const numFields = this.#reader.count();
    for (let i = 0; i < numFields; i++) {
      const key = this.#string();
      fields.set(key, this.#value(depth + 1, columns));
    }
    const error =
      name === "SuperstepError"
        ? new SuperstepError(fields.get("code") as ErrorCode, "")
        : new (errorClasses.get(name) ?? Error)("");
    if (error.name !== name) define(error, "name", name, false);
    define(error, "message", message, false);
    define(error, "stack", stack, false);
    for (const [key, value] of fields) define(error, key, value, key !== "cause");
    return error;
  }

  #shape(): Shape {
    const reader = this.#reader;
    const id = reader.varint();
    if (id > this.#shapes.length) reader.fail("a shape must be a known or the next one");
    const known = this.#shapes[id];
    if (known !== undefined) return known;
    const keys: string[] = [];
    for (let left = reader.count(); left > 0; left--) keys.push(this.#string());
    if (new Set(keys).size !== keys.length) reader.fail("the keys of a shape must differ");
    this.#shapes.push(keys);
    return keys;
  }

  #enter(depth: number): void {
    if (depth >= maxDepth) this.#reader.fail(`containers must lie at most ${maxDepth} deep`);
  }

  #enterColumn(columns: number): void {
    if (columns >= maxColumnDepth) this.#reader.fail(`columns must lie at most ${maxColumnDepth} deep`);
  }
}

/** Sets an own property whatever its name: no setter of a prototype runs. */
function define(target: object, key: string, value: unknown, enumerable = true): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}
