/**
 * What supersteps across executors ask of the driver, and what is known of each executor's arena.
 */
import type { Config } from "../../../core/config.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import type { EventBus } from "../../../core/schedule/events.ts";
import type { JobSpec, RunOptions } from "../../../core/schedule/job.ts";
import type { TaskRunner } from "../../partition/taskRunner.ts";
import type { HostShare } from "./placement.ts";

/** A driver with executors. Columns that it allocates have the same offsets in the arena of each. */
export interface Fleet extends TaskRunner {
  readonly config: Config;
  readonly events: EventBus;
  /** Those that are there now. An id stands for one life of one process: it is never used again. */
  readonly executors: readonly HostShare[];
  /** Resolves when at least so many are there; rejects with HOST_LOST if they do not come in time. */
  whenExecutors(count: number): Promise<void>;
  runJob<R>(spec: JobSpec, options?: RunOptions): Promise<R[]>;
  /** Copies the bytes of columns, or slices of them, to the same place of an executor's arena; rejects as a job does. */
  copyToHost(host: number, columns: readonly ColumnRef[]): Promise<void>;
  /** Copies them from there to the driver's arena. */
  copyFromHost(host: number, columns: readonly ColumnRef[]): Promise<void>;
}

/** Something that can be copied: columns that never change, under an object that lives no longer than they do. */
export interface Copyable {
  readonly key: object;
  /** Of what `key` stands for, when that is copied in parts. */
  readonly part?: number;
  readonly columns: readonly ColumnRef[];
}

/** Which columns the executors of one driver have already, so that nothing is copied to them twice. */
export class HostCopies {
  readonly #fleet: Fleet;
  readonly #copied: WeakMap<object, Set<string>> = new WeakMap();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** Copies to a host what it does not have. */
  async provide(host: number, wanted: readonly Copyable[]): Promise<void> {
    const name = ({ part }: Copyable): string => `${host} ${part ?? ""}`;
    const missing = wanted.filter((item) => this.#copied.get(item.key)?.has(name(item)) !== true);
    const columns = missing.flatMap((item) => item.columns.filter(({ length }) => length > 0));
    if (columns.length > 0) await this.#fleet.copyToHost(host, columns);
    for (const item of missing) {
      let names = this.#copied.get(item.key);
      if (names === undefined) this.#copied.set(item.key, (names = new Set()));
      names.add(name(item));
    }
  }
}

const copiesOf: WeakMap<Fleet, HostCopies> = new WeakMap();

/** The copies of a driver's executors: one for all its runs. */
export function hostCopies(fleet: Fleet): HostCopies {
  let copies = copiesOf.get(fleet);
  if (copies === undefined) copiesOf.set(fleet, (copies = new HostCopies(fleet)));
  return copies;
}
