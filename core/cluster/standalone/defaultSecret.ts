/**
 * The secret of a cluster on one machine, for its user alone: a file that the master makes, and that workers and drivers of
 * the same user find by the master's port.
 */
import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { excerpt, SuperstepError } from "../../errors.ts";

/**
 * Where the secret of the master at `port` lies: `$XDG_RUNTIME_DIR/superstep/`, or else `$XDG_STATE_HOME/superstep/`, by
 * default `~/.local/state/superstep/`.
 */
export function defaultSecretFile(port: number, environment: NodeJS.ProcessEnv = process.env): string {
  const runtime = environment["XDG_RUNTIME_DIR"];
  const state = environment["XDG_STATE_HOME"];
  const root = [runtime, state].find((directory) => directory !== undefined && path.isAbsolute(directory));
  return path.join(root ?? path.join(os.homedir(), ".local", "state"), "superstep", `secret-${port}`);
}

/**
 * Makes the file with 32 random bytes, in hexadecimal, unless it is there. It stays when the master ends, so that the next
 * one at its port is known to what still runs.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the directory belongs to somebody else or is open to others, or cannot be made.
 */
export function makeDefaultSecret(file: string): void {
  const directory = path.dirname(file);
  const refuse = (why: string, cause?: unknown): SuperstepError => {
    const next = "Give --secret-file, or set XDG_STATE_HOME to a directory of your own";
    const text = `secret: ${excerpt(directory)} ${why}. ${next}.`;
    return new SuperstepError("INVALID_ARGUMENT", text, cause === undefined ? {} : { cause });
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw refuse(`cannot be made (${(error as NodeJS.ErrnoException).code})`, error);
  }
  const { mode, uid } = lstatSync(directory);
  if ((mode & 0o170000) !== 0o040000) throw refuse("must be a directory, and no link to one");
  if (process.platform !== "win32") {
    if (uid !== process.getuid?.()) throw refuse("must belong to the user who runs this");
    if ((mode & 0o077) !== 0) throw refuse("must be open to its owner alone: chmod 700");
  }
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeFileSync(temporary, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
    linkSync(temporary, file); // unlike a rename it replaces nothing: of two masters one makes it, both use it
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw refuse(`cannot take a file (${(error as NodeJS.ErrnoException).code})`, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}
