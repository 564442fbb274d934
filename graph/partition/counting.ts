/**
 * Counting sort across tasks: from what each task counted, where each task writes.
 */

/** Places in the sorted output. */
export interface Placement {
  /** numBuckets + 1 entries: where each bucket starts. */
  readonly starts: Uint32Array;
  /** For each task, by bucket, where its first element goes: bucket by bucket, and in a bucket task by task. */
  readonly cursors: readonly Uint32Array[];
}

/** Places the elements that tasks counted by bucket, so that a bucket keeps the order of tasks. */
export function placeCounts(counts: readonly Uint32Array[], numBuckets: number): Placement {
  const starts = new Uint32Array(numBuckets + 1);
  const cursors = counts.map(() => new Uint32Array(numBuckets));
  let at = 0;
  for (let bucket = 0; bucket < numBuckets; bucket++) {
    starts[bucket] = at;
    for (let task = 0; task < counts.length; task++) {
      cursors[task]![bucket] = at;
      at += counts[task]![bucket]!;
    }
  }
  starts[numBuckets] = at;
  return { starts, cursors };
}
