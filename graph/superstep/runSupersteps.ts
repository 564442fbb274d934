/**
 * The loop of supersteps, on the driver: one stage of tasks a superstep (two over a vertex cut), columns of the last
 * two generations, and the test for the end. `pregel` and the algorithms that need more than it stand on this.
 */
import { allocateColumns, freeColumns } from "../../core/column/columnSet.ts";
import type { ColumnRef, ColumnSet, Schema } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { ExactSum } from "../../core/exactSum.ts";
import { SuperstepError } from "../../core/errors.ts";
import { withChunks } from "../columns/output.ts";
import { withRoom } from "../columns/withRoom.ts";
import type { Shape } from "../shape.ts";
import type { ApplyInput } from "./apply.ts";
import {
  combineAndApplyRef,
  scanPartRef,
  type CombinePartition,
  type PartMessages,
  type ScannedPart,
} from "./combine.ts";
import type { ApplyProgram, ScanProgram } from "./program.ts";
import type { ScanInput } from "./scan.ts";
import { superstepRef, type SuperstepInput, type SuperstepPartition, type SuperstepReport } from "./superstep.ts";

/** What a run of supersteps needs. */
export interface Supersteps {
  readonly operation: string;
  readonly driver: Driver;
  readonly shape: Shape;
  /** Attributes to start from; left as they are. */
  readonly vertices: ColumnSet;
  readonly edges: ColumnSet;
  readonly scan: ScanProgram;
  readonly apply: ApplyProgram;
  /** If set, every vertex's program first runs with it; that is not a superstep. */
  readonly initialMessage?: { readonly value: unknown };
  /** At most this many supersteps; Infinity allowed. */
  readonly maxSupersteps: number;
  /** Asked after each superstep, with the aggregators' results: true ends the run as converged. */
  readonly until?: (globals: Readonly<Record<string, number>>) => boolean;
  /** Results of the aggregators before the first superstep. */
  readonly globals?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal | undefined;
}

/** How a run ended. `columns` belong to the caller. */
export interface SuperstepsResult {
  readonly columns: ColumnSet;
  readonly supersteps: number;
  readonly converged: boolean;
  readonly globals: Readonly<Record<string, number>>;
}

/** Attributes and marks of who received a message: what one superstep leaves to the next. */
interface Generation {
  readonly columns: ColumnSet;
  readonly received: ColumnRef<"uint8">;
}

/**
 * Runs supersteps until no message is sent (when only receivers are applied), `until` says so, or the limit is reached.
 *
 * Memory: two generations of the vertex columns, one byte a vertex each for who received.
 */
export async function runSupersteps(run: Supersteps): Promise<SuperstepsResult> {
  return new SuperstepLoop(run).toEnd();
}

class SuperstepLoop {
  readonly #run: Supersteps;
  readonly #owner: string;
  #schema: Schema;
  /** Undefined before anything was written: the caller's columns, all vertices active. */
  #current: Generation | undefined;
  #spare: Generation | undefined;
  #areAllActive = true;
  #globals: Readonly<Record<string, number>>;

  constructor(run: Supersteps) {
    this.#run = run;
    this.#owner = run.operation;
    this.#schema = run.vertices.schema;
    this.#globals = run.globals ?? {};
  }

