/**
 * The scan of a superstep, as compiled statements: for each target its incoming edges, then its outgoing ones, messages
 * merged as they come. The clear form is the text of `superstep/scan.ts`.
 */
import { Calls } from "../../core/compile/calls.ts";
import { columnValue } from "../../core/compile/columnValues.ts";
import { countedLoop } from "../../core/compile/countedLoop.ts";
import { sourceOfShipped, type FunctionSource } from "../../core/compile/functionSource.ts";
import type { LoopParams } from "../../core/compile/loopParams.ts";
import { or } from "../../core/compile/operations.ts";
import { refusing } from "../../core/compile/refused.ts";
import { convertTo, dataOf, zeroOf } from "../../core/compile/shapes.ts";
import { binary, get, i32, load, not, unary, type Expr, type Label, type Local } from "../../core/compile/tree.ts";
import { leavesOf, withLeaves, type Data, type Input, type Value } from "../../core/compile/value.ts";
import type { EdgeRows } from "../partition/topology.ts";
import type { ScanInput, ScanRows } from "../superstep/scan.ts";
import { edgeValue, idValue } from "./edgeValue.ts";
import { columnOfLeaf, messageTypeOf, type MessageType } from "./messageType.ts";

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

  get messageType(): MessageType {
    return this.#messageType;
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
    const sent = this.#input.sent?.[side];
    const { shape, identity } = this.#messageType;
    if (sent !== undefined && sent.sends === undefined && active === undefined && identity !== undefined) {
      const numEdges = builder.pin(binary("i32.sub", end, get(entry)), "numEdges");
      builder.assign(at.messages, binary("i64.add", get(at.messages), unary("i64.extend_i32_u", numEdges)));
      builder.assign(at.has, binary("i32.or", get(at.has), numEdges));
      countedLoop(builder, entry, end, () => {
        const neighbour = builder.pin(load("uint32", params.get(`${side}Neighbours`), get(entry)), "neighbour");
        const message = builder.pinned(sentMessage(shape, side, neighbour, params), "message") as Data;
        this.#merge(message, calls, at.merged);
      });
      return;
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
        if (sent !== undefined) {
          const receive = (): void => this.#take(sentMessage(shape, side, neighbour, params), calls, at);
          if (sent.sends === undefined) receive();
          else builder.branch(load("uint8", params.get(`${side}Sends`), neighbour), receive);
          return;
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
    const { shape } = this.#messageType;
    if ((to === "dst") !== (side === "in")) {
      // It goes to the other end, whose row sends it again; what evaluating it changes is changed all the same.
      const before = builder.effects;
      const { statements } = builder.nest(evaluate);
      if (builder.effects !== before) builder.add({ do: "block", label: { name: "unsent" }, body: statements });
      return;
    }
    this.#take(convertTo(shape, evaluate()), calls, at);
  }

  #take(message: Data, calls: Calls, at: RowLocals): void {
    const { builder } = calls;
    const { identity } = this.#messageType;
    const received = builder.pinned(message, "message") as Data;
    const one: Expr = { op: "const", type: "i64", value: 1n };
    builder.assign(at.messages, binary("i64.add", get(at.messages), one));
    const mergeIt = (): void => this.#merge(received, calls, at.merged);
    if (identity === undefined) builder.branch(get(at.has), mergeIt, () => builder.assignAll(at.merged, received));
    else mergeIt();
    builder.assign(at.has, i32(1));
  }

  #merge(message: Data, calls: Calls, merged: Data): void {
    const { builder } = calls;
    const { shape, merge } = this.#messageType;
    const both = refusing("mergeMessage", () => dataOf(calls.call(merge, [merged, message], "value"), builder));
    builder.assignAll(merged, convertTo(shape, both));
  }

  /** The edge that `sendMessage` sees, from a row of this side. */
  #edge(side: Side, neighbour: Expr, target: Expr, ofTarget: Value, position: Expr): Value {
    const { ids, vertices, edges } = this.#input;
    const params = this.#params;
    const ofNeighbour = columnValue(vertices, "vertex", neighbour, params);
    const [source, destination] = side === "in" ? [ofNeighbour, ofTarget] : [ofTarget, ofNeighbour];
    const [src, dst] = side === "in" ? [neighbour, target] : [target, neighbour];
    return edgeValue(this.#input.program, {
      srcId: idValue(ids, src, params),
      dstId: idValue(ids, dst, params),
      srcAttr: source,
      dstAttr: destination,
      attr: columnValue(edges, "edge", position, params),
    });
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

/** What the neighbour sends, as it was written down: see `compileSends`. */
function sentMessage(shape: Data, side: Side, neighbour: Expr, params: LoopParams): Data {
  const leaves = leavesOf(shape).map(({ type }, at) =>
    load(columnOfLeaf[type], params.get(`${side}Sent${at}`), neighbour),
  );
  return withLeaves(shape, leaves);
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
