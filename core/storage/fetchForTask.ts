/** What becomes of a damaged block: it is made again, or the task that needs it says which one. */
import { excerpt, hasCode, SuperstepError } from "../errors.ts";
import type { BlockId } from "../host/task.ts";
import type { BlockStore } from "./blockStore.ts";

/** Finds a block that this host does not have. */
export type FetchElsewhere = (id: BlockId) => Promise<Uint8Array | undefined>;

/**
 * The bytes of a block for a task that reads it, or undefined if it is not there, nor `elsewhere`. A damaged block of a persisted RDD is
 * as good as not there: the task computes it again.
 *
 * @throws SuperstepError FETCH_FAILED, with details `shuffle`, `map` and `reduce`, if a map output is damaged: the
 *   scheduler has it written again.
 */
export async function fetchForTask(
  blocks: BlockStore,
  id: BlockId,
  elsewhere?: FetchElsewhere,
): Promise<Uint8Array | undefined> {
  const own = await ownBlock(blocks, id);
  return own ?? elsewhere?.(id);
}

async function ownBlock(blocks: BlockStore, id: BlockId): Promise<Uint8Array | undefined> {
  try {
    return await blocks.get(id);
  } catch (cause) {
    if (!hasCode(cause, "BLOCK_CORRUPT")) throw cause;
    if (id.kind === "rdd") return undefined;
    if (id.kind !== "shuffle") throw cause;
    const { shuffle, map, reduce } = id;
    throw new SuperstepError("FETCH_FAILED", `shuffle: map output ${excerpt(id)} is damaged`, {
      cause: cause instanceof SuperstepError ? cause.message : cause,
      details: { shuffle, map, reduce },
    });
  }
}
