/**
 * How a function runs, and why: what `explain` tells.
 */
import { describeRefusal, type Refusal } from "./refused.ts";

/** A function and its way to run. Plain data. */
export interface FunctionPath {
  /** The argument that it was given as, as in "sendMessage". */
  readonly argument: string;
  readonly runs: "compiled" | "JavaScript";
  /** "compiled", or "JavaScript because `attr.name` at 12:30: strings do not compile". */
  readonly text: string;
}

/** Functions that are compiled. */
export function compiledPaths(functions: readonly string[]): readonly FunctionPath[] {
  return functions.map((argument) => ({ argument, runs: "compiled", text: "compiled" }));
}

/** Functions that run in one loop, as JavaScript: one was refused, the others go with it. */
export function refusedPaths(functions: readonly string[], refusal: Refusal): readonly FunctionPath[] {
  const isOne = functions.includes(refusal.argument);
  return functions.map((argument) => {
    const isIt = argument === refusal.argument || !isOne;
    const text = isIt
      ? describeRefusal(refusal)
      : `JavaScript because of ${refusal.argument}, with which it shares a loop`;
    return { argument, runs: "JavaScript", text };
  });
}
