/**
 * Vertices and edges as compiled functions see them.
 */
import type { LoopParams } from "../../core/compile/loopParams.ts";
import { load, type Expr } from "../../core/compile/tree.ts";
import type { Value } from "../../core/compile/value.ts";
import type { IdColumn } from "../partition/topology.ts";
import type { ScanProgram } from "../superstep/program.ts";

/** What an edge can be asked for. */
export type EdgeMembers = Readonly<Record<"srcId" | "dstId" | "srcAttr" | "dstAttr" | "attr", Value>>;

/** The edge that a send function sees. What its program does not read is undefined, as it is in JavaScript. */
export function edgeValue({ reads }: ScanProgram, { srcId, dstId, srcAttr, dstAttr, attr }: EdgeMembers): Value {
  const unread: Value = { kind: "missing", as: "undefined" };
  return {
    kind: "namespace",
    what: "an edge",
    members: new Map<string, Value>([
      ["srcId", srcId],
      ["dstId", dstId],
      ["srcAttr", reads.src ? srcAttr : unread],
      ["dstAttr", reads.dst ? dstAttr : unread],
      ["attr", reads.edge ? attr : unread],
      ["sendToDst", { kind: "send", to: "dst" }],
      ["sendToSrc", { kind: "send", to: "src" }],
    ]),
  };
}

/** A vertex's id: a number where ids fit 32 bits. */
export function idValue(ids: IdColumn, index: Expr, params: LoopParams): Value {
  if (ids.kind === "string") return { kind: "refused", why: "ids that are strings do not compile" };
  if (ids.kind === "int64") return { kind: "refused", why: "ids beyond 32 bits do not compile" };
  return {
    kind: "input",
    name: "id",
    get value() {
      return { kind: "number", form: "u32", expr: load("uint32", params.get("ids"), index) } as const;
    },
  };
}
