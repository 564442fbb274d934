/**
 * Supersteps over a graph: what `pregel` is a special case of. For programs that run on every vertex, bring values over
 * all vertices together, and decide by them when to stop.
 */
import { ship, type AnyFunction, type ShippedFunction } from "../../core/function/ship.ts";
import { makeRoom } from "../makeRoom.ts";
import { readyColumns, useParts, type GraphParts } from "../parts.ts";
import type { EdgeDirection, Run, VertexId } from "../types.ts";
import { shipRound, type MessageRound } from "./aggregateMessages.ts";
import { pickCheckpoints, planCheckpoints, type CheckpointOptions } from "./checkpoint/checkpointOptions.ts";
import type { Aggregator, ApplyProgram } from "./program.ts";
import { runOrdered, type RunOrder } from "./ordered/orderedRun.ts";
import { runSupersteps, type Supersteps, type SuperstepsResult } from "./runSupersteps.ts";

/** Results of the aggregators, by name. */
export type Globals = Readonly<Record<string, number>>;

/** What supersteps do. */
export interface SuperstepsOptions<VD, ED, Msg> extends MessageRound<VD, ED, Msg>, CheckpointOptions {
  /** The new attribute: pure, of the same type as `attr`. `globals` are the results of the superstep before. */
  readonly vertexProgram: (id: VertexId, attr: VD, message: NoInfer<Msg>, globals: Globals) => VD;
  /** If set, every vertex's program runs, and sees this where no message came; else those that received one run. */
  readonly noMessage?: { readonly value: Msg };
  /** Values over the vertices whose program ran, from attributes before and after: exact sums, or maxima. */
  readonly aggregators?: Readonly<
    Record<string, { readonly kind: "sum" | "max"; readonly of: (before: VD, after: VD) => number }>
  >;
  /** Results of the aggregators, as the first superstep sees them. */
  readonly globals?: Globals;
  readonly activeDirection?: EdgeDirection;
  /** An integer >= 1, or Infinity. */
  readonly maxSupersteps: number;
  /** Asked after each superstep; true ends the run as converged. Runs on the driver. */
  readonly until?: (globals: Globals) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** How supersteps ended, with the last results of the aggregators. */
export interface SuperstepsRun<VD, ED, G> extends Run<VD, ED, G> {
  readonly globals: Globals;
}

/** A program taken apart: what `runSupersteps` needs besides a graph. */
export interface SuperstepsSpec extends Omit<Supersteps, "driver" | "shape" | "vertices" | "edges" | "checkpoints"> {
  readonly checkpointing: CheckpointOptions;
  /** Whether a kernel may run it where that comes to the same; see `PregelOptions`. Default "supersteps". */
  readonly order?: RunOrder;
}

/**
 * Takes the functions of a program apart.
 *
 * @throws SuperstepError NOT_SHIPPABLE if one captures what cannot travel.
 */
export function shipSupersteps<VD, ED, Msg>(
  operation: string,
  options: SuperstepsOptions<VD, ED, Msg>,
): SuperstepsSpec {
  const { noMessage, aggregators = {}, activeDirection = "either", maxSupersteps, globals, until, signal } = options;
  const shippedAggregators: Record<string, Aggregator> = {};
  for (const [name, { kind, of }] of Object.entries(aggregators)) {
    shippedAggregators[name] = { kind, of: ship(of, operation, name) as unknown as Aggregator["of"] };
  }
  const apply: ApplyProgram = {
    vertexProgram: shipProgram(operation, options.vertexProgram as AnyFunction),
    applyTo: noMessage === undefined ? "received" : "all",
    noMessage: noMessage?.value,
    aggregators: shippedAggregators,
  };
  return {
    operation,
    scan: { ...shipRound(operation, options), activeDirection },
    apply,
    maxSupersteps,
    ...(globals && { globals }),
    ...(until && { until }),
    signal,
    checkpointing: pickCheckpoints(options),
  };
}

/** A vertex program taken apart. */
export function shipProgram(operation: string, vertexProgram: AnyFunction): ApplyProgram["vertexProgram"] {
  const shipped: ShippedFunction<AnyFunction> = ship(vertexProgram, operation, "vertexProgram");
  return shipped as unknown as ApplyProgram["vertexProgram"];
}

/** Runs supersteps over a graph's parts, which stay as they are; the result shares shape and edges with them. */
export async function superstepsOver(
  parts: GraphParts,
  spec: SuperstepsSpec,
): Promise<SuperstepsRun<unknown, unknown, GraphParts>> {
  const { driver } = parts.ctx;
  const checkpoints = planCheckpoints(parts.ctx, spec.operation, spec.checkpointing);
  const run = (resume: boolean): Promise<SuperstepsResult & { readonly method: "program" | "kernel" }> =>
    useParts(parts, { vertices: true, edges: spec.scan.reads.edge }, async (made) => {
      const of: Supersteps = { ...spec, driver, ...made, checkpoints: checkpoints && { ...checkpoints, resume } };
      const ordered = await runOrdered(of, spec.order ?? "supersteps", parts.ctx.hasChaos);
      if (ordered !== undefined) {
        const { columns, bands } = ordered;
        return { columns, supersteps: bands, converged: true, globals: {}, method: "kernel" };
      }
      return { ...(await makeRoom(driver, () => runSupersteps(of))), method: "program" };
    });
  const { columns, ...ending } = await run(checkpoints?.resume === true);
  const vertices = readyColumns(driver, columns, async () => (await run(false)).columns);
  return { graph: { ...parts, vertices }, ...ending };
}
