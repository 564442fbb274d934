/**
 * Driver half of sparse supersteps: when a superstep is one, what it needs, and the runs of crews that compute them.
 */
import { hasCode } from "../../../core/errors.ts";
import type { ColumnRef, ColumnSet } from "../../../core/column/types.ts";
import { isRefusal, type Refusal } from "../../../core/compile/refused.ts";
import { flatRows, type FlatRows } from "../../kernels/flatRows.ts";
import { runKernel } from "../../kernels/runKernel.ts";
import { Scratch } from "../../partition/scratch.ts";
import type { EdgeRows, Topology } from "../../partition/topology.ts";
import type { CarrierSpec, GlobalValues } from "../carrier.ts";
import { walksOf } from "../walks.ts";
import { edgesBySource } from "./edgesBySource.ts";
import {
  prepareRef,
  runSparseRef,
  verticesPerBlock,
  type PreparedSparse,
  type SparseEnd,
  type SparseProgram,
  type SparseShared,
  type SparseStep,
} from "./sparseCrew.ts";

/** When supersteps are sparse. Work is counted in vertices that are active plus edges in their rows. */
export interface SparseLimits {
  /**
   * Share of the work of a scan of all rows up to which a superstep walks the rows of its active vertices instead: an edge
   * costs more there, for what it reads lies apart. At least 0.
   */
  readonly maxShare: number;
  /** Work up to which it does so in any case: what costs less than a stage of the driver. */
  readonly minWork: number;
  /** Rows by source, where they lack, are built once more than so many supersteps had little work. */
  readonly buildAfter: number;
  /**
   * Edge attributes that are read along rows by source are copied into their order once so many times all edges were pushed:
   * copying one costs about what it saves each time.
   */
  readonly copyAfter: number;
}

/** As measured: an edge that is pushed costs up to four times one that is pulled, building rows by source some ten scans. */
export const sparseLimits: SparseLimits = { maxShare: 1 / 4, minWork: 32_768, buildAfter: 8, copyAfter: 1 };

/**
 * Before a crew counts, work is guessed by the mean length of rows, which is wrong where some are far longer. So many times more
 * than the limit is hopeless; so small a part of it is little.
 */
export const hopeless: number = 3;
export const little: number = 1 / 4;
/** Milliseconds after which a run tells the driver of its supersteps. */
const sliceMs = 50;
/** More chunks than threads, for they take unlike times; not many, for each walks the rows of all active vertices. */
const chunksPerThread = 2;
/** Vertices whose marks share a word of the summary. */
const verticesPerWord = 1024;

/** What a generation of vertices is: columns, and a byte a vertex for who received. */
export interface Marked {
  readonly columns: ColumnSet;
  readonly received: ColumnRef<"uint8">;
}

interface Prepared {
  readonly edgesRead: readonly number[];
  readonly lists: SparseShared["lists"];
  readonly touched: ColumnRef<"uint32">;
  readonly summary: ColumnRef<"uint32">;
  readonly slots: readonly ColumnRef[];
  readonly spans: SparseShared["spans"];
  readonly counts: ColumnRef<"float64">;
  readonly rows: { readonly in?: FlatRows; readonly out?: FlatRows };
  readonly bounds: readonly number[];
}

/**
 * The sparse supersteps of one run.
 *
 * Memory: 8 bytes a vertex for lists and a bit for marks, a message a vertex, 4 bytes a vertex for each kind of rows that is
 * walked; edge attributes once more that are read along rows by source, once that pays. Rows by source, where they are needed, stay
 * with the graph.
 */
export class SparseSupersteps {
  readonly #spec: CarrierSpec;
  readonly #limits: SparseLimits;
  readonly #scratch: Scratch;
  readonly #sides: { readonly in: boolean; readonly out: boolean };
  /** Of a scan of all rows, and at most of a sparse superstep. */
  readonly #workOfAll: number;
  readonly #maxWork: number;
  #isOff: boolean;
  #prepared: Prepared | undefined;
  #areRowsFlat = false;
  #numWithoutRows = 0;
  #numPushed = 0;
  /** Undefined before they are copied, and where that is of no use; null where there was no room. */
  #edgesBySource: ColumnSet | null | undefined;
  /** True if the next superstep is known not to be one. */
  #isDense = false;

