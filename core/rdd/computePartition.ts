/**
 * Computes one partition of the last node of a stage, in a task: walks from node to node, each awaited per partition,
 * records flowing through plain iterables.
 */
import { decodeValues, encodeValues } from "../column/codec.ts";
import { loadOperator } from "../host/operators.ts";
import type { BlockId, TaskContext } from "../host/task.ts";
import type { StageNode, StagePlan, StageTask } from "../schedule/stages.ts";
import { readBuckets } from "../shuffle/reader.ts";

/**
 * The task half of a kind of RDD. May return an iterable that can be walked only once: each reader gets its own.
 */
export type PartitionOperator<Params = unknown, T = unknown> = (
  params: Params,
  partition: number,
  reader: PartitionReader,
) => Iterable<T> | Promise<Iterable<T>>;

/** How a node's operator reaches what it reads. */
export interface PartitionReader {
  readonly task: TaskContext;
  /** The plan's own slice for this partition, if it has slices. */
  readonly slice: unknown;
  /**
   * The records of a partition of dependency number `dependency`: for a narrow one the parent's partition, for a
   * shuffle that bucket of every map output, in map-partition order. To be walked once.
   */
  read<T>(dependency: number, partition: number): Promise<Iterable<T>>;
}

/** The records of the task's partition of the last node of `plan`. To be walked once. */
export async function computePartition(
  plan: StagePlan,
  { partition, slices }: StageTask,
  task: TaskContext,
): Promise<Iterable<unknown>> {
  const operators = await Promise.all(plan.nodes.map(async ({ compute }) => loadOperator(compute)));
  const sliceOf = new Map(slices.map(({ node, partition: part, slice }) => [`${node}:${part}`, slice]));

  const computeNode = async (index: number, part: number): Promise<Iterable<unknown>> => {
    const node = plan.nodes[index]!;
    const reader: PartitionReader = {
      task,
      slice: sliceOf.get(`${index}:${part}`),
      read: <T>(dependency: number, wanted: number) => {
        const input = node.inputs[dependency]!;
        const records = input.type === "node" ? readNode(input.node, wanted) : readBuckets(input, wanted, task);
        return records as Promise<Iterable<T>>;
      },
    };
    return (operators[index] as unknown as PartitionOperator)(node.params, part, reader);
  };
  const readNode = (index: number, part: number): Promise<Iterable<unknown>> => {
    const node = plan.nodes[index]!;
    const compute = (): Promise<Iterable<unknown>> => computeNode(index, part);
    return node.storageLevel === undefined ? compute() : readPersisted(node, part, compute, task);
  };
  return readNode(plan.nodes.length - 1, partition);
}

/** The stored partition, or else the computed one, stored for the next reader. */
async function readPersisted(
  { id, storageLevel }: StageNode,
  partition: number,
  compute: () => Promise<Iterable<unknown>>,
  task: TaskContext,
): Promise<Iterable<unknown>> {
  const block: BlockId = { kind: "rdd", rdd: id, partition };
  const stored = await task.fetchBlock(block);
  if (stored !== undefined) return decodeValues(stored);
  const records = Array.from(await compute());
  await task.storeBlock(block, encodeValues(records), storageLevel!);
  return records;
}
