/**
 * Source text becomes a function again.
 */
import { Script } from "node:vm";
import type { AnyFunction } from "./ship.ts";
import type { FunctionNode } from "./heap.ts";

/** A function and, if some of its variables are to come later, what sets them. */
export interface Evaluated {
  readonly fn: AnyFunction;
  /** Takes the values of the late variables, in the order of their names. */
  readonly setLate: (values: readonly unknown[]) => void;
}

/**
 * Evaluates the source of a function, in strict mode, with its captured variables around it. Those in `early` never
 * change, so that the engine may treat them as constants; those in `late` are set once, before the first call.
 *
 * File, line and column in the stacks of errors are those of the original source.
 */
export function evaluateFunction(
  node: FunctionNode,
  early: ReadonlyMap<string, unknown>,
  late: readonly string[],
): Evaluated {
  const key = JSON.stringify(node.name);
  const [before, after] = node.isAnonymous && node.name !== "" ? [`({[${key}]:`, `})[${key}]`] : ["(", ")"];
  const variables = late.length === 0 ? "" : `let ${late.join(",")};`;
  const head = `(function(${Array.from(early.keys()).join(",")}){"use strict";${variables}return{fn:${before}`;
  const setters = late.map((name, index) => `${name}=arguments[0][${index}];`).join("");
  const script = new Script(`${head}${node.source}${after},setLate(){${setters}}}})`, {
    filename: node.file === "" ? "shipped function" : node.file,
    lineOffset: node.line,
    columnOffset: node.column - head.length,
  });
  const make = script.runInThisContext() as (...values: unknown[]) => Evaluated;
  return make(...early.values());
}
