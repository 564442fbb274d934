/**
 * Driver half of sparse supersteps on executors: when a superstep may be one, and what executors need for it.
 */
import { uncleared } from "../../../core/column/arena.ts";
import type { ColumnRef, FixedType } from "../../../core/column/types.ts";
import { isRefusal, type Refusal } from "../../../core/compile/refused.ts";
import { hasCode } from "../../../core/errors.ts";
import type { HasPositions } from "../../compile/activeScan.ts";
import { Scratch } from "../../partition/scratch.ts";
import type { CarrierSpec } from "../carrier.ts";
import type { ScanRows } from "../scan.ts";
import type { SendingSuperstep } from "../sentMessages.ts";
import { prepareRef, type PreparedSparse, type SparseProgram } from "../sparse/sparseCrew.ts";
import { hopeless, little, sparseLimits, type SparseLimits } from "../sparse/sparseSupersteps.ts";
import type { SuperstepReport } from "../superstep.ts";
import { walksOf, type Walk } from "../walks.ts";
import type { Fleet } from "./fleet.ts";
import { controlLength } from "./hostLists.ts";
import { buildHostRowsRef, rowsRead, type HostRowsInput, type HostRowsTask, type WalkedRows } from "./hostRows.ts";
import type { HostRange } from "./placement.ts";
import type { SparseInput, SparseShare } from "./sparseStep.ts";

/** What stays as it is for the supersteps of one deployment. */
type Room = Pick<SparseInput, "lists" | "rows" | "hasPositions" | "active" | "touched" | "summary" | "slots">;

/**
 * The sparse supersteps of one deployment.
 *
 * Memory, on each executor: 20 bytes a vertex for lists, a message a vertex, of which it touches the pages of its own vertices; 4
 * bytes a vertex for each kind of rows that is walked, and 8 for each of its edges along which messages are pushed. All is built
 * when it is first needed.
 */
export class SparseHosts {
  readonly #spec: CarrierSpec;
  readonly #fleet: Fleet;
  readonly #ranges: readonly HostRange[];
  readonly #limits: SparseLimits;
  readonly #scratch: Scratch;
  readonly #numScans: number;
  /** Of a scan of all rows. */
  readonly #workOfAll: number;
  #isOff: boolean;
  #room: Room | undefined;
  /** Offsets of the marks of generations: of the one before the last superstep, and those in which there may be lists. */
  #previous: number | undefined;
  readonly #hasLists: Set<number> = new Set();
  /** Marks of the generation that comes first. */
  #first: number | undefined;
  #numActive: number | undefined;
  #numWithoutRows = 0;
  /** True if the next superstep is known not to be sparse. */
  #isDense = false;

  constructor(spec: CarrierSpec, fleet: Fleet, ranges: readonly HostRange[]) {
    const { shape, scan, apply, driver, sparse = sparseLimits } = spec;
    this.#spec = spec;
    this.#fleet = fleet;
    this.#ranges = ranges;
    this.#limits = sparse;
    this.#scratch = new Scratch(fleet.arena, spec.operation);
    const { numVertices, numEdges } = shape.topology;
    this.#numScans = Number(scan.sendsTo.src) + Number(scan.sendsTo.dst || !scan.sendsTo.src);
    this.#workOfAll = numVertices + this.#numScans * numEdges;
    const isNever = sparse.maxShare === 0 && sparse.minWork === 0;
    this.#isOff = isNever || apply.applyTo === "all" || shape.cut !== undefined || driver.config.compile === 0;
  }

