/**
 * Cuts a row of items of different lengths into even tasks: what each task reads is a few sections of items.
 */

/** Elements [from, to) of item `item`. */
export interface Section {
  readonly item: number;
  readonly from: number;
  readonly to: number;
}

/** Elements that are worth a task of their own: about a millisecond of work, well above what a task costs. */
const minElementsPerTask = 65536;
/** Tasks a thread, so that threads which finish early find more work. */
const tasksPerThread = 4;

/** How many tasks to make of `numElements`: at least one, few enough to be worth it, enough to keep threads busy. */
export function taskCount(numElements: number, numThreads: number): number {
  return Math.max(1, Math.min(Math.ceil(numElements / minElementsPerTask), numThreads * tasksPerThread));
}

/**
 * Cuts items of the given lengths into `numTasks` even lists of sections, in order, without gaps. Some lists are empty
 * if there are fewer elements than tasks.
 */
export function cutSections(lengths: readonly number[], numTasks: number): Section[][] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const tasks: Section[][] = [];
  let item = 0;
  let at = 0; // in the item
  let done = 0;
  for (let task = 0; task < numTasks; task++) {
    const end = Math.floor((total * (task + 1)) / numTasks);
    const sections: Section[] = [];
    while (done < end) {
      const take = Math.min(lengths[item]! - at, end - done);
      if (take > 0) sections.push({ item, from: at, to: at + take });
      at += take;
      done += take;
      if (at === lengths[item]!) {
        item++;
        at = 0;
      }
    }
    tasks.push(sections);
  }
  return tasks;
}

/** [from, to) ranges that cut [0, length) into `numTasks` even parts, in order. */
export function cutEvenly(length: number, numTasks: number): { from: number; to: number }[] {
  return Array.from({ length: numTasks }, (_, task) => ({
    from: Math.floor((length * task) / numTasks),
    to: Math.floor((length * (task + 1)) / numTasks),
  }));
}
