/**
 * The operator of a job's last stage: computes a partition and hands its records to the action.
 */
import { encodeValues } from "../column/codec.ts";
import { loadOperator } from "../host/operators.ts";
import type { TaskContext } from "../host/task.ts";
import type { ResultStage, StageTask } from "../schedule/stages.ts";
import { computePartition } from "./computePartition.ts";

/** The task half of an action: what the driver needs of one partition, as a list of values. */
export type ActionOperator<Params, T, R> = (
  params: Params,
  records: Iterable<T>,
  partition: number,
  task: TaskContext,
) => readonly R[] | Promise<readonly R[]>;

/**
 * The values, encoded.
 *
 * @throws SuperstepError NOT_SHIPPABLE if one cannot travel.
 */
export async function computeResult(shared: ResultStage, params: StageTask, task: TaskContext): Promise<Uint8Array> {
  const action = (await loadOperator(shared.action)) as unknown as ActionOperator<unknown, unknown, unknown>;
  const records = await computePartition(shared.plan, params, task);
  return encodeValues(await action(shared.params, records, params.partition, task));
}
