/**
 * The reduce side of a shuffle.
 */
import { decodeValues } from "../column/codec.ts";
import { SuperstepError } from "../errors.ts";
import type { TaskContext } from "../host/task.ts";

/**
 * The records of one bucket of every map output, in map-partition order, decoded as they are walked.
 *
 * @throws SuperstepError FETCH_FAILED if a block is gone.
 */
export async function readBuckets(
  { shuffleId, numMaps }: { readonly shuffleId: number; readonly numMaps: number },
  reduce: number,
  task: TaskContext,
): Promise<Iterable<unknown>> {
  const blocks = await Promise.all(
    Array.from({ length: numMaps }, async (_, map) => {
      const bytes = await task.fetchBlock({ kind: "shuffle", shuffle: shuffleId, map, reduce });
      if (bytes !== undefined) return bytes;
      throw new SuperstepError("FETCH_FAILED", `shuffle ${shuffleId}: bucket ${reduce} of map output ${map} is lost`, {
        details: { shuffle: shuffleId, map, reduce },
      });
    }),
  );
  return decodeInOrder(blocks, task);
}

function* decodeInOrder(blocks: Iterable<Uint8Array>, task: TaskContext): Iterable<unknown> {
  for (const bytes of blocks) {
    task.throwIfCancelled();
    yield* decodeValues(bytes);
  }
}
