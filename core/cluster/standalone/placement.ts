/**
 * Who gets free cores, and where: decided by counting, from the master's state alone.
 */
import {
  type ApplicationRecord,
  type ClusterState,
  coresOf,
  type DriverRecord,
  executorsOf,
  freeOnWorkers,
  type FreeOnWorker,
  wantedCores,
} from "./clusterState.ts";

/** An executor to launch. */
export interface ExecutorPlacement {
  readonly application: ApplicationRecord;
  readonly worker: string;
  cores: number;
}

/**
 * Gives every free core that somebody wants to somebody, one after the other, and gathers them into executors.
 *
 * Who: the application that has the fewest cores, of equal ones the one that registered first. So whoever comes alone takes
 * all it wants; whoever comes later waits for cores to become free, and then gets them until all have the same. Running
 * executors are never ended for it.
 *
 * Where: the worker on which the application has the fewest cores, of equal ones that with most free cores, then the one
 * that registered first. An executor has at most `coresPerExecutor` cores, and takes `memoryBytesPerExecutor`.
 *
 * Cost: O(free cores * applications * workers).
 */
export function placeExecutors(state: ClusterState, now: number): ExecutorPlacement[] {
  const free = freeOnWorkers(state);
  const seekers = [...state.applications.values()]
    .filter((application) => canLaunch(application, now))
    .sort((a, b) => a.order - b.order)
    .map((application) => new Seeker(state, application, free));
  const placements: ExecutorPlacement[] = [];
  for (;;) {
    let next: Seeker | undefined;
    for (const seeker of seekers) {
      if ((next === undefined || seeker.held < next.held) && seeker.wantsMore) next = seeker;
    }
    if (next === undefined) return placements;
    const opened = next.takeCore();
    if (opened !== undefined) placements.push(opened);
  }
}

/** The worker for each driver that waits, in order of submission: the one with most free cores. The rest wait behind it. */
export function placeDrivers(state: ClusterState): { readonly driver: DriverRecord; readonly worker: string }[] {
  const free = freeOnWorkers(state);
  const placements = [];
  const waiting = [...state.drivers.values()].filter((driver) => driver.state === "waiting");
  for (const driver of waiting.sort((a, b) => a.order - b.order)) {
    let best: string | undefined;
    for (const [worker, { cores }] of free) {
      if (cores > 0 && (best === undefined || cores > free.get(best)!.cores)) best = worker;
    }
    if (best === undefined) break;
    free.get(best)!.cores--;
    placements.push({ driver, worker: best });
  }
  return placements;
}

/** What an application without an executor waits for, in words; empty if it has one. */
export function waitingText(state: ClusterState, application: ApplicationRecord, now: number): string {
  if (executorsOf(state, application.id).length > 0) return "";
  const free = [...freeOnWorkers(state).values()];
  const withCores = free.filter(({ cores }) => cores > 0);
  const fitting = withCores.filter(({ memoryBytes }) => memoryBytes >= application.memoryBytesPerExecutor);
  const workersHave = free.length === 1 ? "1 worker has" : `${free.length} workers have`;
  if (free.length === 0) return "no worker has registered with the master";
  if (withCores.length === 0) return `0 of ${workersHave} free cores`;
  if (fitting.length === 0) {
    const mebibytes = Math.ceil(application.memoryBytesPerExecutor / 2 ** 20);
    return `0 of ${workersHave} free cores and ${mebibytes} MiB of free memory`;
  }
  if (now < state.recoveringUntil) return "the master was restarted, and waits for its workers and applications";
  if (now < application.notBefore) return "its executors ended soon after their start; the next ones follow later";
  return `${fitting.length} of ${workersHave} free cores`;
}

function canLaunch(application: ApplicationRecord, now: number): boolean {
  return application.isPresent && application.replace && now >= application.notBefore;
}

/** An application that looks for cores. */
class Seeker {
  held: number;
  readonly #application: ApplicationRecord;
  readonly #free: Map<string, FreeOnWorker>;
  /** Cores that it has, by worker. */
  readonly #onWorker: Map<string, number> = new Map();
  /** Executors of this round that can still grow, by worker. */
  readonly #open: Map<string, ExecutorPlacement> = new Map();
  #place: string | undefined;

  constructor(state: ClusterState, application: ApplicationRecord, free: Map<string, FreeOnWorker>) {
    this.#application = application;
    this.#free = free;
    this.held = coresOf(state, application.id);
    for (const { worker, cores } of executorsOf(state, application.id)) {
      this.#onWorker.set(worker, this.#heldOn(worker) + cores);
    }
  }

  /** True if it wants a core and there is one for it: `takeCore` takes that one. */
  get wantsMore(): boolean {
    this.#place = this.held < wantedCores(this.#application) ? this.#findPlace() : undefined;
    return this.#place !== undefined;
  }

  /** Takes the core that `wantsMore` found. Returns the executor that this opens, if it opens one. */
  takeCore(): ExecutorPlacement | undefined {
    const worker = this.#place!;
    const left = this.#free.get(worker)!;
    this.held++;
    this.#onWorker.set(worker, this.#heldOn(worker) + 1);
    left.cores--;
    const growing = this.#growing(worker);
    if (growing !== undefined) {
      growing.cores++;
      return undefined;
    }
    left.memoryBytes -= this.#application.memoryBytesPerExecutor;
    const opened = { application: this.#application, worker, cores: 1 };
    this.#open.set(worker, opened);
    return opened;
  }

  #findPlace(): string | undefined {
    let best: string | undefined;
    for (const [worker, { cores, memoryBytes }] of this.#free) {
      const hasRoom = this.#growing(worker) !== undefined || memoryBytes >= this.#application.memoryBytesPerExecutor;
      if (cores <= 0 || !hasRoom) continue;
      if (best === undefined || this.#isBetter(worker, best)) best = worker;
    }
    return best;
  }

  #isBetter(worker: string, than: string): boolean {
    const difference = this.#heldOn(worker) - this.#heldOn(than);
    return difference < 0 || (difference === 0 && this.#free.get(worker)!.cores > this.#free.get(than)!.cores);
  }

  #heldOn(worker: string): number {
    return this.#onWorker.get(worker) ?? 0;
  }

  /** The executor of this round on a worker, if it can have one more core. */
  #growing(worker: string): ExecutorPlacement | undefined {
    const { coresPerExecutor } = this.#application;
    const open = this.#open.get(worker);
    return open !== undefined && (coresPerExecutor === 0 || open.cores < coresPerExecutor) ? open : undefined;
  }
}
