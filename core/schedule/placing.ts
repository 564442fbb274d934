/**
 * Which slot a task gets: on a host that it can run on, rather one that holds its blocks, not one on which it failed.
 */
import { holdersOf } from "./blockLocations.ts";
import type { Placement, StageSpec } from "./job.ts";
import type { Launch } from "./protocol.ts";
import type { HostRun, SchedulerState, StageRun, Step } from "./state.ts";

const onArena: Placement = { kind: "arena" };

/**
 * A host with a free slot for a task; undefined if there is none now, or if it is worth waiting for a better one.
 *
 * - Pinned: its own host.
 * - Else, of the hosts that serve its kind, without those on which it failed if there are others: one that holds its
 *   blocks; only if none of these has had a free slot for `localityWaitMs`, any. Of like hosts the one with most free
 *   slots, so that work spreads; of these the one that came first.
 */
export function placeTask(step: Step, stage: StageRun, partition: number): HostRun | undefined {
  const { state, now } = step;
  const { placement = onArena } = stage.spec;
  if (placement.kind === "pinned") {
    const host = state.hosts.get(placement.hosts[partition]!);
    return host === undefined || host.freeSlots.length === 0 ? undefined : host;
  }
  const task = stage.tasks[partition]!;
  const { failedOn } = task;
  const avoidsFailed = failedOn.length > 0 && hasOther(state, placement, failedOn);
  const fits = (host: HostRun): boolean =>
    canServe(host, placement) && host.slots.size > 0 && !(avoidsFailed && failedOn.includes(host.id));

  const holders = blockHolders(state, placement, partition).filter(fits);
  const holder = mostFree(holders);
  if (holder !== undefined) return holder;
  const other = mostFree(state.hosts.values(), fits);
  if (holders.length === 0 || other === undefined) return other;
  task.waitsUntil ??= now + state.settings.localityWaitMs;
  if (now >= task.waitsUntil) return other;
  step.wakeAt = Math.min(step.wakeAt, task.waitsUntil);
  return undefined;
}

/** True if some host has, or will have when it is free, a slot for a task. */
export function hasSlotFor({ hosts }: SchedulerState, { placement = onArena }: StageSpec, partition: number): boolean {
  if (placement.kind === "pinned") return (hosts.get(placement.hosts[partition]!)?.slots.size ?? 0) > 0;
  for (const host of hosts.values()) if (host.slots.size > 0 && canServe(host, placement)) return true;
  return false;
}

/** Free slots of all hosts together that can take tasks of a stage. */
export function numFreeSlots({ hosts }: SchedulerState, { placement = onArena }: StageSpec): number {
  let count = 0;
  for (const host of hosts.values()) if (canServe(host, placement)) count += host.freeSlots.length;
  return count;
}

/** A host for a second attempt of a task that runs on `host`: another one, on which it has not failed, if there is one. */
export function placeTwin(
  { hosts }: SchedulerState,
  stage: StageRun,
  { partition, host }: Launch,
): HostRun | undefined {
  const { placement = onArena } = stage.spec;
  const able = [...hosts.values()].filter((each) => canServe(each, placement) && each.slots.size > 0);
  const others = able.filter(({ id }) => id !== host);
  const { failedOn } = stage.tasks[partition]!;
  return mostFree((others.length > 0 ? others : able).filter(({ id }) => !failedOn.includes(id)));
}

function canServe({ id, serves }: HostRun, placement: Placement): boolean {
  if (placement.kind === "pinned") return placement.hosts.includes(id);
  return serves === "both" || serves === (placement.kind === "arena" ? "arena" : "blocks");
}

function hasOther({ hosts }: SchedulerState, placement: Placement, failedOn: readonly number[]): boolean {
  for (const host of hosts.values()) {
    if (host.slots.size > 0 && canServe(host, placement) && !failedOn.includes(host.id)) return true;
  }
  return false;
}

function blockHolders(state: SchedulerState, placement: Placement, partition: number): HostRun[] {
  if (placement.kind !== "anywhere" || placement.prefers === undefined || state.rddBlocks.size === 0) return [];
  const ids = new Set(placement.prefers.flatMap((rdd) => holdersOf(state, rdd, partition)));
  return [...ids].flatMap((id) => state.hosts.get(id) ?? []);
}

function mostFree(hosts: Iterable<HostRun>, fits?: (host: HostRun) => boolean): HostRun | undefined {
  let best: HostRun | undefined;
  for (const host of hosts) {
    if (host.freeSlots.length > (best?.freeSlots.length ?? 0) && (fits === undefined || fits(host))) best = host;
  }
  return best;
}
