/**
 * Programs that are relaxations: each vertex keeps the best number it was offered, and an edge offers its end what a
 * function of its other end's number makes, never better than that, where it is better than what the end has. What
 * supersteps come to then does not depend on the order in which edges are relaxed (decision 032).
 */
import { Calls } from "../../core/compile/calls.ts";
import { columnValue } from "../../core/compile/columnValues.ts";
import { sourceOfShipped } from "../../core/compile/functionSource.ts";
import type { LoopParams } from "../../core/compile/loopParams.ts";
import { choices, pathsOf, type Literal, type Path } from "../../core/compile/paths.ts";
import { Refused, refusing } from "../../core/compile/refused.ts";
import { isSameExpr, reads } from "../../core/compile/sameExpr.ts";
import { convertTo, dataOf } from "../../core/compile/shapes.ts";
import { f64, get, unary, type Callee, type Expr, type Local } from "../../core/compile/tree.ts";
import { leavesOf, type Data } from "../../core/compile/value.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import type { ApplyProgram } from "../superstep/program.ts";
import type { ScanInput } from "../superstep/scan.ts";
import { edgeValue, idValue } from "./edgeValue.ts";
import { extremeOf, givesBest, orderOf, type Extreme } from "./extremes.ts";

/** What an edge offers one of its ends, of its other end's number x; where the most is best, of numbers turned round, -x. */
export interface Offer {
  /** `add`: x + length, for a length >= 0. `bound`: the greater of x and length, which is not turned round. */
  readonly kind: "add" | "bound";
  /** Over the locals of `EdgeLocals`, columns "edge0", … and "ids". */
  readonly length: Expr;
}

/** A relaxation: which numbers are better, and what edges offer. */
export interface Relaxation {
  readonly best: Extreme;
  /** By the end that is offered something; at least one. */
  readonly offers: { readonly src?: Offer; readonly dst?: Offer };
}

/** What stands for an edge: the indices of its ends, and its position. */
export type EdgeLocals = Readonly<Record<"src" | "dst" | "position", Local>>;

const fixed = (type: Local["type"], name: string): Local => ({ type, name, isFixed: true });
const sends: Readonly<Record<"src" | "dst", Callee>> = {
  src: { name: "sendToSrc", params: ["f64"] },
  dst: { name: "sendToDst", params: ["f64"] },
};

/**
 * The relaxation that a program is, if attributes and messages are numbers, none of them NaN or -0, none better than all
 * others, and lengths are not NaN, nor below 0 where they are added: whoever runs it makes sure of that.
 *
 * @throws Refused if it is none, as far as can be seen.
 */
export function relaxationOf(
  scan: ScanInput,
  { vertexProgram }: Pick<ApplyProgram, "vertexProgram">,
  edge: EdgeLocals,
  params: LoopParams,
): Relaxation {
  const best = bestOf(scan.program.mergeMessage as unknown as Shipped, "mergeMessage");
  if (best === undefined) throw new Refused("mergeMessage is neither a minimum nor a maximum");
  if (bestOf(vertexProgram as unknown as Shipped, "vertexProgram", scan, edge, params) !== best) {
    throw new Refused(`vertexProgram does not give the ${best} of attribute and message`);
  }
  const ends = { src: fixed("f64", "srcAttr"), dst: fixed("f64", "dstAttr") };
  const ways = waysToSend(scan, ends, edge, params);
  const messages = { src: messageTo("src", ways), dst: messageTo("dst", ways) };
  const offers: { src?: Offer; dst?: Offer } = {};
  for (const to of ["src", "dst"] as const) {
    const message = messages[to];
    if (message === undefined) continue;
    checkDirection(scan.program.activeDirection, to);
    offers[to] = offerOf(message, get(ends[other(to)]), ends, best);
    const told: Told = { message, from: get(ends[other(to)]), to: get(ends[to]), back: messages[other(to)], best };
    for (const way of ways) checkWay(way, to, told);
  }
  if (offers.src === undefined && offers.dst === undefined) throw new Refused("sendMessage sends nothing");
  return { best, offers };
}

