/**
 * Supersteps across executors. The driver's own threads run the initial message, and a superstep that meets the first missing
 * value; the rest is computed where the rows of the graph are. What a lost executor held is made again from the last
 * snapshot, superstep by superstep, to the same bits.
 */
import { uncleared } from "../../../core/column/arena.ts";
import { allocateColumns, freeColumns } from "../../../core/column/columnSet.ts";
import type { ColumnSet, StoredColumn } from "../../../core/column/types.ts";
import { assert, hasCode, SuperstepError } from "../../../core/errors.ts";
import type { Carrier, CarrierSpec, Generation, GlobalValues, SuperstepOutcome } from "../carrier.ts";
import { LocalCarrier } from "../localCarrier.ts";
import type { SuperstepReport } from "../superstep.ts";
import { Deployment, type NextState, type VertexState } from "./deployment.ts";
import type { Fleet } from "./fleet.ts";

/** A state, and the superstep that left it. */
interface Milestone {
  readonly superstep: number;
  readonly state: VertexState;
}

/** The part of a run that executors carry. */
interface Journey {
  /** Two generations, written in turn: on the driver, they hold snapshots. */
  readonly buffers: (NextState | undefined)[];
  /** States whose bytes are in the driver's arena, ascending. The first is where the journey began, and is never lost. */
  readonly snapshots: Milestone[];
  /** What the executors hold; the last snapshot if there is no deployment. */
  now: Milestone;
  deployment: Deployment | undefined;
  /** What each superstep since the first snapshot was given. */
  readonly globals: GlobalValues[];
  /** Recoveries since the last superstep that was new. */
  setbacks: number;
}

/**
 * Memory: on the driver, two generations of the vertex columns beside those at the start, one byte a vertex each for who
 * received. On an executor the same columns at the same places, of which only the pages of its own vertices and of its
 * mirrors are touched.
 */
export class ClusterCarrier implements Carrier {
  readonly #spec: CarrierSpec;
  readonly #fleet: Fleet;
  readonly #home: LocalCarrier;
  #journey: Journey | undefined;

  constructor(spec: CarrierSpec, fleet: Fleet) {
    this.#spec = spec;
    this.#fleet = fleet;
    this.#home = new LocalCarrier(spec);
  }

  initial(message: unknown): Promise<void> {
    return this.#home.initial(message);
  }

