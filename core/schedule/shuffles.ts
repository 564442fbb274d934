/** Which shuffles are written, and by whom they are being written. */
import type { SchedulerState, ShuffleRun, StageRun } from "./state.ts";

/** A shuffle of which nothing is written yet. */
export function newShuffle(numMaps: number): ShuffleRun {
  const missing = new Set<number>();
  for (let map = 0; map < numMaps; map++) missing.add(map);
  return { missing, locations: [], wasHit: false, isCounted: false, builder: undefined };
}

/** The shuffle that a stage writes; undefined if it writes none, or has not begun to. */
export function shuffleOf(state: SchedulerState, stage: StageRun): ShuffleRun | undefined {
  return stage.spec.shuffleId === undefined ? undefined : state.shuffles.get(stage.spec.shuffleId);
}

/** True if what a stage makes is there: its shuffle is whole, or it has ended. */
export function isAvailable(state: SchedulerState, stage: StageRun): boolean {
  if (stage.spec.shuffleId === undefined) return stage.status === "done";
  return state.shuffles.get(stage.spec.shuffleId)?.missing.size === 0;
}

/** What was written of a shuffle by a stage that will not end is forgotten, unless it had been whole before. */
export function abandonShuffle(state: SchedulerState, stage: StageRun): void {
  const shuffle = shuffleOf(state, stage);
  if (shuffle === undefined) return;
  shuffle.builder = undefined;
  if (!shuffle.isCounted) state.shuffles.delete(stage.spec.shuffleId!);
}
