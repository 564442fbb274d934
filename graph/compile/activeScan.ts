/**
 * The scan of a sparse superstep, as compiled loops: along the rows of a list of active vertices, messages merged in
 * columns by target. The clear form is the text of `superstep/scan.ts`, whose order of merging it keeps.
 */
import { Calls } from "../../core/compile/calls.ts";
import { columnValue } from "../../core/compile/columnValues.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { countedLoop } from "../../core/compile/countedLoop.ts";
import { sourceOfShipped, type FunctionSource } from "../../core/compile/functionSource.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { refusing } from "../../core/compile/refused.ts";
import { convertTo, dataOf } from "../../core/compile/shapes.ts";
import { binary, get, i32, load, unary, type Expr, type Label, type Local } from "../../core/compile/tree.ts";
import { leavesOf, withLeaves, type Data, type Input, type Value } from "../../core/compile/value.ts";
import type { FixedType } from "../../core/column/types.ts";
import type { ScanInput } from "../superstep/scan.ts";
import type { Walk } from "../superstep/walks.ts";
import { edgeValue, idValue } from "./edgeValue.ts";
import { columnOfLeaf, messageTypeOf, type MessageType } from "./messageType.ts";

const one: Expr = { op: "const", type: "i64", value: 1n };

/** Which rows say which edge an entry is; in others entry e is edge e. */
export interface HasPositions {
  readonly in: boolean;
  readonly out: boolean;
  /** Set if all rows that are pushed along do, whatever is true of other rows of their side. */
  readonly pushed?: true;
}

/** Compiles the walks of a scan. */
export class ActiveScan {
  readonly #input: ScanInput;
  readonly #hasPositions: HasPositions;
  readonly #send: FunctionSource;
  readonly #messageType: MessageType;

