/**
 * Cuts lineage: the partitions of an RDD are written, read back, and from then on read instead of computed.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { SuperstepError } from "../errors.ts";
import { operatorRef, type TaskContext } from "../host/task.ts";
import { countRecords } from "./actions/count.ts";
import { readCheckpointFile, writeCheckpointFile, type CheckpointFile } from "./checkpointFile.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan } from "./node.ts";
import type { Plan } from "./plan.ts";
import { runAction, type ActionOptions, type ActionSource } from "./runAction.ts";

/**
 * Computes all partitions, writes each to a file of a new directory in `parent`, reads all back, and only then lets
 * `source` and all that was made of it read the files.
 *
 * Eager. The files stay when the program ends.
 *
 * @throws SuperstepError BLOCK_CORRUPT if what is read back is not what was written; then nothing has changed.
 */
export async function checkpoint<T>(
  source: ActionSource<T>,
  parent: string,
  options: ActionOptions = {},
): Promise<void> {
  const directory = path.join(parent, `rdd-${source.plan.id}-${randomUUID()}`);
  await mkdir(directory, { recursive: true });
  try {
    const operator = operatorRef(import.meta.url, "writePartition");
    const written = await runAction<CheckpointFile>(
      source,
      { name: "checkpoint", operator, params: directory },
      options,
    );
    const { numPartitions, partitioner } = source.plan;
    const files = makePlan<T>({
      kind: "checkpoint",
      dependencies: [],
      numPartitions,
      partitioner,
      compute: operatorRef(import.meta.url, "computeCheckpoint"),
      params: undefined,
      slices: written.map(([file]) => file),
    });
    await countRecords({ plan: files, context: source.context }, "verify checkpoint", options);
    replace(source.plan, files);
  } catch (error) {
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    throw error;
  }
}

/** Task half of the writing. */
export function writePartition(
  directory: string,
  records: Iterable<unknown>,
  partition: number,
  task: TaskContext,
): [CheckpointFile] {
  const name = `part-${String(partition).padStart(5, "0")}`;
  return [writeCheckpointFile(path.join(directory, name), task.attempt, Array.from(records))];
}

/** Task half of the reading. */
export function computeCheckpoint<T>(_: undefined, _partition: number, reader: PartitionReader): Iterable<T> {
  return readCheckpointFile(reader.slice as CheckpointFile) as T[];
}

/**
 * Computes all partitions, keeps them in the block store, in memory or on disk, and from then on reads them there.
 * Cheaper than `checkpoint`, but they are lost with their host, and then it is an error to read them.
 */
export async function localCheckpoint<T>(source: ActionSource<T>, options: ActionOptions = {}): Promise<void> {
  const { plan, context } = source;
  plan.storageLevel ??= "memoryAndDisk";
  await countRecords(source, "localCheckpoint", options);
  const stored: Plan<T> = {
    ...plan,
    kind: "localCheckpoint",
    dependencies: [],
    compute: operatorRef(import.meta.url, "computeLost"),
    params: undefined,
    slices: undefined,
    prepare: undefined,
    borrow: undefined,
  };
  // No cleaner: `stored` shares the blocks of `plan`, which must not go when it does.
  await countRecords({ plan: stored, context: { driver: context.driver } }, "verify local checkpoint", options);
  replace(plan, stored);
}

/** Task half: comes to run only if a stored partition is not there. */
export function computeLost(_: undefined, partition: number): never {
  throw new SuperstepError(
    "BLOCK_CORRUPT",
    `localCheckpoint: partition ${partition} is lost, and with it the way to compute it; use checkpoint() to be safe`,
    { details: { partition } },
  );
}

/** True if the lineage of `plan` was cut. */
export function isCheckpointed({ kind }: Plan): boolean {
  return kind === "checkpoint" || kind === "localCheckpoint";
}

/** Puts the contents of `by` into `plan` itself, so that all who read it have the new lineage. */
function replace(plan: Plan, by: Plan): void {
  const { kind, dependencies, compute, params, slices, prepare, borrow } = by;
  Object.assign(plan, { kind, dependencies, compute, params, slices, prepare, borrow });
}
