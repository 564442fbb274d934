/**
 * The imports of a user's file: which name comes from where, and whether another thread can import it as well.
 */
import { readFileSync, realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { ScriptInfo } from "./inspectFunction.ts";
import { isOwnFile } from "./isOwnFile.ts";
import { parseScript } from "./parseScript.ts";
import { resolveModule } from "./resolveModule.ts";

/** Where an imported name comes from. */
export interface ImportedName {
  readonly url: string;
  /** The export's name, "default" among them; undefined for `import * as ns`. */
  readonly name: string | undefined;
}

/**
 * The module and export behind a name that a file imports; undefined if the file imports no such name, or if a thread
 * should not or could not import the module: the program's main file, which would run again, and what imports it;
 * TypeScript, which Node may
 * not take as it is; anything but files, Node's own modules and data: URLs. Parses the file once. Of this package's own
 * files nothing is told: what their functions use travels with them.
 */
export function importedName(local: string, script: ScriptInfo): ImportedName | undefined {
  if (isOwnFile(script.url)) return undefined;
  let imports = known.get(script);
  if (imports === undefined) known.set(script, (imports = importsOf(script)));
  const found = imports.get(local);
  const url = found && resolveModule(found.specifier, script.url);
  return url !== undefined && canImport(url) ? { url, name: found!.name } : undefined;
}

const known = new WeakMap<ScriptInfo, ReadonlyMap<string, { specifier: string; name: string | undefined }>>();

function importsOf(script: ScriptInfo): ReadonlyMap<string, { specifier: string; name: string | undefined }> {
  const imports = new Map<string, { specifier: string; name: string | undefined }>();
  for (const node of parseScript(script.source())?.body ?? []) {
    if (node.type !== "ImportDeclaration") continue;
    for (const each of node.specifiers) {
      let name: string | undefined;
      if (each.type === "ImportDefaultSpecifier") name = "default";
      else if (each.type === "ImportSpecifier") {
        name = each.imported.type === "Identifier" ? each.imported.name : String(each.imported.value);
      }
      imports.set(each.local.name, { specifier: String(node.source.value), name });
    }
  }
  return imports;
}

function canImport(url: string): boolean {
  if (url.startsWith("node:") || url.startsWith("data:")) return true;
  return url.startsWith("file:") && !/\.[cm]?tsx?$/.test(new URL(url).pathname) && !leadsToMain(url);
}

/** True if importing the file would, directly or through other files of the program, import the main file. */
function leadsToMain(url: string): boolean {
  const main = mainUrl();
  const seen = new Set([url]);
  for (const each of seen) {
    if (each === main) return true;
    for (const next of filesImportedBy(each)) seen.add(next);
  }
  return false;
}

/** The program's own files that a file imports: none of packages, and none of ours. */
function filesImportedBy(url: string): readonly string[] {
  let files = imported.get(url);
  if (files === undefined) {
    const isForeign = url.includes("/node_modules/") || url.startsWith(packageRoot);
    files = isForeign ? [] : specifiersIn(url).map((specifier) => resolveModule(specifier, url) ?? "");
    files = files.filter((file) => file.startsWith("file:"));
    imported.set(url, files);
  }
  return files;
}

function specifiersIn(url: string): string[] {
  let text: string;
  try {
    text = readFileSync(new URL(url), "utf8");
  } catch {
    return [];
  }
  return (parseScript(text)?.body ?? []).flatMap((node) =>
    "source" in node && node.source != null ? [String(node.source.value)] : [],
  );
}

const imported = new Map<string, readonly string[]>();
const packageRoot = new URL("../../", import.meta.url).href;

let main: string | undefined;

function mainUrl(): string {
  if (main === undefined) {
    main = "";
    try {
      if (process.argv[1] !== undefined) main = pathToFileURL(realpathSync(process.argv[1])).href;
    } catch {
      // started without a file
    }
  }
  return main;
}
