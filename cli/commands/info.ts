/**
 * `superstep info INPUT`: says what an input is taken for, and what graph it holds.
 */
import { Command, Option } from "commander";
import {
  type OptionValues,
  addClusterOptions,
  addEngineOptions,
  addInputOptions,
  addReportOptions,
  engineRequest,
  inputRequest,
  reportRequest,
} from "../options.ts";
import type { Perform } from "../requests.ts";

const examples = `Examples:
  superstep info wiki-Vote.txt.gz
  superstep info roads.csv --src from --dst to --json
`;

/** The command; `done` gets the exit code. */
export function infoCommand(perform: Perform, done: (code: number) => void): Command {
  const command = new Command("info")
    .summary("say what an input holds")
    .description(
      "Format and why, rows, kind of ids, vertices, edges, degrees, duplicates, self-loops, bad rows, memory.",
    )
    .argument(
      "<input...>",
      "edges: files, directories, patterns, or - for stdin; text (also gzip, zstd), Parquet, Arrow",
    )
    .addHelpText("before", examples)
    .optionsGroup("Result:")
    .addOption(new Option("--json", "print one object"))
    .addOption(new Option("--force", "replace an existing file of bad rows"));
  addInputOptions(command);
  addEngineOptions(command);
  addClusterOptions(command);
  addReportOptions(command);
  return command.action(async (paths: string[], values: OptionValues) => {
    const code = await perform({
      command: "info",
      input: inputRequest(paths, values),
      json: values["json"] === true,
      force: values["force"] === true,
      ...engineRequest(values),
      ...reportRequest(values),
    });
    done(code);
  });
}
