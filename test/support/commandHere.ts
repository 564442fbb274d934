/** Commands in the process of the test: for what they do, not for how their process starts and ends. */
import { commandLine } from "../../cli/commandLine.ts";
import { type CommandOptions, type Ended, superstep } from "./command.ts";

/**
 * Runs a command line as `superstep` of `command.ts` does, but in this process, and in a process of its own if it is given
 * standard input. One at a time: while it runs, the directory, the environment and what is written are the command's.
 */
export async function superstepHere(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  if (options.input !== undefined) return superstep(args, options);
  const written = { stdout: "", stderr: "" };
  const environment = { NO_COLOR: "1", FORCE_COLOR: undefined, SUPERSTEP_MASTER: "local[2]", ...options.env };
  const endings = [
    changed(process.env, environment),
    ...(["stdout", "stderr"] as const).map((name) => {
      const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
        written[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
        const done = rest.at(-1);
        if (typeof done === "function") process.nextTick(done);
        return true;
      };
      return changed(process[name], { write });
    }),
  ];
  const directory = process.cwd();
  if (options.cwd !== undefined) process.chdir(options.cwd);
  try {
    const status = await commandLine(args);
    return { status, signal: null, ...written };
  } finally {
    process.chdir(directory);
    for (const end of endings) end();
  }
}

/** Sets properties of an object; undefined removes one. Returns what brings back those that were there. */
function changed(target: object, properties: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(properties).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) Reflect.deleteProperty(target, name);
    else Reflect.set(target, name, value);
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, descriptor);
    }
  };
}