  async toEnd(): Promise<SuperstepsResult> {
    const { initialMessage, maxSupersteps, apply, until } = this.#run;
    let supersteps = 0;
    let converged = false;
    try {
      if (initialMessage) await this.#applyInitial(initialMessage.value);
      while (supersteps < maxSupersteps) {
        throwIfStopped(this.#run);
        const total = await this.#superstep(supersteps + 1);
        if (total.messages === 0 && apply.applyTo === "received") {
          converged = true;
          break;
        }
        supersteps++;
        if (until?.(this.#globals) === true) {
          converged = true;
          break;
        }
      }
      const columns = await this.#takeColumns();
      return { columns, supersteps, converged, globals: this.#globals };
    } finally {
      this.#free(this.#spare);
      this.#free(this.#current);
    }
  }

  async #applyInitial(value: unknown): Promise<void> {
    const input: Supersteps["apply"] = { ...this.#run.apply, applyTo: "all", noMessage: value, aggregators: {} };
    await this.#write((next) => this.#applyStage(`${this.#run.operation} initial message`, input, next, []));
    this.#areAllActive = true;
  }

  async #superstep(number: number): Promise<{ messages: number; edgesScanned: number; received: number }> {
    const started = performance.now();
    const { operation, driver, shape } = this.#run;
    const name = `${operation} superstep ${number}`;
    const reports = await this.#write(async (next) => {
      if (shape.cut === undefined) return this.#fusedStage(name, next);
      const parts = await this.#scanStage(name);
      const applied = await this.#applyStage(name, this.#run.apply, next, parts);
      return applied.map((report, at) => (at === 0 ? withCounts(report, parts) : report));
    });
    const total = { messages: 0, edgesScanned: 0, received: 0 };
    for (const report of reports) {
      total.messages += report.messages;
      total.edgesScanned += report.edgesScanned;
      total.received += report.received;
    }
    this.#areAllActive = this.#run.apply.applyTo === "all";
    // A scan that found nothing is no superstep: the last one's results stand.
    if (total.received > 0 || this.#areAllActive) this.#globals = this.#gatherGlobals(reports);
    driver.events.emit({
      type: "superstep",
      job: null,
      n: number,
      active: total.received,
      messages: total.messages,
      edgesScanned: total.edgesScanned,
      direction: "pull",
      ms: performance.now() - started,
      ...("delta" in this.#globals && { delta: this.#globals["delta"]! }),
    });
    return total;
  }

  /** Writes the next generation; again with room for it if a value was missing where none had been. */
  async #write(stage: (next: Generation) => Promise<readonly SuperstepReport[]>): Promise<readonly SuperstepReport[]> {
    for (;;) {
      const next = this.#spare ?? this.#allocate();
      this.#spare = next;
      const reports = await stage(next);
      const roomier = withRoom(
        this.#schema,
        reports.map(({ metMissing }) => metMissing),
      );
      if (roomier !== undefined) {
        this.#schema = roomier;
        this.#free(this.#spare);
        this.#spare = undefined;
        continue;
      }
      const columns = withChunks(
        next.columns,
        reports.map((report) => report.rows),
      );
      const previous = this.#current;
      this.#current = { columns, received: next.received };
      this.#spare = previous !== undefined && previous.columns.schema === this.#schema ? previous : undefined;
      if (this.#spare === undefined) this.#free(previous);
      return reports;
    }
  }

  async #fusedStage(name: string, next: Generation): Promise<readonly SuperstepReport[]> {
    const { driver, shape, scan, apply, signal } = this.#run;
    const rows = await shape.scanRows(scan.sendsTo);
    const shared: SuperstepInput = { scan: this.#scanInput(), apply: this.#applyInput(apply, next) };
    const tasks = shape.topology.partitions.map(({ from, to }, at): SuperstepPartition => ({
      from,
      to,
      rows: rows[at]!,
    }));
    return driver.runTasks<SuperstepReport>(
      { name, operator: superstepRef, shared, tasks },
      { ...(signal && { signal }) },
    );
  }

  async #scanStage(name: string): Promise<readonly ScannedPart[]> {
    const { driver, shape, scan, signal } = this.#run;
    const tasks = await shape.scanRows(scan.sendsTo);
    const spec = { name: `${name}: scan`, operator: scanPartRef, shared: this.#scanInput(), tasks };
    return driver.runTasks<ScannedPart>(spec, { ...(signal && { signal }) });
  }

  async #applyStage(
    name: string,
    program: ApplyProgram,
    next: Generation,
    parts: readonly PartMessages[],
  ): Promise<readonly SuperstepReport[]> {
    const { driver, shape, scan, signal } = this.#run;
    const shared = { apply: this.#applyInput(program, next), scan };
    const tasks = shape.topology.partitions.map(({ from, to }): CombinePartition => ({ from, to, parts }));
    return driver.runTasks<SuperstepReport>(
      { name, operator: combineAndApplyRef, shared, tasks },
      { ...(signal && { signal }) },
    );
  }

  #scanInput(): ScanInput {
    const { shape, scan, vertices, edges } = this.#run;
    const input = { program: scan, ids: shape.topology.ids, vertices: this.#current?.columns ?? vertices, edges };
    return this.#areAllActive || this.#current === undefined ? input : { ...input, active: this.#current.received };
  }

  #applyInput(program: ApplyProgram, next: Generation): ApplyInput {
    return {
      operation: this.#run.operation,
      program,
      ids: this.#run.shape.topology.ids,
      vertices: this.#current?.columns ?? this.#run.vertices,
      output: next.columns,
      received: next.received,
      globals: this.#globals,
    };
  }

  #gatherGlobals(reports: readonly SuperstepReport[]): Readonly<Record<string, number>> {
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

  #allocate(): Generation {
    const { arena } = this.#run.driver;
    const { numVertices } = this.#run.shape.topology;
    const columns = allocateColumns(arena, this.#schema, numVertices, this.#owner);
    const received = arena.allocate("uint8", numVertices, this.#owner);
    return { columns: { schema: this.#schema, length: numVertices, columns }, received };
  }

  /** The last generation's columns, now the caller's: a copy of the start if no superstep ran. */
  async #takeColumns(): Promise<ColumnSet> {
    if (this.#current === undefined) {
      const input: ApplyProgram = { ...this.#run.apply, applyTo: "received", aggregators: {} };
      await this.#write((next) => this.#applyStage(`${this.#run.operation} copy`, input, next, []));
    }
    const { columns, received } = this.#current!;
    this.#current = undefined;
    this.#run.driver.arena.free(received);
    return columns;
  }

  #free(generation: Generation | undefined): void {
    if (generation === undefined) return;
    freeColumns(this.#run.driver.arena, generation.columns);
    this.#run.driver.arena.free(generation.received);
  }
}

function withCounts(report: SuperstepReport, parts: readonly ScannedPart[]): SuperstepReport {
  let { messages, edgesScanned } = report;
  for (const part of parts) {
    messages += part.messages;
    edgesScanned += part.edgesScanned;
  }
  return { ...report, messages, edgesScanned };
}

function throwIfStopped({ signal, operation }: Supersteps): void {
  if (signal?.aborted) throw new SuperstepError("CANCELLED", `${operation}: cancelled`, { cause: signal.reason });
}