type Shipped = ShippedFunction<AnyFunction>;

/** Which of its last two parameters a function of numbers gives; undefined if it is not always the better one. */
function bestOf(
  fn: Shipped,
  argument: "mergeMessage" | "vertexProgram",
  scan?: ScanInput,
  edge?: EdgeLocals,
  params?: LoopParams,
): Extreme | undefined {
  return refusing(argument, () => {
    const calls = new Calls();
    const [a, b] = [get(fixed("f64", "a")), get(fixed("f64", "b"))];
    const numbers = [a, b].map((expr): Data => ({ kind: "number", form: "f64", expr }));
    const id = scan && edge && params && [idValue(scan.ids, get(edge.dst), params)];
    const result = asNumber(
      dataOf(calls.call(sourceOfShipped(fn), [...(id ?? []), ...numbers], "value"), calls.builder),
    );
    const ways = pathsOf(calls.builder.statements).flatMap((path) => choices(path, result));
    return (["min", "max"] as const).find((best) => givesBest(ways, a, b, best));
  });
}

/** The ways through `sendMessage`, at an edge whose ends have the numbers `ends`. */
function waysToSend(
  { program, ids, edges }: ScanInput,
  ends: Readonly<Record<"src" | "dst", Local>>,
  edge: EdgeLocals,
  params: LoopParams,
): readonly Path[] {
  return refusing("sendMessage", () => {
    const calls = new Calls();
    const { builder } = calls;
    calls.onSend = (to, evaluate) => {
      const message = asNumber(evaluate());
      builder.effects++;
      builder.add({ do: "call", callee: sends[to], args: [message] });
    };
    const numberOf = (local: Local): Data => ({ kind: "number", form: "f64", expr: get(local) });
    const members = {
      srcId: idValue(ids, get(edge.src), params),
      dstId: idValue(ids, get(edge.dst), params),
      srcAttr: numberOf(ends.src),
      dstAttr: numberOf(ends.dst),
      attr: columnValue(edges, "edge", get(edge.position), params),
    };
    calls.call(sourceOfShipped(program.sendMessage), [edgeValue(program, members)], "effect");
    return pathsOf(builder.statements);
  });
}

/** The one message that is sent to an end, on whichever way; undefined if none is. */
function messageTo(to: "src" | "dst", ways: readonly Path[]): Expr | undefined {
  const messages = ways.map((way) => sentTo(to, way)).filter((message) => message !== undefined);
  const [first] = messages;
  if (first !== undefined && !messages.every((message) => isSameExpr(message, first))) {
    throw new Refused("sendMessage has several kinds of messages to one end");
  }
  return first;
}

function sentTo(to: "src" | "dst", { calls }: Path): Expr | undefined {
  const sent = calls.filter(({ callee }) => callee === sends[to]);
  if (sent.length > 1) throw new Refused("sendMessage can send twice to one end");
  return sent[0]?.args[0];
}

/** What a message is, made of the number `from`. */
function offerOf(message: Expr, from: Expr, ends: Readonly<Record<"src" | "dst", Local>>, best: Extreme): Offer {
  const isFrom = (expr: Expr): boolean => isSameExpr(expr, from);
  const isLength = (expr: Expr): boolean => !reads(expr, ends.src) && !reads(expr, ends.dst);
  const turned = (length: Expr, isTurned: boolean): Expr => {
    if (!isTurned) return length;
    return length.op === "const" ? f64(-Number(length.value)) : unary("f64.neg", length);
  };
  const added = (length: Expr, isTurned: boolean): Offer => {
    const offered = turned(length, isTurned);
    if (offered.op === "const" && !(Number(offered.value) >= 0 && Number(offered.value) < Infinity)) {
      throw new Refused("a message can be better than what its sender has");
    }
    return { kind: "add", length: offered };
  };
  if (isFrom(message)) return { kind: "add", length: f64(0) };
  if (message.op === "binary") {
    const { a, b } = message;
    if (message.code === "f64.add" && isFrom(a) && isLength(b)) return added(b, best === "max");
    if (message.code === "f64.add" && isFrom(b) && isLength(a)) return added(a, best === "max");
    if (message.code === "f64.sub" && isFrom(a) && isLength(b)) return added(b, best === "min");
  }
  const extreme = extremeOf(message);
  if (extreme !== undefined && extreme.which !== best) {
    const [a, b] = isFrom(extreme.of[0]) ? extreme.of : [extreme.of[1], extreme.of[0]];
    if (isFrom(a) && isLength(b)) return { kind: "bound", length: b };
  }
  throw new Refused("a message is not its sender's number, that plus a length, or that within a bound");
}

