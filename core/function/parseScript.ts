/**
 * Whole scripts of the user's program, parsed to learn what a function's own source does not say.
 */
import { parse, type Program } from "acorn";

/** Parses the text of a script, as a module or else as a CommonJS file. Undefined if it is neither. */
export function parseScript(source: string): Program | undefined {
  for (const sourceType of ["module", "commonjs"] as const) {
    try {
      return parse(source, { ecmaVersion: "latest", sourceType, allowHashBang: true });
    } catch {
      // not of this kind
    }
  }
  return undefined;
}
