/**
 * The options that commands share, in groups; and how each group is read from a parsed command line.
 */
import { type Command, Option } from "commander";
import { parseChaos } from "../core/chaosPlan.ts";
import { SuperstepError, excerpt } from "../core/errors.ts";
import { type TableFormat, tableFormats } from "../graph/load/table/format.ts";
import { bytes, decimal, delimiter, idList, integer, oneOf, text } from "./optionValues.ts";
import { type ProgressMode, progressModes } from "./progressModes.ts";
import type {
  AccessRequest,
  AlgorithmParameters,
  EngineRequest,
  InputFormat,
  InputRequest,
  RecoveryRequest,
  ReportRequest,
  ResultRequest,
  ShareRequest,
} from "./requests.ts";

/** Vertex cuts by name, as GraphX has them. */
export const strategies: readonly string[] = [
  "EdgePartition1D",
  "EdgePartition2D",
  "RandomVertexCut",
  "CanonicalRandomVertexCut",
];

/** Formats of edges by name. */
export const inputFormats: readonly InputFormat[] = ["edgeList", "csv", "tsv", "mtx", "parquet", "arrow"];

/** Values of options by name, as commander gives them. */
export type OptionValues = Readonly<Record<string, unknown>>;

/** Adds the options that say how edges are read. */
export function addInputOptions(command: Command): Command {
  return group(command, "Input:", [
    new Option("--src <col>", "column of sources: a header's name, or a number from 1").argParser(text("--src")),
    new Option("--dst <col>", "column of destinations").argParser(text("--dst")),
    new Option("--weight <col>", "column of weights").argParser(text("--weight")),
    new Option("--vertices <file>", "table of vertices: ids and attributes").argParser(text("--vertices")),
    new Option("--id <col>", "column of ids in --vertices").argParser(text("--id")),
    new Option("--default-vertex", "edges may end at vertices that --vertices lacks: their attributes are missing"),
    new Option("--undirected", "each edge goes both ways"),
    new Option("--from <format>", `format of the edges: ${inputFormats.join(", ")} (default: guessed)`).argParser(
      oneOf("--from", inputFormats),
    ),
    new Option("--header", "the first row of the edges names their columns (default: guessed)"),
    new Option("--no-header", "the first row is an edge").default(undefined),
    new Option("--delimiter <char>", "what separates columns, or tab (default: guessed)").argParser(
      delimiter("--delimiter"),
    ),
    new Option("--ids <kind>", "auto, int or string")
      .default("auto")
      .argParser(oneOf("--ids", ["auto", "int", "string"])),
    new Option("--max-errors <n>", "bad rows to pass over before giving up (default: 0)").argParser(
      integer("--max-errors", 0, 100_000),
    ),
    new Option("--bad-rows <file>", "set bad rows aside here, with their places and reasons").argParser(
      text("--bad-rows"),
    ),
  ]);
}

/** Adds the options that say where it runs. */
export function addEngineOptions(command: Command): Command {
  return group(command, "Run:", [
    masterOption(),
    new Option("--partitions <n>", "partitions of the graph (default: by its size)")
      .env("SUPERSTEP_PARTITIONS")
      .argParser(integer("--partitions", 1, 65_536)),
    new Option("--strategy <cut>", `vertex cut: ${strategies.join(", ")}`).argParser(oneOf("--strategy", strategies)),
  ]);
}

/** Adds the option that says where it runs, to a command that builds no graph. */
export function addMasterOption(command: Command): Command {
  return group(command, "Run:", [masterOption()]);
}

/** Where it runs: an option of all commands that run something. */
export function masterOption(): Option {
  const forms = "local[T], local[*], local-cluster[E,T] or superstep://host:port";
  return new Option("--master <url>", `T threads, all cores, E processes of T threads, or a cluster: ${forms}`)
    .env("SUPERSTEP_MASTER")
    .argParser(text("--master"));
}

/** Adds the options that say how much of a cluster is wanted, and how to get at it. */
export function addClusterOptions(command: Command): Command {
  group(command, "Cluster (superstep://host:port):", [
    new Option("--cores <n>", "threads in all (default: all that are free)").argParser(
      integer("--cores", 0, 1_000_000),
    ),
    new Option("--executor-cores <n>", "threads of one executor at most").argParser(
      integer("--executor-cores", 0, 1024),
    ),
    new Option("--executor-memory <size>", "what an executor takes of its worker's memory (default: 1g)").argParser(
      bytes("--executor-memory"),
    ),
    new Option("--wait <s>", "seconds to wait for a first executor (default: 30)").argParser(
      decimal("--wait", 0, 1_000_000),
    ),
  ]);
  return addAccessOptions(command);
}

