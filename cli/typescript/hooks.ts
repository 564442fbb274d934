/**
 * Module hooks that let a program be TypeScript: types are blanked out, so lines and columns stay; `superstep` is this
 * package, wherever the program lies.
 */
import { readFile } from "node:fs/promises";
import type { LoadHook, ResolveHook } from "node:module";
import { fileURLToPath } from "node:url";

const packageRoot = new URL("../../", import.meta.url);

/** Bare imports of this package, and imports of `.js` files that are `.ts` files. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  if (specifier === "superstep" || specifier.startsWith("superstep/")) {
    const layer = specifier === "superstep" ? "index.js" : `${specifier.slice("superstep/".length)}/index.js`;
    return { url: new URL(layer, packageRoot).href, shortCircuit: true };
  }
  try {
    return await next(specifier, context);
  } catch (error) {
    const isScript = /^(\.{1,2}\/|\/|file:).*\.m?js$/.test(specifier);
    if (!isScript || (error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    try {
      return await next(specifier.replace(/js$/, "ts"), context);
    } catch {
      throw error; // which has the name as it was written
    }
  }
};

/** Sources that end in .ts or .mts. */
export const load: LoadHook = async (url, context, next) => {
  if (!/^file:.*\.m?ts$/.test(url)) return next(url, context);
  const file = fileURLToPath(url);
  return { format: "module", source: await stripped(file, await readFile(file, "utf8")), shortCircuit: true };
};

/** JavaScript, lines and columns as they were; but a file with enums or namespaces is written anew, and they move. */
async function stripped(file: string, source: string): Promise<string> {
  const { transform } = await import("@swc/wasm-typescript");
  const options = { filename: file, module: true };
  try {
    return (await transform(source, { ...options, mode: "strip-only" })).code;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "UnsupportedSyntax") throw syntaxError(file, error);
  }
  try {
    return (await transform(source, { ...options, mode: "transform" })).code;
  } catch (error) {
    throw syntaxError(file, error);
  }
}

function syntaxError(file: string, error: unknown): SyntaxError {
  const { message, startLine, startColumn } = error as { message?: string; startLine?: number; startColumn?: number };
  const place = startLine === undefined ? file : `${file}:${startLine}:${(startColumn ?? 0) + 1}`;
  return new SyntaxError(`${place}: ${message ?? String(error)}`);
}
