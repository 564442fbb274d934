/**
 * `superstep view RESULT --edges INPUT`: shows a result as a picture.
 */
import { Command, Option } from "commander";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { integer, text } from "../optionValues.ts";
import {
  type OptionValues,
  addInputOptions,
  addReportOptions,
  inputRequest,
  picked,
  reportRequest,
} from "../options.ts";
import type { Perform, ViewRequest } from "../requests.ts";

const examples = `Examples:
  superstep view ranks.parquet --edges wiki-Vote.txt.gz --top 500
  superstep view ranks.csv --edges routes.csv --export airports.html
`;

/** The command; `done` gets the exit code. */
export function viewCommand(perform: Perform, done: (code: number) => void): Command {
  const command = new Command("view")
    .summary("show a result in the browser")
    .description("Draws the vertices that matter most, and the edges among them: in the browser, or into one file.")
    .argument("<result>", "a table of vertices: ids in the first column, or in the one named id")
    .addHelpText("before", examples)
    .optionsGroup("View:")
    .addOption(
      new Option("--edges <input>", "edges: a file, directory or pattern; may be repeated")
        .makeOptionMandatory()
        .argParser(repeated),
    )
    .addOption(new Option("--top <n>", "the n vertices of highest value").argParser(integer("--top", 1)))
    .addOption(
      new Option("--by <col>", "the column that says what matters (default: the first of numbers)").argParser(
        text("--by"),
      ),
    )
    .addOption(new Option("--ego <id>", "what lies around this vertex").argParser(text("--ego")))
    .addOption(new Option("--hops <n>", "how far around it (default: 2)").argParser(integer("--hops", 0, 100)))
    .addOption(new Option("--export <file>", "write one self-contained .html instead").argParser(text("--export")))
    .addOption(new Option("--port <n>", "serve at this port (default: any)").argParser(integer("--port", 0, 65_535)))
    .addOption(new Option("--no-open", "print the link only"))
    .addOption(new Option("--force", "replace an existing file"));
  addInputOptions(command);
  addReportOptions(command);
  return command.action(async (result: string, values: OptionValues) => {
    done(await perform(viewRequest(result, values)));
  });
}

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** @throws SuperstepError INVALID_ARGUMENT if options exclude each other. */
function viewRequest(result: string, values: OptionValues): ViewRequest {
  if (values["hops"] !== undefined && values["ego"] === undefined) {
    throw new SuperstepError("INVALID_ARGUMENT", "view: --hops needs --ego");
  }
  const file = values["export"] as string | undefined;
  if (file !== undefined && !/\.html?$/i.test(file)) {
    throw new SuperstepError("INVALID_ARGUMENT", `view: --export must end in .html, got ${excerpt(file)}`);
  }
  const { port, open } = values as { port?: number; open: boolean };
  if (file !== undefined && port !== undefined) {
    throw new SuperstepError("INVALID_ARGUMENT", "view: --export and --port exclude each other: a file is not served");
  }
  return {
    command: "view",
    result,
    edges: inputRequest(values["edges"] as string[], values),
    ...picked(values, ["top", "by", "ego", "hops", "export"]),
    port: port ?? 0,
    open,
    force: values["force"] === true,
    ...reportRequest(values),
  };
}
