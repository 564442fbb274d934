/**
 * Messages that depend on the vertex alone that sends them, compiled to be computed once a vertex rather than once an
 * edge: the scan then reads one column.
 */
import { Calls } from "../../core/compile/calls.ts";
import { columnValue } from "../../core/compile/columnValues.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { denseLoop } from "../../core/compile/lanes/denseLoop.ts";
import { sourceOfShipped } from "../../core/compile/functionSource.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { Refused, refusable, isRefusal } from "../../core/compile/refused.ts";
import { convertTo } from "../../core/compile/shapes.ts";
import { binary, get, i32, type Expr, type Statement } from "../../core/compile/tree.ts";
import { leavesOf, type Data, type Value } from "../../core/compile/value.ts";
import type { ColumnSet, FixedType } from "../../core/column/types.ts";
import type { ScanInput, ScanRows } from "../superstep/scan.ts";
import { edgeValue, idValue } from "./edgeValue.ts";
import { columnOfLeaf } from "./messageType.ts";
import { ScanLoop } from "./scanLoop.ts";

/** How the messages of one side are kept: the types of their columns, and a mark if not every vertex sends. */
export interface SidePlan {
  readonly types: readonly FixedType[];
  readonly isConditional: boolean;
}

/** A loop over vertices that writes what they send. */
export interface CompiledSends {
  readonly loop: CompiledLoop;
  readonly in?: SidePlan;
  readonly out?: SidePlan;
}

/**
 * Compiles what vertices send; undefined if it depends on the edge or its other end, if an edge can send twice, or if it
 * would save nothing. Parameters: "first" + ["from", "to"), "vertex0", …, "ids"; written are "inSent0", …, "inSends", and
 * "outSent0", ….
 */
export function compileSends(scan: ScanInput, rows: ScanRows): CompiledSends | undefined {
  const compiled = refusable("sendMessage", (): CompiledSends | undefined => {
    const { message } = new ScanLoop(scan, rows, new LoopParams());
    refuseEffects(scan);
    const params = new LoopParams();
    const calls = new Calls();
    const { builder } = calls;
    const row = builder.variable("i32", "row");
    builder.assign(row, params.get("from"));
    let sides: Sides = {};
    denseLoop(builder, row, params.get("to"), () => {
      const vertex = builder.pin(binary("i32.add", params.get("first"), get(row)), "vertex");
      sides = addSides({ scan, rows, message, attributes: "vertex", which: "" }, vertex, params, calls);
    });
    if (Object.values(sides).every((side: Side) => side.isCopy)) return undefined;
    const types = leavesOf(message).map(({ type }) => columnOfLeaf[type]);
    const plan = (side: Side | undefined): SidePlan | undefined => side && { types, isConditional: side.isConditional };
    const [inPlan, outPlan] = [plan(sides.in), plan(sides.out)];
    const loop = assembleLoop(params, builder.statements, {});
    return { loop, ...(inPlan && { in: inPlan }), ...(outPlan && { out: outPlan }) };
  });
  return compiled === undefined || isRefusal(compiled) ? undefined : compiled;
}

/**
 * Adds statements that write what a vertex sends in the next superstep, once its new attributes are in `output`, at
 * "after0", …: to "inNextSent0", …, "inNextSends", "outNextSent0", …. For scans that `compileSends` has a loop for.
 */
export function addNextSends(
  scan: ScanInput,
  rows: ScanRows,
  message: Data,
  output: ColumnSet,
  vertex: Expr,
  params: LoopParams,
  calls: Calls,
): void {
  const of = { scan: { ...scan, vertices: output }, rows, message, attributes: "after", which: "Next" } as const;
  addSides(of, vertex, params, calls);
}

/** What vertices send: read of the parameters "vertex0", … or "after0", …, and written to "inSent0", … or "inNextSent0", …. */
interface SentBy {
  readonly scan: ScanInput;
  readonly rows: ScanRows;
  readonly message: Data;
  readonly attributes: "vertex" | "after";
  readonly which: "" | "Next";
}

type Sides = Readonly<Partial<Record<"in" | "out", Side>>>;

function addSides(of: SentBy, vertex: Expr, params: LoopParams, calls: Calls): Sides {
  const sides: Partial<Record<"in" | "out", Side>> = {};
  for (const side of ["in", "out"] as const) {
    if ((side === "in" ? of.rows.inRows : of.rows.outRows) === undefined) continue;
    const made = new Side(side, of, vertex, params, calls);
    made.statements.forEach((statement) => calls.builder.add(statement));
    sides[side] = made;
  }
  return sides;
}

