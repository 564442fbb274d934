/**
 * `superstep run ALGORITHM INPUT`: reads a graph, runs an algorithm, shows and writes its result.
 */
import { Argument, Command } from "commander";
import { SuperstepError } from "../../core/errors.ts";
import { type AlgorithmEntry, type AlgorithmOption, algorithmNamed, algorithms } from "../algorithms.ts";
import {
  type OptionValues,
  addAlgorithmOptions,
  addClusterOptions,
  addEngineOptions,
  addInputOptions,
  addRecoveryOptions,
  addReportOptions,
  addResultOptions,
  algorithmParameters,
  engineRequest,
  inputRequest,
  recoveryRequest,
  reportRequest,
  resultRequest,
} from "../options.ts";
import type { Perform, RunRequest } from "../requests.ts";

const examples = `Examples:
  superstep run pagerank wiki-Vote.txt.gz --tolerance 1e-6 --top 10 -o ranks.parquet
  superstep run components roads.csv.gz --src from --dst to
  superstep run sssp flights.csv --source SEA --weight miles
  superstep run shortest-paths edges.txt --landmarks 1,4 -o - | head
  superstep run components large.csv.gz --checkpoint-dir saved --resume -o components.parquet
`;

/** The command; `done` gets the exit code. */
export function runCommand(perform: Perform, done: (code: number) => void): Command {
  const table = algorithms.map(({ name, aliases, summary, columns }) => {
    const also = aliases.length > 0 ? ` (also ${aliases.join(", ")})` : "";
    return `  ${name.padEnd(15)} ${summary}${also}\n  ${"".padEnd(15)} result: ${columns}`;
  });
  const command = new Command("run")
    .summary("run an algorithm over a graph")
    .description("Reads a graph, runs an algorithm, shows the top rows of its result, and writes it.")
    .addArgument(new Argument("<algorithm>", algorithms.map(({ name }) => name).join(", ")))
    .argument(
      "<input...>",
      "edges: files, directories, patterns, or - for stdin; text (also gzip, zstd), Parquet, Arrow",
    )
    .addHelpText("before", examples)
    .addHelpText("after", `\nAlgorithms:\n${table.join("\n")}`);
  addAlgorithmOptions(command);
  addResultOptions(command);
  addInputOptions(command);
  addEngineOptions(command);
  addClusterOptions(command);
  addRecoveryOptions(command);
  addReportOptions(command);
  return command.action(async (algorithm: string, paths: string[], values: OptionValues) => {
    done(await perform(runRequest(algorithm, paths, values)));
  });
}

/** @throws SuperstepError INVALID_ARGUMENT if the algorithm is unknown or an option does not go with it. */
function runRequest(algorithm: string, paths: readonly string[], values: OptionValues): RunRequest {
  const entry = algorithmNamed(algorithm);
  checkParameters(entry, values);
  checkResult(values);
  return {
    command: "run",
    algorithm: entry.name,
    input: inputRequest(paths, values),
    parameters: algorithmParameters(values),
    explain: values["explain"] === true,
    requireConvergence: values["requireConvergence"] === true,
    ...engineRequest(values),
    ...recoveryRequest(values),
    ...resultRequest(values),
    ...reportRequest(values),
  };
}

const flags: Record<AlgorithmOption, string> = {
  iterations: "--iterations",
  tolerance: "--tolerance",
  resetProb: "--reset-prob",
  scale: "--scale",
  source: "--source",
  landmarks: "--landmarks",
  weight: "--weight",
  direction: "--direction",
  maxSupersteps: "--max-supersteps",
};

function checkParameters(entry: AlgorithmEntry, values: OptionValues): void {
  for (const [option, flag] of Object.entries(flags) as [AlgorithmOption, string][]) {
    const isGiven = values[option] !== undefined;
    if (isGiven && !entry.options.includes(option)) {
      const users = algorithms.filter(({ options }) => options.includes(option)).map(({ name }) => name);
      throw usage(`run: ${flag} does not go with ${entry.name}; it is for ${users.join(", ")}`);
    }
    if (!isGiven && entry.required.includes(option)) throw usage(`run: ${entry.name} needs ${flag}`);
  }
  if (values["iterations"] !== undefined && values["tolerance"] !== undefined) {
    throw usage("run: --iterations and --tolerance exclude each other; --max-supersteps limits the latter");
  }
  if (values["iterations"] !== undefined && values["maxSupersteps"] !== undefined) {
    throw usage("run: --iterations and --max-supersteps exclude each other");
  }
}

/** @throws SuperstepError INVALID_ARGUMENT if two things are to go to standard output. */
export function checkResult(values: OptionValues): void {
  if (values["output"] === "-" && values["json"] === true) {
    throw usage("superstep: --json and -o - both print to standard output; write the result to a file");
  }
  if (values["output"] === "-" && ((values["top"] as number | undefined) ?? 0) > 0) {
    throw usage("superstep: --top and -o - both print to standard output; write the result to a file");
  }
  if (values["format"] !== undefined && values["output"] === undefined) {
    throw usage("superstep: --format needs --output");
  }
}

function usage(message: string): SuperstepError {
  return new SuperstepError("INVALID_ARGUMENT", message);
}
