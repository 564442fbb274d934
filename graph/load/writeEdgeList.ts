/**
 * Writes edges as text: source, tab, destination, and a third column if there is one; one edge a line.
 */
import { Buffer } from "node:buffer";
import { idValueReader } from "../operators/idValueReader.ts";
import type { EdgeChunk, RawColumn } from "./edgeChunk.ts";
import { OutputClosed, openOutput, streamOutput, type Output } from "./table/output.ts";
import { refuseZstd } from "./table/format.ts";
import { gzipOutput } from "./table/writeTable.ts";

/** Options of `writeEdgeList`. */
export interface WriteEdgeListOptions {
  /** Lines of comment, each written behind "# ". */
  readonly comments?: readonly string[];
  /** Whether an existing file may be replaced. Default false. */
  readonly force?: boolean;
  /** Told the edges written so far. */
  readonly onProgress?: (done: number) => void;
  /** Stops between chunks: what was written is removed. */
  readonly throwIfStopped?: () => void;
}

const flushBytes = 1 << 20;
/** The longest line of two integers: two ids of 20 characters, a tab and a line end. */
const maxIntegerLine = 42;

/**
 * Writes the edges of `chunks`, in order, to `file`, or to standard output if it is `-`; in gzip if it ends in .gz. The
 * file appears whole or not at all. Numbers are written so that they read back as they are.
 *
 * A reader of standard output that goes away early is no failure.
 *
 * @throws SuperstepError INVALID_ARGUMENT as `openOutput`, and for a name that ends in .zst.
 */
export async function writeEdgeList(
  chunks: readonly EdgeChunk[],
  file: string,
  options: WriteEdgeListOptions = {},
): Promise<void> {
  refuseZstd(file);
  const target =
    file === "-" ? streamOutput(process.stdout) : await openOutput(file, { force: options.force ?? false });
  const output = /\.gz$/i.test(file) ? gzipOutput(target) : target;
  try {
    const comments = (options.comments ?? []).map((line) => `# ${line}\n`).join("");
    if (comments !== "") await output.write(Buffer.from(comments));
    let done = 0;
    for (const chunk of chunks) {
      options.throwIfStopped?.();
      await writeChunk(chunk, output);
      options.onProgress?.((done += chunk.numEdges));
    }
    await output.commit();
  } catch (error) {
    await output.abort();
    if (!(error instanceof OutputClosed)) throw error;
  }
}

async function writeChunk(chunk: EdgeChunk, output: Output): Promise<void> {
  const { src, dst, attrs } = chunk;
  if (src.kind === "uint32" && dst.kind === "uint32" && attrs.length === 0) {
    await writeIntegers(src.values, dst.values, output);
    return;
  }
  const srcAt = idValueReader(src);
  const dstAt = idValueReader(dst);
  const values = attrs.map(cellReader);
  let text = "";
  for (let row = 0; row < chunk.numEdges; row++) {
    text += `${srcAt(row)}\t${dstAt(row)}${values.map((value) => `\t${value(row)}`).join("")}\n`;
    if (text.length < flushBytes) continue;
    await output.write(Buffer.from(text));
    text = "";
  }
  if (text !== "") await output.write(Buffer.from(text));
}

/** The clear form is above; this one writes digits straight into bytes, five times as fast. */
async function writeIntegers(src: Uint32Array, dst: Uint32Array, output: Output): Promise<void> {
  let bytes = Buffer.allocUnsafe(flushBytes + maxIntegerLine);
  let at = 0;
  for (let row = 0; row < src.length; row++) {
    at = putInteger(bytes, at, src[row]!);
    bytes[at++] = 9; // tab
    at = putInteger(bytes, at, dst[row]!);
    bytes[at++] = 10; // line end
    if (at < flushBytes) continue;
    await output.write(bytes.subarray(0, at));
    bytes = Buffer.allocUnsafe(flushBytes + maxIntegerLine);
    at = 0;
  }
  if (at > 0) await output.write(bytes.subarray(0, at));
}

function putInteger(bytes: Buffer, at: number, value: number): number {
  let length = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) length++;
  for (let digit = at + length - 1, rest = value; digit >= at; digit--) {
    const tens = Math.floor(rest / 10);
    bytes[digit] = 48 + rest - tens * 10;
    rest = tens;
  }
  return at + length;
}

function cellReader(column: RawColumn): (row: number) => string {
  const { validity } = column;
  const isMissing = (row: number): boolean => validity !== undefined && validity[row] === 0;
  if (column.type === "string") {
    const { codes, dictionary } = column;
    const read = idValueReader({ kind: "string", codes, dictionary });
    return (row) => (isMissing(row) ? "" : String(read(row)));
  }
  const { values } = column;
  if (column.type === "boolean") return (row) => (isMissing(row) ? "" : values[row] === 0 ? "false" : "true");
  return (row) => (isMissing(row) ? "" : String(values[row]));
}
