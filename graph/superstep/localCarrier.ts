/**
 * Supersteps on the threads of the driver's own process: one stage a superstep, two over a vertex cut, one for many where few
 * vertices are active, or all of them each time.
 */
import { uncleared } from "../../core/column/arena.ts";
import { allocateColumns, freeColumns } from "../../core/column/columnSet.ts";
import type { ColumnSet, Schema } from "../../core/column/types.ts";
import { withChunks, type WrittenRows } from "../columns/output.ts";
import { ofCut, sparsePaths, superstepPaths } from "../compile/compiledSuperstep.ts";
import { withRoom } from "../columns/withRoom.ts";
import type { ApplyInput } from "./apply.ts";
import { DenseSupersteps } from "./dense/denseSupersteps.ts";
import type { Carrier, CarrierSpec, Generation, GlobalValues, SuperstepOutcome } from "./carrier.ts";
import {
  combineAndApplyRef,
  scanPartRef,
  type CombinePartition,
  type PartMessages,
  type ScannedPart,
} from "./combine.ts";
import type { ApplyProgram } from "./program.ts";
import type { ScanCounts, ScanInput } from "./scan.ts";
import { applyInitialRef, type InitialInput } from "./initialApply.ts";
import { SentMessages, writeSentRef } from "./sentMessages.ts";
import { Pieces } from "./pieces.ts";
import { sharedSuperstepRef, type SharedReport } from "./sharedSuperstep.ts";
import { SparseSupersteps } from "./sparse/sparseSupersteps.ts";
import type { SuperstepReport } from "./superstep.ts";

/** Vertices of a task that applies the initial message: it cannot be cancelled inside where it runs as JavaScript. */
const verticesPerTask = 2 ** 18;

type Columns = Pick<Generation, "columns" | "received">;

/**
 * Memory: two generations of the vertex columns, one byte a vertex each for who received; two messages a vertex where
 * writing them down saves computing them at each edge.
 */
export class LocalCarrier implements Carrier {
  readonly #spec: CarrierSpec;
  #schema: Schema;
  /** Undefined before anything was written: the caller's columns, all vertices active. */
  #current: Columns | undefined;
  #spare: Columns | undefined;
  #areAllActive = true;
  /** Marked vertices of `current`, where that is known. */
  #numActive: number | undefined;
  readonly #sent: SentMessages;
  readonly #sparse: SparseSupersteps;
  readonly #pieces: Pieces;
  readonly #dense: DenseSupersteps;

  constructor(spec: CarrierSpec) {
    this.#spec = spec;
    this.#pieces = new Pieces(spec);
    this.#dense = new DenseSupersteps(spec, this.#pieces);
    this.#sent = new SentMessages(spec.driver, spec.shape, spec.operation);
    this.#sparse = new SparseSupersteps(spec);
    this.#schema = spec.vertices.schema;
  }

