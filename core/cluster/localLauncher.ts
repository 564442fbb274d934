/**
 * Executors as child processes on this machine: `local-cluster[E,T]`.
 */
import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import type { Secret } from "../net/secret.ts";
import { removeSegmentsOf } from "../net/segmentFile.ts";
import type { Address } from "../net/transport.ts";
import { removeLeftovers } from "../storage/diskStore.ts";
import { ExecutorProcess } from "./executor/executorProcess.ts";
import type { KillManner, Launcher, LauncherListener } from "./launcher.ts";

/** What a local launcher is made of. */
export interface LocalLauncherOptions {
  readonly numExecutors: number;
  readonly numThreads: number;
  readonly config: Pick<Config, "hostStartMs" | "spillDirectory">;
  readonly secret: Secret;
  /** Where executors, and the driver, keep their segments; removed at the end. */
  readonly segments?: { readonly path: string; readonly remove: () => void } | undefined;
}

export class LocalLauncher implements Launcher {
  readonly #options: LocalLauncherOptions;
  readonly #running: Map<string, ExecutorProcess> = new Map();
  #started: { readonly driver: Address; readonly listener: LauncherListener } | undefined;
  #isStopped = false;

  constructor(options: LocalLauncherOptions) {
    this.#options = options;
  }

  async start(driver: Address, listener: LauncherListener): Promise<number> {
    this.#started = { driver, listener };
    for (let count = 0; count < this.#options.numExecutors; count++) this.#launch();
    return this.#options.numExecutors;
  }

  replace(): void {
    if (!this.#isStopped) this.#launch();
  }

  kill(executor: string, manner: KillManner): boolean {
    return this.#running.get(executor)?.kill(manner) ?? false;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#running.values()].map((running) => running.stop()));
    this.#options.segments?.remove();
  }

  #launch(): void {
    if (this.#started === undefined) return;
    const { driver, listener } = this.#started;
    const { numThreads, config, secret, segments } = this.#options;
    const executor = randomUUID();
    const settings = { executor, driver, numThreads, startMs: config.hostStartMs, segmentDirectory: segments?.path };
    const running = new ExecutorProcess(settings, secret);
    this.#running.set(executor, running);
    void running.ended.then((text) => {
      this.#running.delete(executor);
      removeLeftovers(config.spillDirectory); // a killed process leaves its blocks behind, and its segments
      if (segments !== undefined && running.pid !== undefined) removeSegmentsOf(running.pid, segments.path);
      listener.ended(executor, text);
    });
  }
}
