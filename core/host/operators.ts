/**
 * Loads operators by name: exported functions of this package's own modules, and nothing else.
 */
import { excerpt, SuperstepError } from "../errors.ts";
import { importOperator } from "./importOperator.ts";
import type { Operator, OperatorRef } from "./task.ts";

/** An operator whose types are known only to its caller. */
export type AnyOperator = Operator<unknown, unknown, unknown>;

const loaded: Map<string, AnyOperator> = new Map();

/**
 * The function that `ref` names; at once if it was loaded before.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the reference leaves the package, or names no exported function.
 */
export function loadOperator(ref: OperatorRef): AnyOperator | Promise<AnyOperator> {
  return loaded.get(`${ref.module}#${ref.name}`) ?? importAndKeep(ref);
}

async function importAndKeep({ module, name }: OperatorRef): Promise<AnyOperator> {
  if (typeof module !== "string" || !/^[\w-]+(?:[./][\w-]+)*$/.test(module)) {
    throw refused(module, name, "must be a path below the package's root, such as graph/superstep/scan");
  }
  const operator = await importOperator(module, name);
  if (typeof operator !== "function") throw refused(module, name, "must be an exported function of its module");
  loaded.set(`${module}#${name}`, operator as AnyOperator);
  return operator as AnyOperator;
}

function refused(module: string, name: string, rule: string): SuperstepError {
  const message = `operator ${excerpt(name)} of ${excerpt(module)}: ${rule}`;
  return new SuperstepError("INVALID_ARGUMENT", message, { details: { where: "operator", rule } });
}
