/**
 * What Arrow IPC holds, the file and the stream form.
 */
import { isUtf8 } from "node:buffer";
import type * as Arrow from "apache-arrow";
import { excerpt } from "../../../core/errors.ts";
import { openSource, type ByteSource } from "../text/byteSource.ts";
import { type ArrowFraming, checkFileForm, checkStream, isFileForm } from "./arrowFraming.ts";
import { decodeLz4Frame } from "./lz4Frame.ts";
import { type StringValues, type TableColumn, wholeNumberColumn } from "./table.ts";
import { tableInputError } from "./tableInputError.ts";
import type { TypedColumn, TypedFile } from "./typedFile.ts";

/** Rows of a part, at least, unless it is the last: batches can be small. */
const rowsPerPart = 1 << 20;

/**
 * Opens an Arrow file or stream, compressed by LZ4 or zstd or not. Integers are exact; dates and times become ISO 8601
 * text, to the millisecond. Its parts are runs of record batches.
 *
 * Memory: the file, until it is closed; strings are made when asked for.
 *
 * @throws SuperstepError INVALID_INPUT if it is damaged.
 */
export async function openArrow(source: ByteSource): Promise<TypedFile> {
  const arrow = await import("apache-arrow");
  await registerCodecs(arrow);
  const { name } = source;
  try {
    const bytes = wholeOf(source);
    const framing = isFileForm(bytes) ? checkFileForm(bytes) : checkStream(bytes);
    const { schema, batchesIn } = openBatches(arrow, bytes, framing);
    const { fields } = schema;
    const parts = partsOf(framing.batchRows);
    return {
      contents: {
        columns: fields.map((field) => ({ name: field.name, ...typeOf(arrow, field.type) })),
        parts: parts.map(({ numRows }) => numRows),
      },
      async read(names, from, to, onProgress) {
        try {
          const chosen = names?.map((one) => fields.findIndex((field) => field.name === one)) ?? [...fields.keys()];
          const chunks: Arrow.Data[][] = chosen.map(() => []);
          let numRows = 0;
          const [first, end] = [parts[from]?.from ?? 0, parts[to - 1]?.to ?? 0];
          for (const batch of batchesIn(first, end)) {
            for (const [index, list] of chunks.entries()) list.push(checked(batch, chosen[index]!));
            numRows += batch.numRows;
            onProgress();
          }
          const columns = chosen.map((field, index) =>
            columnOf(arrow, name, fields[field]!.name, fields[field]!.type, chunks[index]!, numRows),
          );
          return { numRows, columns };
        } catch (error) {
          throw unsound(name, error);
        }
      },
      close() {},
    };
  } catch (error) {
    throw unsound(name, error);
  }
}

function unsound(file: string, error: unknown): unknown {
  if ((error as { code?: unknown }).code === "INVALID_INPUT") return error;
  return tableInputError(file, { expected: "sound Arrow IPC", got: excerpt((error as Error).message) }, error);
}

function wholeOf(source: ByteSource): Buffer {
  const open = openSource(source);
  try {
    const bytes = Buffer.allocUnsafeSlow(open.size);
    if (open.read(0, bytes, 0, bytes.length) < bytes.length) throw new Error("the file became shorter");
    open.verify();
    return bytes;
  } finally {
    open.close();
  }
}

/** Batches [from, to) of each part. */
function partsOf(batchRows: readonly number[]): { from: number; to: number; numRows: number }[] {
  const parts: { from: number; to: number; numRows: number }[] = [];
  for (const [batch, numRows] of batchRows.entries()) {
    const last = parts.at(-1);
    if (last !== undefined && last.numRows < rowsPerPart) {
      last.to = batch + 1;
      last.numRows += numRows;
    } else {
      parts.push({ from: batch, to: batch + 1, numRows });
    }
  }
  return parts;
}

interface Batches {
  readonly schema: Arrow.Schema;
  /** Batches [from, to). */
  readonly batchesIn: (from: number, to: number) => Iterable<Arrow.RecordBatch>;
}

function openBatches(arrow: typeof Arrow, bytes: Buffer, { isFile, end }: ArrowFraming): Batches {
  if (isFile) {
    const reader = arrow.RecordBatchReader.from(bytes) as Arrow.RecordBatchFileReader;
    reader.open();
    return { schema: reader.schema, batchesIn: (from, to) => fileBatches(reader, from, to) };
  }
  const reader = arrow.RecordBatchReader.from(bytes.subarray(0, end)) as Arrow.RecordBatchStreamReader;
  reader.open();
  let all: Arrow.RecordBatch[] | undefined;
  return { schema: reader.schema, batchesIn: (from, to) => (all ??= [...reader]).slice(from, to) };
}