  async initial(message: unknown): Promise<void> {
    const { apply, driver, operation, shape, signal } = this.#spec;
    const { numVertices } = shape.topology;
    const program: ApplyProgram = { ...apply, applyTo: "all", noMessage: message, aggregators: {} };
    const name = `${operation} initial message`;
    const tasks = evenRanges(numVertices, Math.max(driver.numThreads, Math.ceil(numVertices / verticesPerTask)));
    await this.#write((next) => {
      const input = this.#applyInput(program, next, {});
      const shared: InitialInput = { apply: input, asJavaScript: driver.config.compile === 0 };
      return driver.runTasks<SuperstepReport>(
        { name, operator: applyInitialRef, shared, tasks },
        { ...(signal && { signal }) },
      );
    });
    this.#areAllActive = true;
  }

  async supersteps(number: number, globals: GlobalValues, atMost: number): Promise<readonly SuperstepOutcome[]> {
    const name = `${this.#spec.operation} superstep ${number}`;
    const steps =
      (await this.#sparsely(name, globals, atMost)) ?? (await this.#denselyInOneStage(name, globals, atMost));
    return steps ?? [{ reports: await this.#densely(name, globals) }];
  }

  /** Scans the rows of active vertices, as long as they are few; undefined if they are not. */
  async #sparsely(name: string, globals: GlobalValues, atMost: number): Promise<SuperstepOutcome[] | undefined> {
    const start = this.#current;
    if (start === undefined || this.#areAllActive || this.#schema !== start.columns.schema) return undefined;
    const next = (this.#spare ??= this.#allocate());
    const steps = await this.#sparse.run(name, start, next, globals, this.#numActive, atMost);
    if (steps === undefined) return undefined;
    [this.#current, this.#spare] = [next, start];
    this.#sent.forget();
    this.#numActive = steps.at(-1)!.active;
    const functions = sparsePaths(this.#spec.apply);
    return steps.map(({ active, messages, edgesScanned, aggregates, ms }): SuperstepOutcome => {
      const rows: WrittenRows = { chunks: [] };
      const report = { received: active, messages, edgesScanned, aggregates, rows, functions };
      return { reports: [report], direction: "push", ms };
    });
  }

  /** Scans all rows, several times in one stage; undefined if that cannot be, or is of no use. */
  async #denselyInOneStage(
    name: string,
    globals: GlobalValues,
    atMost: number,
  ): Promise<SuperstepOutcome[] | undefined> {
    const { shape, scan, apply } = this.#spec;
    const start = this.#current;
    if (atMost < 2 || start === undefined || start.columns.schema !== this.#schema) return undefined;
    if (shape.cut !== undefined || apply.applyTo !== "all") return undefined;
    const next = (this.#spare ??= this.#allocate());
    const rows = await shape.scanRows(scan.sendsTo);
    const sending = this.#sent.prepare(this.#scanInput(), this.#applyInput(apply, next, globals), rows[0]!);
    const steps = await this.#dense.run(name, sending, start.received, rows, atMost);
    if (steps === undefined) return undefined;
    for (let step = 0; step < steps.length; step++) {
      this.#sent.ended(sending);
      [this.#current, this.#spare] = [this.#spare, this.#current];
    }
    this.#areAllActive = true;
    this.#numActive = steps.at(-1)!.received;
    return steps.map(({ ms, ...share }): SuperstepOutcome => ({ reports: [{ ...share, rows: { chunks: [] } }], ms }));
  }

  /** Scans all rows. */
  async #densely(name: string, globals: GlobalValues): Promise<readonly SuperstepReport[]> {
    const { shape, apply } = this.#spec;
    const reports = await this.#write(async (next) => {
      if (shape.cut === undefined) return this.#fusedStage(name, next, globals);
      const parts = await this.#scanStage(name);
      const applied = await this.#applyStage(name, apply, next, globals, parts);
      return applied.map((report, at) => (at === 0 ? withCounts(report, parts, apply) : report));
    });
    this.#areAllActive = apply.applyTo === "all";
    this.#numActive = reports.reduce((sum, { received }) => sum + received, 0);
    return reports;
  }

  async lend<R>(borrow: (generation: Generation | undefined) => Promise<R>): Promise<R> {
    return borrow(this.#current && { ...this.#current, areAllActive: this.#areAllActive });
  }

  async restore({ columns, received, areAllActive }: Generation): Promise<void> {
    this.#freeColumns(this.#current);
    this.#current = { columns, received };
    this.#areAllActive = areAllActive;
    this.#sent.forget();
    this.#numActive = undefined;
    this.#schema = columns.schema;
    if (this.#spare === undefined || this.#spare.columns.schema === this.#schema) return;
    this.#freeColumns(this.#spare);
    this.#spare = undefined;
  }

  async takeColumns(): Promise<ColumnSet> {
    if (this.#current === undefined) {
      const program: ApplyProgram = { ...this.#spec.apply, applyTo: "received", aggregators: {} };
      await this.#write((next) => this.#applyStage(`${this.#spec.operation} copy`, program, next, {}, []));
    }
    const { columns, received } = this.#current!;
    this.#current = undefined;
    this.#spec.driver.arena.free(received);
    return columns;
  }

  async free(): Promise<void> {
    this.#freeColumns(this.#spare);
    this.#freeColumns(this.#current);
    this.#spare = this.#current = undefined;
    this.#sent.free();
    this.#sparse.free();
    this.#pieces.free();
  }

  /** Writes the next generation; again with room for it if a value was missing where none had been. */
  async #write(stage: (next: Columns) => Promise<readonly SuperstepReport[]>): Promise<readonly SuperstepReport[]> {
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
        this.#freeColumns(this.#spare);
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
      if (this.#spare === undefined) this.#freeColumns(previous);
      return reports;
    }
  }

  /** One report a partition, or for several of them one, in the order of the first. */
  async #fusedStage(name: string, next: Columns, globals: GlobalValues): Promise<readonly SuperstepReport[]> {
    const { driver, shape, scan, apply, signal } = this.#spec;
    const rows = await shape.scanRows(scan.sendsTo);
    const sending = this.#sent.prepare(this.#scanInput(), this.#applyInput(apply, next, globals), rows[0]!);
    const { missing } = sending;
    const { shared, tasks } = await this.#pieces.prepare(sending.scan, sending.apply, rows);
    const ranges = evenRanges(shape.topology.numVertices, driver.numThreads).map((range) => [range]);
    const writing =
      missing &&
      ({ name: `${name}: messages`, operator: writeSentRef, shared: missing, tasks: ranges, parents: [] } as const);
    const scanning = { name, operator: sharedSuperstepRef, shared, tasks, parents: writing ? [0] : [] };
    const stages = writing ? [writing, scanning] : [scanning];
    const shares = await driver.runJob<readonly SharedReport[]>({ name, stages }, { ...(signal && { signal }) });
    const inOrder = shares.flat().sort((a, b) => a.first - b.first);
    const reports = inOrder.map(({ report }) => report);
    if (reports.every(({ metMissing }) => metMissing === undefined)) this.#sent.ended(sending);
    return reports;
  }

  async #scanStage(name: string): Promise<readonly ScannedPart[]> {
    const { driver, shape, scan, signal } = this.#spec;
    const tasks = await shape.scanRows(scan.sendsTo);
    const spec = { name: `${name}: scan`, operator: scanPartRef, shared: this.#scanInput(), tasks };
    return driver.runTasks<ScannedPart>(spec, { ...(signal && { signal }) });
  }

  async #applyStage(
    name: string,
    program: ApplyProgram,
    next: Columns,
    globals: GlobalValues,
    parts: readonly PartMessages[],
  ): Promise<readonly SuperstepReport[]> {
    const { driver, shape, scan, signal } = this.#spec;
    const shared = { apply: this.#applyInput(program, next, globals), scan };
    const tasks = shape.topology.partitions.map(({ from, to }): CombinePartition => ({ from, to, parts }));
    return driver.runTasks<SuperstepReport>(
      { name, operator: combineAndApplyRef, shared, tasks },
      { ...(signal && { signal }) },
    );
  }

  #scanInput(): ScanInput {
    const { driver, shape, scan, vertices, edges } = this.#spec;
    const asJavaScript = driver.config.compile === 0;
    const attributes = this.#current?.columns ?? vertices;
    const input = { program: scan, ids: shape.topology.ids, vertices: attributes, edges, asJavaScript };
    return this.#areAllActive || this.#current === undefined ? input : { ...input, active: this.#current.received };
  }

  #applyInput(program: ApplyProgram, next: Columns, globals: GlobalValues): ApplyInput {
    return {
      operation: this.#spec.operation,
      program,
      ids: this.#spec.shape.topology.ids,
      vertices: this.#current?.columns ?? this.#spec.vertices,
      output: next.columns,
      received: next.received,
      globals,
    };
  }

  #allocate(): Columns {
    const { driver, shape, operation } = this.#spec;
    const { numVertices } = shape.topology;
    const columns = allocateColumns(driver.arena, this.#schema, numVertices, operation, uncleared);
    const received = driver.arena.allocate("uint8", numVertices, operation, uncleared);
    return { columns: { schema: this.#schema, length: numVertices, columns }, received };
  }

  #freeColumns(columns: Columns | undefined): void {
    if (columns === undefined) return;
    freeColumns(this.#spec.driver.arena, columns.columns);
    this.#spec.driver.arena.free(columns.received);
  }
}

/** [0, length) in so many ranges: what is alike for all vertices needs no more of them than there are threads. */
function evenRanges(length: number, count: number): { from: number; to: number }[] {
  const bound = (at: number): number => Math.floor((length * at) / count);
  return Array.from({ length: count }, (_, at) => ({ from: bound(at), to: bound(at + 1) }));
}

/** The report of a partition, with what the scans counted, and how the functions ran. */
export function withCounts(
  report: SuperstepReport,
  parts: readonly ScanCounts[],
  program: ApplyProgram,
): SuperstepReport {
  let { messages, edgesScanned } = report;
  for (const part of parts) {
    messages += part.messages;
    edgesScanned += part.edgesScanned;
  }
  return { ...report, messages, edgesScanned, functions: superstepPaths(ofCut, { program }) };
}
