/**
 * The master's decisions: a pure state machine over workers, applications, executors and drivers. No IO, no timer, no
 * clock: the shell tells it what happened and when, and does what it asks for.
 */
import { excerpt } from "../../errors.ts";
import { applicationHeard, endApplication, registerApplication } from "./applications.ts";
import type { ClusterCommand, ClusterEvent, ClusterStep } from "./clusterProtocol.ts";
import { type ClusterState, coresOf, wantedCores } from "./clusterState.ts";
import { driverEnded, killDriver, loseDrivers, submitDriver } from "./drivers.ts";
import { executorEnded, stopExecutor } from "./executors.ts";
import { placeDrivers, placeExecutors } from "./placement.ts";
import { loseWorker, registerWorker } from "./workers.ts";

/**
 * Takes `event` into `state`, which is changed in place, and returns what is to be done, in order.
 *
 * - A worker's cores and memory are never given away twice: an executor holds its share until the worker says that it has
 *   ended, or is lost itself.
 * - Drivers of submissions come first, in order; then executors (see `placeExecutors`).
 * - Whoever is silent for `timeoutMs` is lost. A worker takes its executors and drivers with it; an application's executors
 *   are ended.
 * - After a restart nothing is launched until all who were known are there again, or have been silent for `timeoutMs`.
 * - Executors that end within 5 s of their launch delay the next launches for their application: 500 ms, doubled each
 *   time, at most 30 s.
 *
 * Every event can come twice: the second changes nothing. `now`: milliseconds of any origin, never less than before.
 */
export function manageCluster(state: ClusterState, event: ClusterEvent, now: number): ClusterCommand[] {
  const step: ClusterStep = { now, commands: [], isChanged: false };
  take(state, event, step);
  dropSilent(state, step);
  endRecovery(state, step);
  if (now >= state.recoveringUntil) launch(state, step);
  if (step.isChanged) step.commands.push({ type: "save" });
  askForTimer(state, step);
  return step.commands;
}

function take(state: ClusterState, event: ClusterEvent, step: ClusterStep): void {
  switch (event.type) {
    case "workerRegistered":
      return registerWorker(state, event.request, step);
    case "workerHeard": {
      const worker = state.workers.get(event.worker);
      if (worker !== undefined) worker.heardAt = step.now;
      return;
    }
    case "workerGone":
      return loseWorker(state, event.worker, event.text, event.isLoss, step);
    case "applicationRegistered":
      return registerApplication(state, event.request, step);
    case "applicationHeard":
      return applicationHeard(state, event.request, step);
    case "applicationEnded":
      return endApplication(state, event.application, "finished", step);
    case "executorLaunched": {
      const executor = state.executors.get(event.executor);
      if (executor?.state === "launching") executor.state = "running";
      return;
    }
    case "executorKilled": {
      const executor = state.executors.get(event.executor);
      if (executor?.application === event.application) stopExecutor(executor, step, true);
      return;
    }
    case "executorEnded": {
      const executor = state.executors.get(event.executor);
      if (executor?.worker === event.worker) executorEnded(state, executor, event, step);
      return;
    }
    case "driverSubmitted":
      return submitDriver(state, event.request, step);
    case "driverEnded":
      return driverEnded(state, event, step);
    case "driverKilled":
      return killDriver(state, event.submission, step);
    case "timer":
      state.wakeAt = Infinity;
      return;
  }
}

/** Ends what has not been heard of for the timeout. */
function dropSilent(state: ClusterState, step: ClusterStep): void {
  const { timeoutMs } = state.settings;
  for (const { id, heardAt } of state.workers.values()) {
    if (step.now - heardAt >= timeoutMs) loseWorker(state, id, `not heard of for ${timeoutMs} ms`, true, step);
  }
  for (const { id, heardAt } of state.applications.values()) {
    if (step.now - heardAt >= timeoutMs) endApplication(state, id, "lost", step);
  }
}

/** Ends the wait after a restart once nobody is missing, and gives up those who did not come. */
function endRecovery(state: ClusterState, step: ClusterStep): void {
  if (state.recoveringUntil === -Infinity) return;
  const isComplete = state.awaited.size === 0 && [...state.applications.values()].every(({ isPresent }) => isPresent);
  if (!isComplete && step.now < state.recoveringUntil) return;
  state.recoveringUntil = -Infinity;
  for (const [worker, { address }] of state.awaited) {
    state.awaited.delete(worker);
    step.isChanged = true;
    const text = `worker ${address} did not come back after a restart of the master`;
    step.commands.push({ type: "note", text });
    loseDrivers(state, worker, text);
  }
}

function launch(state: ClusterState, step: ClusterStep): void {
  for (const { driver, worker } of placeDrivers(state)) {
    const { submission, program, args, cores, recovery } = driver;
    driver.state = "running";
    driver.worker = worker;
    step.isChanged = true;
    step.commands.push(
      { type: "note", text: `driver ${submission} starts on ${nameOf(state, worker)}` },
      { type: "launchDriver", worker, submission, program, args, cores, recovery },
    );
  }
  for (const { application, worker, cores } of placeExecutors(state, step.now)) {
    const { id, driverAddress, memoryBytesPerExecutor: memoryBytes } = application;
    const executor = `${state.life}-${state.nextExecutor++}`;
    const launchedAt = step.now;
    state.executors.set(executor, {
      executor,
      application: id,
      worker,
      cores,
      memoryBytes,
      launchedAt,
      state: "launching",
    });
    state.launchedExecutors++;
    const share = `${cores} ${cores === 1 ? "core" : "cores"}`;
    step.commands.push(
      {
        type: "note",
        text: `application ${excerpt(application.name)}: executor with ${share} on ${nameOf(state, worker)}`,
      },
      { type: "launchExecutor", worker, application: id, executor, driverAddress, cores, memoryBytes },
    );
  }
}

function nameOf({ workers }: ClusterState, worker: string): string {
  return `worker ${workers.get(worker)?.address ?? worker}`;
}

function askForTimer(state: ClusterState, { now, commands }: ClusterStep): void {
  let time = Infinity;
  for (const { heardAt } of [...state.workers.values(), ...state.applications.values()]) {
    time = Math.min(time, heardAt + state.settings.timeoutMs);
  }
  if (state.recoveringUntil > now) time = Math.min(time, state.recoveringUntil);
  for (const application of state.applications.values()) {
    if (application.notBefore > now && coresOf(state, application.id) < wantedCores(application))
      time = Math.min(time, application.notBefore);
  }
  if (time === state.wakeAt) return;
  state.wakeAt = time;
  commands.push({ type: "wakeAt", time });
}
