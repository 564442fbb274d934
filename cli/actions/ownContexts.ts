/**
 * The contexts that a user's program makes by itself, with what its command was given.
 */
import type { DriverRecovery } from "../../core/net/messages.ts";
import { type ContextDefaults, type MadeContext, setContextDefaults } from "../../core/contextDefaults.ts";
import type { EngineRequest } from "../requests.ts";

/** Contexts that are made while it is in force fall back to its defaults. */
export class OwnContexts {
  readonly #made: MadeContext[] = [];

  constructor(defaults: ContextDefaults) {
    setContextDefaults({ ...defaults, made: (context) => void this.#made.push(context) });
  }

  /** True if the program has made one. */
  get areThere(): boolean {
    return this.#made.length > 0;
  }

  /**
   * Resolves when nothing of the program is left to do; then it has ended well, and checkpoints that were kept for it are
   * removed.
   */
  async whenDone(): Promise<void> {
    await new Promise<void>((resolve) => process.once("beforeExit", () => resolve()));
    for (const context of this.#made) await context.releaseCheckpoints();
  }

  /** Stops those that the program left open. */
  async stop(): Promise<void> {
    await Promise.all(this.#made.map((context) => context.stop()));
  }
}

/** What options of a command say of the contexts of a program. */
export function defaultsOf(request: Pick<EngineRequest, "master" | "cluster"> & DriverRecovery): ContextDefaults {
  const { master, cluster, chaos, checkpointDir: directory, checkpointEvery: every } = request;
  const { resume, resumeOtherNode: resumeAcrossVersions } = request;
  return {
    master,
    cluster,
    chaos,
    ...(directory !== undefined && { checkpoints: { directory, every, resume, resumeAcrossVersions, keep: true } }),
  };
}
