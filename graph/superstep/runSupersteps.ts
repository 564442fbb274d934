/**
 * The loop of supersteps, on the driver: what they are given, the totals they report, and the test for the end. A
 * carrier computes each. `pregel` and the algorithms that need more than it stand on this.
 */
import type { ColumnSet } from "../../core/column/types.ts";
import { ExactSum } from "../../core/exactSum.ts";
import { SuperstepError } from "../../core/errors.ts";
import type { Carrier, CarrierSpec, GlobalValues } from "./carrier.ts";
import type { CheckpointPlan } from "./checkpoint/checkpointOptions.ts";
import { RunCheckpoints, type RunState } from "./checkpoint/runCheckpoints.ts";
import { ClusterCarrier } from "./cluster/clusterCarrier.ts";
import { tellFunctions } from "../functionLog.ts";
import { LocalCarrier } from "./localCarrier.ts";
import type { SuperstepReport } from "./superstep.ts";

/** What a run of supersteps needs. */
export interface Supersteps extends CarrierSpec {
  /** If set, every vertex's program first runs with it; that is not a superstep. */
  readonly initialMessage?: { readonly value: unknown };
  /** At most this many supersteps; Infinity allowed. */
  readonly maxSupersteps: number;
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
      const messages = await this.#superstep(supersteps + 1);
      if (messages === 0 && apply.applyTo === "received") {
        converged = true;
        break;
      }
      supersteps++;
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

  /** Runs one superstep; returns how many messages it sent. */
  async #superstep(number: number): Promise<number> {
    const started = performance.now();
    this.#run.driver.events.emit({ type: "superstep.start", job: null, n: number });
    const { apply, driver } = this.#run;
    const { reports, shipping } = await this.#carrier.superstep(number, this.#globals);
    this.#tellFunctions(reports);
    const total = { messages: 0, edgesScanned: 0, received: 0 };
    for (const report of reports) {
      total.messages += report.messages;
      total.edgesScanned += report.edgesScanned;
      total.received += report.received;
    }
    // A scan that found nothing is no superstep: the last one's results stand.
    if (total.received > 0 || apply.applyTo === "all") this.#globals = this.#gatherGlobals(reports);
    driver.events.emit({
      type: "superstep",
      job: null,
      n: number,
      active: total.received,
      messages: total.messages,
      edgesScanned: total.edgesScanned,
      direction: "pull",
      ms: performance.now() - started,
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

  #gatherGlobals(reports: readonly SuperstepReport[]): GlobalValues {
    const globals: Record<string, number> = {};
    for (const [name, { kind }] of Object.entries(this.#run.apply.aggregators)) {
      const shares = reports.map((report) => report.aggregates[name] ?? []);
      if (kind === "max") globals[name] = Math.max(...shares.flat());
      else {
        const sum = new ExactSum();
        for (const partials of shares) sum.merge(partials);
        globals[name] = sum.value();
      }
    }
    return globals;
  }
}

function throwIfStopped({ signal, operation }: Supersteps): void {
  if (signal?.aborted) throw new SuperstepError("CANCELLED", `${operation}: cancelled`, { cause: signal.reason });
}
