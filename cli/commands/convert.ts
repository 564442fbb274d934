/**
 * `superstep convert IN OUT`: from one format to another.
 */
import { Command, Option } from "commander";
import { type TableFormat, tableFormats } from "../../graph/load/table/format.ts";
import { oneOf } from "../optionValues.ts";
import {
  type OptionValues,
  addClusterOptions,
  addInputOptions,
  addMasterOption,
  addReportOptions,
  engineRequest,
  inputRequest,
  picked,
  reportRequest,
} from "../options.ts";
import type { Perform } from "../requests.ts";

const examples = `Examples:
  superstep convert ranks.csv ranks.parquet
  superstep convert wiki-Vote.txt.gz wiki-Vote.arrow
  superstep convert edges.txt - --format ndjson | head
`;

/** The command; `done` gets the exit code. */
export function convertCommand(perform: Perform, done: (code: number) => void): Command {
  const command = new Command("convert")
    .summary("write a file in another format")
    .description("Converts edges or a table from any format that is read to any that is written.")
    .argument("<in>", "edges or a table: a file, or - for stdin")
    .argument("<out>", "a file .csv .tsv .ndjson .parquet .arrow, or - for stdout")
    .addHelpText("before", examples)
    .optionsGroup("Result:")
    .addOption(
      new Option(
        "--format <format>",
        `format of the output, whatever its suffix: ${tableFormats.join(", ")}`,
      ).argParser(oneOf("--format", tableFormats)),
    )
    .addOption(new Option("--force", "replace an existing file"));
  addInputOptions(command);
  addMasterOption(command);
  addClusterOptions(command);
  addReportOptions(command);
  return command.action(async (from: string, output: string, values: OptionValues) => {
    const code = await perform({
      command: "convert",
      input: inputRequest([from], values),
      output,
      ...(picked(values, ["format"]) as { format?: TableFormat }),
      force: values["force"] === true,
      ...engineRequest(values),
      ...reportRequest(values),
    });
    done(code);
  });
}
