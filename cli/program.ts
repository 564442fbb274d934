/**
 * The command line: its commands, its help, and how what is wrong with it is said.
 */
import { Command, CommanderError } from "commander";
import { SuperstepError, excerpt } from "../core/errors.ts";
import { algorithms } from "./algorithms.ts";
import { convertCommand } from "./commands/convert.ts";
import { generateCommand } from "./commands/generate.ts";
import { infoCommand } from "./commands/info.ts";
import { masterCommand } from "./commands/master.ts";
import { pregelCommand } from "./commands/pregel.ts";
import { runCommand } from "./commands/run.ts";
import { submitCommand } from "./commands/submit.ts";
import { viewCommand } from "./commands/view.ts";
import { workerCommand } from "./commands/worker.ts";
import { didYouMean } from "./didYouMean.ts";
import { exitCodes } from "./exitCodes.ts";
import type { Perform } from "./requests.ts";

/** What `runCommandLine` acts on. */
export interface ProgramSurroundings {
  /** Does what a request asks for. */
  readonly perform: Perform;
  readonly version: string;
  /** Takes help and version. */
  readonly print: (text: string) => void;
}

const examples = `superstep: graph algorithms over edge lists, on every core of this machine, or of several

  superstep info wiki-Vote.txt.gz                            what does this file hold?
  superstep run pagerank wiki-Vote.txt.gz -o ranks.parquet   who matters?
  superstep run components roads.csv --src from --dst to     what hangs together?
  superstep run sssp flights.csv --source SEA --weight miles how far is it?
  superstep view ranks.parquet --edges wiki-Vote.txt.gz      what does it look like?

superstep help lists all commands, superstep help COMMAND their options.
`;

/**
 * Reads the arguments (without node and script), has the request performed, and resolves to the exit code.
 *
 * @throws SuperstepError INVALID_ARGUMENT for what is wrong with the arguments; whatever `perform` throws.
 */
export async function runCommandLine(args: readonly string[], surroundings: ProgramSurroundings): Promise<number> {
  if (args.length === 0) {
    surroundings.print(examples);
    return exitCodes.ok;
  }
  let code: number = exitCodes.ok;
  let failed = "superstep";
  const program = buildProgram(
    surroundings,
    (given) => (code = given),
    (name) => (failed = name),
  );
  checkHelp(args, program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.ok; // help or version was printed
    throw usageError(error, failed);
  }
}

/** `done` gets the exit code of the command that ran, `onFailure` the name of the one whose arguments are wrong. */
function buildProgram(
  { perform, version, print }: ProgramSurroundings,
  done: (code: number) => void,
  onFailure: (name: string) => void,
): Command {
  const program = new Command("superstep")
    .description("Graph algorithms over edge lists, on every core of this machine, or of several.")
    .version(version, "-V, --version", "print the version")
    .helpCommand("help [command]", "show help for a command");
  const commands = [
    runCommand,
    pregelCommand,
    infoCommand,
    convertCommand,
    generateCommand,
    viewCommand,
    submitCommand,
    masterCommand,
    workerCommand,
  ];
  for (const command of commands) program.addCommand(command(perform, done));
  for (const each of [program, ...program.commands]) {
    each
      .exitOverride((error) => {
        onFailure(each.name());
        throw error;
      })
      .helpOption("-h, --help", "show help")
      .configureOutput({ writeOut: print, writeErr: () => {} })
      .configureHelp({ sortSubcommands: false });
  }
  return program;
}

/** @throws SuperstepError INVALID_ARGUMENT if help is asked for on a command that there is not. */
function checkHelp([first, name]: readonly string[], program: Command): void {
  if (first !== "help" || name === undefined || name.startsWith("-")) return;
  const names = [...program.commands.map((command) => command.name()), "help"];
  if (names.includes(name)) return;
  const closest = didYouMean(name, names);
  const next = closest === undefined ? `there are ${names.join(", ")}` : `did you mean ${closest}?`;
  throw new SuperstepError("INVALID_ARGUMENT", `superstep: no command ${excerpt(name)}; ${next}`);
}

/** Commander's complaint in the house form: `run: unknown option --tolerence; did you mean --tolerance?` */
function usageError(error: CommanderError, command: string): SuperstepError {
  const help = command === "superstep" ? "superstep help" : `superstep ${command} --help`;
  if (error.code === "commander.help") {
    return new SuperstepError("INVALID_ARGUMENT", `superstep: a command is missing; ${help} lists them`);
  }
  const [, unknown] = /^error: unknown command '([^']*)'/.exec(error.message) ?? [];
  const isAlgorithm = algorithms.some(({ name, aliases }) => name === unknown || aliases.includes(unknown ?? ""));
  const [, message = "", commanderGuess] =
    /^(?:error: )?(.*?)\s*(?:\(Did you mean (?:one of )?([^)?]*)\??\))?\s*$/s.exec(error.message) ?? [];
  const guess = isAlgorithm ? `superstep run ${unknown}` : commanderGuess;
  const next = guess === undefined ? `${help} says what there is` : `did you mean ${guess}?`;
  return new SuperstepError(
    "INVALID_ARGUMENT",
    `${command}: ${message.replaceAll("'", "").replace(/\.$/, "")}; ${next}`,
  );
}
