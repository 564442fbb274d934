/**
 * Supersteps that need not be: a program that is a relaxation comes to the same numbers in whatever order its edges are
 * relaxed, so that a kernel may choose the order (decision 032).
 */
import type { ColumnRef, ColumnSet } from "../../../core/column/types.ts";
import { isRefusal, type Refusal } from "../../../core/compile/refused.ts";
import { hasCode } from "../../../core/errors.ts";
import type { CompiledOffer, CompiledRelaxation } from "../../compile/compileRelaxation.ts";
import { tellOrder } from "../../functionLog.ts";
import { numberColumns } from "../../kernels/kernelColumns.ts";
import { relax, type EdgeLengths } from "../../kernels/relax.ts";
import { makeRoom } from "../../makeRoom.ts";
import { Scratch } from "../../partition/scratch.ts";
import type { ScanInput } from "../scan.ts";
import type { Supersteps } from "../runSupersteps.ts";
import { computeLengthsRef, recogniseRef, type LengthsInput, type Recognisable } from "./orderedTasks.ts";

/** Whether a kernel may run a program: see `PregelOptions`. */
export type RunOrder = "auto" | "any" | "supersteps";

/**
 * Vertices and edges from which on "auto" is "any": fewer are relaxed in a few milliseconds either way, and supersteps can be
 * counted and watched.
 */
const minElements = 131_072;

const badNumbers =
  "a length is negative, NaN or not finite, a bound NaN or -0, or an attribute NaN, -0 or better than all others";

/** What a relaxation came to. `columns` belong to the caller. */
export interface OrderedResult {
  readonly columns: ColumnSet;
  readonly bands: number;
}

/**
 * Runs a program as a kernel, if it is known to come to what supersteps come to, to the bit; undefined if it is not. Tells
 * which, and why. `hasFaults`: faults on purpose are waited for.
 */
export async function runOrdered(
  run: Supersteps,
  order: RunOrder,
  hasFaults: boolean,
): Promise<OrderedResult | undefined> {
  if (order === "supersteps") return undefined;
  const { driver, operation } = run;
  const found = whyNotAtOnce(run, order, hasFaults) ?? (await recognised(run));
  const ended = typeof found === "string" ? found : await relaxedOrWhyNot(run, found);
  if (typeof ended === "string") {
    tellOrder(driver, operation, "program", `superstep by superstep, because ${ended}`);
    return undefined;
  }
  tellOrder(driver, operation, "kernel", `any, by delta-stepping, because ${ended.why}`);
  return ended.result;
}

/** Why a run must be superstep by superstep, as far as that is seen without looking at its functions. */
function whyNotAtOnce(run: Supersteps, order: RunOrder, hasFaults: boolean): string | undefined {
  const { driver, shape, vertices, apply, maxSupersteps, until, checkpoints, initialMessage } = run;
  const { numVertices, numEdges } = shape.topology;
  if (!driver.isLocal) return "executors run supersteps";
  if (driver.config.compile === 0) return "the setting compile is 0";
  if (shape.cut !== undefined) return "edges are laid out as a vertex cut";
  if (maxSupersteps !== Infinity) return "maxSupersteps is set";
  if (checkpoints !== undefined) return "checkpoints are of supersteps";
  if (hasFaults) return "faults on purpose wait for supersteps";
  if (until !== undefined || Object.keys(apply.aggregators).length > 0 || apply.applyTo === "all") {
    return "every vertex runs, or values over all are asked for";
  }
  if (numbersOf(vertices) === undefined) return "attributes are not one number each";
  const initial = initialMessage?.value;
  if (typeof initial !== "number" || Number.isNaN(initial) || Object.is(initial, -0)) {
    return "the initial message is no number, or NaN, or -0";
  }
  return order === "auto" && numVertices + numEdges < minElements ? "the graph is small" : undefined;
}

/** The one column of attributes that are numbers, none missing. */
function numbersOf({ schema, columns }: ColumnSet): ColumnRef<"float64"> | undefined {
  const [stored] = columns;
  if (schema.kind !== "scalar" || schema.field.type !== "number" || schema.field.nullable) return undefined;
  if (stored?.kind !== "fixed" || stored.validity !== undefined || stored.data.type !== "float64") return undefined;
  return stored.data as ColumnRef<"float64">;
}