  /** @throws Refused if `sendMessage` or `mergeMessage` does not compile. */
  constructor(input: ScanInput, hasPositions: HasPositions) {
    const { sendMessage, mergeMessage, messageType, sendsTo } = input.program;
    this.#input = input;
    this.#hasPositions = hasPositions;
    this.#send = refusing("sendMessage", () => sourceOfShipped(sendMessage));
    const ends = (["dst", "src"] as const).filter((end) => sendsTo[end]);
    const sent = refusing("sendMessage", () => ends.flatMap((end) => this.#sample("in", end).sent));
    this.#messageType = refusing("mergeMessage", () => messageTypeOf(sent, sourceOfShipped(mergeMessage), messageType));
  }

  /** What messages are; the expressions in it mean nothing. */
  get message(): Data {
    return this.#messageType.shape;
  }

  /** The columns in which messages are merged, a row a vertex. */
  get slotTypes(): readonly FixedType[] {
    return leavesOf(this.message).map(({ type }) => columnOfLeaf[type]);
  }

  /**
   * Compiles a walk over entries ["from", "to") of "list". Parameters: "rowStart", "neighbours", "positions"; "active", one byte
   * a vertex; "vertex0", "edge0", …, "ids"; of a push, targets from "low" to before "end" alone. Written are "slot0", …, and
   * "touched" and "summary", a bit for each vertex that has a message, and for each word of these.
   *
   * @throws Refused if `sendMessage` or `mergeMessage` does not compile.
   */
  compile(walk: Walk): CompiledLoop {
    const params = new LoopParams();
    const calls = new Calls();
    const { builder } = calls;
    const messages = builder.variable("i64", "messages");
    const scanned = builder.variable("i64", "scanned");
    const at = builder.variable("i32", "at");
    const entry = builder.variable("i32", "entry");
    for (const count of [messages, scanned]) builder.assign(count, { op: "const", type: "i64", value: 0n });
    builder.assign(at, params.get("from"));
    countedLoop(builder, at, params.get("to"), () => {
      const vertex = builder.pin(load("uint32", params.get("list"), get(at)), "vertex");
      const rowStart = (index: Expr): Expr => load("uint32", params.get("rowStart"), index);
      builder.assign(entry, rowStart(vertex));
      const end = builder.pin(rowStart(binary("i32.add", vertex, i32(1))), "end");
      if (walk.way === "push") this.#skipTo(params.get("low"), entry, end, calls, params);
      this.#row(walk, { vertex, entry, end, messages, scanned }, calls, params);
    });
    return assembleLoop(params, builder.statements, {
      messages: unary("f64.convert_i64_s", get(messages)),
      edgesScanned: unary("f64.convert_i64_s", get(scanned)),
    });
  }

  /** Sets `entry` to the first one before `end` whose neighbour is not below `low`. */
  #skipTo(low: Expr, entry: Local, end: Expr, { builder }: Calls, params: LoopParams): void {
    const isBelow = (index: Expr): Expr => binary("i32.lt_u", load("uint32", params.get("neighbours"), index), low);
    const high = builder.variable("i32", "high");
    const found: Label = { name: "found" };
    const again: Label = { name: "again" };
    const { statements } = builder.nest(() => {
      builder.add({ do: "leave", label: found, test: binary("i32.ge_u", get(entry), get(high)) });
      const half = binary("i32.shr_u", binary("i32.sub", get(high), get(entry)), i32(1));
      const middle = builder.pin(binary("i32.add", get(entry), half), "middle");
      builder.branch(
        isBelow(middle),
        () => builder.assign(entry, binary("i32.add", middle, i32(1))),
        () => builder.assign(high, middle),
      );
      builder.add({ do: "leave", label: again });
    });
    const search = (): void => {
      builder.assign(high, end);
      builder.add({ do: "block", label: found, body: [{ do: "loop", label: again, body: statements }] });
    };
    // Most rows lie on one side as a whole.
    builder.branch(low, () =>
      builder.branch(isBelow(get(entry)), () =>
        builder.branch(isBelow(binary("i32.sub", end, i32(1))), () => builder.assign(entry, end), search),
      ),
    );
  }

  #row(walk: Walk, at: RowLocals, calls: Calls, params: LoopParams): void {
    const { builder } = calls;
    const { side, way, others } = walk;
    const ofOwner = columnValue(this.#input.vertices, "vertex", at.vertex, params);
    const { read } = this.#sample(side, receiver(walk));
    for (const input of inputsIn(ofOwner)) if (read.has(input.name)) builder.read(input);
    const out: Label = { name: "out" };
    const again: Label = { name: "again" };
    const { statements } = builder.nest(() => {
      builder.add({ do: "leave", label: out, test: binary("i32.ge_u", get(at.entry), at.end) });
      const neighbour = builder.pin(load("uint32", params.get("neighbours"), get(at.entry)), "neighbour");
      if (way === "push") {
        builder.add({ do: "leave", label: out, test: binary("i32.ge_u", neighbour, params.get("end")) });
      }
      const scan = (): void => this.#edge(walk, neighbour, ofOwner, at, calls, params);
      if (others === "any") scan();
      else {
        const isActive = load("uint8", params.get("active"), neighbour);
        builder.branch(others === "active" ? isActive : unary("i32.eqz", isActive), scan);
      }
      builder.assign(at.entry, binary("i32.add", get(at.entry), i32(1)));
      builder.add({ do: "leave", label: again });
    });
    builder.effects++;
    builder.add({ do: "block", label: out, body: [{ do: "loop", label: again, body: statements }] });
  }

  #edge(walk: Walk, neighbour: Expr, ofOwner: Value, at: RowLocals, calls: Calls, params: LoopParams): void {
    const { builder } = calls;
    const { side, way } = walk;
    builder.assign(at.scanned, binary("i64.add", get(at.scanned), one));
    const { pushed = false } = this.#hasPositions;
    const hasPosition = (way === "push" && pushed) || this.#hasPositions[side];
    const position = hasPosition ? load("uint32", params.get("positions"), get(at.entry)) : get(at.entry);
    const edge = this.#edgeValue(side, at.vertex, neighbour, ofOwner, position, params);
    const target = way === "pull" ? at.vertex : neighbour;
    calls.onSend = (to, evaluate) => {
      if (to === receiver(walk)) {
        this.#take(convertTo(this.message, evaluate()), target, at.messages, calls, params);
        return;
      }
      // It goes to the other end, in another walk; what evaluating it changes is changed all the same.
      const before = builder.effects;
      const { statements } = builder.nest(evaluate);
      if (builder.effects !== before) builder.add({ do: "block", label: { name: "unsent" }, body: statements });
    };
    refusing("sendMessage", () => calls.call(this.#send, [edge], "effect"));
  }

  #take(message: Data, target: Expr, messages: Local, calls: Calls, params: LoopParams): void {
    const { builder } = calls;
    const received = builder.pinned(message, "message") as Data;
    builder.assign(messages, binary("i64.add", get(messages), one));
    const [wordIndex, summaryIndex] = [5, 10].map((bits) => binary("i32.shr_u", target, i32(bits)));
    const word = builder.pin(load("uint32", params.get("touched"), wordIndex!), "word");
    const bit = builder.pin(binary("i32.shl", i32(1), target), "bit");
    const write = (data: Data): void => {
      leavesOf(data).forEach((value, slot) => {
        const base = params.get(`slot${slot}`);
        builder.add({ do: "store", column: columnOfLeaf[value.type], base, index: target, value });
      });
    };
    builder.effects++;
    builder.branch(
      binary("i32.and", word, bit),
      () => {
        const merged = builder.pinned(slotValue(this.message, target, params), "merged");
        const { merge } = this.#messageType;
        const both = refusing("mergeMessage", () => dataOf(calls.call(merge, [merged, received], "value"), builder));
        write(builder.pinned(convertTo(this.message, both), "both") as Data);
      },
      () => {
        write(received);
        const marked = (base: Expr, index: Expr, value: Expr): void =>
          builder.add({ do: "store", column: "uint32", base, index, value });
        marked(params.get("touched"), wordIndex!, binary("i32.or", word, bit));
        const summary = load("uint32", params.get("summary"), summaryIndex!);
        marked(params.get("summary"), summaryIndex!, binary("i32.or", summary, binary("i32.shl", i32(1), wordIndex!)));
      },
    );
  }

  /** The edge that `sendMessage` sees, from a row of this side. */
  #edgeValue(
    side: Walk["side"],
    owner: Expr,
    neighbour: Expr,
    ofOwner: Value,
    position: Expr,
    params: LoopParams,
  ): Value {
    const { program, ids, vertices, edges } = this.#input;
    const ofNeighbour = columnValue(vertices, "vertex", neighbour, params);
    const [src, dst] = side === "in" ? [neighbour, owner] : [owner, neighbour];
    const [srcAttr, dstAttr] = side === "in" ? [ofNeighbour, ofOwner] : [ofOwner, ofNeighbour];
    return edgeValue(program, {
      srcId: idValue(ids, src, params),
      dstId: idValue(ids, dst, params),
      srcAttr,
      dstAttr,
      attr: columnValue(edges, "edge", position, params),
    });
  }

