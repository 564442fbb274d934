/**
 * Driver half of dense supersteps: when several of them are one stage, and what that needs.
 */
import type { ColumnRef } from "../../../core/column/types.ts";
import { superstepKey } from "../../compile/compiledSuperstep.ts";
import { runKernel } from "../../kernels/runKernel.ts";
import { Scratch } from "../../partition/scratch.ts";
import type { CarrierSpec } from "../carrier.ts";
import type { Pieces } from "../pieces.ts";
import type { ScanRows } from "../scan.ts";
import type { SendingSuperstep } from "../sentMessages.ts";
import type { SuperstepInput } from "../superstep.ts";
import { runDenseRef, type DenseEnd, type DenseShared } from "./denseCrew.ts";
import { sharesLength, StepShares, type EndedStep } from "./stepShares.ts";

/** Milliseconds after which a run tells the driver of its supersteps, and supersteps of a run at most. */
const sliceMs = 100;
const maxSteps = 64;

/** The dense supersteps of one run that need not go back to the driver. */
export class DenseSupersteps {
  readonly #spec: CarrierSpec;
  readonly #pieces: Pieces;

  constructor(spec: CarrierSpec, pieces: Pieces) {
    this.#spec = spec;
    this.#pieces = pieces;
  }

  /**
   * Runs a superstep and further ones, up to `atMost`; undefined if it cannot. The first reads `apply.vertices`, and writes
   * `apply.output` and `received`; the second reads those, and writes where the first has read, and `marks`; and so on.
   */
  async run(
    name: string,
    { scan, apply, missing }: SendingSuperstep,
    marks: ColumnRef<"uint8">,
    rows: readonly ScanRows[],
    atMost: number,
  ): Promise<readonly EndedStep[] | undefined> {
    const { driver, signal } = this.#spec;
    const { program, nextSent, globals } = apply;
    // Who writes down what is sent next compiles as one loop.
    if (missing !== undefined || nextSent === undefined || scan.sent === undefined) return undefined;
    if (program.applyTo !== "all" || !isSameNames(globals, program.aggregators)) return undefined;
    const second: SuperstepInput = {
      scan: { ...scan, vertices: apply.output, sent: nextSent },
      apply: { ...apply, vertices: apply.output, output: apply.vertices, received: marks, nextSent: scan.sent },
    };
    const { shared, places } = await this.#pieces.prepare(scan, apply, rows);
    if (superstepKey(scan, apply, rows[0]!) !== superstepKey(second.scan, second.apply, rows[0]!)) return undefined;
    const scratch = new Scratch(driver.arena, this.#spec.operation);
    try {
      const numSteps = Math.min(atMost, maxSteps);
      const { aggregators } = program;
      const shares = scratch.allocate("float64", sharesLength(aggregators, places.length, numSteps));
      const input: Omit<DenseShared, "control"> = {
        inTurn: [{ scan, apply }, second],
        partitions: shared.partitions,
        sums: places.map(({ sums }) => sums),
        shares,
        atMost: numSteps,
        sliceMs,
      };
      await runKernel<DenseEnd>(driver, { name, operator: runDenseRef, shared: input, signal }, scratch);
      const written = new StepShares(driver.arena.view(shares), aggregators, places.length);
      if (written.numEnded === 0) return undefined;
      return Array.from({ length: written.numEnded }, (_, step) => written.ended(step));
    } finally {
      scratch.freeAll();
    }
  }
}

function isSameNames(a: object, b: object): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b);
}