/** Adds the options that say how a process of a cluster proves itself, and is reached. */
export function addAccessOptions(command: Command): Command {
  for (const option of [
    new Option(
      "--secret-file <file>",
      "the cluster's secret, readable by you alone (default: see superstep help master)",
    )
      .env("SUPERSTEP_SECRET_FILE")
      .argParser(text("--secret-file")),
    new Option("--tls <dir>", "certificates: ca.pem, cert.pem, key.pem; needed between machines")
      .env("SUPERSTEP_TLS")
      .argParser(text("--tls")),
    new Option(
      "--insecure-no-tls",
      "listen beyond this machine without TLS: anybody on the way can read and change all",
    ),
    new Option("--host <address>", "the address that others reach this process by")
      .env("SUPERSTEP_HOST")
      .argParser(text("--host")),
  ]) {
    command.addOption(option);
  }
  return command;
}

/** Adds the options that say what is done against the loss of processes. */
export function addRecoveryOptions(command: Command): Command {
  return group(command, "Recovery:", [
    new Option(
      "--checkpoint-dir <dir>",
      "write the state of the run here every few supersteps; removed once its result is written",
    ).argParser(text("--checkpoint-dir")),
    new Option("--checkpoint-every <n>", "supersteps between two checkpoints (default: 10)").argParser(
      integer("--checkpoint-every", 1),
    ),
    new Option("--resume", "go on from the last good checkpoint of the same run, if there is one"),
    new Option("--resume-other-node", "resume also what another version of Node wrote: bits may differ"),
    new Option(
      "--chaos <faults>",
      "fail on purpose: kill-host, freeze-host or kill-thread, @superstep=N or @stage=N, separated by commas, #seed=S at the end",
    ).argParser(chaosFaults),
  ]);
}

/** Adds the options that say where the result goes. */
export function addResultOptions(command: Command): Command {
  return group(command, "Result:", [
    new Option("-o, --output <file>", "write the result: .csv .tsv .ndjson .parquet .arrow, or - for stdout").argParser(
      text("--output"),
    ),
    new Option("--format <format>", `format of --output, whatever its suffix: ${tableFormats.join(", ")}`).argParser(
      oneOf("--format", tableFormats),
    ),
    new Option("--force", "replace an existing file"),
    new Option("--top <n>", "rows to show (default: 10; none with -o -)").argParser(integer("--top", 0, 1_000_000)),
    new Option("--json", "print one object: parameters, counts, timings, top rows"),
  ]);
}

/** Adds the options that say what is told. */
export function addReportOptions(command: Command): Command {
  return group(command, "Messages:", [
    new Option("--progress <mode>", progressModes.join(", "))
      .env("SUPERSTEP_PROGRESS")
      .default("auto")
      .argParser(oneOf("--progress", progressModes)),
    new Option("-q, --quiet", "errors only"),
    new Option("-v, --verbose", "more, and stacks of errors"),
    new Option("--no-color", "no colours"),
  ]);
}

/** Adds the options of algorithms. */
export function addAlgorithmOptions(command: Command): Command {
  return group(command, "Algorithm:", [
    new Option("--iterations <n>", "pagerank: exactly so many rounds").argParser(integer("--iterations", 1)),
    new Option("--tolerance <t>", "pagerank: until no rank changes by more (default: 1e-6)").argParser(
      decimal("--tolerance", 0),
    ),
    new Option("--reset-prob <p>", "pagerank: chance to jump (default: 0.15)").argParser(decimal("--reset-prob", 0, 1)),
    new Option("--scale <to>", "pagerank: ranks sum to n, the number of vertices, or to 1: probability").argParser(
      oneOf("--scale", ["n", "probability"]),
    ),
    new Option("--source <id>", "sssp, bfs: where paths start; pagerank: where jumps lead").argParser(text("--source")),
    new Option("--landmarks <ids>", "shortest-paths: ids separated by commas").argParser(idList("--landmarks")),
    new Option("--direction <way>", "sssp, bfs, shortest-paths: along edges out, in or either").argParser(
      oneOf("--direction", ["out", "in", "either"]),
    ),
    new Option("--max-supersteps <n>", "stop after so many").argParser(integer("--max-supersteps", 1)),
    new Option("--require-convergence", "exit with 5 if it did not converge"),
    new Option("--explain", "say how each function runs, and why"),
  ]);
}

