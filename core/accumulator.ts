/**
 * Accumulators: totals that tasks add to and the driver reads.
 */
import { excerpt, SuperstepError } from "./errors.ts";
import { ship } from "./function/ship.ts";
import { type Recipe, shippable } from "./function/shippable.ts";
import type { TaskEnvironment } from "./host/taskEnvironment.ts";

/** Adds a value, or the total of a task, to a total. May change and return `total`. */
export type AddFunction<T> = (total: T, value: T) => T;

/**
 * A total over the tasks of a driver's jobs. Functions capture it and call `add`; the driver reads `value` when a job
 * has ended.
 *
 * Each partition of each stage counts once, however often it was retried. Contributions are merged at the job's end, by
 * stage, then by partition, so that sums of floating point numbers are the same for any number of threads. Of a job that
 * fails, the stages that ended count. A stage that runs again in another job, as a dropped partition of a persisted RDD
 * does, counts again.
 */
export class Accumulator<T> {
  readonly id: number;
  readonly name: string | undefined;
  readonly #zero: T;
  readonly #add: AddFunction<T>;
  #value: T;

  /** @throws SuperstepError NOT_SHIPPABLE if `add` captures something that cannot travel. */
  constructor(id: number, zero: T, add: AddFunction<T>, name?: string) {
    ship(add, "accumulator", "add"); // refused here and not where a function captures the accumulator
    this.id = id;
    this.name = name;
    this.#zero = zero;
    this.#add = add;
    this.#value = fresh(zero);
    Object.defineProperty(this, shippable, { value: () => this.#recipe() });
  }

  /** The total of all jobs that have ended. */
  get value(): T {
    return this.#value;
  }

  /** Adds `value`: in a task to what the task contributes, on the driver to the total. */
  add(value: T): void {
    this.#value = this.#add(this.#value, value);
  }

  /** Sets the total to zero. */
  reset(): void {
    this.#value = fresh(this.#zero);
  }

  /**
   * Adds what a task contributed.
   *
   * @throws SuperstepError TASK_FAILED if the function that adds throws.
   */
  merge(contribution: unknown): void {
    try {
      this.add(contribution as T);
    } catch (cause) {
      const which = this.name === undefined ? this.id : excerpt(this.name);
      throw new SuperstepError("TASK_FAILED", `accumulator ${which}: adding the total of a task failed`, {
        cause,
        details: { accumulator: this.id },
      });
    }
  }

  #recipe(): Recipe {
    const data: AccumulatorData = { id: this.id, zero: this.#zero, add: this.#add as AddFunction<unknown> };
    return { module: import.meta.url, export: "reviveAccumulator", data };
  }
}

/** An accumulator in a task: tasks add, only the driver reads. */
export interface TaskAccumulator {
  readonly id: number;
  add(value: unknown): void;
}

interface AccumulatorData {
  readonly id: number;
  readonly zero: unknown;
  readonly add: AddFunction<unknown>;
}

/** Makes an accumulator again in a thread. */
export function reviveAccumulator({ id, zero, add }: AccumulatorData, environment: TaskEnvironment): TaskAccumulator {
  return {
    id,
    add: (value) => environment.accumulate(id, () => fresh(zero), add, value),
    get value(): never {
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        "accumulator.value: only the driver can read it, when the job has ended",
      );
    },
  } as TaskAccumulator;
}

/** A zero of one's own: functions that add may change it. */
function fresh<T>(zero: T): T {
  return typeof zero === "object" && zero !== null ? structuredClone(zero) : zero;
}
