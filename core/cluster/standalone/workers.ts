/**
 * Workers come and go, as the master sees it.
 */
import type { Request } from "../../net/messages.ts";
import { unknownApplication } from "./applications.ts";
import type { ClusterStep } from "./clusterProtocol.ts";
import type { ClusterState } from "./clusterState.ts";
import { adoptDriver, loseDrivers, restartMissingDrivers } from "./drivers.ts";
import { executorEnded, stopExecutor, stopSurplus } from "./executors.ts";

/**
 * A worker registers, for the first time or again, and says what runs on it. That is taken over: executors that the master
 * does not know are those of its earlier life; those that the worker does not know any more are ended.
 */
export function registerWorker(
  state: ClusterState,
  request: Request<"master.registerWorker">,
  step: ClusterStep,
): void {
  const { worker: id, address, cores, memoryBytes } = request;
  for (const other of state.workers.values()) {
    if (other.id !== id && other.address === address)
      loseWorker(state, other.id, "another worker has its address now", true, step);
  }
  const known = state.workers.get(id);
  if (known === undefined) {
    state.workers.set(id, { id, address, cores, memoryBytes, order: state.nextOrder++, heardAt: step.now });
    const share = `${cores} ${cores === 1 ? "core" : "cores"}, ${Math.floor(memoryBytes / 2 ** 20)} MiB`;
    step.commands.push({ type: "note", text: `worker ${address} registered: ${share}` });
    step.isChanged = true;
  } else known.heardAt = step.now;
  state.awaited.delete(id);
  takeOver(state, request, step);
  for (const submission of request.drivers) adoptDriver(state, submission, id, step);
  restartMissingDrivers(state, id, new Set(request.drivers), step);
}

/** A worker is gone, and with it what ran on it. `isLoss`: not by its own will. */
export function loseWorker(state: ClusterState, id: string, text: string, isLoss: boolean, step: ClusterStep): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  state.workers.delete(id);
  if (isLoss) state.lostWorkers++;
  const line = `worker ${worker.address} ${isLoss ? "lost" : "gone"}: ${text}`;
  step.isChanged = true;
  step.commands.push({ type: "note", text: line });
  for (const executor of state.executors.values()) {
    if (executor.worker !== id) continue;
    // the end of a worker says nothing about its executors
    executorEnded(state, { ...executor, launchedAt: -Infinity }, { text: line, drained: true }, step);
  }
  loseDrivers(state, id, line);
}

function takeOver(
  state: ClusterState,
  { worker: id, executors }: Request<"master.registerWorker">,
  step: ClusterStep,
): void {
  const reported = new Set(executors.map(({ executor }) => executor));
  for (const { application, executor, cores, memoryBytes } of executors) {
    const known = state.executors.get(executor);
    if (known === undefined) {
      const launchedAt = -Infinity;
      const record = { executor, application, worker: id, cores, memoryBytes, launchedAt, state: "running" as const };
      state.executors.set(executor, record);
      takeExecutor(state, application, executor, step);
    } else if (known.state === "stopping") stopExecutor(known, step);
    else known.state = "running";
  }
  for (const executor of state.executors.values()) {
    // one that was launched just now can have crossed the worker's message: asked to end it, the worker says that it has
    const isMissing = executor.worker === id && executor.state === "running" && !reported.has(executor.executor);
    if (isMissing) stopExecutor(executor, step);
  }
  for (const application of new Set(executors.map((each) => each.application))) stopSurplus(state, application, step);
}

/** Takes over an executor that was launched in an earlier life of the master. */
function takeExecutor(state: ClusterState, application: string, executor: string, step: ClusterStep): void {
  if (state.applications.has(application)) return;
  if (state.endedApplications.some(({ id }) => id === application)) {
    stopExecutor(state.executors.get(executor)!, step);
    return;
  }
  unknownApplication(state, application, step.now);
  // its driver, and workers with more of its executors, follow within a heartbeat or two
  state.recoveringUntil = Math.max(state.recoveringUntil, step.now + 3 * state.settings.heartbeatMs);
}
