/**
 * Tables as an Arrow IPC file.
 */
import type * as Arrow from "apache-arrow";
import type { Output } from "./output.ts";
import { type Table, type TableColumn, isWhole, stringReader } from "./table.ts";

/** A multiple of 8, so that bitmaps of batches start at a byte. */
const rowsPerBatch = 65_536;

/**
 * Writes `table` as record batches, uncompressed, in the file form. Numbers are float64, whole numbers int64, strings
 * utf8.
 *
 * Memory: one batch. Every buffer is a fresh copy: the library joins neighbouring buffers of one array wrongly.
 */
export async function writeArrow(table: Table, output: Output): Promise<void> {
  const arrow = await import("apache-arrow");
  const columns = table.columns.map((column) => arrowColumn(arrow, column));
  const fields = columns.map(({ type }, index) => {
    const { name, validity } = table.columns[index]!;
    return new arrow.Field(name, type, validity !== undefined);
  });
  const schema = new arrow.Schema(fields);
  const pending: Uint8Array[] = [];
  class Sink extends arrow.AsyncByteQueue {
    override write(bytes: Uint8Array): void {
      pending.push(bytes);
    }
  }
  const flush = async (): Promise<void> => {
    if (pending.length > 0) await output.write(Buffer.concat(pending));
    pending.length = 0;
  };
  /** With the schema message that the format asks for at the start, and the library's writer leaves out. */
  class FileWriter extends arrow.RecordBatchFileWriter {
    protected override _writeSchema(first: Arrow.Schema): this {
      super._writeSchema(first);
      return this._writeMessage(arrow.Message.from(first));
    }
  }
  const writer = new FileWriter();
  writer.reset(new Sink(), schema);
  for (let from = 0; from < table.numRows; from += rowsPerBatch) {
    const to = Math.min(table.numRows, from + rowsPerBatch);
    const children = columns.map((column) => column.read(from, to));
    const data = arrow.makeData({ type: new arrow.Struct(fields), length: to - from, nullCount: 0, children });
    writer.write(new arrow.RecordBatch(schema, data));
    await flush();
  }
  writer.finish();
  await flush();
}

interface ArrowColumn {
  readonly type: Arrow.DataType;
  /** Rows [from, to) as fresh buffers. */
  read(from: number, to: number): Arrow.Data;
}

function arrowColumn(arrow: typeof Arrow, column: TableColumn): ArrowColumn {
  const { validity } = column;
  const common = (from: number, to: number): { length: number; nullCount: number; nullBitmap?: Uint8Array } => {
    const missing = validity === undefined ? 0 : countZeros(validity, from, to);
    if (missing === 0) return { length: to - from, nullCount: 0 };
    return { length: to - from, nullCount: missing, nullBitmap: packBits(validity!, from, to) };
  };
  if (column.type === "string") {
    const type = new arrow.Utf8();
    const read = stringReader(column.values);
    return {
      type,
      read(from, to) {
        const { valueOffsets, data } = encodeStrings(read, validity, from, to);
        return arrow.makeData({ type, ...common(from, to), valueOffsets, data });
      },
    };
  }
  if (column.type === "boolean") {
    const type = new arrow.Bool();
    const { values } = column;
    return {
      type,
      read: (from, to) => arrow.makeData({ type, ...common(from, to), data: packBits(values, from, to) }),
    };
  }
  if (isWhole(column)) {
    const type = new arrow.Int64();
    const { values } = column;
    const read = (from: number, to: number): BigInt64Array => {
      if (values instanceof BigInt64Array) return new BigInt64Array(values.subarray(from, to));
      return BigInt64Array.from({ length: to - from }, (_none, row) => wholeOrZero(values[from + row]!));
    };
    return { type, read: (from, to) => arrow.makeData({ type, ...common(from, to), data: read(from, to) }) };
  }
  const type = new arrow.Float64();
  const values = column.values as Float64Array;
  return {
    type,
    read: (from, to) =>
      arrow.makeData({ type, ...common(from, to), data: new Float64Array(values.subarray(from, to)) }),
  };
}

/** A missing whole number may be stored as NaN. */
function wholeOrZero(value: number): bigint {
  return Number.isInteger(value) ? BigInt(value) : 0n;
}

function countZeros(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let row = from; row < to; row++) if (bytes[row] === 0) count++;
  return count;
}

/** Bytes 0 and 1 as bits, lowest first. */
function packBits(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const bits = new Uint8Array((to - from + 7) >> 3);
  for (let row = from; row < to; row++) if (bytes[row] !== 0) bits[(row - from) >> 3]! |= 1 << ((row - from) & 7);
  return bits;
}

function encodeStrings(
  read: (row: number) => string,
  validity: Uint8Array | undefined,
  from: number,
  to: number,
): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(to - from + 1);
  let bytes = Buffer.allocUnsafe(16 * (to - from) + 64);
  let length = 0;
  for (let row = from; row < to; row++) {
    if (validity?.[row] !== 0) {
      const text = read(row);
      if (length + 3 * text.length > bytes.length) {
        const larger = Buffer.allocUnsafe(2 * (length + 3 * text.length));
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      }
      length += bytes.write(text, length);
    }
    valueOffsets[row - from + 1] = length;
  }
  return { valueOffsets, data: new Uint8Array(bytes.subarray(0, length)) };
}
