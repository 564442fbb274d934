/**
 * Columns of the block format that hold no further columns of other values: numbers, booleans, bigints, strings.
 */
import type { ByteReader } from "./byteReader.ts";
import type { ByteWriter } from "./byteWriter.ts";
import { kind } from "./blockFormat.ts";

/** UTF-16 units gathered before a segment is written: long enough to save native calls, short enough to be let go. */
const segmentUnits = 16384;

/** An array of `length` elements to fill. Past 2^25, `new Array(n)` would make a dictionary. */
export function arrayOf<T>(length: number): T[] {
  // oxlint-disable-next-line no-new-array
  return length <= 2 ** 25 ? new Array<T>(length) : [];
}

/** Writes a column of numbers, with its kind: 32-bit integers if all are, else doubles. */
export function writeNumbers(values: readonly number[], writer: ByteWriter): void {
  const { length } = values;
  if (allInt32(values)) {
    writer.byte(kind.int32);
    const start = writer.reserve(length * 4, 4);
    const target = new Int32Array(writer.bytes.buffer, start, length);
    for (let i = 0; i < length; i++) target[i] = values[i]!;
    return;
  }
  writer.byte(kind.float64);
  const start = writer.reserve(length * 8, 8);
  const target = new Float64Array(writer.bytes.buffer, start, length);
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    target[i] = value === value ? value : NaN; // one pattern for all NaNs
  }
}

export function readInt32s(count: number, reader: ByteReader): number[] {
  return toArray(reader.int32s(count));
}

export function readFloat64s(count: number, reader: ByteReader): number[] {
  return toArray(reader.float64s(count));
}

export function writeBooleans(values: readonly boolean[], writer: ByteWriter): void {
  writer.byte(kind.boolean);
  let at = writer.reserve(values.length, 1);
  for (const value of values) writer.bytes[at++] = value ? 1 : 0;
}

export function readBooleans(count: number, reader: ByteReader): boolean[] {
  const start = reader.take(count, 1);
  const values = arrayOf<boolean>(count);
  for (let i = 0; i < count; i++) {
    const byte = reader.bytes[start + i]!;
    if (byte > 1) reader.fail("a boolean must be 0 or 1");
    values[i] = byte === 1;
  }
  return values;
}

/** Writes a column of bigints, with its kind, if all fit 64 bits; else nothing, and returns false. */
export function writeBigints(values: readonly bigint[], writer: ByteWriter): boolean {
  for (const value of values) if (BigInt.asIntN(64, value) !== value) return false;
  writer.byte(kind.bigint64);
  const start = writer.reserve(values.length * 8, 8);
  new BigInt64Array(writer.bytes.buffer, start, values.length).set(values);
  return true;
}

export function readBigints(count: number, reader: ByteReader): bigint[] {
  return toArray(reader.bigint64s(count));
}

/**
 * Writes a column of strings, with its kind: as codes into the distinct ones where strings repeat. If one has a lone
 * surrogate, which UTF-8 cannot say, writes nothing and returns false.
 */
export function writeStrings(values: readonly string[], writer: ByteWriter): boolean {
  for (const value of values) if (!isWellFormed(value)) return false;
  const coded = findRepetitions(values);
  if (coded === undefined) writePlainStrings(values, writer);
  else {
    writer.byte(kind.dictionary);
    writer.varint(coded.distinct.length);
    writePlainStrings(coded.distinct, writer);
    writeUnsigned(coded.codes, coded.distinct.length - 1, writer);
  }
  return true;
}

export function readStrings(count: number, reader: ByteReader): string[] {
  const lengths = reader.unsigned(count, reader.byte());
  const values = arrayOf<string>(count);
  let row = 0;
  while (row < count) {
    const rows = reader.varint();
    if (rows === 0 || rows > count - row) reader.fail("segments must hold the strings of their column");
    const numBytes = reader.count();
    const start = reader.take(numBytes, 1);
    const text = reader.bytes.toString("utf8", start, start + numBytes);
    let from = 0;
    for (const end = row + rows; row < end; row++) {
      const to = from + lengths[row]!;
      values[row] = text.substring(from, to);
      from = to;
    }
    if (from !== text.length) reader.fail("a segment must be as long as its strings");
  }
  return values;
}

export function readDictionary(count: number, reader: ByteReader): string[] {
  const numDistinct = reader.count();
  if (reader.byte() !== kind.strings) reader.fail("a dictionary must be of strings");
  const distinct = readStrings(numDistinct, reader);
  const codes = reader.unsigned(count, reader.byte());
  const values = arrayOf<string>(count);
  for (let i = 0; i < count; i++) {
    const code = codes[i]!;
    if (code >= numDistinct) reader.fail("a code must be one of its dictionary");
    values[i] = distinct[code]!;
  }
  return values;
}

/** True if UTF-8 can say the string: no surrogate stands alone. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** True if all are integers of 32 bits, and none is -0. */
function allInt32(values: readonly number[]): boolean {
  for (const value of values) {
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) return false;
  }
  return true;
}

function writePlainStrings(values: readonly string[], writer: ByteWriter): void {
  let longest = 0;
  for (const value of values) if (value.length > longest) longest = value.length;
  writer.byte(kind.strings);
  writeUnsigned(
    values.map((value) => value.length),
    longest,
    writer,
  );
  for (let from = 0, to = 0, units = 0; from < values.length; from = to, units = 0) {
    while (to < values.length && (to === from || units + values[to]!.length <= segmentUnits)) {
      units += values[to++]!.length;
    }
    writer.varint(to - from);
    writer.text(to === from + 1 ? values[from]! : values.slice(from, to).join(""));
  }
}

/** Writes the width that `largest` needs, then the values. */
function writeUnsigned(values: readonly number[], largest: number, writer: ByteWriter): void {
  const width = largest < 0x100 ? 1 : largest < 0x10000 ? 2 : 4;
  writer.byte(width);
  const start = writer.reserve(values.length * width, width);
  const { buffer } = writer.bytes;
  const target =
    width === 1
      ? new Uint8Array(buffer, start, values.length)
      : width === 2
        ? new Uint16Array(buffer, start, values.length)
        : new Uint32Array(buffer, start, values.length);
  for (let i = 0; i < values.length; i++) target[i] = values[i]!;
}

/** Codes into the distinct values, if these are at most a quarter; gives up early where strings hardly repeat. */
function findRepetitions(values: readonly string[]): { codes: number[]; distinct: string[] } | undefined {
  const { length } = values;
  if (length < 16) return undefined;
  const codeOf = new Map<string, number>();
  const distinct: string[] = [];
  const codes = arrayOf<number>(length);
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    let code = codeOf.get(value);
    if (code === undefined) {
      code = distinct.length;
      if (code >= length >>> 2 || (code > 256 && code > i >>> 1)) return undefined;
      codeOf.set(value, code);
      distinct.push(value);
    }
    codes[i] = code;
  }
  return { codes, distinct };
}

function toArray<T extends number | bigint>(source: { readonly length: number; readonly [index: number]: T }): T[] {
  const values = arrayOf<T>(source.length);
  for (let i = 0; i < source.length; i++) values[i] = source[i]!;
  return values;
}
