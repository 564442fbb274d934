/**
 * A relaxation, and where its lengths come from: a constant, a column of edges as it is, or a loop that computes one.
 */
import { Builder } from "../../core/compile/builder.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { countedLoop } from "../../core/compile/countedLoop.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { refusable, type Refusal } from "../../core/compile/refused.ts";
import { binary, get, i32, load, set, type Expr, type Local } from "../../core/compile/tree.ts";
import type { ApplyProgram } from "../superstep/program.ts";
import type { ScanInput } from "../superstep/scan.ts";
import type { Extreme } from "./extremes.ts";
import { relaxationOf, type EdgeLocals, type Offer } from "./relaxation.ts";

/** Lengths of edges, by position; a `stored` one is the number `column` of the edges' columns. */
export type Lengths =
  | { readonly from: "constant"; readonly value: number }
  | { readonly from: "stored"; readonly column: number }
  | { readonly from: "computed"; readonly loop: CompiledLoop };

/** What edges offer one of their ends; see `Offer`. */
export interface CompiledOffer {
  readonly kind: Offer["kind"];
  readonly lengths: Lengths;
}

/** A relaxation that can run. Plain data. */
export interface CompiledRelaxation {
  readonly best: Extreme;
  readonly offers: { readonly src?: CompiledOffer; readonly dst?: CompiledOffer };
}

/**
 * The relaxation that a program is, or why it is none. A loop that computes lengths walks rows ["from", "to") from vertex
 * "first" on: "inOffsets", "inNeighbours", "inFirstEdge", "edge0", …, "ids"; it writes "out0", by position.
 */
export function compileRelaxation(
  scan: ScanInput,
  apply: Pick<ApplyProgram, "vertexProgram">,
): CompiledRelaxation | Refusal {
  const compiled = refusable("sendMessage", () => {
    const local = (name: string): Local => ({ type: "i32", name, isFixed: true });
    const edge: EdgeLocals = { src: local("src"), dst: local("dst"), position: local("position") };
    const params = new LoopParams();
    const { best, offers } = relaxationOf(scan, apply, edge, params);
    const compiledOffer = ({ kind, length }: Offer): CompiledOffer => ({
      kind,
      lengths: lengthsOf(length, edge, params),
    });
    return {
      best,
      offers: {
        ...(offers.src && { src: compiledOffer(offers.src) }),
        ...(offers.dst && { dst: compiledOffer(offers.dst) }),
      },
    };
  });
  return compiled;
}

function lengthsOf(length: Expr, edge: EdgeLocals, params: LoopParams): Lengths {
  if (length.op === "const") return { from: "constant", value: Number(length.value) };
  const column = storedColumn(length, edge);
  if (column !== undefined) return { from: "stored", column };
  const builder = new Builder();
  const row = builder.variable("i32", "row");
  builder.assign(row, params.get("from"));
  countedLoop(builder, row, params.get("to"), () => {
    builder.add(set(edge.dst, binary("i32.add", params.get("first"), get(row))));
    const entry = builder.variable("i32", "entry");
    builder.assign(entry, load("uint32", params.get("inOffsets"), get(row)));
    const end = builder.pin(load("uint32", params.get("inOffsets"), binary("i32.add", get(row), i32(1))), "end");
    countedLoop(builder, entry, end, () => {
      builder.add(set(edge.src, load("uint32", params.get("inNeighbours"), get(entry))));
      builder.add(set(edge.position, binary("i32.add", params.get("inFirstEdge"), get(entry))));
      builder.add({
        do: "store",
        column: "float64",
        base: params.get("out0"),
        index: get(edge.position),
        value: length,
      });
    });
  });
  return { from: "computed", loop: assembleLoop(params, builder.statements, {}) };
}

/** The number of the column whose values are the lengths; undefined if they are made of more. */
function storedColumn(length: Expr, { position }: EdgeLocals): number | undefined {
  if (length.op !== "load" || length.column !== "float64") return undefined;
  const { base, index } = length;
  if (index.op !== "get" || index.local !== position || base.op !== "get") return undefined;
  const [, number] = /^edge(\d+)$/.exec(base.local.name) ?? [];
  return number === undefined ? undefined : Number(number);
}