  async supersteps(number: number, globals: GlobalValues): Promise<readonly SuperstepOutcome[]> {
    const journey = this.#journey ?? (await this.#setOut(number - 1));
    journey.globals.push(globals);
    const outcome = await this.#at(journey, number - 1, number, () => this.#step(journey, number));
    if (outcome.reports.some(hasMissing)) {
      // columns with room for missing values are laid out here, and then carried on
      await this.#at(journey, number - 1, number, () => this.#snapshot(journey));
      await this.#comeHome(journey);
      return this.#home.supersteps(number, globals, 1);
    }
    journey.setbacks = 0;
    if (this.#isSnapshotDue(journey)) await this.#at(journey, number, number, () => this.#snapshot(journey));
    return [outcome];
  }

  async lend<R>(borrow: (generation: Generation | undefined) => Promise<R>): Promise<R> {
    const journey = this.#journey;
    if (journey === undefined || journey.now === journey.snapshots[0]) return this.#home.lend(borrow);
    await this.#atPresent(journey);
    return borrow(wholeOf(journey.now.state));
  }

  async restore(generation: Generation): Promise<void> {
    await this.#abandon();
    await this.#home.restore(generation);
  }

  async takeColumns(): Promise<ColumnSet> {
    const journey = this.#journey;
    if (journey !== undefined) {
      await this.#atPresent(journey);
      await this.#comeHome(journey);
    }
    return this.#home.takeColumns();
  }

  async free(): Promise<void> {
    await this.#abandon();
    await this.#home.free();
  }

  /** Begins a journey after superstep `superstep`. */
  #setOut(superstep: number): Promise<Journey> {
    return this.#home.lend(async (generation) => {
      const start: VertexState = generation ?? { columns: this.#spec.vertices, areAllActive: true };
      const now: Milestone = { superstep, state: start };
      const journey: Journey = {
        buffers: [undefined, undefined],
        snapshots: [now],
        now,
        deployment: undefined,
        globals: [],
        setbacks: 0,
      };
      this.#journey = journey;
      return journey;
    });
  }

  /**
   * What `work` gives on executors that hold the state after superstep `superstep`, computed again if it was lost. When an
   * executor is lost, all is done again. `under`: the superstep that is under way, for the account of it.
   */
  async #at<R>(journey: Journey, superstep: number, under: number, work: () => Promise<R>): Promise<R> {
    for (;;) {
      if (journey.deployment === undefined) await this.#executorsAreThere();
      try {
        await this.#deploy(journey);
        while (journey.now.superstep < superstep) {
          const { reports } = await this.#step(journey, journey.now.superstep + 1);
          assert(!reports.some(hasMissing), "a superstep that is computed again misses what it had");
        }
        return await work();
      } catch (error) {
        if (!isLoss(error)) throw error;
        await this.#recover(journey, under, error);
      }
    }
  }

  /** Makes a snapshot of the state that the last superstep left. */
  #atPresent(journey: Journey): Promise<void> {
    const { superstep } = journey.now;
    return this.#at(journey, superstep, superstep, () => this.#snapshot(journey));
  }

  /** Waits for an executor if there is none, unless the run is cancelled. */
  async #executorsAreThere(): Promise<void> {
    const { operation, signal } = this.#spec;
    const cancelled = (): SuperstepError =>
      new SuperstepError("CANCELLED", `${operation}: cancelled`, { cause: signal?.reason });
    if (signal?.aborted) throw cancelled();
    if (this.#fleet.executors.length > 0) return;
    let giveUp: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => (giveUp = () => reject(cancelled())));
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await Promise.race([this.#fleet.whenExecutors(1), aborted]);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Brings the last snapshot to the executors that are there, unless a deployment stands. */
  async #deploy(journey: Journey): Promise<void> {
    if (journey.deployment !== undefined) return;
    const last = journey.snapshots.at(-1)!;
    const { columns } = last.state;
    const deployment = await Deployment.create(this.#spec, this.#fleet, this.#fleet.executors, columns);
    journey.deployment = deployment;
    journey.now = last;
    await deployment.load(last.state);
  }

  async #step(journey: Journey, number: number): Promise<SuperstepOutcome> {
    const { now, snapshots, buffers } = journey;
    const turn = buffers[0]?.columns === now.state.columns ? 1 : 0;
    const next = (buffers[turn] ??= this.#allocate(now.state));
    const globals = journey.globals[number - 1 - snapshots[0]!.superstep]!;
    const name = `${this.#spec.operation} superstep ${number}`;
    const outcome = await journey.deployment!.superstep(name, now.state, next, globals);
    if (outcome.reports.some(hasMissing)) return outcome;
    const areAllActive = this.#spec.apply.applyTo === "all";
    journey.now = { superstep: number, state: { ...next, areAllActive } };
    return outcome;
  }

  /** Snapshots alternate between the two buffers, so that the last one stands while the next is taken. */
  #isSnapshotDue({ now, snapshots }: Journey): boolean {
    const last = snapshots.at(-1)!;
    return (
      now.superstep - last.superstep >= this.#fleet.config.snapshotEvery && now.state.columns !== last.state.columns
    );
  }

  /** Brings what the executors hold to the driver. Whoever joined meanwhile takes part from here on. */
  async #snapshot(journey: Journey): Promise<void> {
    const { now, snapshots } = journey;
    if (snapshots.includes(now)) return;
    const overwritten = snapshots.findIndex(({ state }) => state.columns === now.state.columns);
    if (overwritten >= 0) snapshots.splice(overwritten, 1);
    const values = await journey.deployment!.gather(now.state);
    if (values !== undefined) journey.now = { ...now, state: { ...now.state, values } };
    snapshots.push(journey.now);
    const taking = new Set(journey.deployment!.hosts);
    const joined = this.#fleet.executors.filter(({ id }) => !taking.has(id));
    if (joined.length > 0 && taking.size < this.#spec.shape.topology.partitions.length)
      await this.#withdraw(journey, false);
  }

  /** Gives the deployment up after a loss, and says so. */
  async #recover(journey: Journey, under: number, error: SuperstepError): Promise<void> {
    await this.#withdraw(journey, true);
    if (++journey.setbacks > this.#fleet.config.maxStageAttempts) throw error;
    const last = journey.snapshots.at(-1)!.superstep;
    const again =
      under > last ? `computes again from superstep ${last + 1}` : `copies again the state after superstep ${last}`;
    this.#fleet.events.emit({
      type: "recovery",
      job: null,
      host: typeof error.details["host"] === "number" ? error.details["host"] : -1,
      fromSuperstep: last + 1,
      toSuperstep: under,
      text: `${this.#spec.operation}, superstep ${under}: ${error.message}; ${again}`,
    });
  }

  async #withdraw(journey: Journey, wasGivenUp: boolean): Promise<void> {
    const { deployment } = journey;
    journey.deployment = undefined;
    await deployment?.end(wasGivenUp);
  }

  /** Ends a journey whose present state was just taken as a snapshot: it goes on from there at home. */
  async #comeHome(journey: Journey): Promise<void> {
    const { now, buffers } = journey;
    await this.#withdraw(journey, false);
    this.#journey = undefined;
    const kept = buffers.find((buffer) => buffer?.columns === now.state.columns);
    for (const buffer of buffers) if (buffer !== kept) this.#free(buffer);
    if (kept !== undefined) await this.#home.restore(wholeOf(now.state));
  }

  async #abandon(): Promise<void> {
    const journey = this.#journey;
    if (journey === undefined) return;
    this.#journey = undefined;
    await this.#withdraw(journey, true);
    for (const buffer of journey.buffers) this.#free(buffer);
  }

  #allocate({ columns: { schema, length } }: VertexState): NextState {
    const { arena } = this.#fleet;
    const { operation } = this.#spec;
    const columns = allocateColumns(arena, schema, length, operation, uncleared);
    try {
      return { columns: { schema, length, columns }, received: arena.allocate("uint8", length, operation, uncleared) };
    } catch (error) {
      freeColumns(arena, { columns });
      throw error;
    }
  }

  #free(state: NextState | undefined): void {
    if (state === undefined) return;
    freeColumns(this.#fleet.arena, state.columns);
    this.#fleet.arena.free(state.received);
  }
}

/** A state that is in the driver's arena, or was brought there, with the values of its encoded columns. */
function wholeOf({ columns: set, received, areAllActive, values }: VertexState): Generation {
  assert(received, "a state after a superstep says who received");
  const columns = set.columns.map((column, at): StoredColumn => {
    const chunks = values?.[at];
    return chunks === undefined ? column : { kind: "encoded", chunks };
  });
  return { columns: { ...set, columns }, received, areAllActive };
}

function hasMissing({ metMissing }: SuperstepReport): boolean {
  return metMissing !== undefined;
}

/** True if an executor was lost, or could not be reached: what it held can be made again. */
function isLoss(error: unknown): error is SuperstepError {
  return hasCode(error, "HOST_LOST") || hasCode(error, "UNREACHABLE");
}
