/**
 * Where operators come from. Where the package is bundled, `scripts/bundle.mjs` puts a table of all of them in the place of
 * this module, so that a thread loads a few files of what it needs, not hundreds.
 */

/** The export `name` of the module at a path below the package's root; undefined or a rejection if there is none. */
export type ImportOperator = (module: string, name: string) => Promise<unknown>;

const packageRoot: string = new URL("../../", import.meta.url).href;
/** Modules are loaded as what this one is: built, or source where Node strips types. */
const extension: string = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

export const importOperator: ImportOperator = async (module, name) => {
  const exported = (await import(new URL(`${module}${extension}`, packageRoot).href)) as Record<string, unknown>;
  return exported[name]; // a module's own exports and nothing else: it has no prototype
};