/** Batches of a file; iterated by itself, the reader stops in silence at one it cannot find. */
function* fileBatches(reader: Arrow.RecordBatchFileReader, from: number, to: number): Generator<Arrow.RecordBatch> {
  for (let index = from; index < to; index++) {
    const batch = reader.readRecordBatch(index);
    if (batch === null) throw new Error(`record batch ${index} is not where it should be`);
    yield batch;
  }
}

/** Column `index` of a batch, once its buffers are found to hold what its lengths promise. */
function checked(batch: Arrow.RecordBatch, index: number): Arrow.Data {
  const data = batch.data.children[index] as Arrow.Data | undefined;
  const { numRows } = batch;
  if (data === undefined || data.length !== numRows)
    throw new Error(`column ${index + 1} differs from its batch in length`);
  const { nullCount, nullBitmap, valueOffsets, values } = data as Arrow.Data & { values?: { readonly length: number } };
  const isBits = data.type.typeId === boolTypeId;
  const isShort =
    numRows > 0 &&
    ((nullCount > 0 && nullBitmap.length * 8 < numRows) ||
      (valueOffsets === undefined
        ? values !== undefined && values.length * (isBits ? 8 : 1) < numRows
        : valueOffsets.length <= numRows));
  if (isShort || nullCount < 0 || nullCount > numRows) throw new Error(`column ${index + 1} lacks values`);
  return data;
}

/** `Type.Bool` of the library, whose values are bits. */
const boolTypeId = 6;

async function registerCodecs(arrow: typeof Arrow): Promise<void> {
  const { CompressionType, compressionRegistry } = arrow;
  if (compressionRegistry.get(CompressionType.LZ4_FRAME) !== null) return;
  const { decompressZstd } = await import("hyparquet-compressors");
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decodeLz4Frame });
  compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompressZstd(bytes) });
}

/** What a column of this type holds, as `columnOf` reads it. */
function typeOf(arrow: typeof Arrow, type: Arrow.DataType): Omit<TypedColumn, "name"> {
  const { DataType } = arrow;
  const written = arrow.Type[type.typeId];
  const valueType = DataType.isDictionary(type) ? type.dictionary : type;
  if (DataType.isInt(type)) return { type: "integer", written };
  if (DataType.isFloat(valueType)) return { type: "number", written };
  if (DataType.isBool(type)) return { type: "boolean", written };
  const isText = DataType.isUtf8(valueType) || DataType.isLargeUtf8(valueType) || DataType.isUtf8View(valueType);
  const isTime = DataType.isDate(valueType) || DataType.isTimestamp(valueType);
  return { type: isText || isTime ? "string" : undefined, written };
}

function columnOf(
  arrow: typeof Arrow,
  file: string,
  name: string,
  type: Arrow.DataType,
  chunks: readonly Arrow.Data[],
  numRows: number,
): TableColumn {
  const { DataType } = arrow;
  const validity = validityOf(chunks, numRows);
  const rest = validity === undefined ? { name } : { name, validity };
  if (DataType.isInt(type) && type.bitWidth === 64) {
    const values = new BigInt64Array(numRows);
    copyValues(chunks, values);
    const tooLarge = type.isSigned ? -1 : values.findIndex((value, row) => value < 0n && validity?.[row] !== 0);
    if (tooLarge === -1) return wholeNumberColumn(name, values, validity);
    throw tableInputError(file, {
      expected: `integers below 2^63 in column ${excerpt(name)}`,
      got: `${BigInt.asUintN(64, values[tooLarge]!)}`,
    });
  }
  if (DataType.isInt(type) || (DataType.isFloat(type) && type.precision !== arrow.Precision.HALF)) {
    const values = new Float64Array(numRows);
    copyValues(chunks, values);
    return DataType.isInt(type)
      ? { ...rest, type: "number", integer: true, values }
      : { ...rest, type: "number", values };
  }
  if (DataType.isBool(type)) {
    const values = new Uint8Array(numRows);
    fill(chunks, (data, row, at) => {
      const bit = data.offset + row;
      values[at] = ((data.values as Uint8Array)[bit >> 3]! >> (bit & 7)) & 1;
    });
    return { ...rest, type: "boolean", values };
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    return { ...rest, type: "string", values: stringsOf(file, name, chunks) };
  }
  return { ...rest, ...otherValues(arrow, file, name, type, chunks, numRows, validity) };
}

