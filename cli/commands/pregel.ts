/**
 * `superstep pregel PROGRAM INPUT`: runs a user's vertex program over a graph.
 */
import { Command, Option } from "commander";
import { integer } from "../optionValues.ts";
import {
  type OptionValues,
  addClusterOptions,
  addEngineOptions,
  addInputOptions,
  addRecoveryOptions,
  addReportOptions,
  addResultOptions,
  engineRequest,
  inputRequest,
  picked,
  recoveryRequest,
  reportRequest,
  resultRequest,
} from "../options.ts";
import type { Perform } from "../requests.ts";
import { checkResult } from "./run.ts";

const examples = `Examples:
  superstep pregel hops.ts wiki-Vote.txt.gz -o hops.csv
  superstep pregel hops.mjs routes.csv --src origin --dst destination --weight miles
`;

const notes = `
A module without exports is a program of its own: its Context.create() takes master, cluster, checkpoints and chaos from here
where it says nothing else.`;

/** The command; `done` gets the exit code. */
export function pregelCommand(perform: Perform, done: (code: number) => void): Command {
  const command = new Command("pregel")
    .summary("run your own vertex program")
    .description("Runs the vertex program that a module exports: TypeScript as it is, or JavaScript.")
    .argument("<program>", "the module: .ts, .mts, .js or .mjs")
    .argument(
      "<input...>",
      "edges: files, directories, patterns, or - for stdin; text (also gzip, zstd), Parquet, Arrow",
    )
    .addHelpText("before", examples)
    .addHelpText("after", notes)
    .optionsGroup("Program:")
    .addOption(new Option("--max-supersteps <n>", "stop after so many").argParser(integer("--max-supersteps", 1)))
    .addOption(new Option("--require-convergence", "exit with 5 if it did not converge"))
    .addOption(new Option("--explain", "say how each function runs, and why"));
  addResultOptions(command);
  addInputOptions(command);
  addEngineOptions(command);
  addClusterOptions(command);
  addRecoveryOptions(command);
  addReportOptions(command);
  return command.action(async (program: string, paths: string[], values: OptionValues) => {
    checkResult(values);
    const code = await perform({
      command: "pregel",
      program,
      input: inputRequest(paths, values),
      ...(picked(values, ["maxSupersteps"]) as { maxSupersteps?: number }),
      explain: values["explain"] === true,
      requireConvergence: values["requireConvergence"] === true,
      ...engineRequest(values),
      ...recoveryRequest(values),
      ...resultRequest(values),
      ...reportRequest(values),
    });
    done(code);
  });
}
