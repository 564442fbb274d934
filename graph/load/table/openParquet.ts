/**
 * What a Parquet file holds, decoded in this thread: for `decodeThread.ts`, since a damaged file can make the library
 * loop for ever.
 */
import os from "node:os";
import type { AsyncBuffer, DecodedArray, FileMetaData, SchemaElement } from "hyparquet";
import { SuperstepError, excerpt } from "../../../core/errors.ts";
import { openSource, type ByteSource, type OpenSource } from "../text/byteSource.ts";
import { type TableColumn, wholeNumberColumn } from "./table.ts";
import { tableInputError } from "./tableInputError.ts";
import type { TypedFile } from "./typedFile.ts";

/** Opens a Parquet file; its parts are its row groups. @throws SuperstepError INVALID_INPUT if it is damaged. */
export async function openParquet(source: ByteSource): Promise<TypedFile> {
  const hyparquet = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const { name } = source;
  const open = openSource(source);
  const file = bufferOf(open);
  let metadata: FileMetaData;
  try {
    metadata = await hyparquet.parquetMetadataAsync(file);
    checkGroups(metadata);
  } catch (error) {
    open.close();
    throw unsound(name, error);
  }
  const starts = [0];
  for (const group of metadata.row_groups) starts.push(starts.at(-1)! + Number(group.num_rows));
  const elements = topColumns(metadata);

  const readGroup = async (
    columns: readonly ColumnFiller[],
    [from, to, base]: readonly [from: number, to: number, base: number],
    onProgress: () => void,
  ): Promise<void> => {
    const filled = columns.map(() => 0);
    await hyparquet.parquetRead({
      file,
      metadata,
      columns: columns.map((column) => column.name),
      rowStart: from,
      rowEnd: to,
      compressors,
      parsers,
      onChunk({ columnName, columnData, rowStart }) {
        const index = columns.findIndex((column) => column.name === columnName);
        if (rowStart < from || rowStart + columnData.length > to) {
          throw new Error(`column ${excerpt(columnName)} has rows of another row group`);
        }
        columns[index]!.fill(columnData, rowStart - base);
        filled[index]! += columnData.length;
        onProgress();
      },
    });
    for (const [index, count] of filled.entries()) {
      if (count !== to - from) throw new Error(`column ${excerpt(columns[index]!.name)} lacks rows`);
    }
  };
  return {
    contents: {
      columns: elements.map((element) => {
        const type = tableType(element);
        return { name: element.name, type: type === "bigint" ? "integer" : type, written: typeName(element) };
      }),
      parts: metadata.row_groups.map((group) => Number(group.num_rows)),
    },
    async read(names, from, to, onProgress) {
      try {
        const chosen = names?.map((one) => elements.find((element) => element.name === one)!) ?? elements;
        const base = starts[from]!;
        const numRows = starts[to]! - base;
        checkMemory(name, numRows, chosen.length);
        const columns = chosen.map((element) => columnFiller(name, element, numRows));
        for (let group = from; group < to; group++) {
          if (columns.length > 0) await readGroup(columns, [starts[group]!, starts[group + 1]!, base], onProgress);
        }
        open.verify();
        return { numRows, columns: columns.map((column) => column.finish()) };
      } catch (error) {
        throw unsound(name, error);
      }
    },
    close: () => open.close(),
  };
}

/** As the library reads: bytes [start, end). */
function bufferOf(open: OpenSource): AsyncBuffer {
  return {
    byteLength: open.size,
    slice(start, end = open.size) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, open.size) - start));
      if (open.read(start, bytes, 0, bytes.length) < bytes.length) throw new Error("the file ends early");
      return bytes.buffer;
    },
  };
}

function unsound(file: string, error: unknown): unknown {
  if (error instanceof SuperstepError) return error;
  return tableInputError(file, { expected: "a sound Parquet file", got: excerpt((error as Error).message) }, error);
}

/** @throws Error if counts of rows contradict each other. */
function checkGroups({ num_rows, row_groups }: FileMetaData): void {
  const numRows = Number(num_rows);
  const inGroups = row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const areCounts = row_groups.every((group) => Number(group.num_rows) >= 0);
  if (!areCounts || inGroups !== numRows) {
    throw new Error(`row groups hold ${inGroups} rows, and the footer says ${numRows}`);
  }
}

/** @throws SuperstepError OUT_OF_MEMORY before room is made for more than there can be. */
function checkMemory(file: string, numRows: number, numColumns: number): void {
  if (numRows * numColumns * 8 <= os.totalmem() / 2) return;
  throw new SuperstepError(
    "OUT_OF_MEMORY",
    `${file}: a table of ${numRows} rows and ${numColumns} columns cannot be held; is the file damaged?`,
  );
}

/** The columns of the table itself: of a nested one its outermost element. */
function topColumns({ schema }: FileMetaData): SchemaElement[] {
  const columns: SchemaElement[] = [];
  let inside = 0; // elements that belong to the nested column at hand
  for (const element of schema.slice(1)) {
    if (inside === 0) columns.push(element);
    else inside--;
    inside += element.num_children ?? 0;
  }
  return columns;
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

function columnFiller(file: string, element: SchemaElement, numRows: number): ColumnFiller {
  const { name } = element;
  let validity: Uint8Array | undefined;
  const rest = (): { name: string; validity?: Uint8Array } => (validity === undefined ? { name } : { name, validity });
  const miss = (row: number): void => {
    (validity ??= new Uint8Array(numRows).fill(1))[row] = 0;
  };
  const filler = (
    put: (row: number, value: unknown) => void,
    finish: () => TableColumn,
    whole?: Float64Array | BigInt64Array, // takes pages of its own kind as they are
  ): ColumnFiller => ({
    name,
    fill(data, rowStart) {
      if (data instanceof BigInt64Array && whole instanceof BigInt64Array) return whole.set(data, rowStart);
      if (data instanceof Float64Array && whole instanceof Float64Array) return whole.set(data, rowStart);
      for (let row = 0; row < data.length; row++) {
        const value: unknown = data[row];
        if (value === null || value === undefined) miss(rowStart + row);
        else put(rowStart + row, value);
      }
    },
    finish,
  });
  switch (tableType(element)) {
    case undefined:
      throw isNested(element)
        ? tableInputError(file, { expected: "flat columns", got: `${excerpt(name)}, which is nested` })
        : tableInputError(file, {
            expected: `numbers, strings or truth values in column ${excerpt(name)}`,
            got: `type ${typeName(element)}`,
          });
    case "number": {
      const values = new Float64Array(numRows);
      return filler(
        (row, value) => (values[row] = value as number),
        () => ({ ...rest(), type: "number", values }),
        values,
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
        values,
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

/** The type of a column in a table; undefined if there is no place for it. */
function tableType(element: SchemaElement): TableColumn["type"] | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (isNested(element)) return undefined;
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
  return undefined;
}

function isNested({ num_children, repetition_type }: SchemaElement): boolean {
  return num_children !== undefined || repetition_type === "REPEATED";
}

function typeName(element: SchemaElement): string {
  const { type, converted_type: converted, logical_type: logical } = element;
  return isNested(element) ? "nested" : (logical?.type ?? converted ?? type ?? "unknown");
}
