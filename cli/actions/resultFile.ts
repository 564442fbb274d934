/**
 * Whether what a command writes can go where it is asked to: found out before anything is computed.
 */
import { realpath } from "node:fs/promises";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import {
  type TableFormat,
  encodingOfPath,
  encodingToWrite,
  refuseZstd,
  tableFormats,
} from "../../graph/load/table/format.ts";
import { checkOutput } from "../../graph/load/table/output.ts";
import type { InputRequest } from "../requests.ts";

/** What a command writes. */
export interface FilesToWrite {
  /** A path, or `-`. */
  readonly output?: string | undefined;
  readonly format?: TableFormat | undefined;
  readonly force: boolean;
}

/**
 * Checks that a result, and the rows set aside while it is read, will find their places, as far as that can be known.
 * `isTable` false: the output may be something else than a table, under any suffix.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the suffix names no format or zstd, a file exists and `force` is not set, is a
 *   directory or one of the inputs, or its directory is missing.
 */
export async function checkFiles(
  { output, format, force }: FilesToWrite,
  { paths, vertices, badRows }: Pick<InputRequest, "paths" | "vertices" | "badRows">,
  isTable = true,
): Promise<void> {
  const inputs = await realPaths(vertices === undefined ? paths : [...paths, vertices]);
  const outputs = [output, badRows].filter((file) => file !== undefined && file !== "-") as string[];
  for (const file of outputs) {
    await checkOutput(file, { force });
    const [target] = await realPaths([file]);
    if (target === undefined || !inputs.includes(target)) continue;
    throw new SuperstepError("INVALID_ARGUMENT", `output: ${excerpt(file)} is the input; name another file`);
  }
  if (output !== undefined) refuseZstd(output);
  if (output !== undefined && isTable) encodingToWrite(output, format);
}

/**
 * True if a file of edges is written as text, false if as a table: as its suffix says.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the suffix names no format, or zstd.
 */
export function isEdgeList(output: string): boolean {
  refuseZstd(output);
  if (/\.(txt|el|wel|edges)(\.gz)?$/i.test(output)) return true;
  if (encodingOfPath(output) !== undefined) return false;
  const known = tableFormats.map((name) => `.${name}`).join(" ");
  const rule = `must end in one of .txt .el .wel .edges, or as a table in ${known}`;
  throw new SuperstepError("INVALID_ARGUMENT", `output: ${excerpt(output)} ${rule}`);
}

/** Where those of the paths really lead that exist. */
async function realPaths(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((file) => realpath(file).catch(() => undefined)));
  return found.filter((file) => file !== undefined);
}
