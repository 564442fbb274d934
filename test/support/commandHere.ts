/** Commands in the process of the test: for what they do, not for how their process starts and ends. */
import { Writable } from "node:stream";
import { commandLine } from "../../cli/commandLine.ts";
import { type CommandOptions, type Ended, superstep } from "./command.ts";

/**
 * Runs a command line as `superstep` of `command.ts` does, but in this process, and in a process of its own if it is given
 * standard input. One at a time: while it runs, the directory, the environment, standard output and error are the
 * command's. A run that one way began cannot be resumed by the other: in a bundle, the texts of functions differ.
 */
export async function superstepHere(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  if (options.input !== undefined) return superstep(args, options);
  const [stdout, stderr] = [new Text(), new Text()];
  const environment = { NO_COLOR: "1", FORCE_COLOR: undefined, SUPERSTEP_MASTER: "local[2]", ...options.env };
  const before = { env: process.env, directory: process.cwd() };
  const restore = [replace("stdout", stdout), replace("stderr", stderr)];
  process.env = { ...before.env };
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  if (options.cwd !== undefined) process.chdir(options.cwd);
  try {
    const status = await commandLine(args);
    return { status, signal: null, stdout: stdout.text, stderr: stderr.text };
  } finally {
    process.chdir(before.directory);
    process.env = before.env;
    for (const end of restore) end();
  }
}

/** A stream that keeps what is written. */
class Text extends Writable {
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}

/** Puts a stream in the place of one of this process; returns what brings that back. */
function replace(name: "stdout" | "stderr", stream: Writable): () => void {
  const own = Object.getOwnPropertyDescriptor(process, name)!;
  Object.defineProperty(process, name, { ...own, get: () => stream });
  return () => Object.defineProperty(process, name, own);
}
