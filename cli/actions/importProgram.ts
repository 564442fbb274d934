/**
 * A user's module as what it exports.
 */
import { stat } from "node:fs/promises";
import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { exitCodes } from "../exitCodes.ts";
import type { PregelRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { moduleHooks } from "./moduleHooks.ts";
import { OwnContexts, defaultsOf } from "./ownContexts.ts";

/** What a module exports as its default. */
export interface ImportedProgram {
  readonly program: unknown;
}

/**
 * The default export of a program; undefined if it exports nothing at all. The program sees itself and the inputs as its
 * arguments. What the request says of master, cluster, checkpoints and chaos is what contexts of its own fall back to. Ctrl-C
 * while the module still runs ends the process, with checkpoints after the superstep.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is no such file, or it exports something, but no default. Whatever
 *   the module throws.
 */
export async function importProgram(request: PregelRequest, session: Session): Promise<ImportedProgram | undefined> {
  const { program, input } = request;
  const file = path.resolve(program);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true || !/\.m?[jt]s$/.test(file)) {
    const rule = found?.isFile() === true ? "a module .ts, .mts, .js or .mjs" : "a file";
    throw new SuperstepError("INVALID_ARGUMENT", `pregel: the program must be ${rule}, got ${excerpt(program)}`);
  }
  register(moduleHooks);
  process.argv = [process.argv[0]!, file, ...input.paths];
  const ending = session.ending;
  const { listener } = session.progress;
  const appName = path.basename(file);
  const contexts = new OwnContexts({
    appName,
    ...defaultsOf(request),
    listener,
    signal: session.signal,
    moduleHooks: [moduleHooks],
  });
  const end = (): void => {
    const isEnding = contexts.areThere && request.checkpointDir !== undefined; // after a superstep, with a checkpoint
    if (!isEnding) process.exit(session.exitCode ?? exitCodes.interrupted);
  };
  session.ending = "ending the program";
  session.signal.addEventListener("abort", end);
  try {
    const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
    const names = Object.keys(module);
    if (names.length === 0) {
      await contexts.whenDone();
      await contexts.stop();
      return undefined;
    }
    if ("default" in module) return { program: module["default"] };
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `pregel: ${excerpt(program)} must export its program as default, got the exports ${names.slice(0, 10).join(", ")}`,
    );
  } catch (error) {
    await contexts.stop();
    throw error;
  } finally {
    session.signal.removeEventListener("abort", end);
    session.ending = ending;
  }
}
