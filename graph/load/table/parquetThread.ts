/**
 * The thread that decodes Parquet files, one at a time, and can be ended from outside. It gets a path, says that it gets
 * on, then what it found.
 */
import { parentPort } from "node:worker_threads";
import { encodeError, type ErrorRecord } from "../../../core/remoteError.ts";
import { decodeParquet } from "./decodeParquet.ts";
import type { Table } from "./table.ts";

/** What the thread says. */
export type FromParquetThread =
  | { readonly type: "progress" }
  | { readonly type: "table"; readonly table: Table }
  | { readonly type: "error"; readonly error: ErrorRecord };

/** Least milliseconds between two messages of progress. */
const progressMs = 100;

let lastProgress = 0;

function say(message: FromParquetThread, transferred: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transferred);
}

function sayProgress(): void {
  const now = performance.now();
  if (now - lastProgress < progressMs) return;
  lastProgress = now;
  say({ type: "progress" });
}

async function decode(file: string): Promise<void> {
  try {
    lastProgress = 0;
    sayProgress();
    const table = await decodeParquet(file, sayProgress);
    const buffers = table.columns.flatMap(({ values, validity }) =>
      [values, validity].flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : [])),
    );
    say({ type: "table", table }, [...new Set(buffers)]);
  } catch (error) {
    say({ type: "error", error: encodeError(error) });
  }
}

parentPort!.on("message", (file: string) => void decode(file));
