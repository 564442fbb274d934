/**
 * Work in place that must not run twice: a task whose thread died may be run again, and would spoil what it did.
 */
import { SuperstepError } from "../../core/errors.ts";

const begun = 1;
const done = 2;

/**
 * Runs `work` on a piece, and marks the piece in `progress` (all 0 at first, one byte a piece); does nothing if the
 * piece is done.
 *
 * @throws SuperstepError HOST_LOST if an earlier attempt left the piece half done.
 */
export function once(progress: Uint8Array, piece: number, work: () => void): void {
  if (progress[piece] === done) return;
  if (progress[piece] === begun) {
    throw new SuperstepError(
      "HOST_LOST",
      "graph: a thread died while it built a graph, in a step that cannot be taken up again. Build the graph again.",
    );
  }
  Atomics.store(progress, piece, begun);
  work();
  Atomics.store(progress, piece, done);
}
