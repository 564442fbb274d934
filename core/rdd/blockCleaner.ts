/**
 * Frees the blocks of shuffles and persisted RDDs that no program can reach any more: long iterations would otherwise
 * fill the block store with generations that nobody will read.
 */
import { lineageOf } from "./lineage.ts";
import type { Plan } from "./plan.ts";

/** Who holds blocks. */
export interface BlockHolder {
  /** Drops the map outputs of a shuffle. */
  releaseShuffle(shuffleId: number): void;
  /** Drops the stored partitions of an RDD. */
  releaseRDD(rddId: number): void;
}

/** Watches plans; when the garbage collector takes one, its blocks go. */
export class BlockCleaner {
  readonly #watched = new WeakSet<object>();
  readonly #held = new Map<Plan, number>();
  readonly #shuffles: FinalizationRegistry<number>;
  readonly #rdds: FinalizationRegistry<number>;

  constructor(holder: BlockHolder) {
    this.#shuffles = new FinalizationRegistry((shuffleId) => holder.releaseShuffle(shuffleId));
    this.#rdds = new FinalizationRegistry((rddId) => holder.releaseRDD(rddId));
  }

  /** Keeps `plan` reachable, and with it its lineage, until the function returned is called: while a job runs. */
  hold(plan: Plan): () => void {
    this.#held.set(plan, (this.#held.get(plan) ?? 0) + 1);
    for (const node of lineageOf(plan)) {
      for (const dependency of node.dependencies) {
        if (dependency.type === "shuffle") this.#watch(dependency, dependency.shuffleId, this.#shuffles);
      }
      if (node.storageLevel !== undefined) this.#watch(node, node.id, this.#rdds);
    }
    return () => {
      const holders = this.#held.get(plan)! - 1;
      if (holders > 0) this.#held.set(plan, holders);
      else this.#held.delete(plan);
    };
  }

  #watch(subject: object, id: number, registry: FinalizationRegistry<number>): void {
    if (this.#watched.has(subject)) return;
    this.#watched.add(subject);
    registry.register(subject, id);
  }
}
