/**
 * The encoded columns of a run on executors, as the driver sees them: for each state a column of places, and one heap for
 * the values of all, at the same offsets in every arena. Values are added to a heap until it is nearly full; then those that
 * are still wanted go to another one.
 */
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef, ColumnSet, EncodedChunk, PlacedValues, StoredColumn } from "../../../core/column/types.ts";
import { allocateHeap, emptyHeap } from "../../../core/column/valueHeap.ts";
import { hasCode } from "../../../core/errors.ts";
import type { StageSpec } from "../../../core/schedule/job.ts";
import type { SuperstepReport } from "../superstep.ts";
import { copyColumns, type Fleet } from "./fleet.ts";
import type { Lease } from "./lease.ts";
import { placedOf } from "./placedSuperstep.ts";
import { nextMailbox } from "./mailbox.ts";
import type { Mirrors } from "./mirrors.ts";
import {
  collectValuesRef,
  placeValuesRef,
  receiveValuesRef,
  type PlacedRange,
  type PlacingInput,
  type PlacingTask,
} from "./placeValues.ts";

/** The rows of one task on one host. */
export interface HostRows {
  readonly host: number;
  readonly ranges: readonly PlacedRange[];
}

/** Where the columns are used. */
export interface PlacedColumnsOptions {
  readonly fleet: Fleet;
  readonly operation: string;
  readonly signal?: AbortSignal | undefined;
  /** Rows that each host computes, or reads: one entry a task. */
  readonly tasks: readonly HostRows[];
  readonly routes: readonly Mirrors[];
  /** Indices, among the columns of a set, of those that are mirrored. */
  readonly shipped: readonly number[];
  readonly lease: Lease;
}

/** A column of places for each encoded column of a set, undefined for the others. */
type Places = readonly (ColumnRef<"uint32"> | undefined)[];

/** A heap is made so many times as large as what is to be in it. */
const spaciousness = 4;
const minHeapBytes = 2 ** 16;

export class PlacedColumns {
  readonly #options: PlacedColumnsOptions;
  readonly #places: Map<ColumnSet, Places> = new Map();
  #heap: ColumnRef<"uint8"> | undefined;
  /** Bytes of values when the heap was new; of the host that has most. */
  #liveBytes = 0;
  #isNew = true;
  #isNearlyFull = false;

  constructor(options: PlacedColumnsOptions) {
    this.#options = options;
  }

