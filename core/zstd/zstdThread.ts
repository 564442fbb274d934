/**
 * The thread that decompresses zstd, one source at a time: it says piece after piece, at most as many ahead as it is given
 * credit for, then that the source has ended, or what is wrong with it.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { ZstdSource } from "./unzstd.ts";
import { maxHeaderBytes, zstdHeader } from "./zstdHeader.ts";

/** What the thread is asked. `credits`: one number in shared memory, pieces that may be said. */
export interface ZstdRequest {
  readonly source: ZstdSource;
  readonly credits: Int32Array;
}

/** What is wrong with a source. */
export type ZstdFault = "cut" | "damaged" | "window" | "dictionary";

/** What the thread says. */
export type FromZstdThread =
  | { readonly type: "piece"; readonly bytes: Uint8Array }
  | { readonly type: "end" }
  | { readonly type: "fault"; readonly fault: ZstdFault; readonly message: string };

/** Most bytes of a window, as of the reference decoder: what `zstd` without --long can ask for. */
const maxWindowBytes = 2 ** 27;
const pieceBytes = 1 << 18;
/** So many empty pieces one after the other, without a look at the input: the decoder has met a fault. */
const maxEmptyPieces = 32;

function say(message: FromZstdThread, transferred: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transferred);
}

async function decompress({ source, credits }: ZstdRequest): Promise<void> {
  const { ZSTDDecoder } = await import("zstddec/stream");
  const decoder = new ZSTDDecoder();
  await decoder.init();
  let sinceInput = 0;
  let isFirst = true;
  let refused: FromZstdThread | undefined;
  const input = function* (): Generator<Uint8Array, void, undefined> {
    for (const piece of piecesOf(source)) {
      if (isFirst) refused = refusal(piece);
      isFirst = false;
      if (refused !== undefined) return;
      sinceInput = 0;
      yield piece;
    }
  };
  try {
    for (const bytes of decoder.decodeStreaming(input())) {
      if (bytes.length === 0) {
        if (++sinceInput <= maxEmptyPieces) continue;
        return say({ type: "fault", fault: "damaged", message: "the data or its checksum is wrong" });
      }
      sinceInput = 0;
      while (Atomics.load(credits, 0) === 0) Atomics.wait(credits, 0, 0);
      Atomics.sub(credits, 0, 1);
      say({ type: "piece", bytes }, [bytes.buffer]);
    }
    say(refused ?? { type: "end" });
  } catch (error) {
    const isCut = (error as Error).message.startsWith("Incomplete");
    say({ type: "fault", fault: isCut ? "cut" : "damaged", message: (error as Error).message });
  }
}

/** What the header of the first frame asks for, and is not given. */
function refusal(piece: Uint8Array): FromZstdThread | undefined {
  const header = zstdHeader(piece.subarray(0, maxHeaderBytes));
  if (header?.hasDictionary) return { type: "fault", fault: "dictionary", message: "it needs a dictionary" };
  if (header === undefined || header.windowBytes <= maxWindowBytes) return undefined;
  const message = `it needs a window of ${Math.ceil(header.windowBytes / 2 ** 20)} MiB`;
  return { type: "fault", fault: "window", message };
}

function* piecesOf(source: ZstdSource): Generator<Uint8Array, void, undefined> {
  if (source.kind === "memory") {
    for (const segment of source.segments) {
      for (let at = 0; at < segment.length; at += pieceBytes) yield segment.subarray(at, at + pieceBytes);
    }
    return;
  }
  const piece = new Uint8Array(pieceBytes);
  const file = openSync(source.path, "r");
  try {
    for (let position = 0; position < source.size;) {
      const count = readSync(file, piece, 0, Math.min(pieceBytes, source.size - position), position);
      if (count === 0) return;
      position += count;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}

// a library that is not installed ends the thread, with its error
parentPort!.on("message", (request: ZstdRequest) => void decompress(request));
