/**
 * The apply of a superstep at one target, as compiled statements. The clear form is the text of `superstep/apply.ts`.
 */
import type { Calls } from "../../core/compile/calls.ts";
import { columnValue, writeRow } from "../../core/compile/columnValues.ts";
import { constantValue } from "../../core/compile/constantValue.ts";
import { sourceOfShipped } from "../../core/compile/functionSource.ts";
import type { LoopParams } from "../../core/compile/loopParams.ts";
import { numberOf, toNumber } from "../../core/compile/operations.ts";
import { Refused, refusing } from "../../core/compile/refused.ts";
import { chooseData, dataOf, known } from "../../core/compile/shapes.ts";
import { binary, f64, get, i32, unary, type Callee, type Expr, type Local } from "../../core/compile/tree.ts";
import { describeValue, type Value } from "../../core/compile/value.ts";
import type { ApplyInput } from "../superstep/apply.ts";
import { idValue } from "./edgeValue.ts";
import type { ScannedTarget } from "./scanLoop.ts";

/** Adds what a loop does with a vertex whose new attributes are written. */
export type OnApplied = (index: Expr, calls: Calls) => void;

/**
 * Applies a vertex program to targets, whose columns before and after may be the same. Parameters: columns "before0", …,
 * "after0", …, "marks" of who received, "ids"; the results of aggregators as "global name"; the maximum so far as "total0", by number. Hooks: "missing"; "sum0", by number, that takes
 * a number for an exact sum.
 */
export class ApplyRow {
  readonly #input: ApplyInput;
  readonly #params: LoopParams;
  readonly #onApplied: OnApplied;
  readonly #received: Local = { type: "i32", name: "numReceived", isFixed: false };
  readonly #maxima: ReadonlyMap<number, Local>;

  constructor(input: ApplyInput, params: LoopParams, onApplied: OnApplied = () => undefined) {
    this.#input = input;
    this.#params = params;
    this.#onApplied = onApplied;
    const aggregators = Object.values(input.program.aggregators);
    this.#maxima = new Map(
      aggregators.flatMap(({ kind }, at) =>
        kind === "max" ? [[at, { type: "f64", name: `total${at}`, isFixed: false }]] : [],
      ),
    );
  }

  /** To be added before the loop. */
  begin({ builder }: Calls): void {
    builder.assign(this.#received, i32(0));
    for (const [at, local] of this.#maxima) builder.assign(local, this.#params.get(`total${at}`, "f64"));
  }

  /** What is counted, by name. */
  results(): Readonly<Record<string, Expr>> {
    const results: Record<string, Expr> = { received: unary("f64.convert_i32_u", get(this.#received)) };
    for (const [at, local] of this.#maxima) results[`total${at}`] = get(local);
    return results;
  }

  /**
   * Applies to one target.
   *
   * @throws Refused if the program or an aggregator does not compile.
   */
  add(target: ScannedTarget, calls: Calls): void {
    const { builder } = calls;
    const mark = (): void => {
      builder.assign(this.#received, binary("i32.add", get(this.#received), i32(1)));
      builder.add({
        do: "store",
        column: "uint8",
        base: this.#params.get("marks"),
        index: target.index,
        value: i32(1),
      });
    };
    const { applyTo, noMessage } = this.#input.program;
    if (applyTo === "received") {
      builder.branch(target.has, () => {
        mark();
        this.#run(target.index, target.merged, calls);
      });
      return;
    }
    builder.branch(target.has, mark);
    const message = refusing("vertexProgram", () =>
      chooseData(target.has, target.merged, dataOf(constantValue(noMessage), builder)),
    );
    this.#run(target.index, builder.pinned(message, "message"), calls);
  }

  #run(index: Expr, message: Value, calls: Calls): void {
    const { builder } = calls;
    const { program, ids, vertices, output, globals } = this.#input;
    const before = columnValue(vertices, "before", index, this.#params);
    const { value, writing } = refusing("vertexProgram", () => {
      const args = [idValue(ids, index, this.#params), before, message, this.#globals(globals)];
      const value = builder.pinned(calls.call(sourceOfShipped(program.vertexProgram), args, "value"));
      const data = dataOf(value, builder);
      const { statements } = builder.nest(() => writeRow(output, "after", index, data, builder, this.#params));
      return { value, writing: statements };
    });
    for (const [at, [name, { kind, of }]] of Object.entries(program.aggregators).entries()) {
      refusing(name, () => {
        const given = known(calls.call(sourceOfShipped(of), [before, value], "value"), builder);
        if (given.kind !== "number") throw new Refused(`its result must be a number, and is ${describeValue(given)}`);
        this.#aggregate(kind, at, toNumber(given), calls);
      });
    }
    // Last, since it may be written over what was there before.
    for (const statement of writing) builder.add(statement);
    this.#onApplied(index, calls);
  }

  #aggregate(kind: "sum" | "max", at: number, number: Expr, { builder }: Calls): void {
    const candidate = builder.pin(number, "candidate");
    if (kind === "max") {
      const best = this.#maxima.get(at)!;
      builder.branch(binary("f64.gt", candidate, get(best)), () => builder.assign(best, candidate));
      return;
    }
    // A zero adds nothing to an exact sum, so that it need not be called.
    if (candidate.op === "const" && candidate.value === 0) return;
    const add: Callee = { name: `sum${at}`, params: ["f64"] };
    builder.branch(binary("f64.ne", candidate, f64(0)), () =>
      builder.add({ do: "call", callee: add, args: [candidate] }),
    );
  }

  #globals(globals: ApplyInput["globals"]): Value {
    const fields = Object.keys(globals).map(
      (name) => [name, numberOf(this.#params.get(`global ${name}`, "f64"))] as const,
    );
    return { kind: "record", fields: new Map(fields) };
  }
}
