import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** How a program ended, and what it printed. */
export interface Ending {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a built example, `node dist/examples/NAME.js`, from an empty folder. */
export function runBuilt(name: string, args: readonly string[], folder: string): Ending {
  return run([path.join(root, "dist/examples", `${name}.js`), ...args], folder);
}

/** Runs the built command with these arguments; a path that starts with `examples/` is one of this repository. */
export function runSuperstep(args: readonly string[], folder: string, env: NodeJS.ProcessEnv = {}): Ending {
  const absolute = args.map((arg) => (arg.startsWith("examples/") ? path.join(root, arg) : arg));
  return run([path.join(root, "bundle/cli/main.js"), ...absolute], folder, env);
}

function run(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ending {
  const options = { cwd, encoding: "utf8", timeout: 100_000, env: { ...process.env, NO_COLOR: "1", ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { status, stdout, stderr };
}

/** What the first comment of an example says it prints: its lines indented by three or more, after "Expected". */
export function expectedOf(name: string): string[] {
  const source = readFileSync(path.join(root, "examples", `${name}.ts`), "utf8");
  const comment = source.slice(0, source.indexOf("*/"));
  const expected = comment.slice(comment.indexOf("Expected"));
  return [...expected.matchAll(/^ \* {3}(.*)$/gm)].map(([, line]) => line!);
}

/** Rows of a CSV file of the examples without quotes, by column. */
export function rowsOf(file: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(path.join(root, "examples/data", file), "utf8")
    .trim()
    .split(/\r?\n/);
  const names = header!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, at) => [names[at]!, cell])));
}
