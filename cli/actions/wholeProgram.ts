/**
 * A user's whole program: a module that makes its own context.
 */
import { stat } from "node:fs/promises";
import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { ContextDefaults } from "../../core/contextDefaults.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { moduleHooks } from "./moduleHooks.ts";
import { OwnContexts } from "./ownContexts.ts";

/** The absolute path of a program. @throws SuperstepError INVALID_ARGUMENT if it is no file, or no module. */
export async function programFile(program: string): Promise<string> {
  const file = path.resolve(program);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() === true && /\.m?[jt]s$/.test(file)) return file;
  const rule = found?.isFile() === true ? "a module .ts, .mts, .js or .mjs" : "a file";
  throw new SuperstepError("INVALID_ARGUMENT", `submit: the program must be ${rule}, got ${excerpt(program)}`);
}

/**
 * Runs a program; resolves when it has run and nothing of it is left to do. Its `Context.create()` falls back to `defaults`.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it is no module; whatever it throws.
 */
export async function runProgram(program: string, args: readonly string[], defaults: ContextDefaults): Promise<void> {
  const file = await programFile(program);
  register(moduleHooks);
  const contexts = new OwnContexts({ appName: path.basename(file), ...defaults, moduleHooks: [moduleHooks] });
  process.argv = [process.argv[0]!, file, ...args];
  try {
    await import(pathToFileURL(file).href);
    await contexts.whenDone();
  } finally {
    await contexts.stop();
  }
}