  /** The columns as executors have them: encoded ones without chunks, but with places. */
  placed(set: ColumnSet): ColumnSet {
    return placedIn(set, this.#placesOf(set), this.#heap!);
  }

  /** Places values from the driver. `chunks`: by column, for encoded ones. */
  async load(set: ColumnSet, chunks: readonly (readonly EncodedChunk[] | undefined)[]): Promise<void> {
    const given = chunks.flatMap((each) => (each === undefined ? [] : [each]));
    let needed = given.flat().reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    for (;;) {
      if (this.#heap !== undefined) this.#options.fleet.arena.free(this.#heap);
      this.#heap = undefined;
      this.#heap = this.#newHeap(needed);
      const used = await this.#place(this.placed(set), (ranges) => given.map((each) => each.filter(inSome(ranges))));
      if (used <= this.#heap.length) return;
      needed = used;
    }
  }

  /** The values of a state, by column. */
  async gather(set: ColumnSet): Promise<(readonly EncodedChunk[] | undefined)[]> {
    const { fleet, operation, tasks, signal } = this.#options;
    const columns = placedOf(this.placed(set).columns);
    const stage: StageSpec = {
      name: `${operation}: values`,
      operator: collectValuesRef,
      shared: columns,
      tasks: tasks.map(({ ranges }) => ranges),
      parents: [],
      placement: { kind: "pinned", hosts: tasks.map(({ host }) => host) },
    };
    const found = await fleet.runJob<EncodedChunk[][]>(
      { name: stage.name, stages: [stage] },
      { ...(signal && { signal }) },
    );
    let next = 0;
    return set.columns.map((column) => {
      if (column.kind === "fixed") return undefined;
      const at = next++;
      return found.flatMap((of) => of[at]!).sort((a, b) => a.from - b.from || a.to - b.to);
    });
  }

  /** Makes room for a superstep from this state, if the last one left little. */
  async makeRoom(before: ColumnSet): Promise<void> {
    if (this.#isNearlyFull) await this.#move(before, this.#liveBytes);
  }

  /**
   * Takes note of what a superstep used; `shippedBytes`: what hosts sent each other. True if some value found no room: the
   * superstep has to be done again, for which there is room then.
   */
  async wasFull(before: ColumnSet, reports: readonly SuperstepReport[], shippedBytes: number): Promise<boolean> {
    const hosts = new Map<number, { start: number; end: number }>();
    for (const { heap } of reports) {
      if (heap === undefined) continue;
      const { start, end } = hosts.get(heap.host) ?? { start: Infinity, end: 0 };
      hosts.set(heap.host, { start: Math.min(start, heap.startBytes), end: Math.max(end, heap.endBytes) });
    }
    const capacity = this.#heap!.length;
    const received = shippedBytes / Math.max(1, hosts.size);
    let used = 0;
    let live = 0;
    this.#isNearlyFull = false;
    for (const { start, end } of hosts.values()) {
      used = Math.max(used, end);
      live = Math.max(live, start);
      if (end + received + (end - start + received) > capacity) this.#isNearlyFull = true;
    }
    if (this.#isNew) this.#liveBytes = live;
    this.#isNew = false;
    if (used <= capacity) return false;
    await this.#move(before, used);
    return true;
  }

  free(): void {
    freeAll(this.#options.fleet.arena, [...Array.from(this.#places.values()).flat(), this.#heap]);
    this.#places.clear();
    this.#heap = undefined;
  }

  /**
   * Moves the values of a state, of about `liveBytes`, to a new heap; what only other states refer to is gone. They stay as
   * they are until all have moved.
   */
  async #move(set: ColumnSet, liveBytes: number): Promise<void> {
    const { arena } = this.#options.fleet;
    const old = this.placed(set);
    for (let needed = liveBytes; ;) {
      const heap = this.#newHeap(needed);
      const places: (ColumnRef<"uint32"> | undefined)[] = [];
      let used: number;
      try {
        this.#allocatePlaces(set, places);
        used = await this.#place(placedIn(set, places, heap), () => [], placedOf(old.columns));
      } catch (error) {
        freeAll(arena, [...places, heap]);
        throw error;
      }
      if (used <= heap.length) {
        freeAll(arena, [...this.#placesOf(set), this.#heap]);
        this.#places.set(set, places);
        this.#heap = heap;
        return;
      }
      freeAll(arena, [...places, heap]);
      needed = used;
    }
  }

  /** Returns the bytes used on the host that has most, by what is there before all mirrors have theirs. */
  async #place(
    set: ColumnSet,
    chunksOf: (ranges: readonly PlacedRange[]) => readonly (readonly EncodedChunk[])[],
    old?: readonly PlacedValues[],
  ): Promise<number> {
    const { fleet, operation, tasks, routes, shipped, lease, signal } = this.#options;
    const hosts = tasks.map(({ host }) => host);
    const columns = placedOf(set.columns);
    for (const host of new Set(hosts)) await copyColumns(fleet, host, [emptyHeap(fleet.arena, columns[0]!.heap)]);
    const encoded = set.columns.flatMap(({ kind }, at) => (kind === "encoded" ? [at] : []));
    const shared: PlacingInput = {
      columns,
      ...(old && { old }),
      routes,
      shipped: shipped.flatMap((at) => (encoded.includes(at) ? [encoded.indexOf(at)] : [])),
      lease,
    };
    const name = `${operation}: ${old === undefined ? "place values" : "move values"}`;
    const stage: StageSpec = {
      name,
      operator: placeValuesRef,
      shared,
      tasks: tasks.map(({ host, ranges }): PlacingTask => ({ host, ranges, chunks: chunksOf(ranges) })),
      parents: [],
      placement: { kind: "pinned", hosts },
      ...(routes.length > 0 && { exchange: { sends: nextMailbox(), receive: receiveValuesRef } }),
    };
    const used = await fleet.runJob<number>({ name, stages: [stage] }, { ...(signal && { signal }) });
    return Math.max(...used);
  }

  /** A heap for values of `neededBytes` and what will take their place; for less of that if the arena has no more room. */
  #newHeap(neededBytes: number): ColumnRef<"uint8"> {
    const { fleet, operation } = this.#options;
    this.#isNew = true;
    this.#isNearlyFull = false;
    for (let factor = spaciousness; ; factor /= 2) {
      try {
        return allocateHeap(fleet.arena, Math.max(minHeapBytes, factor * neededBytes), operation);
      } catch (error) {
        if (factor === 1 || !hasCode(error, "OUT_OF_MEMORY")) throw error;
      }
    }
  }

  #placesOf(set: ColumnSet): Places {
    let places = this.#places.get(set);
    if (places === undefined) {
      const made: (ColumnRef<"uint32"> | undefined)[] = [];
      this.#places.set(set, (places = made));
      this.#allocatePlaces(set, made);
    }
    return places;
  }

  #allocatePlaces({ columns, length }: ColumnSet, places: (ColumnRef<"uint32"> | undefined)[]): void {
    const { fleet, operation } = this.#options;
    for (const { kind } of columns) {
      places.push(kind === "encoded" ? fleet.arena.allocate("uint32", length, operation) : undefined);
    }
  }
}

/** True if a column set has values without a fixed width. */
export function isEncoded({ columns }: Pick<ColumnSet, "columns">): boolean {
  return columns.some(({ kind }) => kind === "encoded");
}

function placedIn(set: ColumnSet, places: Places, heap: ColumnRef<"uint8">): ColumnSet {
  const columns = set.columns.map((column, at): StoredColumn => {
    if (column.kind === "fixed") return column;
    return { kind: "encoded", chunks: [], placed: { places: places[at]!, heap } };
  });
  return { ...set, columns };
}

function inSome(ranges: readonly PlacedRange[]): (chunk: EncodedChunk) => boolean {
  return (chunk) => ranges.some(({ from, to }) => chunk.from < to && from < chunk.to);
}

function freeAll(arena: Arena, columns: readonly (ColumnRef | undefined)[]): void {
  for (const column of columns) if (column !== undefined) arena.free(column);
}
