/**
 * Work that the tasks of a stage share: each takes the next piece that none has taken, so that threads end together, and
 * the driver has one task a thread to start.
 */

/**
 * The pieces that are this task's, as it takes them. `owners`: one word a piece in shared memory, 0 before the stage. What
 * an earlier attempt of this task had taken comes first: it did not report, and the pieces must bear to be done twice.
 */
export function* takePieces(owners: Int32Array, task: number): Generator<number> {
  const own = task + 1;
  for (let piece = 0; piece < owners.length; piece++) {
    if (Atomics.load(owners, piece) === own) yield piece;
  }
  for (let piece = 0; piece < owners.length; piece++) {
    if (Atomics.compareExchange(owners, piece, 0, own) === 0) yield piece;
  }
}
