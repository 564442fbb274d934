/**
 * What messages are, as far as the functions that send and merge them tell.
 */
import type { FieldType, FixedType } from "../../core/column/types.ts";
import { Calls } from "../../core/compile/calls.ts";
import type { FunctionSource } from "../../core/compile/functionSource.ts";
import { Refused } from "../../core/compile/refused.ts";
import { commonShape, dataOf, isSameShape, widened } from "../../core/compile/shapes.ts";
import { f64, get, type Expr, type Local, type MachineType } from "../../core/compile/tree.ts";
import { describeValue, leavesOf, type Data } from "../../core/compile/value.ts";

/** Messages of one type, and how two of them become one. */
export interface MessageType {
  /** The type; the expressions in it mean nothing. */
  readonly shape: Data;
  readonly merge: FunctionSource;
  /** If set, a message that changes nothing where another is merged to it: merging can start from it. */
  readonly identity?: Expr;
}

/** The column that holds a part of a message. */
export const columnOfLeaf: Readonly<Record<MachineType, FixedType>> = { f64: "float64", i32: "int32", i64: "int64" };

/** More rounds than a merge needs to settle on a type: a number can become one that may be missing, and that is all. */
const maxRounds = 6;

/**
 * The type that holds all messages in `sent`, and what `merge` makes of two of them. `required`: what each must be.
 *
 * @throws Refused if no type does, or it is another one.
 */
export function messageTypeOf(sent: readonly Data[], merge: FunctionSource, required?: FieldType): MessageType {
  const [first, ...others] = sent;
  if (first === undefined) return { shape: { kind: "missing", as: "undefined" }, merge };
  let shape = widened(others.reduce(commonShape, first));
  for (let round = 0; ; round++) {
    if (required !== undefined && shape.kind !== required) {
      throw new Refused(
        `messages must be of type ${required}, as the initial message is, and are ${describeValue(shape)}`,
      );
    }
    const next = widened(commonShape(shape, mergedShape(shape, merge)));
    if (isSameShape(shape, next)) break;
    if (round === maxRounds) throw new Refused("merging messages gives ever new types");
    shape = next;
  }
  const identity = identityOf(shape, merge);
  return { shape, merge, ...(identity && { identity }) };
}

/** What merging two messages gives, in a list of statements that is thrown away. */
function mergedShape(shape: Data, merge: FunctionSource): Data {
  const calls = new Calls();
  const { builder } = calls;
  return dataOf(calls.call(merge, [builder.hold(shape, "a"), builder.hold(shape, "b")], "value"), builder);
}

/** -0 for a sum, Infinity for a minimum: to the bit, whatever comes. */
function identityOf(shape: Data, merge: FunctionSource): Expr | undefined {
  if (shape.kind !== "number") return undefined;
  const calls = new Calls();
  const [a, b] = ["a", "b"].map((name): Local => ({ type: "f64", name, isFixed: true }));
  const args = [a!, b!].map((local): Data => ({ kind: "number", form: "f64", expr: get(local) }));
  const { statements, result } = calls.builder.nest(() => dataOf(calls.call(merge, args, "value"), calls.builder));
  const [merged] = leavesOf(result);
  if (statements.length > 0 || result.kind !== "number" || merged?.op !== "binary") return undefined;
  const operands = [merged.a, merged.b].map((side) => (side.op === "get" ? side.local : undefined));
  if (!operands.includes(a) || !operands.includes(b)) return undefined;
  switch (merged.code) {
    case "f64.add":
      return f64(-0);
    case "f64.min":
      return f64(Infinity);
    case "f64.max":
      return f64(-Infinity);
    case "f64.mul":
      return f64(1);
    default:
      return undefined;
  }
}
