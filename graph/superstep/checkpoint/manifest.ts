/**
 * What a checkpoint's manifest says: which run and superstep it is of, and what the file of columns beside it must hold.
 *
 * A text: one line of JSON, and a line with its CRC-32.
 */
import { crc32 } from "node:zlib";
import type { ColumnSet, FixedType, Schema } from "../../../core/column/types.ts";
import type { ColumnFile } from "../../columns/columnFile.ts";
import type { GlobalValues } from "../carrier.ts";
import type { RunBinding, Writer } from "./runBinding.ts";

/** One column of the vertices: of fixed width, or encoded rows [from, to) of so many bytes. */
export type SavedColumn =
  | { readonly kind: "fixed"; readonly type: FixedType; readonly hasValidity: boolean }
  | {
      readonly kind: "encoded";
      readonly chunks: readonly { readonly from: number; readonly to: number; readonly bytes: number }[];
    };

export interface Manifest {
  readonly format: typeof manifestFormat;
  readonly run: RunBinding;
  readonly ordinal: number;
  readonly writer: Writer;
  /** Supersteps that had ended. */
  readonly superstep: number;
  readonly globals: GlobalValues;
  readonly areAllActive: boolean;
  readonly numVertices: number;
  readonly schema: Schema;
  readonly columns: readonly SavedColumn[];
  readonly file: Omit<ColumnFile, "path">;
}

export const manifestFormat = "superstep checkpoint, form 1";

/** How the columns of a set are saved. */
export function savedColumns({ columns }: ColumnSet): SavedColumn[] {
  return columns.map((column) => {
    if (column.kind === "fixed") {
      return { kind: "fixed", type: column.data.type, hasValidity: column.validity !== undefined };
    }
    return {
      kind: "encoded",
      chunks: column.chunks.map(({ from, to, bytes }) => ({ from, to, bytes: bytes.byteLength })),
    };
  });
}

/** The manifest as text. Numbers that JSON lacks are written by name. */
export function manifestText({ globals, ...rest }: Manifest): string {
  const plain = Object.entries(globals).map(([name, value]) => [name, Object.is(value, -0) ? "-0" : String(value)]);
  const line = JSON.stringify({ ...rest, globals: plain });
  return `${line}\ncrc32 ${crcOf(line)}\n`;
}

/** The manifest of a text; undefined unless it is whole and of this form. */
export function parseManifest(text: string): Manifest | undefined {
  const [line = "", check, end, ...more] = text.split("\n");
  if (check !== `crc32 ${crcOf(line)}` || end !== "" || more.length > 0) return undefined;
  const { globals, ...rest } = JSON.parse(line) as Omit<Manifest, "globals"> & { globals: [string, string][] };
  if (rest.format !== manifestFormat) return undefined;
  return { ...rest, globals: Object.fromEntries(globals.map(([name, value]) => [name, Number(value)])) };
}

function crcOf(line: string): string {
  return crc32(line).toString(16).padStart(8, "0");
}
