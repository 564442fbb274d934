/**
 * `superstep submit PROGRAM`: runs a whole program of a user's, with its driver here or on a cluster.
 */
import { Command, Option } from "commander";
import { oneOf } from "../optionValues.ts";
import {
  type OptionValues,
  addClusterOptions,
  addRecoveryOptions,
  addReportOptions,
  clusterRequest,
  masterOption,
  picked,
  recoveryRequest,
  reportRequest,
} from "../options.ts";
import type { Perform, SubmitRequest } from "../requests.ts";

const examples = `Examples:
  superstep submit wordCount.ts book.txt --master local[4]
  superstep submit wordCount.ts book.txt --master superstep://10.0.0.5:7077 --cores 16
  superstep submit wordCount.ts /data/book.txt --master superstep://10.0.0.5:7077 --deploy cluster
  superstep submit program.ts --master local[*] -- --an-option-of-the-program
  superstep submit program.ts edges.txt --checkpoint-dir saved --resume
`;

const notes = `
The program makes its context by Context.create(), which takes master, secret, TLS, checkpoints and chaos from here where it says
nothing else, and ends it by ctx.stop(). Checkpoints are removed when the program ends well.
With --deploy cluster its driver runs on a worker, which must be able to read the program; its path is taken as it is here. So is
that of --checkpoint-dir: a directory that the workers share, since the driver that resumes may run on another one.
Ctrl-C ends the program, also there.`;

/** The command; `done` gets the exit code. */
export function submitCommand(perform: Perform, done: (code: number) => void): Command {
  const command = new Command("submit")
    .summary("run your own program")
    .description("Runs a whole program: TypeScript as it is, or JavaScript.")
    .argument("<program>", "the module: .ts, .mts, .js or .mjs")
    .argument("[args...]", "its arguments")
    .addHelpText("before", examples)
    .addHelpText("after", notes)
    .optionsGroup("Run:")
    .addOption(masterOption())
    .addOption(
      new Option("--deploy <where>", "client: the driver runs here; cluster: on a worker")
        .default("client")
        .argParser(oneOf("--deploy", ["client", "cluster"])),
    );
  addClusterOptions(command);
  addRecoveryOptions(command);
  addReportOptions(command);
  return command.action(async (program: string, args: readonly string[], values: OptionValues) => {
    const request = {
      command: "submit",
      program,
      args,
      ...picked(values, ["deploy", "master"]),
      ...clusterRequest(values),
      ...recoveryRequest(values),
      ...reportRequest(values),
    } as SubmitRequest;
    done(await perform(request));
  });
}
