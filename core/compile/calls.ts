/**
 * Calls written out: the body of a function where it is called, its parameters bound to the arguments.
 */
import { undefinedValue, type Activation, type Compilation, type Mode } from "./activation.ts";
import { Builder } from "./builder.ts";
import { Expressions } from "./expressions.ts";
import { Frame, type FunctionSource } from "./functionSource.ts";
import { declareParameters } from "./patterns.ts";
import { Refused } from "./refused.ts";
import { commonShape, convertTo } from "./shapes.ts";
import { Statements } from "./statements.ts";
import type { Label, Statement } from "./tree.ts";
import type { Data, Value } from "./value.ts";

/** Calls in one another that are written out. */
const maxDepth = 24;
/** Statements and messages that one loop may be made of: beyond, code gets slower to compile than to interpret. */
const maxCalls = 2000;

/** Compiles calls into one list of statements. */
export class Calls implements Compilation {
  readonly builder: Builder = new Builder();
  /** Takes messages that are sent. At first there is nobody to send to. */
  onSend: (to: "src" | "dst", evaluate: () => Data) => void = () => undefined;
  #numCalls = 0;

  send(to: "src" | "dst", evaluate: () => Data): void {
    this.onSend(to, evaluate);
  }

  /**
   * Writes out a call.
   *
   * @throws Refused if something in the function does not compile.
   */
  call(fn: FunctionSource, args: readonly Value[], mode: Mode, depth = 0): Value {
    const { node, program } = fn;
    if (depth > maxDepth) throw new Refused("a function that calls itself does not compile", program.source, node);
    if (++this.#numCalls > maxCalls)
      throw new Refused("it is too long, with the functions that it calls", program.source, node);
    if (node.async) throw new Refused("an async function does not compile", program.source, node);
    if (node.generator) throw new Refused("a generator does not compile", program.source, node);
    const names = program.names;
    if (names.usesThis) throw new Refused("`this` does not compile", program.source, node);
    if (names.usesArguments) throw new Refused("`arguments` does not compile", program.source, node);
    const activation: Activation = { compilation: this, program, frame: new Frame(fn.around, depth) };
    declareParameters(node.params, args, activation);
    if (node.body.type === "BlockStatement") return this.#body(node.body.body, activation, mode);
    const expressions = new Expressions(activation);
    if (mode === "value") return expressions.value(node.body);
    expressions.effect(node.body);
    return undefinedValue;
  }

  #body(body: Parameters<Statements["all"]>[0], activation: Activation, mode: Mode): Value {
    const { builder } = this;
    const statements = new Statements(activation, mode === "value");
    const run = builder.nest(() => statements.all(body));
    const { returns } = statements;
    const list: Statement[] = run.statements;
    const last = list.at(-1);
    const [only] = returns;
    const isAtEnd = only !== undefined && last?.do === "block" && last.body === only.into;
    if (returns.length === 0 || (returns.length === 1 && isAtEnd && !run.result)) {
      for (const statement of isAtEnd ? list.slice(0, -1) : list) builder.add(statement);
      return only?.value ?? undefinedValue;
    }
    const end: Label = { name: "end" };
    const values: Data[] = returns.map(({ value }) => value);
    if (run.result) values.push({ kind: "missing", as: "undefined" });
    const shape = this.#shapeOf(values, activation);
    const result = builder.hold(shape, "result");
    for (const { value, into } of returns) {
      const assigned = builder.nest(() => builder.assignAll(result, convertTo(shape, value))).statements;
      into.push(...assigned, { do: "leave", label: end });
    }
    if (run.result) {
      const missing = convertTo(shape, { kind: "missing", as: "undefined" });
      list.push(...builder.nest(() => builder.assignAll(result, missing)).statements);
    }
    builder.effects++;
    builder.add({ do: "block", label: end, body: list });
    return builder.pinned(result);
  }

  #shapeOf(values: readonly Data[], { program }: Activation): Data {
    try {
      return values.reduce(commonShape);
    } catch (error) {
      throw error instanceof Refused ? new Refused(`its result: ${error.message}`, program.source) : error;
    }
  }
}
