/**
 * What carries supersteps: computes each generation of vertex attributes from the last. The loop decides when a run
 * ends; the carrier knows where its columns lie and on which threads it is computed.
 */
import type { Driver } from "../../core/cluster/driver.ts";
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { Shape } from "../shape.ts";
import type { ApplyProgram, ScanProgram } from "./program.ts";
import type { SparseLimits } from "./sparse/sparseSupersteps.ts";
import type { SuperstepReport } from "./superstep.ts";

/** What a carrier computes: a program, and the graph it runs on. */
export interface CarrierSpec {
  readonly operation: string;
  readonly driver: Driver;
  readonly shape: Shape;
  /** Attributes to start from; left as they are. */
  readonly vertices: ColumnSet;
  readonly edges: ColumnSet;
  readonly scan: ScanProgram;
  readonly apply: ApplyProgram;
  /** At most this many supersteps; Infinity allowed. */
  readonly maxSupersteps: number;
  readonly signal?: AbortSignal | undefined;
  /** When supersteps are sparse; default: as measured. */
  readonly sparse?: SparseLimits;
}

/** What one superstep leaves to the next, in the driver's arena. */
export interface Generation {
  readonly columns: ColumnSet;
  /** One byte a vertex: 1 for those that received a message. */
  readonly received: ColumnRef<"uint8">;
  /** True if all vertices count as active, whatever `received` says. */
  readonly areAllActive: boolean;
}

/** Results of the aggregators, by name. */
export type GlobalValues = Readonly<Record<string, number>>;

/** What executors sent each other in a superstep, and how long the slowest of them took for each part of it. */
export interface ShippingReport {
  /** Bytes sent, of all executors together. */
  readonly bytes: number;
  /** Milliseconds from the first task to the end of the last. */
  readonly computeMs: number;
  /** Milliseconds from there until what it sent had arrived. */
  readonly shipMs: number;
  /** Milliseconds without a task before. */
  readonly waitMs: number;
}

/** What one superstep did. */
export interface SuperstepOutcome {
  /** By partition, in their order; one report can be of several. */
  readonly reports: readonly SuperstepReport[];
  /** Absent where all is in one process. */
  readonly shipping?: ShippingReport;
  /** "push" if only rows of active vertices were walked; default: "pull", over the rows of all. */
  readonly direction?: "pull" | "push";
  /** Set where supersteps end before they are told of. */
  readonly ms?: number;
}

/** What a superstep across executors did. */
export interface ShippedOutcome extends SuperstepOutcome {
  readonly shipping: ShippingReport;
}

/**
 * Holds the attributes of a run between its supersteps. Calls come one at a time. What `supersteps` gives, and the columns
 * that it leaves, depend on program and graph alone.
 */
export interface Carrier {
  /** Runs every vertex's program with `message`. All vertices are active after it. */
  initial(message: unknown): Promise<void>;
  /**
   * Scan, combine and apply: superstep `number`, and as many further ones as it likes, up to `atMost` in all, none of them
   * after one without messages. `globals`: what the superstep before left.
   */
  supersteps(number: number, globals: GlobalValues, atMost: number): Promise<readonly SuperstepOutcome[]>;
  /** Lends what the last superstep left: undefined if nothing was written yet, so that the start still stands. */
  lend<R>(borrow: (generation: Generation | undefined) => Promise<R>): Promise<R>;
  /** Goes on from `generation`, whose columns are the carrier's from now on. */
  restore(generation: Generation): Promise<void>;
  /** The attributes, now the caller's: a copy of the start if nothing was written. */
  takeColumns(): Promise<ColumnSet>;
  /** Frees all that the carrier still holds. Idempotent. */
  free(): Promise<void>;
}
