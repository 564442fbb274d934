/**
 * The thread that decodes typed files, one request at a time, and can be ended from outside. It says that it gets on,
 * then what it found. A file stays open until another one is asked for.
 */
import { parentPort } from "node:worker_threads";
import { encodeError, type ErrorRecord } from "../../../core/remoteError.ts";
import { decodePart } from "../columnar/decodePart.ts";
import type { ColumnarPlan } from "../columnar/columnarPlan.ts";
import type { ByteSource } from "../text/byteSource.ts";
import { openTypedFile, type TypedFile, type TypedFormat } from "./typedFile.ts";

/** What the thread is asked about a file. */
export type FileRequest = { readonly format: TypedFormat; readonly source: ByteSource } & (
  | { readonly type: "contents" }
  /** All rows as a table. */
  | { readonly type: "table" }
  /** The rows of a part as columns of a graph. */
  | { readonly type: "part"; readonly plan: ColumnarPlan; readonly part: number }
);

/** What the thread is sent. "close": let go of the file at hand; not answered. */
export type DecodeRequest = FileRequest | { readonly type: "close" };

/** What the thread says. */
export type FromDecodeThread =
  | { readonly type: "progress" }
  | { readonly type: "answer"; readonly answer: unknown }
  | { readonly type: "error"; readonly error: ErrorRecord };

/** Least milliseconds between two messages of progress. */
const progressMs = 100;

let lastProgress = 0;
let opened: { readonly key: string; readonly file: TypedFile } | undefined;

function say(message: FromDecodeThread, transferred: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transferred);
}

function sayProgress(): void {
  const now = performance.now();
  if (now - lastProgress < progressMs) return;
  lastProgress = now;
  say({ type: "progress" });
}

async function fileOf({ format, source }: FileRequest): Promise<TypedFile> {
  const key = JSON.stringify([format, source.kind, source.name, source.size, source.kind === "file" && source.path]);
  if (opened?.key === key) return opened.file;
  closeFile();
  const file = await openTypedFile(format, source);
  opened = { key, file };
  return file;
}

function closeFile(): void {
  opened?.file.close();
  opened = undefined;
}

async function answer(request: FileRequest): Promise<void> {
  try {
    lastProgress = 0;
    sayProgress();
    const file = await fileOf(request);
    if (request.type === "contents") {
      say({ type: "answer", answer: file.contents });
    } else if (request.type === "part") {
      say({ type: "answer", answer: await decodePart(file, request.plan, request.part, sayProgress) });
    } else {
      const table = await file.read(undefined, 0, file.contents.parts.length, sayProgress);
      const buffers = table.columns.flatMap(({ values, validity }) =>
        [values, validity].flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : [])),
      );
      say({ type: "answer", answer: table }, [...new Set(buffers)]);
    }
  } catch (error) {
    closeFile();
    say({ type: "error", error: encodeError(error) });
  }
}

parentPort!.on("message", (request: DecodeRequest) => {
  if (request.type === "close") closeFile();
  else void answer(request);
});
