/** Which of Node's options threads and executor processes are started with. */

/** Options with a value that say how modules are found and loaded. */
const moduleOptions: ReadonlySet<string> = new Set([
  "--import",
  "--require",
  "-r",
  "--loader",
  "--experimental-loader",
  "--conditions",
  "-C",
]);

/**
 * The options for threads of a process that was started with `options`; undefined for all of them, which is Node's
 * default. That default fails for `node --input-type=module --eval …`: then only what concerns modules is passed on,
 * since Node refuses options of the whole process in an explicit list.
 */
export function threadArguments(options: readonly string[]): string[] | undefined {
  if (!options.some((option) => option === "--input-type" || option.startsWith("--input-type="))) return undefined;
  return keepOptions(options, (name) => moduleOptions.has(name));
}

/**
 * The options for an executor's process launched by one that was started with `options`: what concerns modules, memory
 * and experiments, but none that runs other code, or opens an inspector.
 */
export function processArguments(options: readonly string[]): string[] {
  const others = ["--max-", "--experimental-", "--no-experimental-", "--enable-source-maps", "--no-warnings"];
  return keepOptions(options, (name) => moduleOptions.has(name) || others.some((prefix) => name.startsWith(prefix)));
}

function keepOptions(options: readonly string[], isKept: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < options.length; i++) {
    const [name, value] = options[i]!.split("=", 2) as [string, string | undefined];
    if (!isKept(name)) continue;
    kept.push(options[i]!);
    if (moduleOptions.has(name) && value === undefined && i + 1 < options.length) kept.push(options[++i]!);
  }
  return kept;
}
