/**
 * Many blocks in one answer: what a host gives another one that asks for them.
 *
 * Layout: an int32 an id asked for, the length of its block or one of the marks below, then the blocks; all at multiples
 * of 8.
 */
import { hasCode, SuperstepError } from "../errors.ts";
import type { BlockId } from "../host/task.ts";

/** No such block; it was damaged on disk; the answer was full: ask again. */
const missing = -1;
const damaged = -2;
const later = -3;

/** Bytes of an answer beyond which no other block goes along. */
const fullBytes = 2 ** 26;

/** What is known of one block that was asked for. */
export type BlockAnswer = { readonly bytes: Uint8Array | undefined } | "damaged" | "later";

/** The answer with the blocks that `get` gives, as pieces. */
export async function answerBlocks(
  ids: readonly BlockId[],
  get: (id: BlockId) => Promise<Uint8Array | undefined>,
): Promise<readonly Uint8Array[]> {
  const lengths = new Int32Array(ids.length + (ids.length % 2)).fill(later);
  const blocks: Uint8Array[] = [];
  let total = 0;
  for (const [index, id] of ids.entries()) {
    if (total > fullBytes) break;
    const bytes = await getOrDamaged(get, id);
    lengths[index] = bytes === undefined ? missing : bytes === "damaged" ? damaged : bytes.byteLength;
    if (bytes === undefined || bytes === "damaged") continue;
    total += bytes.byteLength;
    blocks.push(bytes, new Uint8Array(padded(bytes.byteLength) - bytes.byteLength));
  }
  return [new Uint8Array(lengths.buffer), ...blocks].filter(({ byteLength }) => byteLength > 0);
}

/** The blocks of an answer to `count` ids, each in a shared buffer of its own. @throws SuperstepError BLOCK_CORRUPT */
export function readAnswer(answer: Uint8Array, count: number): BlockAnswer[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  let at = padded(4 * count);
  if (at > answer.byteLength) throw corrupt();
  return Array.from({ length: count }, (_, index): BlockAnswer => {
    const length = view.getInt32(4 * index, true);
    if (length === missing) return { bytes: undefined };
    if (length === damaged) return "damaged";
    if (length === later) return "later";
    if (length < 0 || at + length > answer.byteLength) throw corrupt();
    const bytes = new Uint8Array(new SharedArrayBuffer(length));
    bytes.set(answer.subarray(at, at + length));
    at += padded(length);
    return { bytes };
  });
}

async function getOrDamaged(
  get: (id: BlockId) => Promise<Uint8Array | undefined>,
  id: BlockId,
): Promise<Uint8Array | undefined | "damaged"> {
  try {
    return await get(id);
  } catch (error) {
    if (hasCode(error, "BLOCK_CORRUPT")) return "damaged";
    throw error;
  }
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function corrupt(): SuperstepError {
  return new SuperstepError("BLOCK_CORRUPT", "blocks: an answer must hold what it says");
}
