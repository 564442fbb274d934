import type { Context } from "../../core/context.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import { revive } from "../../core/function/revive.ts";
import { loadOperator } from "../../core/host/operators.ts";
import type { BlockId, TaskContext } from "../../core/host/task.ts";
import { type Random, randomFor } from "../../core/random.ts";
import type { JobSpec, RunOptions, StageSpec } from "../../core/schedule/job.ts";

/**
 * Runs jobs in this thread, one task after the other, with nothing of the scheduler, threads or block store: what
 * remains are plans, stages and operators. Tasks run in an order drawn from `seed`, and about one in four runs twice, so
 * whatever depends on arrival or on a first attempt shows.
 */
export class SerialJobs {
  /** Names of the stages that ran. */
  readonly stagesRun: string[] = [];
  readonly blocks: Map<string, Uint8Array> = new Map();
  readonly #random: Random;
  readonly #written: Set<number> = new Set();

  constructor(seed = 1) {
    this.#random = randomFor(seed);
  }

  async runJob<R>({ stages }: JobSpec, _options: RunOptions = {}): Promise<R[]> {
    let results: unknown[] = [];
    for (const stage of stages) {
      if (stage.shuffleId !== undefined && this.#written.has(stage.shuffleId)) continue;
      results = await this.#runStage(stage);
      if (stage.shuffleId !== undefined) this.#written.add(stage.shuffleId);
      this.stagesRun.push(stage.name);
    }
    return results as R[];
  }

  async #runStage({ operator, shared, tasks }: StageSpec): Promise<unknown[]> {
    const run = await loadOperator(operator);
    const results: unknown[] = [];
    const order = tasks.flatMap((_, index) => (this.#random.nextInt(4) === 0 ? [index, index] : [index]));
    for (const [attempt, index] of this.#random.shuffle(order).entries()) {
      const [sent, params] = structuredClone([shared, tasks[index]]); // as a thread gets it
      results[index] = await run(sent, params, this.#taskContext(index, attempt));
    }
    return results;
  }

  #taskContext(partition: number, attempt: number): TaskContext {
    const environment = { importModule: (url: string) => import(url) as Promise<Record<string, unknown>> };
    return {
      jobId: 1,
      stageId: 1,
      partition,
      attempt,
      get arena(): never {
        throw new Error("no operator of an RDD needs the arena");
      },
      revive: <F extends AnyFunction>(fn: ShippedFunction<F>) => revive<F>(fn, environment),
      fetchBlock: async (id: BlockId) => this.blocks.get(JSON.stringify(id)),
      storeBlock: async (id: BlockId, bytes: Uint8Array) => void this.blocks.set(JSON.stringify(id), bytes),
      deliver: () => {
        throw new Error("jobs of this stand-in have no exchange");
      },
      memo: <T>(_key: string, make: () => T): T => make(),
      throwIfCancelled: () => undefined,
    };
  }
}

/** A stand-in for a context, for RDDs whose jobs `jobs` runs. */
export function contextOver(jobs: SerialJobs): Context {
  return { driver: jobs, releaseRDD: () => undefined } as unknown as Context;
}
