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

/** Runs of bytes of one call: its header is a control message, and those are small. */
const columnsPerCall = 4096;

/** Copies columns to an executor, in as many calls as that takes. Empty ones are left out. */
export async function copyColumns(fleet: Fleet, host: number, columns: readonly ColumnRef[]): Promise<void> {
  const some = columns.filter(({ length }) => length > 0);
  for (let from = 0; from < some.length; from += columnsPerCall) {
    await fleet.copyToHost(host, some.slice(from, from + columnsPerCall));
  }
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
    await copyColumns(
      this.#fleet,
      host,
      missing.flatMap(({ columns }) => columns),
    );
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