  /** What executors need if this superstep may be sparse. `rows`: one entry a partition. Whoever runs it calls `ended`. */
  async prepare({ scan, apply }: SendingSuperstep, rows: readonly ScanRows[]): Promise<SparseInput | undefined> {
    if (this.#isOff || scan.active === undefined) return undefined;
    if (scan.sent !== undefined || apply.nextSent !== undefined) {
      this.#isOff = true; // mirrors have messages, not attributes
      return undefined;
    }
    // what is written must hold what vertices were one superstep earlier
    const isMendable = this.#previous === apply.received.offset;
    if (!isMendable || !this.#isWorthTrying()) return undefined;
    const hasPositions: HasPositions = {
      in: rows[0]!.inRows?.positions !== undefined,
      out: rows[0]!.outRows?.positions !== undefined,
      pushed: true,
    };
    try {
      this.#room ??= await this.#build({ scan, apply, hasPositions }, rows);
    } catch (error) {
      if (!hasCode(error, "OUT_OF_MEMORY")) throw error;
      this.#isOff = true; // scans of all rows need less
      this.free();
    }
    if (this.#room === undefined) return undefined;
    const [before, after] = [scan.active.offset, apply.received.offset];
    this.#first ??= before;
    return {
      ...this.#room,
      turn: before === this.#first ? { before: 0, after: 1 } : { before: 1, after: 0 },
      hasLists: { before: this.#hasLists.has(before), after: this.#hasLists.has(after) },
    };
  }

  /** A superstep ended well. `sparse`: what it was given. */
  ended({ scan, apply }: SendingSuperstep, sparse: SparseInput | undefined, reports: readonly SuperstepReport[]): void {
    this.#previous = scan.active?.offset;
    if (sparse === undefined) this.#hasLists.delete(apply.received.offset);
    else this.#hasLists.add(apply.received.offset);
    this.#isDense = sparse !== undefined && reports.every(({ isSparse }) => isSparse !== true);
    this.#numActive = reports.reduce((sum, { received }) => sum + received, 0);
  }

  /** What a task is to know of its host. `leads`: as `SparseShare` has it. */
  share(host: number, leads: boolean): SparseShare {
    const { maxShare, minWork } = this.#limits;
    const { from, to, firstPartition, endPartition, numThreads } = this.#ranges.find((range) => range.host === host)!;
    const own = this.#spec.shape.topology.partitions.slice(firstPartition, endPartition);
    const numEdges = own.reduce((sum, { inRows }) => sum + inRows.neighbours.length, 0);
    // one thread does it, where all would scan
    const maxWork = (maxShare * (to - from + this.#numScans * numEdges)) / numThreads + minWork;
    return { from, to, maxWork, leads, firstPartition, ends: own.map((each) => each.to) };
  }

  /** Frees all. Idempotent. */
  free(): void {
    this.#scratch.freeAll();
    this.#room = undefined;
    this.#hasLists.clear();
  }

  /** Tells from what is known at no cost; executors count edges before they begin. */
  #isWorthTrying(): boolean {
    if (this.#numActive === undefined) return false;
    const { maxShare, minWork, buildAfter } = this.#limits;
    const maxWork = maxShare * this.#workOfAll + minWork;
    const guess = (this.#numActive * this.#workOfAll) / this.#spec.shape.topology.numVertices;
    if (guess > hopeless * maxWork) return false;
    if (this.#isDense) {
      this.#isDense = false;
      return false;
    }
    return this.#room !== undefined || (guess <= little * maxWork && ++this.#numWithoutRows > buildAfter);
  }

  async #build(program: SparseProgram, rows: readonly ScanRows[]): Promise<Room | undefined> {
    const { shape, operation, signal } = this.#spec;
    const { numVertices } = shape.topology;
    const options = signal && { signal };
    const compiling = { name: operation, operator: prepareRef, shared: program, tasks: [undefined] };
    const [compiled] = await this.#fleet.runTasks<Refusal | PreparedSparse>(compiling, options);
    if (isRefusal(compiled!)) {
      this.#isOff = true;
      return undefined;
    }
    const column = <T extends FixedType>(type: T, length: number): ColumnRef<T> =>
      this.#scratch.allocate(type, length, uncleared);
    const list = (): ColumnRef<"uint32"> => column("uint32", numVertices);
    const words = Math.ceil(numVertices / 32);
    const room: Room = {
      lists: { own: [list(), list()], mirrored: [list(), list()], control: column("uint32", controlLength) },
      rows: walksOf(program.scan.program).map((walk) => this.#walkedRows(walk, rows)),
      hasPositions: program.hasPositions,
      active: list(),
      touched: column("uint32", words),
      summary: column("uint32", Math.ceil(words / 32)),
      slots: compiled!.slotTypes.map((type) => column(type, numVertices)),
    };
    await this.#buildRows(room, rows);
    return room;
  }

  #walkedRows(walk: Walk, rows: readonly ScanRows[]): WalkedRows {
    const { numVertices } = this.#spec.shape.topology;
    const rowStart = this.#scratch.allocate("uint32", numVertices + 1, uncleared);
    const read = rowsRead(walk);
    if (walk.way === "pull") {
      const { neighbours, positions } = rows[0]![read]!;
      return { walk, rowStart, neighbours: neighbours.offset, positions: positions?.offset ?? 0 };
    }
    const numEdges = (of: readonly ScanRows[]): number =>
      of.reduce((sum, part) => sum + part[read]!.neighbours.length, 0);
    const most = Math.max(
      ...this.#ranges.map(({ firstPartition, endPartition }) => numEdges(rows.slice(firstPartition, endPartition))),
    );
    const [neighbours, positions] = [0, 1].map(() => this.#scratch.allocate("uint32", most, uncleared).offset);
    return { walk, rowStart, neighbours: neighbours!, positions: positions! };
  }

  async #buildRows({ rows: walks, lists, touched, summary }: Room, rows: readonly ScanRows[]): Promise<void> {
    const { operation, shape, signal } = this.#spec;
    const shared: HostRowsInput = {
      walks,
      numVertices: shape.topology.numVertices,
      cleared: [lists.control, touched, summary],
    };
    const tasks = this.#ranges.map(({ firstPartition, endPartition }): HostRowsTask => ({
      rows: rows.slice(firstPartition, endPartition),
    }));
    const placement = { kind: "pinned", hosts: this.#ranges.map(({ host }) => host) } as const;
    const name = `${operation}: rows of active vertices`;
    const stages = [{ name, operator: buildHostRowsRef, shared, tasks, parents: [], placement }];
    await this.#fleet.runJob({ name, stages }, signal && { signal });
  }
}
