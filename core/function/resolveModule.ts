/**
 * Where an import leads: from the specifier in a file to the URL that Node would load, found without asking Node, whose
 * own answer is for the importing file alone to have.
 */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * The absolute URL of the module that `import "specifier"` means in the file `parentUrl`: by the rules of Node's ES
 * modules, with the conditions `node` and `import`. Undefined if nothing is found.
 */
export function resolveModule(specifier: string, parentUrl: string): string | undefined {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  if (/^\.{0,2}\//.test(specifier))
    return URL.canParse(specifier, parentUrl) ? new URL(specifier, parentUrl).href : undefined;
  if (URL.canParse(specifier)) return new URL(specifier).href;
  if (!parentUrl.startsWith("file:")) return undefined;
  const from = path.dirname(fileURLToPath(parentUrl));
  const file = specifier.startsWith("#") ? internalImport(specifier, from) : packageImport(specifier, from);
  if (file === undefined || file.startsWith("node:")) return file;
  return existsSync(file) ? pathToFileURL(realpathSync(file)).href : undefined;
}

const conditions = new Set(["node", "import", "module-sync", "node-addons", "default"]);

interface PackageFile {
  readonly folder: string;
  readonly name?: string;
  readonly main?: string;
  readonly exports?: unknown;
  readonly imports?: Readonly<Record<string, unknown>>;
}

function packageImport(specifier: string, from: string): string | undefined {
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const own = nearestPackage(from);
  if (own?.name === name && own.exports != null) return fromExports(own, rest);
  for (const folder of foldersUpwards(from)) {
    const home = path.join(folder, "node_modules", name);
    if (!existsSync(home)) continue;
    const found = readPackage(home);
    if (found?.exports != null) return fromExports(found, rest);
    if (rest !== undefined) return path.join(home, rest);
    const main = found?.main;
    const tries = main === undefined ? [] : [main, `${main}.js`, `${main}/index.js`];
    return [...tries, "index.js"].map((file) => path.join(home, file)).find((file) => isFile(file));
  }
  return undefined;
}

function internalImport(specifier: string, from: string): string | undefined {
  const own = nearestPackage(from);
  if (own?.imports === undefined) return undefined;
  const target = match(specifier, own.imports);
  if (target === undefined || target.startsWith("./")) return target && path.join(own.folder, target);
  if (isBuiltin(target) && !target.startsWith("node:")) return `node:${target}`;
  return URL.canParse(target) ? undefined : packageImport(target, own.folder);
}

function fromExports({ folder, exports }: PackageFile, rest: string | undefined): string | undefined {
  const isMap = isRecord(exports) && Object.keys(exports).some((key) => key.startsWith("."));
  const target = match(`.${rest ?? ""}`, isMap ? exports : { ".": exports });
  return target?.startsWith("./") === true ? path.join(folder, target) : undefined;
}

/** The target of `key` in a map of exact names and of patterns with one `*`, of which the longest prefix wins. */
function match(key: string, map: Readonly<Record<string, unknown>>): string | undefined {
  if (Object.hasOwn(map, key) && !key.includes("*")) return chosen(map[key]);
  let best: { prefix: string; pattern: string; star: string } | undefined;
  for (const pattern of Object.keys(map)) {
    const [prefix, suffix] = pattern.split("*");
    if (prefix === undefined || suffix === undefined) continue;
    if (!key.startsWith(prefix) || !key.endsWith(suffix) || key.length < prefix.length + suffix.length) continue;
    if (best !== undefined && best.prefix.length >= prefix.length) continue;
    best = { prefix, pattern, star: key.slice(prefix.length, key.length - suffix.length) };
  }
  return best && chosen(map[best.pattern])?.replaceAll("*", () => best.star);
}

/** The first target whose conditions hold. */
function chosen(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  const options: unknown[] = Array.isArray(target)
    ? target
    : isRecord(target)
      ? Object.keys(target)
          .filter((condition) => conditions.has(condition))
          .map((condition) => target[condition])
      : [];
  for (const option of options) {
    if (option === null) return undefined;
    const found = chosen(option);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nearestPackage(from: string): PackageFile | undefined {
  for (const folder of foldersUpwards(from)) {
    const found = readPackage(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readPackage(folder: string): PackageFile | undefined {
  const file = path.join(folder, "package.json");
  if (!isFile(file)) return undefined;
  try {
    const content = JSON.parse(readFileSync(file, "utf8")) as unknown;
    return isRecord(content) ? { ...content, folder } : undefined;
  } catch {
    return undefined;
  }
}

function* foldersUpwards(from: string): Generator<string> {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (path.basename(folder) !== "node_modules") yield folder;
    if (folder === path.dirname(folder)) return;
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
