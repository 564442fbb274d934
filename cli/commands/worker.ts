/**
 * `superstep worker MASTER`: a worker of a cluster, until Ctrl-C.
 */
import { Command, Option } from "commander";
import { bytes, integer, text } from "../optionValues.ts";
import {
  type OptionValues,
  accessRequest,
  addAccessOptions,
  addReportOptions,
  picked,
  reportRequest,
} from "../options.ts";
import type { Perform, WorkerRequest } from "../requests.ts";

const examples = `Examples:
  superstep worker superstep://127.0.0.1:7077
  superstep worker superstep://10.0.0.5:7077 --cores 8 --memory 8g --secret-file s --tls dir
`;

/** The command; `done` gets the exit code. */
export function workerCommand(perform: Perform, done: (code: number) => void): Command {
  const command = new Command("worker")
    .summary("offer this machine to a cluster")
    .description("Offers cores and memory of this machine to a master, and runs executors for its applications.")
    .argument("<master>", "superstep://host:port")
    .addHelpText("before", examples)
    .optionsGroup("Worker:")
    .addOption(
      new Option("--cores <n>", "threads that executors can have (default: one a core)").argParser(
        integer("--cores", 1, 1024),
      ),
    )
    .addOption(
      new Option("--memory <size>", "memory that executors can have (default: all but 1g)").argParser(
        bytes("--memory"),
      ),
    )
    .addOption(
      new Option("--work-dir <dir>", "for temporary files (default: the system's)").argParser(text("--work-dir")),
    );
  addAccessOptions(command);
  addReportOptions(command);
  return command.action(async (master: string, values: OptionValues) => {
    const request = {
      command: "worker",
      master,
      ...picked(values, ["cores", "memory", "workDir"]),
      ...accessRequest(values),
      ...reportRequest(values),
    } as WorkerRequest;
    done(await perform(request));
  });
}
