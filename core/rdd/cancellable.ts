/**
 * Lets long loops notice that their job was cancelled.
 */
import type { TaskContext } from "../host/task.ts";

/** A function for a loop to call in each round: every 4,096th call throws CANCELLED if the job was cancelled. */
export function everySoOften(task: TaskContext): () => void {
  let rounds = 0;
  return () => {
    if ((++rounds & 0xfff) === 0) task.throwIfCancelled();
  };
}