  constructor(spec: CarrierSpec) {
    const { driver, shape, scan, apply, sparse = sparseLimits } = spec;
    this.#spec = spec;
    this.#limits = sparse;
    this.#scratch = new Scratch(driver.arena, spec.operation);
    const { numVertices, numEdges } = shape.topology;
    const numScans = Number(scan.sendsTo.src) + Number(scan.sendsTo.dst || !scan.sendsTo.src);
    this.#workOfAll = numVertices + numScans * numEdges;
    this.#maxWork = sparse.maxShare * this.#workOfAll + sparse.minWork;
    const sides = new Set(walksOf(scan).map(({ side }) => side));
    this.#sides = { in: sides.has("in"), out: sides.has("out") };
    this.#isOff = apply.applyTo === "all" || shape.cut !== undefined || driver.config.compile === 0;
  }

  /**
   * Runs supersteps from `start`, up to `atMost`, and leaves what they end with in `next`, whose columns are alike. Undefined if
   * the next superstep is not sparse; what `next` holds means nothing then. `numActive`: marked vertices, if that is known.
   */
  async run(
    name: string,
    start: Marked,
    next: Marked,
    globals: GlobalValues,
    numActive: number | undefined,
    atMost: number,
  ): Promise<readonly SparseStep[] | undefined> {
    if (!this.#isWorthTrying(numActive)) return undefined;
    const program = this.#programOf(next, globals);
    try {
      this.#prepared ??= await this.#prepare(program);
      if (this.#prepared !== undefined) await this.#copyEdges(this.#prepared);
    } catch (error) {
      if (!hasCode(error, "OUT_OF_MEMORY")) throw error;
      this.#isOff = true; // scans of all rows need less
      this.free();
    }
    if (this.#prepared === undefined) return undefined;
    const positioned = { ...program.hasPositions, out: !this.#edgesBySource };
    return this.#runCrew(name, this.#prepared, { ...program, hasPositions: positioned }, start, atMost);
  }

  /** Frees all. Idempotent. */
  free(): void {
    this.#scratch.freeAll();
    this.#prepared = undefined;
    this.#areRowsFlat = false;
    this.#edgesBySource = undefined;
  }

  async #copyEdges({ edgesRead, rows }: Prepared): Promise<void> {
    const { shape } = this.#spec;
    const isDue = this.#numPushed >= this.#limits.copyAfter * shape.topology.numEdges;
    if (!isDue || this.#edgesBySource !== undefined || edgesRead.length === 0 || rows.out === undefined) return;
    this.#edgesBySource = (await edgesBySource(this.#spec, rows.out, edgesRead, this.#scratch)) ?? null;
  }

  async #runCrew(
    name: string,
    prepared: Prepared,
    program: SparseProgram,
    start: Marked,
    atMost: number,
  ): Promise<readonly SparseStep[] | undefined> {
    const { driver, shape, signal, apply } = this.#spec;
    const { numVertices } = shape.topology;
    // Programs are compiled for the names of what they are given.
    const namesStay = isSameNames(program.apply.globals, apply.aggregators);
    const shared: Omit<SparseShared, "control"> = {
      ...program,
      ...prepared,
      ...(this.#edgesBySource && { edgesBySource: this.#edgesBySource }),
      start,
      numVertices,
      areRowsFlat: this.#areRowsFlat,
      maxWork: this.#maxWork,
      atMost: namesStay ? atMost : 1,
      sliceMs,
    };
    const operator = runSparseRef;
    const end = await runKernel<SparseEnd>(driver, { name, operator, shared, signal }, this.#scratch);
    const { steps, metMissing } = end;
    this.#areRowsFlat = true;
    for (const { edgesScanned } of steps) this.#numPushed += edgesScanned;
    this.#isDense = steps.length > 0 && end.isDense;
    if (metMissing) {
      // those before it once more, then that one in columns that can be laid out anew
      return steps.length === 0 ? undefined : this.#runCrew(name, prepared, program, start, steps.length);
    }
    return steps.length === 0 ? undefined : steps;
  }

  /** Tells from what is known at no cost; the crew counts edges before it begins. */
  #isWorthTrying(numActive = 0): boolean {
    const { shape } = this.#spec;
    if (this.#isOff || this.#maxWork === 0) return false;
    const guess = (numActive * this.#workOfAll) / shape.topology.numVertices;
    if (guess > hopeless * this.#maxWork) return false;
    if (this.#isDense) {
      this.#isDense = false;
      return false;
    }
    if (!this.#sides.out || shape.hasOutRows) return true;
    return guess <= little * this.#maxWork && ++this.#numWithoutRows > this.#limits.buildAfter;
  }

  #programOf({ columns, received }: Marked, globals: GlobalValues): SparseProgram {
    const { operation, shape, scan, apply, edges } = this.#spec;
    const { ids, partitions } = shape.topology;
    return {
      scan: { program: scan, ids, vertices: columns, edges, active: received },
      apply: { operation, program: apply, ids, vertices: columns, output: columns, received, globals },
      hasPositions: { in: partitions[0]!.inRows.positions !== undefined, out: true },
    };
  }

  async #prepare(program: SparseProgram): Promise<Prepared | undefined> {
    const { driver, shape, signal } = this.#spec;
    const { numVertices, partitions } = shape.topology;
    const spec = { name: program.apply.operation, operator: prepareRef, shared: program, tasks: [undefined] };
    const [compiled] = await driver.runTasks<Refusal | PreparedSparse>(spec, {
      ...(signal && { signal }),
    });
    if (isRefusal(compiled!)) {
      this.#isOff = true;
      return undefined;
    }
    const scratch = this.#scratch;
    const list = (): ColumnRef<"uint32"> => scratch.allocate("uint32", numVertices);
    const flat = async (rows: Promise<readonly EdgeRows[]>): Promise<FlatRows> =>
      flatRows(await rows, numVertices, scratch);
    const bounds = chunkBounds(shape.topology, chunksPerThread * driver.numThreads);
    const words = Math.ceil(numVertices / 32);
    const pushes = new Set(walksOf(program.scan.program).flatMap(({ side, way }) => (way === "push" ? [side] : [])));
    const span = (): ColumnRef<"uint32"> => scratch.allocate("uint32", 2 * Math.ceil(numVertices / verticesPerBlock));
    return {
      edgesRead: compiled!.edgesRead,
      lists: [list(), list()],
      touched: scratch.allocate("uint32", words),
      summary: scratch.allocate("uint32", Math.ceil(words / 32)),
      slots: compiled!.slotTypes.map((type) => scratch.allocate(type, numVertices)),
      spans: { ...(pushes.has("in") && { in: span() }), ...(pushes.has("out") && { out: span() }) },
      counts: scratch.allocate("float64", 2 * bounds.length + 1),
      rows: {
        ...(this.#sides.in && { in: await flat(Promise.resolve(partitions.map(({ inRows }) => inRows))) }),
        ...(this.#sides.out && { out: await flat(shape.outRows()) }),
      },
      bounds,
    };
  }
}

/** Where chunks of targets begin and end: at partitions, which have about as many edges each, by whole words of marks. */
function chunkBounds({ partitions, numVertices }: Topology, numChunks: number): number[] {
  const starts = Array.from({ length: numChunks }, (_, chunk) => {
    const { from } = partitions[Math.floor((partitions.length * chunk) / numChunks)]!;
    return from - (from % verticesPerWord);
  });
  return [...new Set([0, ...starts]), numVertices];
}

function isSameNames(a: object, b: object): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b);
}