/** The relaxation that the program is, or why it is none. */
async function recognised(run: Supersteps): Promise<CompiledRelaxation | string> {
  const { driver, shape, scan, apply, vertices, edges, operation, signal } = run;
  const input: ScanInput = { program: scan, ids: shape.topology.ids, vertices, edges };
  const shared: Recognisable = { scan: input, vertexProgram: apply.vertexProgram };
  const spec = { name: `${operation}: order`, operator: recogniseRef, shared, tasks: [undefined] };
  const [found] = await driver.runTasks<CompiledRelaxation | Refusal>(spec, { ...(signal && { signal }) });
  if (!isRefusal(found!)) return found!;
  return found.expression === "" ? found.why : `\`${found.expression}\` in ${found.argument}: ${found.why}`;
}

/** What the relaxation comes to, and in words what it is; or why it cannot run. */
async function relaxedOrWhyNot(
  run: Supersteps,
  relaxation: CompiledRelaxation,
): Promise<{ readonly result: OrderedResult; readonly why: string } | string> {
  const { driver } = run;
  try {
    const result = await makeRoom(driver, () => relaxed(run, relaxation));
    if (result === undefined) return badNumbers;
    return { result, why: describe(relaxation) };
  } catch (error) {
    if (hasCode(error, "OUT_OF_MEMORY")) return "the kernel needs more memory than there is";
    throw error;
  }
}

async function relaxed(run: Supersteps, { best, offers }: CompiledRelaxation): Promise<OrderedResult | undefined> {
  const { driver, shape, vertices, operation, signal, initialMessage } = run;
  const scratch = new Scratch(driver.arena, operation);
  const isTurned = best === "max";
  try {
    const ofDst = offers.dst && (await edgeLengths(run, offers.dst, isTurned, scratch));
    const ofSrc = offers.src && (await edgeLengths(run, offers.src, isTurned, scratch));
    const initial = initialMessage!.value as number;
    const result = await relax(driver, shape, {
      name: operation,
      start: { values: numbersOf(vertices)!, initial: isTurned ? 0 - initial : initial, isTurned },
      ...(ofDst && { out: ofDst }),
      ...(ofSrc && { in: ofSrc }),
      signal,
    });
    return result && { columns: { ...numberColumns(result.data), schema: vertices.schema }, bands: result.bands };
  } finally {
    scratch.freeAll();
  }
}

/** Lengths as the kernel takes them; those that are computed are in columns of the scratch. */
async function edgeLengths(
  { driver, shape, edges, operation, signal }: Supersteps,
  { kind, lengths }: CompiledOffer,
  isTurned: boolean,
  scratch: Scratch,
): Promise<EdgeLengths> {
  switch (lengths.from) {
    case "constant":
      return { kind, constant: kind === "bound" && isTurned ? 0 - lengths.value : lengths.value };
    case "stored": {
      const stored = edges.columns[lengths.column]!;
      if (stored.kind !== "fixed") throw new Error("lengths are read of a column that has no numbers");
      return { kind, column: stored.data as ColumnRef<"float64">, isTurned };
    }
    case "computed": {
      const { topology } = shape;
      const column = scratch.allocate("float64", topology.numEdges);
      const shared: LengthsInput = { loop: lengths.loop, ids: topology.ids, edges, output: numberColumns(column) };
      const spec = { name: `${operation}: lengths`, operator: computeLengthsRef, shared, tasks: topology.partitions };
      await driver.runTasks(spec, { ...(signal && { signal }) });
      return { kind, column, isTurned };
    }
  }
}

/** What vertices keep, and edges offer, in words. */
function describe({ best, offers }: CompiledRelaxation): string {
  const inWords = ({ kind, lengths }: CompiledOffer): string => {
    const isCopy = kind === "add" && lengths.from === "constant" && lengths.value === 0;
    if (isCopy) return "attributes as they are";
    const sign = best === "min" ? "+" : "-";
    return kind === "add" ? `attribute ${sign} length` : `attributes ${best === "min" ? "raised" : "cut"} to a bound`;
  };
  const kinds = new Set(Object.values(offers).map(inWords));
  return `the program is a relaxation: vertices keep the ${best} of what edges offer, ${Array.from(kinds).join(" and ")}`;
}
