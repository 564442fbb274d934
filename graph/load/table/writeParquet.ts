/**
 * Tables as Parquet. The only file that knows the library which writes it.
 */
import type { ColumnSource } from "hyparquet-writer";
import type { Output } from "./output.ts";
import { type Table, type TableColumn, isWhole, presentReader } from "./table.ts";

const rowsPerGroup = 100_000;

/**
 * Writes `table` in row groups, compressed by snappy. Numbers are DOUBLE, to the bit; whole numbers INT64; strings UTF8;
 * columns without missing values are REQUIRED.
 *
 * Memory: one row group.
 */
export async function writeParquet(table: Table, output: Output): Promise<void> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const writer = new ByteWriter(1 << 20);
  const columns = table.columns.map(parquetColumn);
  const schema = schemaFromColumnData({ columnData: columns.map((column) => column.read(0, 0)) });
  const file = new ParquetWriter({ writer, schema, createdBy: "superstep" });
  const flush = async (): Promise<void> => {
    await output.write(writer.getBytes().slice());
    writer.index = 0;
  };
  for (let from = 0; from < table.numRows; from += rowsPerGroup) {
    const to = Math.min(table.numRows, from + rowsPerGroup);
    await file.write({ columnData: columns.map((column) => column.read(from, to)), rowGroupSize: rowsPerGroup });
    await flush();
  }
  await file.finish();
  await flush();
}

interface ParquetColumn {
  /** Rows [from, to) as the library takes them. */
  read(from: number, to: number): ColumnSource;
}

function parquetColumn(column: TableColumn): ParquetColumn {
  const { name, validity } = column;
  const nullable = validity !== undefined;
  const value = parquetValue(column);
  // A dictionary would merge -0 with 0.
  const rest = column.type === "number" && !isWhole(column) ? ({ encoding: "PLAIN" } as const) : {};
  const type = parquetType(column);
  return {
    read(from, to) {
      const data: unknown[] = [];
      for (let row = from; row < to; row++) data.push(validity?.[row] === 0 ? null : value(row));
      return { name, type, nullable, data, ...rest };
    },
  };
}

function parquetType(column: TableColumn): "DOUBLE" | "INT64" | "BOOLEAN" | "STRING" {
  if (isWhole(column)) return "INT64";
  return column.type === "number" ? "DOUBLE" : column.type === "boolean" ? "BOOLEAN" : "STRING";
}

function parquetValue(column: TableColumn): (row: number) => unknown {
  const read = presentReader(column);
  return column.type === "number" && isWhole(column) ? (row) => BigInt(read(row) as number) : read;
}
