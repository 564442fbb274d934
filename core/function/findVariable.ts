/**
 * The value a variable has, this moment, for a function that captures it.
 */
import { inspectFunction, scriptInfo, type InspectedFunction } from "./inspectFunction.ts";
import { isOwnFile } from "./isOwnFile.ts";
import { runsBeforeDeclaration } from "./runsBeforeDeclaration.ts";

/** A variable with its value, or one that has none yet. */
export type FoundVariable =
  | {
      readonly state: "value";
      readonly value: unknown;
      /** True for variables of the module itself, its imports among them. */
      readonly isOfModule: boolean;
    }
  | { readonly state: "uninitialised" };

/**
 * Finds a variable in the scopes of a function, innermost first; undefined if it is in none, and thus a global or
 * nothing. A `let`, `const` or `class` whose declaration has not run yet is "uninitialised".
 */
export function findVariable(name: string, { scopes, location }: InspectedFunction): FoundVariable | undefined {
  const scope = scopes.find(({ variables }) => Object.hasOwn(variables, name));
  if (scope === undefined) return undefined;
  let value: unknown;
  try {
    value = (scope.variables as Record<string, unknown>)[name];
  } catch {
    return { state: "uninitialised" };
  }
  if (value === undefined && location !== undefined && !engineTells()) {
    const script = scriptInfo(location.scriptId);
    if (script !== undefined && !isOwnFile(script.url) && runsBeforeDeclaration(name, script))
      return { state: "uninitialised" };
  }
  return { state: "value", value, isOfModule: scope.kind === "Module" };
}

let tells: boolean | undefined;

/** True if reading an uninitialised variable through the inspector throws, as in Node 24; else it gives undefined. */
function engineTells(): boolean {
  if (tells === undefined) {
    const probe = (): unknown => late;
    try {
      const { scopes } = inspectFunction(probe);
      tells = findVariableNamed("late", scopes) === null;
    } catch {
      tells = true;
    }
    const late = null;
  }
  return tells;
}

function findVariableNamed(name: string, scopes: InspectedFunction["scopes"]): unknown {
  const scope = scopes.find(({ variables }) => Object.hasOwn(variables, name));
  return (scope?.variables as Record<string, unknown> | undefined)?.[name];
}
