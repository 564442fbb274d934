/**
 * What a Parquet file holds, decoded in this thread: for `parquetThread.ts`, since a damaged file can make the library
 * loop for ever.
 */
import os from "node:os";
import type { AsyncBuffer, DecodedArray, FileMetaData, SchemaElement } from "hyparquet";
import { SuperstepError, excerpt } from "../../../core/errors.ts";
import { type Table, type TableColumn, wholeNumberColumn } from "./table.ts";
import { openToRead } from "./tableBytes.ts";
import { tableInputError } from "./tableInputError.ts";

/**
 * Decodes a file, one row group at a time. `onProgress` is called at least once a column of a row group.
 *
 * @throws SuperstepError INVALID_INPUT if the file is damaged, or a column is nested, repeated or of a type without a
 *   place in a table; OUT_OF_MEMORY if it says that it holds more than half of this machine's memory.
 */
export async function decodeParquet(file: string, onProgress: () => void): Promise<Table> {
  const hyparquet = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const handle = await openToRead(file);
  try {
    const { size } = await handle.stat();
    const source: AsyncBuffer = {
      byteLength: size,
      async slice(start, end = size) {
        const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
        for (let filled = 0; filled < bytes.length;) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
          if (bytesRead === 0) throw new Error("the file ends early");
          filled += bytesRead;
        }
        return bytes.buffer;
      },
    };
    const metadata = await hyparquet.parquetMetadataAsync(source);
    const numRows = checkRows(file, metadata);
    const columns = flatSchema(file, metadata).map((element) => columnFiller(file, element, numRows));
    let groupStart = 0;
    for (const group of metadata.row_groups) {
      const groupEnd = groupStart + Number(group.num_rows);
      const filled = columns.map(() => 0);
      await hyparquet.parquetRead({
        file: source,
        metadata,
        rowStart: groupStart,
        rowEnd: groupEnd,
        compressors,
        parsers,
        onChunk({ columnName, columnData, rowStart }) {
          const index = columns.findIndex((column) => column.name === columnName);
          if (rowStart < groupStart || rowStart + columnData.length > groupEnd) {
            throw new Error(`column ${excerpt(columnName)} has rows of another row group`);
          }
          columns[index]!.fill(columnData, rowStart);
          filled[index]! += columnData.length;
          onProgress();
        },
      });
      for (const [index, count] of filled.entries()) {
        if (count !== groupEnd - groupStart) throw new Error(`column ${excerpt(columns[index]!.name)} lacks rows`);
      }
      groupStart = groupEnd;
    }
    return { numRows, columns: columns.map((column) => column.finish()) };
  } catch (error) {
    if (error instanceof SuperstepError) throw error;
    throw tableInputError(file, { expected: "a sound Parquet file", got: excerpt((error as Error).message) }, error);
  } finally {
    await handle.close();
  }
}

/** The number of rows, once it is found to be possible. */
function checkRows(file: string, { num_rows, row_groups, schema }: FileMetaData): number {
  const numRows = Number(num_rows);
  const inGroups = row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const areCounts = row_groups.every((group) => Number(group.num_rows) >= 0);
  if (!areCounts || inGroups !== numRows) {
    throw new Error(`row groups hold ${inGroups} rows, and the footer says ${numRows}`);
  }
  const bytes = numRows * (schema.length - 1) * 8;
  if (bytes <= os.totalmem() / 2) return numRows;
  throw new SuperstepError(
    "OUT_OF_MEMORY",
    `${file}: a table of ${numRows} rows and ${schema.length - 1} columns cannot be held; is the file damaged?`,
  );
}

interface ColumnFiller {
  readonly name: string;
  /** Takes the values of rows from `rowStart` on; null and undefined are missing. */
  fill(values: DecodedArray, rowStart: number): void;
  finish(): TableColumn;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined): string | undefined => bytes && decoder.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined): string | undefined => bytes && decoder.decode(bytes),
};

function flatSchema(file: string, { schema }: FileMetaData): SchemaElement[] {
  const leaves = schema.slice(1);
  const nested = leaves.find((element) => element.num_children !== undefined || element.repetition_type === "REPEATED");
  if (nested === undefined) return leaves;
  throw tableInputError(file, { expected: "flat columns", got: `${excerpt(nested.name)}, which is nested` });
}

function columnFiller(file: string, element: SchemaElement, numRows: number): ColumnFiller {
  const { name } = element;
  let validity: Uint8Array | undefined;
  const rest = (): { name: string; validity?: Uint8Array } => (validity === undefined ? { name } : { name, validity });
  const miss = (row: number): void => {
    (validity ??= new Uint8Array(numRows).fill(1))[row] = 0;
  };
  const filler = (put: (row: number, value: unknown) => void, finish: () => TableColumn): ColumnFiller => ({
    name,
    fill(data, rowStart) {
      for (let row = 0; row < data.length; row++) {
        const value: unknown = data[row];
        if (value === null || value === undefined) miss(rowStart + row);
        else put(rowStart + row, value);
      }
    },
    finish,
  });
  switch (tableType(file, element)) {
    case "number": {
      const values = new Float64Array(numRows);
      return filler(
        (row, value) => (values[row] = value as number),
        () => ({ ...rest(), type: "number", values }),
      );
    }
    case "bigint": {
      const values = new BigInt64Array(numRows);
      return filler(
        (row, value) => {
          const integer = BigInt(value as number | bigint);
          if (BigInt.asIntN(64, integer) !== integer) {
            throw tableInputError(file, {
              expected: `integers below 2^63 in column ${excerpt(name)}`,
              got: `${integer}`,
            });
          }
          values[row] = integer;
        },
        () => wholeNumberColumn(name, values, validity),
      );
    }
    case "boolean": {
      const values = new Uint8Array(numRows);
      return filler(
        (row, value) => (values[row] = value === true ? 1 : 0),
        () => ({ ...rest(), type: "boolean", values }),
      );
    }
    case "string": {
      const values = Array.from({ length: numRows }, () => "");
      return filler(
        (row, value) => (values[row] = value instanceof Date ? value.toISOString() : String(value)),
        () => ({ ...rest(), type: "string", values }),
      );
    }
  }
}

function tableType(file: string, element: SchemaElement): TableColumn["type"] {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === "DECIMAL" || logical?.type === "FLOAT16") return "number";
  if (converted?.startsWith("TIME") || converted === "DATE" || logical?.type.startsWith("TIME")) return "string";
  if (logical?.type === "DATE" || logical?.type === "UUID") return "string";
  switch (type) {
    case "FLOAT":
    case "DOUBLE":
      return "number";
    case "INT32":
    case "INT64":
      return "bigint";
    case "BOOLEAN":
      return "boolean";
    case "INT96":
      return "string";
    case "BYTE_ARRAY":
      if (logical === undefined || ["STRING", "ENUM", "JSON"].includes(logical.type)) return "string";
  }
  const kind = logical?.type ?? converted ?? type ?? "unknown";
  throw tableInputError(file, {
    expected: `numbers, strings or truth values in column ${excerpt(element.name)}`,
    got: `type ${kind}`,
  });
}
