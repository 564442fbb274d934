/**
 * Brings about what the nodes of a plan need to know before a job can be made of them.
 */
import { hasCode } from "../errors.ts";
import type { RunOptions } from "../schedule/job.ts";
import { lineageOf } from "./lineage.ts";
import { preparationOf } from "./partitioner.ts";
import type { Plan } from "./plan.ts";

/** Runs the `prepare` of every node and partitioner in the lineage of `plan`: parents first, each once. */
export async function preparePlan(plan: Plan, options: RunOptions): Promise<void> {
  for (const node of lineageOf(plan)) {
    for (const dependency of node.dependencies) {
      if (dependency.type === "shuffle") {
        const { partitioner } = dependency.map;
        await once(partitioner, preparationOf(partitioner), options);
      }
    }
    await once(node, node.prepare, options);
  }
}

/** One entry each for a node or partitioner whose preparation is under way or done. */
const underWay = new WeakMap<object, Promise<void>>();

async function once(
  subject: object,
  prepare: ((options: RunOptions) => Promise<void>) | undefined,
  options: RunOptions,
): Promise<void> {
  if (prepare === undefined) return;
  const others = underWay.get(subject);
  if (others !== undefined) {
    try {
      return await others;
    } catch (error) {
      // Another job began it and was cancelled; this one was not.
      if (!hasCode(error, "CANCELLED") || options.signal?.aborted) throw error;
    }
    return once(subject, prepare, options);
  }
  const own = prepare(options.signal === undefined ? {} : { signal: options.signal });
  underWay.set(subject, own);
  try {
    await own;
  } catch (error) {
    underWay.delete(subject);
    throw error;
  }
}

/** Runs `run` while every node in the lineage of `plan` that borrows what it reads has it. */
export function borrowing<R>(plan: Plan, run: () => Promise<R>): Promise<R> {
  const borrowers = lineageOf(plan).filter(({ borrow }) => borrow !== undefined);
  const lend = (next: number): Promise<R> => {
    const node = borrowers[next];
    if (node === undefined) return run();
    return node.borrow!(({ params, slices }) => {
      node.params = params;
      node.slices = slices;
      return lend(next + 1);
    });
  };
  return lend(0);
}
