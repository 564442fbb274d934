/**
 * The scan of a superstep, as compiled statements: for each target its incoming edges, then its outgoing ones, messages
 * merged as they come. The clear form is the text of `superstep/scan.ts`.
 */
import { Calls } from "../../core/compile/callFunction.ts";
import { columnValue } from "../../core/compile/columnValues.ts";
import { countedLoop } from "../../core/compile/countedLoop.ts";
import { sourceOfShipped, type FunctionSource } from "../../core/compile/functionSource.ts";
import type { LoopParams } from "../../core/compile/loopParams.ts";
import { or } from "../../core/compile/operations.ts";
import { refusing } from "../../core/compile/refused.ts";
import { convertTo, dataOf, zeroOf } from "../../core/compile/shapes.ts";
import { binary, get, i32, load, not, unary, type Expr, type Label, type Local } from "../../core/compile/tree.ts";
import { withLeaves, type Data, type Input, type Value } from "../../core/compile/value.ts";
import type { EdgeRows, IdColumn } from "../partition/topology.ts";
import type { ScanInput, ScanRows } from "../superstep/scan.ts";
import { messageTypeOf, type MessageType } from "./messageType.ts";

/** What is left at a target when its edges are scanned. */
export interface ScannedTarget {
  /** Its index. */
  readonly index: Expr;
  /** Not 0 if messages came. */
  readonly has: Expr;
  /** What they merged to, if any came. */
  readonly merged: Data;
}

/** What a scan counts. */
export interface ScanCounters {
  readonly messages: Expr;
  readonly edgesScanned: Expr;
}

type Side = "in" | "out";

/** Compiles a scan over rows that belong to consecutive vertices. */
export class ScanLoop {
  readonly #input: ScanInput;
  readonly #rows: ScanRows;
  readonly #params: LoopParams;
  readonly #send: FunctionSource;
  readonly #messageType: MessageType;
  /** What `sendMessage` reads of a target, which is read once a row. */
  readonly #hoisted: ReadonlySet<string>;