function copyValues(chunks: readonly Arrow.Data[], into: Float64Array | BigInt64Array): void {
  let at = 0;
  for (const { values, length } of chunks) {
    if (into instanceof Float64Array) into.set((values as Float64Array).subarray(0, length), at);
    else into.set(signed(values as BigInt64Array | BigUint64Array).subarray(0, length), at);
    at += length;
  }
}

function signed(values: BigInt64Array | BigUint64Array): BigInt64Array {
  return new BigInt64Array(values.buffer, values.byteOffset, values.length);
}

function fill(chunks: readonly Arrow.Data[], put: (data: Arrow.Data, row: number, at: number) => void): void {
  let at = 0;
  for (const data of chunks) for (let row = 0; row < data.length; row++) put(data, row, at++);
}

function validityOf(chunks: readonly Arrow.Data[], numRows: number): Uint8Array | undefined {
  if (chunks.every((data) => data.nullCount === 0)) return undefined;
  const validity = new Uint8Array(numRows);
  fill(chunks, (data, row, at) => (validity[at] = data.getValid(row) ? 1 : 0));
  return validity;
}

/** Strings made from the bytes of their chunk when asked for. */
function stringsOf(file: string, name: string, chunks: readonly Arrow.Data[]): (row: number) => string {
  const starts: number[] = [];
  let numRows = 0;
  const texts = chunks.map((data) => {
    starts.push(numRows);
    numRows += data.length;
    const bytes = data.values as Uint8Array;
    const raw = data.valueOffsets as Int32Array | BigInt64Array;
    const offsets = raw instanceof Int32Array ? raw : Float64Array.from(raw, Number);
    for (let row = 0; row <= data.length; row++) {
      const offset = offsets[row]!;
      const isOrdered = row === 0 || offset >= offsets[row - 1]!;
      if (!isOrdered || offset > bytes.length || (bytes[offset]! & 0xc0) === 0x80) {
        throw tableInputError(file, { expected: `whole characters in column ${excerpt(name)}`, got: "parts of some" });
      }
    }
    if (!isUtf8(bytes))
      throw tableInputError(file, { expected: `UTF-8 in column ${excerpt(name)}`, got: "other bytes" });
    return { offsets, buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  });
  return (row) => {
    let chunk = starts.length - 1;
    while (starts[chunk]! > row) chunk--;
    const { offsets, buffer } = texts[chunk]!;
    const at = row - starts[chunk]!;
    return buffer.toString("utf8", offsets[at]!, offsets[at + 1]!);
  };
}

/** Types without a quick way: value by value. */
function otherValues(
  arrow: typeof Arrow,
  file: string,
  name: string,
  type: Arrow.DataType,
  chunks: readonly Arrow.Data[],
  numRows: number,
  validity: Uint8Array | undefined,
): { type: "number"; values: Float64Array } | { type: "string"; values: StringValues } {
  const { DataType } = arrow;
  const valueType = DataType.isDictionary(type) ? type.dictionary : type;
  const vector = new arrow.Vector(
    chunks.length > 0 ? [...chunks] : [arrow.makeData({ type: new arrow.Null(), length: 0 })],
  );
  if (DataType.isFloat(valueType)) {
    const values = Float64Array.from({ length: numRows }, (_none, row) => Number(vector.get(row)));
    return { type: "number", values };
  }
  const isTime = DataType.isDate(valueType) || DataType.isTimestamp(valueType);
  if (!isTime && !DataType.isUtf8(valueType) && !DataType.isLargeUtf8(valueType) && !DataType.isUtf8View(valueType)) {
    const got = `type ${arrow.Type[valueType.typeId]}`;
    throw tableInputError(file, { expected: `numbers, strings or truth values in column ${excerpt(name)}`, got });
  }
  const values = Array.from({ length: numRows }, (_none, row) => {
    if (validity?.[row] === 0) return "";
    const value: unknown = vector.get(row);
    if (isTime) return new Date(Number(value)).toISOString();
    if (typeof value !== "string") throw new Error(`row ${row + 1} of column ${excerpt(name)} has no string`);
    return value;
  });
  return { type: "string", values };
}
