/**
 * Pregel: supersteps of messages until none is sent, with GraphX's semantics.
 */
import { schemaOf } from "../../core/column/schema.ts";
import { invalidArgument } from "../../core/errors.ts";
import type { AnyFunction } from "../../core/function/ship.ts";
import type { EdgeContext, EdgeDirection, VertexId } from "../types.ts";
import { pickCheckpoints, type CheckpointOptions } from "./checkpoint/checkpointOptions.ts";
import { shipRound, type MessageRound } from "./aggregateMessages.ts";
import type { TripletFields } from "./program.ts";
import type { RunOrder } from "./ordered/orderedRun.ts";
import { shipProgram, type SuperstepsSpec } from "./superstepsOver.ts";

/** A vertex program and when it stops. */
export interface PregelOptions<VD, ED, Msg> extends CheckpointOptions {
  /** What every vertex receives first. It alone decides the type of messages. */
  readonly initialMessage: Msg;
  /** The new attribute of a vertex that received `message`: pure, of the same type as `attr`. */
  readonly vertexProgram: (id: VertexId, attr: VD, message: NoInfer<Msg>) => VD;
  /** Called for each edge next to active vertices; sends any number of messages to its two ends. */
  readonly sendMessage: (edge: EdgeContext<VD, ED, NoInfer<Msg>>) => void;
  /** Merges two messages to one vertex. Applied left to right, in the order of GRAPHX rule G4. */
  readonly mergeMessage: (a: NoInfer<Msg>, b: NoInfer<Msg>) => NoInfer<Msg>;
  /**
   * Edges scanned after the first superstep: where a message reached the source ("out"), the destination ("in"), at
   * least one ("either", the default) or both ("both") in the superstep before.
   */
  readonly activeDirection?: EdgeDirection;
  /** Supersteps at most, a positive integer or Infinity, the default. */
  readonly maxSupersteps?: number;
  /** What `sendMessage` may read of an edge; the rest is undefined. Default: all. */
  readonly tripletFields?: TripletFields;
  /**
   * "supersteps": superstep by superstep. "any": a program that is seen to be a relaxation, such as shortest paths, is run by a
   * kernel, which relaxes edges in the order of what they offer and comes to the same attributes, to the bit. It knows no
   * supersteps: the run says `method: "kernel"`, its `supersteps` are rounds of the kernel's own, and no event tells of one.
   * All other programs run superstep by superstep; and all do with `maxSupersteps`, checkpoints, executors or a vertex cut.
   * "auto", the default: "any" for 131,072 vertices and edges or more, "supersteps" for fewer.
   */
  readonly order?: RunOrder;
  /** Cancels the run, which fails with CANCELLED. */
  readonly signal?: AbortSignal;
}

/**
 * A program as `superstep pregel` takes it: the default export of a module. Edges carry their weight, or 1.
 */
export interface PregelProgram<VD, Msg> extends PregelOptions<VD, number, Msg> {
  /** What a vertex starts with: from its id, and its row in the table of vertices, if there is one. */
  readonly initialAttr: (id: VertexId, row: Readonly<Record<string, unknown>>) => VD;
}

/**
 * Checks the options and takes the functions apart.
 *
 * @throws SuperstepError INVALID_ARGUMENT if a limit or direction is out of range.
 * @throws SuperstepError NOT_SHIPPABLE if a function captures what cannot travel.
 */
export function shipPregel<VD, ED, Msg>(operation: string, options: PregelOptions<VD, ED, Msg>): SuperstepsSpec {
  const { activeDirection = "either", maxSupersteps = Infinity, initialMessage, order = "auto", signal } = options;
  checkMaxSupersteps(operation, maxSupersteps);
  if (!["in", "out", "either", "both"].includes(activeDirection)) {
    throw invalidArgument(operation, "activeDirection", '"in", "out", "either" or "both"', activeDirection);
  }
  if (!["auto", "any", "supersteps"].includes(order)) {
    throw invalidArgument(operation, "order", '"auto", "any" or "supersteps"', order);
  }
  const schema = schemaOf(initialMessage);
  const isPlain = schema.kind === "scalar" && schema.field.type !== "object";
  return {
    operation,
    scan: {
      ...shipRound(operation, options as unknown as MessageRound<VD, ED, Msg>),
      activeDirection,
      ...(isPlain && { messageType: schema.field.type }),
    },
    apply: {
      vertexProgram: shipProgram(operation, options.vertexProgram as AnyFunction),
      applyTo: "received",
      aggregators: {},
    },
    initialMessage: { value: initialMessage },
    maxSupersteps,
    order,
    signal,
    checkpointing: pickCheckpoints(options),
  };
}

/** @throws SuperstepError INVALID_ARGUMENT unless `maxSupersteps` is a positive integer or Infinity. */
export function checkMaxSupersteps(operation: string, maxSupersteps: number): void {
  if (maxSupersteps === Infinity || (Number.isSafeInteger(maxSupersteps) && maxSupersteps >= 1)) return;
  throw invalidArgument(operation, "maxSupersteps", "an integer >= 1, or Infinity", maxSupersteps);
}
