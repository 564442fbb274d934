/**
 * Applications come, beat and go, as the master sees it.
 */
import { excerpt } from "../../errors.ts";
import type { Request, Response } from "../../net/messages.ts";
import type { ClusterStep } from "./clusterProtocol.ts";
import {
  type ApplicationRecord,
  type ClusterState,
  executorsOf,
  type EndedApplication,
  type ExecutorRecord,
  freeOnWorkers,
} from "./clusterState.ts";
import { stopExecutor, stopSurplus } from "./executors.ts";
import { waitingText } from "./placement.ts";

/** Applications that are over and still shown. */
const keptEnded = 50;

/** An application that is only known by name: from executors that run for it. */
export function unknownApplication(state: ClusterState, id: string, now: number): ApplicationRecord {
  const application: ApplicationRecord = {
    id,
    name: "",
    driverAddress: "",
    cores: 0,
    coresPerExecutor: 0,
    memoryBytesPerExecutor: 0,
    order: state.nextOrder++,
    isPresent: false,
    heardAt: now,
    ...fresh(),
  };
  state.applications.set(id, application);
  return application;
}

/** A driver registers its application, for the first time or again. */
export function registerApplication(
  state: ClusterState,
  request: Request<"master.registerApplication">,
  step: ClusterStep,
): void {
  const { application: id, versions: _versions, ...wanted } = request;
  const { name, driverAddress } = wanted;
  const known = state.applications.get(id);
  if (known?.isPresent === true) {
    known.heardAt = step.now;
    return;
  }
  state.applications.set(id, {
    id,
    ...wanted,
    order: known?.order ?? state.nextOrder++,
    isPresent: true,
    heardAt: step.now,
    ...fresh(),
  });
  step.isChanged = true;
  const word = known === undefined ? "registered" : "registered again";
  step.commands.push({ type: "note", text: `application ${excerpt(name)} ${word}: driver ${driverAddress}` });
  stopSurplus(state, id, step);
}

/** A driver's heartbeat. What it says that it knows is dropped from what it is to be told. */
export function applicationHeard(
  state: ClusterState,
  { application: id, after, replace }: Request<"master.applicationHeartbeat">,
  { now }: ClusterStep,
): void {
  const application = state.applications.get(id);
  if (application?.isPresent !== true) return;
  application.heardAt = now;
  application.replace = replace;
  const known = Math.min(Math.max(0, after - application.firstEnded), application.ended.length);
  application.ended.splice(0, known);
  application.firstEnded += known;
}

/** An application is over: its executors are ended. */
export function endApplication(state: ClusterState, id: string, how: EndedApplication["how"], step: ClusterStep): void {
  const application = state.applications.get(id);
  if (application === undefined) return;
  state.applications.delete(id);
  state.endedApplications.push({ id, name: application.name, how });
  if (state.endedApplications.length > keptEnded) state.endedApplications.shift();
  for (const executor of executorsOf(state, id)) stopExecutor(executor, step);
  step.isChanged = true;
  const why = how === "finished" ? "finished" : `lost: its driver was silent for ${state.settings.timeoutMs} ms`;
  step.commands.push({ type: "note", text: `application ${excerpt(application.name)} ${why}` });
}

/** What a driver is answered when it registers. */
export function registrationAnswer(
  state: ClusterState,
  id: string,
  now: number,
): Response<"master.registerApplication"> {
  const application = state.applications.get(id);
  const freeCores = [...freeOnWorkers(state).values()].reduce((sum, { cores }) => sum + Math.max(0, cores), 0);
  const waiting = application === undefined ? "" : waitingText(state, application, now);
  const { heartbeatMs, timeoutMs } = state.settings;
  return {
    state: waiting === "" ? "running" : "waiting",
    workers: state.workers.size,
    freeCores,
    executors: executorsOf(state, id).length,
    waiting,
    heartbeatMs,
    timeoutMs,
  };
}

/** What a driver's heartbeat is answered. */
export function heartbeatAnswer(state: ClusterState, id: string, now: number): Response<"master.applicationHeartbeat"> {
  const workers = state.workers.size;
  const application = state.applications.get(id);
  if (application?.isPresent !== true) {
    return { known: false, workers, executors: 0, waiting: "", ended: [], next: 0, silent: [] };
  }
  const ended = application.ended.slice(0, maxTold);
  return {
    known: true,
    workers,
    executors: executorsOf(state, id).length,
    waiting: waitingText(state, application, now),
    ended,
    next: application.firstEnded + ended.length,
    silent: onSilentWorkers(state, id, now),
  };
}

/** Executors of an application whose workers were not heard of for half the timeout. */
function onSilentWorkers(state: ClusterState, id: string, now: number): string[] {
  const isSilent = ({ worker }: ExecutorRecord): boolean => {
    const heardAt = state.workers.get(worker)?.heardAt;
    return heardAt !== undefined && now - heardAt >= state.settings.timeoutMs / 2;
  };
  return executorsOf(state, id)
    .filter(isSilent)
    .map(({ executor }) => executor);
}

/** Ended executors that one heartbeat tells of: an answer stays small. */
const maxTold = 256;

function fresh(): Pick<ApplicationRecord, "replace" | "ended" | "firstEnded" | "quickEnds" | "notBefore"> {
  return { replace: true, ended: [], firstEnded: 0, quickEnds: 0, notBefore: -Infinity };
}
