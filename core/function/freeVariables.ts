/**
 * The variables a function takes from around it: what it captures, globals included.
 */
import type { Identifier } from "acorn";
import type { ParsedFunction } from "./parseFunction.ts";
import { readsOf } from "./memberReads.ts";

/** One name that a function uses and does not declare. */
export interface FreeVariable {
  readonly name: string;
  /** True if the function assigns it, anywhere. */
  readonly isAssigned: boolean;
  /** The properties that are read of it, first names only, if nothing else is done with it; else "all". */
  readonly members: ReadonlySet<string> | "all";
}

/** The free variables of a function, in the order in which they first appear. */
export function freeVariables(parsed: ParsedFunction): readonly FreeVariable[] {
  let variables = known.get(parsed);
  if (variables === undefined) {
    const { free, assigned } = parsed.names;
    variables = Array.from(free, ([name, references]) => ({
      name,
      isAssigned: references.some((reference) => assigned.has(reference)),
      members: firstNames(parsed, references),
    }));
    known.set(parsed, variables);
  }
  return variables;
}

const known = new WeakMap<ParsedFunction, readonly FreeVariable[]>();

function firstNames(parsed: ParsedFunction, references: readonly Identifier[]): ReadonlySet<string> | "all" {
  const paths = readsOf(parsed.names, references);
  return paths === "all" ? paths : new Set(Array.from(paths, (path) => path[0]!));
}
