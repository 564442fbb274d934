/**
 * What a run lost on its way, and what it did again, in lines to end it with.
 */
import type { SuperstepEvent } from "../core/schedule/events.ts";
import { counted } from "./counted.ts";

/** Executors that are named one by one; more are counted. */
const mostNamed = 5;

export class RecoveryLog {
  readonly #lost: string[] = [];
  #threads = 0;
  #joined = 0;
  #tasks = 0;
  #supersteps = 0;

  /** Takes an event of the run. */
  hear(event: SuperstepEvent): void {
    if (event.type === "host" && event.what === "lost") {
      this.#lost.push(event.text?.replace(/^\w*Error: /, "") ?? `executor ${event.host} was lost`);
    } else if (event.type === "host" && event.what === "replaced") this.#threads++;
    else if (event.type === "host" && this.#lost.length > 0) this.#joined++;
    else if (event.type === "task.start" && event.attempt > 0) this.#tasks++;
    else if (event.type === "recovery") this.#supersteps += Math.max(0, event.toSuperstep - event.fromSuperstep + 1);
  }

  /** Nothing, if nothing was lost. */
  lines(): string[] {
    const lines = this.#lost.slice(0, mostNamed);
    if (this.#lost.length > mostNamed) {
      lines.push(`${counted(this.#lost.length - mostNamed, "more executor was", "more executors were")} lost`);
    }
    if (this.#threads > 0) lines.push(`${counted(this.#threads, "thread was", "threads were")} lost and replaced`);
    if (lines.length === 0) return [];
    const again = [
      ...(this.#supersteps > 0 ? [counted(this.#supersteps, "superstep")] : []),
      ...(this.#tasks > 0 ? [counted(this.#tasks, "task")] : []),
    ];
    const joined = this.#joined === 0 ? "" : `; ${counted(this.#joined, "executor")} joined`;
    return [...lines, `done again: ${again.length === 0 ? "nothing" : again.join(" and ")}${joined}`];
  }
}
