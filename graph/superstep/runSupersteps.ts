/**
 * The loop of supersteps, on the driver: what they are given, the totals they report, and the test for the end. A
 * carrier computes each. `pregel` and the algorithms that need more than it stand on this.
 */
import type { ColumnSet } from "../../core/column/types.ts";
import { SuperstepError } from "../../core/errors.ts";
import type { Carrier, CarrierSpec, GlobalValues, SuperstepOutcome } from "./carrier.ts";
import type { CheckpointPlan } from "./checkpoint/checkpointOptions.ts";
import { RunCheckpoints, type RunState } from "./checkpoint/runCheckpoints.ts";
import { ClusterCarrier } from "./cluster/clusterCarrier.ts";
import { tellFunctions } from "../functionLog.ts";
import { gatherGlobals } from "./globals.ts";
import { LocalCarrier } from "./localCarrier.ts";
import type { SuperstepReport } from "./superstep.ts";

/** What a run of supersteps needs. */
export interface Supersteps extends CarrierSpec {
  /** If set, every vertex's program first runs with it; that is not a superstep. */
  readonly initialMessage?: { readonly value: unknown };
  /** Asked after each superstep, with the aggregators' results: true ends the run as converged. */
  readonly until?: (globals: GlobalValues) => boolean;
  /** Results of the aggregators before the first superstep. */
  readonly globals?: GlobalValues;
  /** Whether, where and how often it is written down. */
  readonly checkpoints?: CheckpointPlan | undefined;
}

/** How a run ended. `columns` belong to the caller. */
export interface SuperstepsResult {
  readonly columns: ColumnSet;
  readonly supersteps: number;
  readonly converged: boolean;
  readonly globals: GlobalValues;
}

/** Runs supersteps until no message is sent (when only receivers are applied), `until` says so, or the limit is reached. */
export async function runSupersteps(run: Supersteps): Promise<SuperstepsResult> {
  const carrier = run.driver.isLocal ? new LocalCarrier(run) : new ClusterCarrier(run, run.driver);
  const checkpoints = run.checkpoints && new RunCheckpoints(run, run.checkpoints);
  try {
    return await new SuperstepLoop(run, carrier, checkpoints).toEnd();
  } finally {
    try {
      await carrier.free();
    } finally {
      await checkpoints?.close();
    }
  }
}

class SuperstepLoop {
  readonly #run: Supersteps;
  readonly #carrier: Carrier;
  readonly #checkpoints: RunCheckpoints | undefined;
  #globals: GlobalValues;
  #hasToldFunctions = false;

  constructor(run: Supersteps, carrier: Carrier, checkpoints: RunCheckpoints | undefined) {
    this.#run = run;
    this.#carrier = carrier;
    this.#checkpoints = checkpoints;
    this.#globals = run.globals ?? {};
  }

  async toEnd(): Promise<SuperstepsResult> {
    const { maxSupersteps, apply, until } = this.#run;
    let supersteps = await this.#start();
    let converged = supersteps > 0 && until?.(this.#globals) === true;
    while (supersteps < maxSupersteps && !converged) {
      throwIfStopped(this.#run);
      const due = this.#checkpoints?.nextAfter(supersteps) ?? Infinity;
      const atMost = until ? 1 : Math.min(maxSupersteps, due) - supersteps;
      const messages = await this.#supersteps(supersteps + 1, atMost);
      const isLast = messages.at(-1) === 0 && apply.applyTo === "received";
      supersteps += messages.length - (isLast ? 1 : 0);
      if (isLast) {
        converged = true;
        break;
      }
      converged = until?.(this.#globals) === true;
      if (!converged && supersteps < maxSupersteps) await this.#checkpoints?.after(this.#at(supersteps), this.#carrier);
    }
    await this.#checkpoints?.endIfAsked(this.#at(supersteps), this.#carrier);
    const columns = await this.#carrier.takeColumns();
    await this.#checkpoints?.ended();
    return { columns, supersteps, converged, globals: this.#globals };
  }

  /** Starts from the last checkpoint, or from the beginning; returns how many supersteps have ended. */
  async #start(): Promise<number> {
    const resumed = await this.#checkpoints?.start(this.#carrier);
    if (resumed !== undefined) {
      this.#globals = resumed.globals;
      return resumed.superstep;
    }
    const { initialMessage } = this.#run;
    if (initialMessage) await this.#carrier.initial(initialMessage.value);
    return 0;
  }

  #at(superstep: number): RunState {
    return { superstep, globals: this.#globals };
  }

  /** Runs supersteps from `first` on; returns how many messages each sent. */
  async #supersteps(first: number, atMost: number): Promise<readonly number[]> {
    const { events } = this.#run.driver;
    const started = performance.now();
    events.emit({ type: "superstep.start", job: null, n: first });
    const outcomes = await this.#carrier.supersteps(first, this.#globals, atMost);
    let restMs = performance.now() - started;
    return outcomes.map((outcome, at) => {
      if (at > 0) {
        throwIfStopped(this.#run); // whoever was told of the one before may have cancelled
        events.emit({ type: "superstep.start", job: null, n: first + at });
      }
      const ms = at === outcomes.length - 1 ? restMs : (outcome.ms ?? 0);
      restMs -= ms;
      return this.#ended(first + at, outcome, ms);
    });
  }

  /** Takes in and tells what a superstep did; returns how many messages it sent. */
  #ended(number: number, { reports, shipping, direction = "pull" }: SuperstepOutcome, ms: number): number {
    const { apply, driver } = this.#run;
    this.#tellFunctions(reports);
    const total = { messages: 0, edgesScanned: 0, received: 0 };
    for (const report of reports) {
      total.messages += report.messages;
      total.edgesScanned += report.edgesScanned;
      total.received += report.received;
    }
    // A scan that found nothing is no superstep: the last one's results stand.
    if (total.received > 0 || apply.applyTo === "all") {
      const shares = reports.map(({ aggregates }) => aggregates);
      this.#globals = gatherGlobals(apply.aggregators, shares);
    }
    driver.events.emit({
      type: "superstep",
      job: null,
      n: number,
      active: total.received,
      messages: total.messages,
      edgesScanned: total.edgesScanned,
      direction,
      ms,
      ...shipping,
      ...("delta" in this.#globals && { delta: this.#globals["delta"]! }),
    });
    return total.messages;
  }

  /** Tells how the functions run, once a run. */
  #tellFunctions(reports: readonly SuperstepReport[]): void {
    const { functions } = reports[0] ?? {};
    if (functions === undefined || this.#hasToldFunctions) return;
    this.#hasToldFunctions = true;
    const { driver, operation } = this.#run;
    tellFunctions(driver, operation, functions);
  }
}

function throwIfStopped({ signal, operation }: Supersteps): void {
  if (signal?.aborted) throw new SuperstepError("CANCELLED", `${operation}: cancelled`, { cause: signal.reason });
}
