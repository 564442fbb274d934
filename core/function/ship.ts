/**
 * Taking functions apart, so that they can run on another thread or machine.
 */
import { invalidArgument } from "../errors.ts";
import { capture } from "./capture.ts";
import type { Capture, HeapNode } from "./heap.ts";
import type { FunctionForm } from "./parseFunction.ts";
import { notShippableError } from "./refusal.ts";

export { notShippable, shippable, type NotShippable, type Recipe, type Shippable } from "./shippable.ts";

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

/** A function taken apart: source and captured values, as plain data. Made by `ship`, put together by `revive`. */
export interface ShippedFunction<F extends AnyFunction = AnyFunction> {
  /** Unique in its driver; threads keep the revived function under it. */
  readonly id: string;
  /** The call that shipped it, as in `mapVertices`, and the name of its argument, as in `fn`. */
  readonly operation: string;
  readonly argument: string;
  /** How it was written, and its source: an expression, valid in strict mode. */
  readonly form: FunctionForm;
  readonly source: string;
  /** Its `name`, perhaps "". */
  readonly name: string;
  /** Where the source begins: the file's URL, "" if unknown, and the line, from 1. */
  readonly file: string;
  readonly line: number;
  /** The variables that it captures itself, in order of use. The value of a primitive one stands there as it is. */
  readonly captures: readonly Capture[];
  /** The function, first, and all that it leads to. */
  readonly nodes: readonly HeapNode[];
  readonly __type?: F;
}

/**
 * Takes a function apart, now: its source, and the value that each variable it captures has at this moment. What
 * happens to those variables and values later, the shipped function does not see.
 *
 * Travels: primitives but symbols; arrays and plain objects, Map, Set, Date, RegExp, typed arrays, buffers, in any
 * nesting, shared and circular as they are (shared memory stays shared); functions, and classes without static state,
 * with what they capture in turn; imports, by module and name if they are no data, unless the module is TypeScript or
 * the program's main file: then like other variables; objects under `shippable`. Objects of classes that have fields
 * only become plain objects. Methods of captured objects may use `this`.
 *
 * Globals are not captured: `Math`, `console`, `structuredClone` are those of the other side.
 *
 * Eager: takes some 0.1 ms a function; the first one, and the first of each file, some milliseconds.
 *
 * @throws SuperstepError NOT_SHIPPABLE if it captures what cannot travel, or is native, bound, or uses `this`, `super`,
 * `eval` and the like, or assigns a captured variable; the message names the variable and says what to do.
 * @throws SuperstepError INVALID_ARGUMENT if `fn` is no function.
 */
export function ship<F extends AnyFunction>(fn: F, operation: string, argument: string): ShippedFunction<F> {
  if (typeof fn !== "function") throw invalidArgument(operation, argument, "a function", fn);
  const call = { operation, argument };
  const { nodes } = capture(fn, call);
  const [own] = nodes;
  if (own?.kind !== "function") {
    throw notShippableError(call, undefined, {
      what: "a function without a source of its own",
      advice: "Write an arrow function that calls it.",
    });
  }
  const { form, source, name, file, line, captures } = own;
  return { id: `fn${nextId++}`, operation, argument, form, source, name, file, line: line + 1, captures, nodes };
}

let nextId = 1;
