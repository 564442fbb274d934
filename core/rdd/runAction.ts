/**
 * Runs an action: prepares the lineage, cuts it into stages, gives the job to the driver.
 */
import { decodeValues } from "../column/codec.ts";
import { SuperstepError } from "../errors.ts";
import type { JobSpec, RunOptions } from "../schedule/job.ts";
import { cutStages, type ActionSpec } from "../schedule/stages.ts";
import type { BlockCleaner } from "./blockCleaner.ts";
import type { Plan } from "./plan.ts";
import { borrowing, preparePlan } from "./prepare.ts";

/** What can run jobs: the driver, or a stand-in for it. */
export interface JobRunner {
  runJob<R>(job: JobSpec, options?: RunOptions): Promise<R[]>;
}

/** What an action needs of the context it runs in. */
export interface ActionContext {
  readonly driver: JobRunner;
  /** Told of the plans that run, to free their blocks when nothing can read them any more. */
  readonly cleaner?: BlockCleaner | undefined;
}

/** What an action needs of an RDD. */
export interface ActionSource<T> {
  readonly plan: Plan<T>;
  readonly context: ActionContext;
}

/** How one action runs. */
export interface ActionOptions {
  /** Cancels the action: it rejects with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The values that `action` finds in each of `partitions`, all of them unless given; in that order, whatever the order
 * in which tasks end.
 */
export async function runAction<R>(
  { plan, context: { driver, cleaner } }: ActionSource<unknown>,
  action: ActionSpec,
  { signal }: ActionOptions = {},
  partitions: readonly number[] = Array.from({ length: plan.numPartitions }, (_, index) => index),
): Promise<R[][]> {
  const options: RunOptions = signal === undefined ? {} : { signal };
  const release = cleaner?.hold(plan);
  try {
    await preparePlan(plan, options);
    const results = await borrowing(plan, () =>
      driver.runJob<Uint8Array>(cutStages(plan, action, partitions), options),
    );
    return results.map((bytes) => decodeValues(bytes) as R[]);
  } catch (error) {
    throw withTruePartition(error, action.name, partitions);
  } finally {
    release?.();
  }
}

/**
 * The error of a task, naming the RDD's partition: the scheduler knows a task by its place among those of its stage,
 * which is another number where an action asks for some partitions only.
 */
function withTruePartition(error: unknown, stage: string, partitions: readonly number[]): unknown {
  if (!(error instanceof SuperstepError)) return error;
  const { code, details, message } = error;
  const task = details["partition"];
  if (details["stage"] !== stage || typeof task !== "number" || partitions[task] === task) return error;
  const partition = partitions[task] ?? task;
  const where = `stage ${JSON.stringify(stage)}, partition `;
  const told = message.startsWith(`${where}${task},`)
    ? message.replace(`${where}${task}`, `${where}${partition}`)
    : message;
  return new SuperstepError(code, told, { details: { ...details, partition }, cause: error.cause });
}
