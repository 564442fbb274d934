/**
 * Faults on purpose, so that a user sees recovery work on a program of their own: `kill-host@superstep=5`. Each fires once.
 */
import type { KillManner } from "./cluster/launcher.ts";
import { type ChaosFault, type ChaosPlan, nameOf } from "./chaosPlan.ts";
import { SuperstepError, excerpt } from "./errors.ts";
import { randomFor } from "./random.ts";
import type { EventBus, SuperstepEvent } from "./schedule/events.ts";

/** What chaos is done to. */
export interface ChaosTarget {
  readonly master: string;
  readonly events: EventBus;
  readonly config: { readonly maxTaskFailures: number };
  /** Executors that are there now; none on `local[T]`. */
  readonly executors: readonly { readonly id: number }[];
  /** Ends the process of an executor, or freezes it. False if it cannot. */
  killHost(host: number, manner: KillManner): boolean;
  /** Ends a thread of a host, 0 for this process, whatever it does. */
  endThread(host: number, slot: number): void;
}

/** Waits for the moments of a plan, and does what it says. */
export class Chaos {
  readonly #target: ChaosTarget;
  readonly #plan: ChaosPlan;
  readonly #waiting: Set<ChaosFault>;
  /** Those whose moment is the next start of a task. */
  readonly #late: Set<ChaosFault> = new Set();
  readonly #unsubscribe: () => void;
  #stages = 0;

  /** @throws SuperstepError INVALID_ARGUMENT if the master has nothing that a fault could be done to, and survive. */
  constructor(target: ChaosTarget, plan: ChaosPlan) {
    checkChaos(plan, target.master);
    for (const fault of plan.faults) checkFault(fault, target);
    this.#target = target;
    this.#plan = plan;
    this.#waiting = new Set(plan.faults);
    this.#unsubscribe = target.events.subscribe((event) => this.#hear(event));
  }

  /** Warns of faults that never fired, and does no more. Idempotent. */
  stop(): void {
    this.#unsubscribe();
    for (const fault of [...this.#waiting, ...this.#late]) {
      this.#tell("CHAOS_NOT_FIRED", `${nameOf(fault)} never fired: there was no such ${fault.at}`);
    }
    this.#waiting.clear();
    this.#late.clear();
  }

  #hear(event: SuperstepEvent): void {
    if (event.type === "superstep.start") this.#fireAt("superstep", event.n);
    else if (event.type === "stage.start") this.#fireAt("stage", ++this.#stages);
    else if (event.type === "task.start") this.#fireLate(event);
  }

  #fireAt(at: ChaosFault["at"], number: number): void {
    for (const fault of this.#waiting) {
      if (fault.at !== at || fault.number !== number) continue;
      this.#waiting.delete(fault);
      if (fault.action === "kill-thread") this.#late.add(fault);
      else this.#fire(fault);
    }
  }

  /** Ends the thread whose task has just begun: the first one of that stage or superstep. */
  #fireLate({ host, thread }: SuperstepEvent & { readonly type: "task.start" }): void {
    for (const fault of this.#late) {
      this.#late.delete(fault);
      this.#target.endThread(host, thread);
      this.#tell("CHAOS", `ended thread ${thread} of host ${host} in its task as ${momentOf(fault)} began`);
    }
  }

  #fire(fault: ChaosFault): void {
    const host = this.#victim(fault);
    const isKill = fault.action === "kill-host";
    if (host === undefined || !this.#target.killHost(host, isKill ? "kill" : "freeze")) {
      this.#tell("CHAOS_NOT_FIRED", `${nameOf(fault)} found no executor to do it to`);
    } else this.#tell("CHAOS", `${isKill ? "killed" : "froze"} executor ${host} as ${momentOf(fault)} began`);
  }

  #victim(fault: ChaosFault): number | undefined {
    const random = randomFor(this.#plan.seed, this.#plan.faults.indexOf(fault));
    const hosts = this.#target.executors.map(({ id }) => id).toSorted((a, b) => a - b);
    return hosts.length === 0 ? undefined : hosts[random.nextInt(hosts.length)];
  }

  #tell(code: "CHAOS" | "CHAOS_NOT_FIRED", text: string): void {
    this.#target.events.emit({ type: "warning", job: null, code, text });
  }
}

function momentOf({ at, number }: ChaosFault): string {
  return `${at} ${number}`;
}

/** @throws SuperstepError INVALID_ARGUMENT if the master has nothing that a fault of the plan could be done to. */
export function checkChaos({ faults }: ChaosPlan, master: string): void {
  for (const fault of faults) {
    const { action } = fault;
    if (action !== "kill-thread" && master.startsWith("local[")) {
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        `chaos: ${nameOf(fault)} needs executors, which ${excerpt(master)} has none of; ` +
          `use the master "local-cluster[2,1]", or kill-thread`,
      );
    }
    if (action === "freeze-host" && master.startsWith("superstep://")) {
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        `chaos: ${nameOf(fault)} freezes processes of this machine alone, and those of ${excerpt(master)} may be on others; ` +
          `use kill-host, or the master "local-cluster[2,1]"`,
      );
    }
  }
}

/** @throws SuperstepError INVALID_ARGUMENT if the program would not survive the fault. */
function checkFault(fault: ChaosFault, { master, config }: ChaosTarget): void {
  if (!master.startsWith("local[") || config.maxTaskFailures > 1) return;
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `chaos: ${nameOf(fault)} on ${excerpt(master)} ends the job, since a task that fails is not tried again there; ` +
      `set maxTaskFailures to 2 or more, or use the master "local-cluster[2,1]"`,
  );
}
