/**
 * The checkpoints of a program: where they are written, what runs of supersteps do with them, and which of them wait for the
 * program to have its results safe.
 */
import path from "node:path";
import { invalidArgument } from "./errors.ts";
import { makeDirectory } from "./storage/makeDirectory.ts";

/** What runs of supersteps do with the checkpoint directory, unless their own options say otherwise. */
export interface CheckpointDefaults {
  /** Supersteps between two checkpoints, an integer >= 1; default 10. */
  readonly every?: number | undefined;
  /** Goes on from the last good checkpoint, if there is one. Default false. */
  readonly resume?: boolean | undefined;
  /** Resumes also what another version of Node wrote. Default false. */
  readonly resumeAcrossVersions?: boolean | undefined;
  /**
   * Keeps what runs that ended well have written, until `releaseCheckpoints`: so that a crash while results are written can be
   * resumed. Default false: removed as the run ends.
   */
  readonly keep?: boolean | undefined;
}

export class ProgramCheckpoints {
  #directory: string | undefined;
  #defaults: CheckpointDefaults = {};
  /** What removes the checkpoints of a run, by their folder. */
  readonly #kept: Map<string, () => Promise<void>> = new Map();

  /** Absolute; undefined until it is set. */
  get directory(): string | undefined {
    return this.#directory;
  }

  get defaults(): CheckpointDefaults {
    return this.#defaults;
  }

  /** As `Context.setCheckpointDir`. */
  set(directory: string, defaults: CheckpointDefaults): void {
    const { every } = defaults;
    if (every !== undefined && !(Number.isSafeInteger(every) && every >= 1)) {
      throw invalidArgument("setCheckpointDir", "every", "an integer >= 1", every);
    }
    if (typeof directory !== "string" || directory === "") {
      throw invalidArgument("setCheckpointDir", "directory", "a path", directory);
    }
    try {
      makeDirectory(directory);
    } catch {
      throw invalidArgument("setCheckpointDir", "directory", "one that exists or can be made", directory);
    }
    this.#directory = path.resolve(directory);
    this.#defaults = defaults;
  }

  /** Keeps the checkpoints in a folder, of a run that ended well, until `release` calls `remove`. */
  keep(folder: string, remove: () => Promise<void>): void {
    this.#kept.set(folder, remove);
  }

  /** True if a run of this program left its checkpoints there, and they are kept. */
  isKept(folder: string): boolean {
    return this.#kept.has(folder);
  }

  /** True if there are any that are kept. */
  get areKept(): boolean {
    return this.#kept.size > 0;
  }

  /** Removes those that are kept. */
  async release(): Promise<void> {
    const removals = [...this.#kept.values()];
    this.#kept.clear();
    for (const remove of removals) await remove();
  }
}
