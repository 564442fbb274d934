/**
 * Module hooks that let a program be TypeScript: types are blanked out, so lines and columns stay; `superstep` is this
 * package, wherever the program lies.
 */
import { readFile } from "node:fs/promises";
import type { LoadHook, ResolveHook } from "node:module";
import { fileURLToPath } from "node:url";

const packageRoot = new URL("../../", import.meta.url);

/** Bare imports of this package, and relative imports of `.js` files that are `.ts` files. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  if (specifier === "superstep" || specifier.startsWith("superstep/")) {
    const layer = specifier === "superstep" ? "index.js" : `${specifier.slice("superstep/".length)}/index.js`;
    return { url: new URL(layer, packageRoot).href, shortCircuit: true };
  }
  try {
    return await next(specifier, context);
  } catch (error) {
    const isRelativeScript = /^\.{1,2}\/.*\.m?js$/.test(specifier);
    if (!isRelativeScript || (error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return next(specifier.replace(/js$/, "ts"), context);
  }
};

/** Sources that end in .ts or .mts. */
export const load: LoadHook = async (url, context, next) => {
  if (!/^file:.*\.m?ts$/.test(url)) return next(url, context);
  const { transform } = await import("@swc/wasm-typescript");
  const file = fileURLToPath(url);
  const source = await readFile(file, "utf8");
  try {
    const { code } = await transform(source, { filename: file, mode: "strip-only", module: true });
    return { format: "module", source: code, shortCircuit: true };
  } catch (error) {
    throw new SyntaxError(`${file}: ${messageOf(error)}`);
  }
};

function messageOf(error: unknown): string {
  const { message, startLine, startColumn } = error as { message?: string; startLine?: number; startColumn?: number };
  const place = startLine === undefined ? "" : `${startLine}:${(startColumn ?? 0) + 1}: `;
  return `${place}${message ?? String(error)}`;
}
