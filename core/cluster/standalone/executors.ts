/**
 * How executors end, as the master sees it.
 */
import type { ClusterStep } from "./clusterProtocol.ts";
import {
  type ClusterState,
  coresOf,
  type EndedExecutor,
  executorsOf,
  type ExecutorRecord,
  wantedCores,
} from "./clusterState.ts";

/** An executor that ends within this time counts as one that cannot run, in milliseconds. */
const quickMs = 5000;
/** Milliseconds before the next launch after the first such executor; doubled with each further one, up to the second. */
const firstDelayMs = 500;
const longestDelayMs = 30_000;

/** Tells the worker to end an executor, `force` at once. It keeps its share until the worker says that it has ended. */
export function stopExecutor(executor: ExecutorRecord, step: ClusterStep, force = false): void {
  const { application, executor: name, worker } = executor;
  executor.state = "stopping";
  step.commands.push({ type: "stopExecutor", worker, application, executor: name, force });
}

/** An executor has ended, or is out of reach for good: its share is free, and its application hears why. */
export function executorEnded(
  state: ClusterState,
  executor: ExecutorRecord,
  { text, drained }: Pick<EndedExecutor, "text" | "drained">,
  { now }: ClusterStep,
): void {
  state.executors.delete(executor.executor);
  const application = state.applications.get(executor.application);
  if (application === undefined) return;
  application.ended.push({ executor: executor.executor, text, drained });
  if (executor.state === "stopping") return;
  application.quickEnds = now - executor.launchedAt < quickMs ? application.quickEnds + 1 : 0;
  if (application.quickEnds === 0) return;
  const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(16, application.quickEnds - 1));
  application.notBefore = now + delay;
}

/**
 * Ends executors of an application beyond the cores that it wants, the youngest first: after a restart of the master they
 * may have been replaced already.
 */
export function stopSurplus(state: ClusterState, id: string, step: ClusterStep): void {
  const application = state.applications.get(id);
  if (application === undefined) return;
  const executors = executorsOf(state, id);
  while (coresOf(state, id) > wantedCores(application)) stopExecutor(executors.pop()!, step);
}
