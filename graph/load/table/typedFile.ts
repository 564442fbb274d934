/**
 * Files that say themselves which columns they have: Parquet and Arrow, opened, read part by part.
 */
import type { ByteSource } from "../text/byteSource.ts";
import type { Table, TableColumn } from "./table.ts";

/** Formats of such files. */
export type TypedFormat = "parquet" | "arrow";

/** What a column holds, by the file's schema. */
export interface TypedColumn {
  readonly name: string;
  /** Undefined for types without a place in a table: nested ones, bytes. */
  readonly type: "integer" | Exclude<TableColumn["type"], "bigint"> | undefined;
  /** The type in the file's own words, for users. */
  readonly written: string;
}

/** Columns and parts of a file. */
export interface TypedContents {
  readonly columns: readonly TypedColumn[];
  /** Rows of each part that can be read by itself: a row group, or some record batches. */
  readonly parts: readonly number[];
}

/** An open file. */
export interface TypedFile {
  readonly contents: TypedContents;
  /**
   * The columns of these names, or all, of parts [from, to); `onProgress` is called now and then.
   *
   * @throws SuperstepError INVALID_INPUT if the file is damaged, or a column has no place in a table; OUT_OF_MEMORY if
   *   it says that it holds more than half of this machine's memory.
   */
  read(names: readonly string[] | undefined, from: number, to: number, onProgress: () => void): Promise<Table>;
  close(): void;
}

/** Opens a file. @throws SuperstepError INVALID_INPUT if it is damaged. */
export async function openTypedFile(format: TypedFormat, source: ByteSource): Promise<TypedFile> {
  if (format === "parquet") return (await import("./openParquet.ts")).openParquet(source);
  return (await import("./openArrow.ts")).openArrow(source);
}