  /** @throws Refused if `sendMessage` or `mergeMessage` does not compile. */
  constructor(input: ScanInput, rows: ScanRows, params: LoopParams) {
    const { sendMessage, mergeMessage, messageType } = input.program;
    this.#input = input;
    this.#rows = rows;
    this.#params = params;
    this.#send = refusing("sendMessage", () => sourceOfShipped(sendMessage));
    const { sent, inputsRead } = refusing("sendMessage", () => this.#sample());
    this.#hoisted = new Set(Array.from(inputsRead, ({ name }) => name));
    this.#messageType = refusing("mergeMessage", () => messageTypeOf(sent, sourceOfShipped(mergeMessage), messageType));
  }

  /** What messages are; the expressions in it mean nothing. */
  get message(): Data {
    return this.#messageType.shape;
  }

  /** Adds the loop over rows ["from", "to"), and `onTarget` for each. */
  add(calls: Calls, onTarget: (target: ScannedTarget) => void): ScanCounters {
    const { builder } = calls;
    const messages = builder.variable("i64", "messages");
    const scanned = builder.variable("i64", "scanned");
    const row = builder.variable("i32", "row");
    builder.assign(messages, { op: "const", type: "i64", value: 0n });
    builder.assign(scanned, { op: "const", type: "i64", value: 0n });
    builder.assign(row, this.#params.get("from"));
    const { shape, identity } = this.#messageType;
    const merged = builder.hold(shape, "merged");
    const has = builder.variable("i32", "has");
    const lead = this.#rows.inRows ? "in" : "out";
    countedLoop(builder, row, this.#params.get("to"), () => {
      const target = builder.pin(binary("i32.add", this.#params.get(`${lead}First`), get(row)), "target");
      builder.assign(has, i32(0));
      builder.assignAll(merged, identity === undefined ? zeroOf(shape) : withLeaves(shape, [identity]));
      for (const side of ["in", "out"] as const) {
        const rows = side === "in" ? this.#rows.inRows : this.#rows.outRows;
        if (rows !== undefined) this.#addRow(side, rows, calls, { row, target, has, merged, messages, scanned });
      }
      onTarget({ index: target, has: builder.pin(get(has)), merged: builder.pinned(merged) as Data });
    });
    return {
      messages: unary("f64.convert_i64_s", get(messages)),
      edgesScanned: unary("f64.convert_i64_s", get(scanned)),
    };
  }

  #addRow(side: Side, rows: EdgeRows, calls: Calls, at: RowLocals): void {
    const { builder } = calls;
    const params = this.#params;
    const offset = (index: Expr): Expr => load("uint32", params.get(`${side}Offsets`), index);
    const entry = builder.variable("i32", "entry");
    builder.assign(entry, offset(get(at.row)));
    const end = builder.pin(offset(binary("i32.add", get(at.row), i32(1))), "end");
    const { active, program } = this.#input;
    const targetActive = active && builder.pin(load("uint8", params.get("active"), at.target), "targetActive");
    if (active === undefined) {
      const numEdges = unary("i64.extend_i32_u", binary("i32.sub", end, get(entry)));
      builder.assign(at.scanned, binary("i64.add", get(at.scanned), numEdges));
    }
    const ofTarget = columnValue(this.#input.vertices, "vertex", at.target, params);
    for (const input of inputsIn(ofTarget)) if (this.#hoisted.has(`${side}.${input.name}`)) builder.read(input);
    countedLoop(builder, entry, end, () => {
      const neighbour = builder.pin(load("uint32", params.get(`${side}Neighbours`), get(entry)), "neighbour");
      const next: Label = { name: "next" };
      const { statements } = builder.nest(() => {
        if (targetActive !== undefined) {
          const neighbourActive = load("uint8", params.get("active"), neighbour);
          const [source, target] = side === "in" ? [neighbourActive, targetActive] : [targetActive, neighbourActive];
          builder.add({ do: "leave", label: next, test: not(activeTest(program.activeDirection, source, target)) });
          builder.assign(at.scanned, binary("i64.add", get(at.scanned), { op: "const", type: "i64", value: 1n }));
        }
        const position = rows.positions
          ? load("uint32", params.get(`${side}Positions`), get(entry))
          : binary("i32.add", params.get(`${side}FirstEdge`), get(entry));
        const edge = this.#edge(side, neighbour, at.target, ofTarget, position);
        calls.onSend = (to, evaluate) => this.#receive(side, to, evaluate, calls, at);
        refusing("sendMessage", () => calls.call(this.#send, [edge], "effect"));
      });
      builder.add({ do: "block", label: next, body: statements });
    });
  }

  #receive(side: Side, to: "src" | "dst", evaluate: () => Data, calls: Calls, at: RowLocals): void {
    const { builder } = calls;
    const { shape, merge, identity } = this.#messageType;
    if ((to === "dst") !== (side === "in")) {
      // It goes to the other end, whose row sends it again; what evaluating it changes is changed all the same.
      const before = builder.effects;
      const { statements } = builder.nest(evaluate);
      if (builder.effects !== before) builder.add({ do: "block", label: { name: "unsent" }, body: statements });
      return;
    }
    const message = builder.pinned(convertTo(shape, evaluate()), "message") as Data;
    const one: Expr = { op: "const", type: "i64", value: 1n };
    builder.assign(at.messages, binary("i64.add", get(at.messages), one));
    const mergeIt = (): void => {
      const both = refusing("mergeMessage", () => dataOf(calls.call(merge, [at.merged, message], "value"), builder));
      builder.assignAll(at.merged, convertTo(shape, both));
    };
    if (identity === undefined) builder.branch(get(at.has), mergeIt, () => builder.assignAll(at.merged, message));
    else mergeIt();
    builder.assign(at.has, i32(1));
  }

  /** The edge that `sendMessage` sees. What the program does not read is undefined, as it is in JavaScript. */
  #edge(side: Side, neighbour: Expr, target: Expr, ofTarget: Value, position: Expr): Value {
    const { program, ids, vertices, edges } = this.#input;
    const { reads } = program;
    const unread: Value = { kind: "missing", as: "undefined" };
    const ofNeighbour = columnValue(vertices, "vertex", neighbour, this.#params);
    const [source, destination] = side === "in" ? [ofNeighbour, ofTarget] : [ofTarget, ofNeighbour];
    const [src, dst] = side === "in" ? [neighbour, target] : [target, neighbour];
    return {
      kind: "namespace",
      what: "an edge",
      members: new Map<string, Value>([
        ["srcId", idValue(ids, src, this.#params)],
        ["dstId", idValue(ids, dst, this.#params)],
        ["srcAttr", reads.src ? source : unread],
        ["dstAttr", reads.dst ? destination : unread],
        ["attr", reads.edge ? columnValue(edges, "edge", position, this.#params) : unread],
        ["sendToDst", { kind: "send", to: "dst" }],
        ["sendToSrc", { kind: "send", to: "src" }],
      ]),
    };
  }

  /** Compiles `sendMessage` once for nothing: to see what it sends, and what it reads of a row's own vertex. */
  #sample(): { sent: readonly Data[]; inputsRead: readonly { name: string }[] } {
    const sent: Data[] = [];
    const inputsRead: { name: string }[] = [];
    for (const side of ["in", "out"] as const) {
      if ((side === "in" ? this.#rows.inRows : this.#rows.outRows) === undefined) continue;
      const calls = new Calls();
      const index = get({ type: "i32", name: "index", isFixed: true });
      const ofTarget = columnValue(this.#input.vertices, "vertex", index, this.#params);
      calls.onSend = (to, evaluate) => {
        if ((to === "dst") === (side === "in")) sent.push(evaluate());
        else calls.builder.nest(evaluate);
      };
      calls.call(this.#send, [this.#edge(side, index, index, ofTarget, index)], "effect");
      for (const input of inputsIn(ofTarget)) {
        if (calls.builder.inputsRead.has(input)) inputsRead.push({ name: `${side}.${input.name}` });
      }
    }
    return { sent, inputsRead };
  }
}

interface RowLocals {
  readonly row: Local;
  readonly target: Expr;
  readonly has: Local;
  readonly merged: Data;
  readonly messages: Local;
  readonly scanned: Local;
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

function activeTest(direction: ScanInput["program"]["activeDirection"], source: Expr, target: Expr): Expr {
  switch (direction) {
    case "out":
      return source;
    case "in":
      return target;
    case "either":
      return or(source, target);
    case "both":
      return binary("i32.and", source, target);
  }
}

function inputsIn(value: Value): readonly Input[] {
  if (value.kind === "input") return [value];
  return value.kind === "record" ? Array.from(value.fields.values()).flatMap(inputsIn) : [];
}
