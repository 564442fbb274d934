/**
 * `superstep master`: the master of a cluster, until Ctrl-C.
 */
import { Command, Option } from "commander";
import { integer, text } from "../optionValues.ts";
import {
  type OptionValues,
  accessRequest,
  addAccessOptions,
  addReportOptions,
  picked,
  reportRequest,
} from "../options.ts";
import type { MasterRequest, Perform } from "../requests.ts";

const examples = `Examples:
  superstep master                                            a cluster on this machine: no options anywhere
  superstep worker superstep://127.0.0.1:7077
  superstep run pagerank wiki-Vote.txt.gz --master superstep://127.0.0.1:7077

  superstep master --host 10.0.0.5 --secret-file s --tls dir  a cluster of several machines
  superstep master --state-file master.state                  what waits and who came first outlives the master
`;

const secrets = `
The secret comes from --secret-file, SUPERSTEP_SECRET_FILE or SUPERSTEP_SECRET. On this machine alone none is needed: the
master keeps a random one in $XDG_RUNTIME_DIR/superstep, or ~/.local/state/superstep, where workers and drivers of the same
user find it. Who holds the secret can run any code as the user of any worker: docs/security.md.`;

/** The command; `done` gets the exit code. */
export function masterCommand(perform: Perform, done: (code: number) => void): Command {
  const command = new Command("master")
    .summary("run the master of a cluster")
    .description("Shares the cores of workers among applications. Prints the link of its status page.")
    .addHelpText("before", examples)
    .addHelpText("after", secrets)
    .optionsGroup("Master:")
    .addOption(
      new Option("--port <n>", "where it listens; 0 for any").default(7077).argParser(integer("--port", 0, 65_535)),
    )
    .addOption(
      new Option("--state-file <file>", "what a restarted master goes on with").argParser(text("--state-file")),
    )
    .addOption(
      new Option("--status-port <n>", "of the status page and /metrics; 0 for any")
        .default(0)
        .argParser(integer("--status-port", 0, 65_535)),
    )
    .addOption(
      new Option("--heartbeat <ms>", "between two heartbeats of workers and applications (default: 2000)").argParser(
        integer("--heartbeat", 20, 60_000),
      ),
    )
    .addOption(
      new Option("--timeout <ms>", "of silence after which they are lost (default: 15000)").argParser(
        integer("--timeout", 100, 3_600_000),
      ),
    );
  addAccessOptions(command);
  addReportOptions(command);
  return command.action(async (values: OptionValues) => {
    const request = {
      command: "master",
      ...picked(values, ["port", "stateFile", "statusPort", "heartbeat", "timeout"]),
      ...accessRequest(values),
      ...reportRequest(values),
    } as MasterRequest;
    done(await perform(request));
  });
}