/** The input that the values describe. */
export function inputRequest(paths: readonly string[], values: OptionValues): InputRequest {
  const names = ["src", "dst", "weight", "vertices", "id", "from", "header", "delimiter", "maxErrors", "badRows"];
  if (values["vertices"] === undefined) {
    for (const [name, flag] of [
      ["id", "--id"],
      ["defaultVertex", "--default-vertex"],
    ] as const) {
      if (values[name] !== undefined)
        throw new SuperstepError("INVALID_ARGUMENT", `superstep: ${flag} needs --vertices`);
    }
  }
  return {
    paths,
    ...picked(values, names),
    defaultVertex: values["defaultVertex"] === true,
    undirected: values["undirected"] === true,
    ids: values["ids"],
  } as InputRequest;
}

/**
 * Where the values say it runs.
 *
 * @throws SuperstepError INVALID_ARGUMENT if they say how much of a cluster is wanted, and another master.
 */
export function engineRequest(values: OptionValues): EngineRequest {
  return {
    ...(picked(values, ["master", "partitions", "strategy"]) as EngineRequest),
    ...clusterRequest({ master: "local[*]", ...values }),
  };
}

/**
 * What the values say of a cluster: nothing if they say nothing.
 *
 * @throws SuperstepError INVALID_ARGUMENT if they say how much of it is wanted, and another master.
 */
export function clusterRequest(values: OptionValues): Pick<EngineRequest, "cluster"> {
  const { master } = values as { readonly master?: string };
  for (const [name, flag] of Object.entries(shareFlags)) {
    if (values[name] === undefined || master === undefined || master.startsWith("superstep://")) continue;
    const message = `superstep: ${flag} goes with --master superstep://host:port alone, got ${excerpt(master)}`;
    throw new SuperstepError("INVALID_ARGUMENT", `${message}; local masters name their threads in brackets`);
  }
  const { executorCores, executorMemory, wait } = values as Readonly<Record<string, number | undefined>>;
  const cluster = {
    ...accessRequest(values),
    ...(picked(values, ["cores"]) as ShareRequest),
    ...(executorCores !== undefined && { coresPerExecutor: executorCores }),
    ...(executorMemory !== undefined && { memoryBytesPerExecutor: executorMemory }),
    ...(wait !== undefined && { waitMs: Math.round(wait * 1000) }),
  };
  return Object.keys(cluster).length === 0 ? {} : { cluster };
}

/** The options that say how much of a cluster is wanted, by their names. */
const shareFlags = {
  cores: "--cores",
  executorCores: "--executor-cores",
  executorMemory: "--executor-memory",
  wait: "--wait",
} as const;

/** How the values say that a cluster is got at. */
export function accessRequest(values: OptionValues): AccessRequest {
  return picked(values, ["secretFile", "tls", "insecureNoTls", "host"]) as AccessRequest;
}

/**
 * What the values say is done against the loss of processes.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option needs another one that is not there.
 */
export function recoveryRequest(values: OptionValues): RecoveryRequest {
  const needs = [
    ["checkpointEvery", "--checkpoint-every", "checkpointDir", "--checkpoint-dir"],
    ["resume", "--resume", "checkpointDir", "--checkpoint-dir"],
    ["resumeOtherNode", "--resume-other-node", "resume", "--resume"],
  ] as const;
  for (const [name, flag, other, otherFlag] of needs) {
    if (values[name] === undefined || values[other] !== undefined) continue;
    throw new SuperstepError("INVALID_ARGUMENT", `superstep: ${flag} needs ${otherFlag}`);
  }
  return picked(values, ["checkpointDir", "checkpointEvery", "resume", "resumeOtherNode", "chaos"]);
}

/** Where the values say the result goes. */
export function resultRequest(values: OptionValues): ResultRequest {
  const top = (values["top"] as number | undefined) ?? (values["output"] === "-" ? 0 : 10);
  const [force, json] = [values["force"] === true, values["json"] === true];
  return { ...(picked(values, ["output", "format"]) as { output?: string; format?: TableFormat }), top, force, json };
}

/** What the values say is told. */
export function reportRequest(values: OptionValues): ReportRequest {
  const { progress: mode, color } = values as { progress: ProgressMode; color: boolean };
  const [quiet, verbose] = [values["quiet"] === true, values["verbose"] === true];
  return { progress: quiet && mode === "auto" ? "none" : mode, quiet, verbose, color };
}

/** The parameters that the values give an algorithm. */
export function algorithmParameters(values: OptionValues): AlgorithmParameters {
  return picked(values, [
    "iterations",
    "tolerance",
    "resetProb",
    "scale",
    "source",
    "landmarks",
    "direction",
    "maxSupersteps",
  ]);
}

/** Those of the values that were given. */
export function picked(values: OptionValues, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]));
}

/** A specification of faults, checked and as it is. */
function chaosFaults(text: string): string {
  parseChaos(text);
  return text;
}

function group(command: Command, title: string, options: readonly Option[]): Command {
  command.optionsGroup(title);
  for (const option of options) command.addOption(option);
  return command;
}
