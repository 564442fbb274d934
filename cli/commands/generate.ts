/**
 * `superstep generate KIND OUT`: writes the edges of a made-up graph, the same for the same seed.
 */
import { Argument, Command, Option } from "commander";
import { SuperstepError } from "../../core/errors.ts";
import { decimal, integer, oneOf } from "../optionValues.ts";
import {
  type OptionValues,
  addClusterOptions,
  addMasterOption,
  addReportOptions,
  engineRequest,
  picked,
  reportRequest,
} from "../options.ts";
import type { GenerateRequest, GraphKind, Perform } from "../requests.ts";

const examples = `Examples:
  superstep generate rmat --vertices 1000000 --edges 10000000 edges.txt
  superstep generate kronecker --scale 20 --edge-factor 16 --seed 1 kron.txt.gz
  superstep generate grid --rows 100 --columns 200 grid.csv
`;

/** The options each kind takes, those it needs first; flags are their names in kebab-case. */
const kinds: Record<GraphKind, { summary: string; needs: readonly string[]; takes: readonly string[] }> = {
  rmat: {
    summary: "few vertices with many edges, many with few; ids below --vertices, rounded up to a power of 2",
    needs: ["vertices", "edges"],
    takes: [],
  },
  kronecker: { summary: "as in the GAP benchmark: 2^scale vertices", needs: ["scale"], takes: ["edgeFactor"] },
  "log-normal": { summary: "log-normal out-degrees", needs: ["vertices"], takes: ["mu", "sigma"] },
  grid: { summary: "edges right and down", needs: ["rows", "columns"], takes: [] },
  star: { summary: "all vertices to the first", needs: ["vertices"], takes: [] },
};

/** The command; `done` gets the exit code. */
export function generateCommand(perform: Perform, done: (code: number) => void): Command {
  const names = Object.keys(kinds) as GraphKind[];
  const table = names.map((name) => {
    const { needs, takes, summary } = kinds[name];
    const options = [...needs.map(flagOf), ...takes.map((option) => `[${flagOf(option)}]`)].join(" ");
    return `  ${name.padEnd(11)} ${summary}: ${options}`;
  });
  const command = new Command("generate")
    .summary("make up a graph")
    .description("Writes the edges of a random or regular graph, the same for the same seed.")
    .addArgument(new Argument("<kind>", names.join(", ")).argParser(oneOf("kind", names)))
    .argument(
      "<out>",
      "edges: .txt .el .wel .edges, a line each, also .gz; or .csv .tsv .ndjson .parquet .arrow; - for stdout, as text",
    )
    .addHelpText("before", examples)
    .addHelpText("after", `\nKinds:\n${table.join("\n")}`)
    .optionsGroup("Graph:")
    .addOption(new Option("--vertices <n>", "number of vertices").argParser(integer("--vertices", 1, 2 ** 32)))
    .addOption(new Option("--edges <n>", "number of edges").argParser(integer("--edges", 0, 2 ** 32)))
    .addOption(new Option("--scale <s>", "2^s vertices").argParser(integer("--scale", 1, 31)))
    .addOption(new Option("--edge-factor <k>", "edges a vertex (default: 16)").argParser(integer("--edge-factor", 1)))
    .addOption(new Option("--rows <n>", "rows of the grid").argParser(integer("--rows", 1, 2 ** 31)))
    .addOption(new Option("--columns <n>", "columns of the grid").argParser(integer("--columns", 1, 2 ** 31)))
    .addOption(new Option("--mu <m>", "mean of the logarithm of degrees (default: 4)").argParser(decimal("--mu", 0)))
    .addOption(new Option("--sigma <s>", "its deviation (default: 1.3)").argParser(decimal("--sigma", 0)))
    .addOption(new Option("--seed <n>", "random seed").default(1).argParser(integer("--seed", 0, 2 ** 32 - 1)))
    .addOption(new Option("--force", "replace an existing file"));
  addMasterOption(command);
  addClusterOptions(command);
  addReportOptions(command);
  return command.action(async (kind: GraphKind, output: string, values: OptionValues) => {
    done(await perform(generateRequest(kind, output, values)));
  });
}

/** @throws SuperstepError INVALID_ARGUMENT if an option is missing, or does not go with the kind. */
function generateRequest(kind: GraphKind, output: string, values: OptionValues): GenerateRequest {
  const { needs, takes } = kinds[kind];
  const all = [...new Set(Object.values(kinds).flatMap((entry) => [...entry.needs, ...entry.takes]))];
  for (const option of all) {
    const isGiven = values[option] !== undefined;
    if (!isGiven && needs.includes(option)) throw usage(`generate: ${kind} needs ${flagOf(option)}`);
    if (isGiven && !needs.includes(option) && !takes.includes(option)) {
      throw usage(`generate: ${flagOf(option)} does not go with ${kind}`);
    }
  }
  return {
    command: "generate",
    kind,
    output,
    force: values["force"] === true,
    seed: values["seed"] as number,
    ...picked(values, all),
    ...engineRequest(values),
    ...reportRequest(values),
  };
}

function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function usage(message: string): SuperstepError {
  return new SuperstepError("INVALID_ARGUMENT", message);
}