/** What one vertex sends in the rows of one side. */
class Side {
  readonly statements: readonly Statement[];
  readonly isConditional: boolean;
  /** True if the message is what the vertex holds, as it is. */
  readonly isCopy: boolean;

  /** @throws Refused if it depends on more than the vertex, or is not one message at most. */
  constructor(side: "in" | "out", of: SentBy, vertex: Expr, params: LoopParams, calls: Calls) {
    const { builder } = calls;
    const { scan, message, which } = of;
    const mark = (value: 0 | 1): Statement => ({
      do: "store",
      column: "uint8",
      base: params.get(`${side}${which}Sends`),
      index: vertex,
      value: i32(value),
    });
    // Where it sends, which is marked if it is not everywhere.
    const marked: Statement[] = [];
    let sends: Statement | undefined;
    calls.onSend = (to, evaluate) => {
      if ((to === "dst") !== (side === "in")) return; // evaluating it changes nothing
      if (sends !== undefined) throw new Refused("an edge can send twice");
      const leaves = leavesOf(convertTo(message, evaluate()));
      leaves.forEach((value, at) => {
        const base = params.get(`${side}${which}Sent${at}`);
        builder.add({ do: "store", column: columnOfLeaf[value.type], base, index: vertex, value });
      });
      builder.effects++;
      builder.add((sends = { do: "block", label: { name: "sends" }, body: marked }));
    };
    const { statements } = builder.nest(() =>
      calls.call(sourceOfShipped(scan.program.sendMessage), [edgeOf(side, vertex, of, params)], "effect"),
    );
    if (sends === undefined) throw new Refused("it sends nothing there");
    if (isInLoop(statements, sends)) throw new Refused("an edge can send more than once");
    const others = statements.filter((statement) => statement !== sends);
    this.isConditional = others.length === statements.length;
    this.isCopy = !this.isConditional && others.every(isCopying);
    if (this.isConditional) marked.push(mark(1));
    this.statements = this.isConditional ? [mark(0), ...statements] : others;
  }
}

/** @throws Refused if evaluating a message changes a variable: then none can be left out. */
function refuseEffects({ program, ids, vertices, edges }: ScanInput): void {
  const [params, calls] = [new LoopParams(), new Calls()];
  const index = params.get("index");
  calls.onSend = (_to, evaluate) => {
    const before = calls.builder.effects;
    calls.builder.nest(evaluate);
    if (calls.builder.effects !== before) throw new Refused("a message changes what others are made of");
  };
  const [id, attr] = [idValue(ids, index, params), columnValue(vertices, "vertex", index, params)];
  const ends = { srcId: id, dstId: id, srcAttr: attr, dstAttr: attr, attr: columnValue(edges, "edge", index, params) };
  calls.call(sourceOfShipped(program.sendMessage), [edgeValue(program, ends)], "effect");
}

/** An edge of which only one end is known. */
function edgeOf(side: "in" | "out", vertex: Expr, { scan, attributes }: SentBy, params: LoopParams): Value {
  const { program, ids, vertices } = scan;
  const other: Value = { kind: "refused", why: "it depends on the edge" };
  const [id, attr] = [idValue(ids, vertex, params), columnValue(vertices, attributes, vertex, params)];
  return edgeValue(program, {
    srcId: side === "in" ? id : other,
    srcAttr: side === "in" ? attr : other,
    dstId: side === "in" ? other : id,
    dstAttr: side === "in" ? other : attr,
    attr: other,
  });
}

function isInLoop(statements: readonly Statement[], wanted: Statement, isInside = false): boolean {
  return statements.some((statement) => {
    if (statement === wanted) return isInside;
    if (statement.do === "if") {
      return [statement.whenTrue, statement.whenFalse].some((branch) => isInLoop(branch, wanted, isInside));
    }
    if (statement.do !== "block" && statement.do !== "loop") return false;
    return isInLoop(statement.body, wanted, isInside || statement.do === "loop");
  });
}

function isCopying(statement: Statement): boolean {
  const isValue = ({ op }: Expr): boolean => op === "get" || op === "const" || op === "load";
  return (statement.do === "store" || statement.do === "set") && isValue(statement.value);
}
