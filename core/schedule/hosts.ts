/**
 * Hosts and their slots, as they come and go. There is one way to lose a host, however that came about.
 */
import { dropBlocksOf } from "./blockLocations.ts";
import type { TaskFailure } from "./failure.ts";
import { failJob, isPinnedTo, lostPinnedHost } from "./jobRun.ts";
import { loseHostOutputs } from "./lostOutputs.ts";
import type { Serves } from "./protocol.ts";
import type { Slot, Step } from "./state.ts";
import { type FailedLaunch, failLaunch, insertAscending, react } from "./taskSet.ts";

export function addHost({ state }: Step, host: number, serves: Serves): void {
  if (state.hosts.has(host)) return;
  state.hosts.set(host, { id: host, serves, slots: new Map(), freeSlots: [], isKilled: false });
}

export function addSlot({ state }: Step, hostId: number, slot: number): void {
  const host = state.hosts.get(hostId);
  if (host === undefined || host.slots.has(slot)) return;
  host.slots.set(slot, { id: slot, launch: undefined });
  insertAscending(host.freeSlots, slot);
}

/** A thread is gone. What ran on it ended with `failure`, or counts nothing if it had not started. */
export function removeSlot(step: Step, hostId: number, slotId: number, failure: TaskFailure): void {
  const host = step.state.hosts.get(hostId);
  const slot = host?.slots.get(slotId);
  if (host === undefined || slot === undefined) return;
  host.slots.delete(slotId);
  const free = host.freeSlots.indexOf(slotId);
  if (free >= 0) host.freeSlots.splice(free, 1);
  for (const lost of endOn(step, [slot], failure)) react(step, lost);
}

/**
 * A host is gone. Jobs with tasks pinned to it fail. Its slots, map outputs and blocks are off the books before anything
 * follows from that, so that all that has to be made again is known at once.
 */
export function removeHost(step: Step, hostId: number, failure: TaskFailure): void {
  const { state } = step;
  const host = state.hosts.get(hostId);
  if (host === undefined) return;
  state.hosts.delete(hostId);
  dropBlocksOf(state, hostId);
  const lost = endOn(step, [...host.slots.values()], failure);
  for (const job of state.jobs.values()) {
    const stage = job.stages.find(({ spec }) => isPinnedTo(spec, hostId));
    if (stage !== undefined) failJob(step, job, lostPinnedHost(stage.spec, hostId, failure));
  }
  for (const ended of lost) react(step, ended);
  loseHostOutputs(step, hostId);
}

/** Ends what ran on `slots`. What had not started counts nothing. */
function endOn(step: Step, slots: readonly Slot[], failure: TaskFailure): FailedLaunch[] {
  return slots.flatMap(({ launch }) => {
    const run = launch === undefined ? undefined : step.state.launches.get(launch.id);
    if (run === undefined) return [];
    const isFree = run.startedAt === undefined && failure.kind !== "hostDrained";
    const own: TaskFailure = isFree ? { ...failure, kind: "notStarted" } : failure;
    return failLaunch(step, run.launch.id, own) ?? [];
  });
}