  /** Compiles `sendMessage` once for nothing: to see what it sends to this end, and what it reads of a row's own vertex. */
  #sample(side: Walk["side"], end: "src" | "dst"): { sent: readonly Data[]; read: ReadonlySet<string> } {
    const sent: Data[] = [];
    const params = new LoopParams();
    const calls = new Calls();
    const index = params.get("index");
    const ofOwner = columnValue(this.#input.vertices, "vertex", index, params);
    calls.onSend = (to, evaluate) => {
      if (to === end) sent.push(evaluate());
      else calls.builder.nest(evaluate);
    };
    const edge = this.#edgeValue(side, index, index, ofOwner, index, params);
    refusing("sendMessage", () => calls.call(this.#send, [edge], "effect"));
    const inputs = inputsIn(ofOwner).filter((input) => calls.builder.inputsRead.has(input));
    return { sent, read: new Set(inputs.map(({ name }) => name)) };
  }
}

/** The message that is merged at `target`, in the columns "slot0", …. */
export function slotValue(shape: Data, target: Expr, params: LoopParams): Data {
  const leaves = leavesOf(shape).map(({ type }, at) => load(columnOfLeaf[type], params.get(`slot${at}`), target));
  return withLeaves(shape, leaves);
}

interface RowLocals {
  readonly vertex: Expr;
  readonly entry: Local;
  readonly end: Expr;
  readonly messages: Local;
  readonly scanned: Local;
}

/** The end that a walk sends to. */
function receiver({ side, way }: Walk): "src" | "dst" {
  return (side === "in") === (way === "pull") ? "dst" : "src";
}

function inputsIn(value: Value): readonly Input[] {
  if (value.kind === "input") return [value];
  return value.kind === "record" ? Array.from(value.fields.values()).flatMap(inputsIn) : [];
}
