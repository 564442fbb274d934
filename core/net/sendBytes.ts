/**
 * Sends bytes on a stream: through a segment where the other side can read it, else as chunks on the stream itself.
 */
import { chunkFrame, type Chunk, chunksOf, endFrame, framed, totalBytes, wholeOf } from "./byteStream.ts";
import type { FrameSender } from "./frameSender.ts";
import type { MessageBytes } from "./protocol.ts";
import type { Segment, Segments } from "./segments.ts";

/** Bytes from which on a segment is worth its while. */
const minStoredBytes = 2 ** 18;
/** Milliseconds until a full segment is looked at again: its reader takes longer for what is in it. */
const fullMs = 1;

/**
 * Sends the chunks of `pieces`, which must not change meanwhile, and the end. Resolves when all is handed over, or the
 * sender was stopped. `ended`: when the stream has, for whatever reason. `part`: the message of the stream.
 */
export async function sendBytes(
  pieces: readonly Uint8Array[],
  part: MessageBytes,
  sender: FrameSender,
  ended: Promise<unknown>,
  segments: Segments | undefined,
): Promise<void> {
  const segment = totalBytes(pieces) < minStoredBytes ? undefined : segments?.take();
  if (segment !== undefined) void ended.then(() => segments?.give(segment));
  let [numChunks, whole] = [0, 0];
  for (const chunk of chunksOf(pieces)) {
    const sequence = segment === undefined ? undefined : await stored(chunk, segment, sender);
    if (sender.isStopped) return;
    if (sequence === undefined) await sender.send(chunkFrame(chunk));
    else {
      const { byteLength, checksum } = chunk;
      await sender.send([framed(part.encode({ stored: { segment: segment!.name, sequence, byteLength, checksum } }))]);
    }
    whole = wholeOf(whole, chunk.checksum);
    numChunks++;
  }
  await sender.send(endFrame({ numChunks, checksum: whole }, part));
}

/** The number of a chunk that was written to a segment, once there was room; undefined if it has to go another way. */
async function stored({ views }: Chunk, segment: Segment, sender: FrameSender): Promise<number | undefined> {
  while (!segment.hasRoom && !sender.isStopped) await new Promise((resolve) => setTimeout(resolve, fullMs));
  return sender.isStopped ? undefined : segment.write(views);
}
