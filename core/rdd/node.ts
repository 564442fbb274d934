/**
 * Makes the nodes of a plan and what joins them.
 */
import type { MapSide } from "../shuffle/mapSide.ts";
import type { NarrowDependency, Plan, ShuffleDependency } from "./plan.ts";

let lastPlanId = 0;
let lastShuffleId = 0;

/** A node with the given contents and an id of its own. */
export function makePlan<T>(contents: Omit<Plan<T>, "id" | "__record">): Plan<T> {
  return { id: ++lastPlanId, ...contents };
}

/** Reads `parent` in the same stage: the partition of the same index, unless `partitions` tells which. */
export function narrow(parent: Plan, partitions?: (partition: number) => readonly number[]): NarrowDependency {
  return { type: "narrow", parent, partitions };
}

/** Reads `parent`, whose records are pairs, over a stage boundary. */
export function shuffled(parent: Plan, map: MapSide): ShuffleDependency {
  return { type: "shuffle", parent, shuffleId: ++lastShuffleId, map };
}