/** Of a message from one end to the other; `back`: what goes the other way, if anything does. */
interface Told {
  readonly message: Expr;
  readonly from: Expr;
  readonly to: Expr;
  readonly back: Expr | undefined;
  readonly best: Extreme;
}

/** A way that sends must do so only where the message is better; one that does not, only where it is not. */
function checkWay(way: Path, to: "src" | "dst", told: Told): void {
  const isSent = sentTo(to, way) !== undefined;
  const orders = way.literals.map((literal) => orderOf(literal, told.best)).filter((order) => order !== undefined);
  if (isSent) {
    const isBetter = orders.some(
      ({ better, worse, isStrict }) => isStrict && isSameExpr(better, told.message) && isSameExpr(worse, told.to),
    );
    if (!isBetter) throw new Refused("sendMessage sends what is no better than what the end has, and so may never end");
    return;
  }
  if (!way.literals.some((literal) => excludes(literal, told))) {
    throw new Refused("sendMessage does not always send what is better than what the end has");
  }
}

/**
 * True if a literal cannot hold where the message is better than what the end has. There the end has worse than the
 * sender, since no message is better than its sender's number, and the sender has not the worst of all numbers.
 */
function excludes(literal: Literal, { message, from, to, back, best }: Told): boolean {
  const { test, holds } = literal;
  const worst = f64(best === "min" ? Infinity : -Infinity);
  const isOneOf = (expr: Expr, among: readonly (Expr | undefined)[]): boolean =>
    among.some((each) => each !== undefined && isSameExpr(expr, each));
  if (test.op === "binary" && (test.code === "f64.eq" || test.code === "f64.ne")) {
    if ((test.code === "f64.eq") !== holds) return false;
    return [
      [test.a, test.b],
      [test.b, test.a],
    ].some(([a, b]) => isOneOf(a!, [message, from]) && isOneOf(b!, [to, worst]));
  }
  if (isInfinite(literal, from)) return true;
  const order = orderOf(literal, best);
  if (order === undefined) return false;
  const { better, worse } = order;
  return isSameExpr(worse, from)
    ? isOneOf(better, [to, back, worst])
    : isSameExpr(worse, message) && isOneOf(better, [to, worst]);
}

/** True for what is left where a test finds that a number is not finite. */
function isInfinite({ test, holds }: Literal, number: Expr): boolean {
  if (holds || test.op !== "binary" || test.code !== "f64.lt") return false;
  const { a, b } = test;
  return isSameExpr(a, unary("f64.abs", number)) && isSameExpr(b, f64(Infinity));
}

/** Where a vertex got better, its edges must be scanned again. */
function checkDirection(direction: ScanInput["program"]["activeDirection"], to: "src" | "dst"): void {
  if (direction === "either" || direction === (to === "dst" ? "out" : "in")) return;
  throw new Refused(`activeDirection is ${direction}, so that what is better need not be sent`);
}

function other(end: "src" | "dst"): "src" | "dst" {
  return end === "src" ? "dst" : "src";
}

function asNumber(data: Data): Expr {
  const [number] = leavesOf(convertTo({ kind: "number", form: "f64", expr: f64(0) }, data));
  return number!;
}
