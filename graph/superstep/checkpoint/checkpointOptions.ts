/**
 * Whether, where and how often a run of supersteps is written down, so that it can go on after its process died.
 */
import path from "node:path";
import type { Context } from "../../../core/context.ts";
import { invalidArgument, SuperstepError } from "../../../core/errors.ts";

/** Options of whatever runs supersteps. Defaults are those of `Context.setCheckpointDir`. */
export interface CheckpointOptions {
  /** Where checkpoints are written; without one, and none set for the context, nothing is. */
  readonly checkpointDirectory?: string | undefined;
  /** Supersteps between two checkpoints, an integer >= 1; default 10. */
  readonly checkpointEvery?: number | undefined;
  /**
   * Goes on from the last good checkpoint of the same program, graph and parameters; from the start, with a warning, if
   * there is none. Default false: an earlier run's checkpoints are replaced at the first one of this run.
   */
  readonly resume?: boolean | undefined;
  /** Resumes also what another version of Node wrote, although bits may differ. Default false. */
  readonly resumeAcrossVersions?: boolean | undefined;
}

/** Where and how often, all resolved. */
export interface CheckpointPlan {
  /** Absolute. */
  readonly directory: string;
  readonly every: number;
  readonly resume: boolean;
  readonly resumeAcrossVersions: boolean;
  /** What was written stays when the run has ended well, until the context lets go of it. */
  readonly keep: boolean;
  /** From 1: which of the context's runs of this operation it is. */
  readonly ordinal: number;
  /** Held while the run lasts, so that Ctrl-C ends it after a superstep. */
  readonly context: Context;
}

const defaultEvery = 10;

/** How many runs of each operation a context has seen. */
const ordinals = new WeakMap<Context, Map<string, number>>();

/** Those of the options that are about checkpoints. */
export function pickCheckpoints(options: CheckpointOptions): CheckpointOptions {
  const { checkpointDirectory, checkpointEvery, resume, resumeAcrossVersions } = options;
  return { checkpointDirectory, checkpointEvery, resume, resumeAcrossVersions };
}

/**
 * The plan for one run, undefined if nothing is to be written. Counts the run.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option is out of range, or needs a directory and there is none.
 */
export function planCheckpoints(
  context: Context,
  operation: string,
  options: CheckpointOptions,
): CheckpointPlan | undefined {
  const ordinal = nextOrdinal(context, operation);
  const { checkpointDefaults: defaults } = context;
  const directory = options.checkpointDirectory ?? context.checkpointDir;
  const every = options.checkpointEvery ?? defaults.every ?? defaultEvery;
  const resume = options.resume ?? defaults.resume ?? false;
  const resumeAcrossVersions = options.resumeAcrossVersions ?? defaults.resumeAcrossVersions ?? false;
  if (!(Number.isSafeInteger(every) && every >= 1)) {
    throw invalidArgument(operation, "checkpointEvery", "an integer >= 1", every);
  }
  for (const [name, value] of Object.entries({ resume, resumeAcrossVersions })) {
    if (typeof value !== "boolean") throw invalidArgument(operation, name, "true or false", value);
  }
  if (directory === undefined) {
    const asked = ["checkpointEvery", "resume", "resumeAcrossVersions"].find((name) =>
      Boolean(options[name as keyof CheckpointOptions]),
    );
    if (asked === undefined) return undefined;
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${operation}: ${asked} needs checkpointDirectory, or context.setCheckpointDir(directory)`,
    );
  }
  if (typeof directory !== "string" || directory === "") {
    throw invalidArgument(operation, "checkpointDirectory", "a path", directory);
  }
  const { keep = false } = defaults;
  return { directory: path.resolve(directory), every, resume, resumeAcrossVersions, keep, ordinal, context };
}

function nextOrdinal(context: Context, operation: string): number {
  const counts = ordinals.get(context) ?? new Map<string, number>();
  ordinals.set(context, counts);
  const ordinal = (counts.get(operation) ?? 0) + 1;
  counts.set(operation, ordinal);
  return ordinal;
}
