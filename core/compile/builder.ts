/**
 * Statements as they are put together: where the next one goes, what was read of the inputs so far, and values held
 * against later changes.
 */
import { get, isStable, set, type Expr, type Local, type MachineType, type Statement } from "./tree.ts";
import { leavesOf, withLeaves, type Data, type Input, type Optional, type Scalar, type Value } from "./value.ts";

/** Builds the statements of one function. */
export class Builder {
  /** Counts what changes or reaches something outside an expression: assignments, messages, loops. */
  effects = 0;
  #out: Statement[] = [];
  /** What was read of inputs, by block: a read counts for the blocks inside the one where it stands. */
  #read: Map<Input, Scalar | Optional>[] = [new Map()];
  #everRead: Set<Input> = new Set();

  /** The statements of the innermost block so far. */
  get statements(): readonly Statement[] {
    return this.#out;
  }

  /** Inputs that were read anywhere. */
  get inputsRead(): ReadonlySet<Input> {
    return this.#everRead;
  }

  add(statement: Statement): void {
    this.#out.push(statement);
  }

  /** Assigns a local that can be assigned again. */
  assign(local: Local, value: Expr): void {
    this.effects++;
    this.add(set(local, value));
  }

  /** A local that is set by whoever asks for it. */
  variable(type: MachineType, name: string): Local {
    return { type, name, isFixed: false };
  }

  /** The statements that `build` adds, in a list of their own. */
  nest<T>(build: () => T): { statements: Statement[]; result: T } {
    const outer = this.#out;
    const statements: Statement[] = [];
    this.#out = statements;
    this.#read.push(new Map());
    try {
      return { statements, result: build() };
    } finally {
      this.#read.pop();
      this.#out = outer;
    }
  }

  /** An expression that does not change from here on: itself if it never does, else a fresh local that holds it. */
  pin(expr: Expr, name = "t"): Expr {
    if (expr.op === "const" || (expr.op === "get" && expr.local.isFixed)) return expr;
    const local: Local = { type: expr.type, name, isFixed: true };
    this.add(set(local, expr));
    return get(local);
  }

  /** A value that does not change from here on, and costs nothing to read again. Inputs stay unread. */
  pinned(value: Value, name = "t"): Value {
    switch (value.kind) {
      case "number":
      case "boolean":
      case "bigint":
      case "optional":
        return withLeaves(
          value,
          leavesOf(value).map((leaf) => this.pin(leaf, name)),
        );
      case "record":
        return {
          kind: "record",
          fields: new Map(
            Array.from(value.fields, ([key, field]) => [key, this.pinned(field, `${name}.${key}`)] as const),
          ),
        };
      default:
        return value;
    }
  }

  /** Runs `next`, and gives `value` as it was before: held in locals if `next` may have changed what it is made of. */
  keep<T>(value: Value, next: () => T): { value: Value; result: T } {
    const { effects } = this;
    const out = this.#out;
    const mark = out.length;
    const result = next();
    if (this.effects === effects || isStableValue(value)) return { value, result };
    const { statements, result: held } = this.nest(() => this.pinned(value, "kept"));
    out.splice(mark, 0, ...statements);
    return { value: held, result };
  }

  /** The value of an input: read here, unless a block around this place has read it. */
  read(input: Input): Scalar | Optional {
    for (const block of this.#read) {
      const known = block.get(input);
      if (known !== undefined) return known;
    }
    const value = this.pinned(input.value, input.name) as Scalar | Optional;
    this.#read.at(-1)!.set(input, value);
    this.#everRead.add(input);
    return value;
  }

  /** New variables that can hold values of this shape: their present value, and how to assign it. */
  hold<D extends Data>(shape: D, name: string): D {
    return withLeaves(
      shape,
      leavesOf(shape).map((leaf) => get(this.variable(leaf.type, name))),
    );
  }

  /** Assigns to variables made by `hold` a value of the same shape. */
  assignAll(variables: Data, value: Data): void {
    const targets = leavesOf(variables);
    const leaves = leavesOf(value);
    // One leaf may be made of another's variable: all are taken before any is set.
    const taken = leaves.length > 1 ? leaves.map((leaf) => (isStable(leaf) ? leaf : this.pin(leaf))) : leaves;
    targets.forEach((target, at) => {
      if (target.op === "get") this.assign(target.local, taken[at]!);
    });
  }

  /** Runs `build` in an `if`; with `otherwise`, that where the test fails. A constant test leaves one of them. */
  branch(test: Expr, then: () => void, otherwise: () => void = () => undefined): void {
    if (test.op === "const") {
      if (test.value !== 0) then();
      else otherwise();
      return;
    }
    const yes = this.nest(then).statements;
    const no = this.nest(otherwise).statements;
    if (yes.length > 0 || no.length > 0) this.add({ do: "if", test, whenTrue: yes, whenFalse: no });
  }
}

/** True if nothing that follows can change the value. */
export function isStableValue(value: Value): boolean {
  switch (value.kind) {
    case "number":
    case "boolean":
    case "bigint":
    case "optional":
      return leavesOf(value).every(isStable);
    case "record":
      return Array.from(value.fields.values()).every(isStableValue);
    default:
      return true;
  }
}
