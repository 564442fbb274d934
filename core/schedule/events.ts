/**
 * The one stream of events that feeds progress, logs and the viewer, and the bus that carries it. Fields are added over
 * time, never renamed; `v` counts the breaks.
 */
import type { FunctionPath } from "../compile/functionPath.ts";
import type { ErrorCode, Json } from "../errors.ts";

/** A summary over partitions: the smallest, the middle and the largest value, and the partition of the largest. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly worst: number;
}

/** How something ended. */
export type EndStatus = "succeeded" | "failed" | "cancelled";

/** What happened, without the envelope. `job`: null if it belongs to no job. Durations (`ms`) in milliseconds. */
export type EventBody = { readonly job: number | null } & (
  | {
      readonly type: "job.start";
      readonly name: string;
      /** Tasks of each stage, in stage order; absent if the job is a whole algorithm. */
      readonly stages?: readonly number[];
      readonly algorithm?: string;
      readonly parameters?: { readonly [name: string]: Json };
      readonly seed?: number;
      readonly input?: Json;
      readonly version?: string;
      readonly master?: string;
    }
  | {
      readonly type: "job.end";
      readonly name: string;
      readonly status: EndStatus;
      readonly ms: number;
      readonly code?: ErrorCode;
      readonly message?: string;
      readonly converged?: boolean;
      readonly supersteps?: number;
      readonly delta?: number;
    }
  | { readonly type: "stage.start"; readonly stage: number; readonly name: string; readonly tasks: number }
  | {
      readonly type: "stage.end";
      readonly stage: number;
      readonly name: string;
      readonly status: EndStatus | "skipped";
      readonly ms: number;
    }
  | {
      readonly type: "task.start";
      readonly stage: number;
      readonly partition: number;
      readonly attempt: number;
      readonly host: number;
      readonly thread: number;
    }
  | {
      readonly type: "task.end";
      readonly stage: number;
      readonly partition: number;
      readonly attempt: number;
      readonly host: number;
      readonly thread: number;
      readonly status: EndStatus;
      readonly ms: number;
      readonly error?: string;
    }
  | {
      readonly type: "phase";
      /** "read", "partition", "compute", "write", … */
      readonly phase: string;
      readonly done: number;
      /** 0 if not known. */
      readonly total: number;
      readonly unit: string;
    }
  /** Superstep `n` begins, from 1; again if its results were lost. */
  | { readonly type: "superstep.start"; readonly n: number }
  | {
      readonly type: "superstep";
      /** From 0, the round of the initial message. */
      readonly n: number;
      readonly active: number;
      readonly messages: number;
      readonly ms: number;
      /** Sent between executors; absent where all is in one process. */
      readonly bytes?: number;
      /** Of the slowest executor: computing, then sending until all has arrived; and without a task before. */
      readonly computeMs?: number;
      readonly shipMs?: number;
      readonly waitMs?: number;
      readonly edgesScanned?: number;
      readonly direction?: "pull" | "push";
      /** The largest change of an attribute, where the algorithm knows one. */
      readonly delta?: number;
      readonly partitionMs?: Spread;
    }
  /** How the functions of an operation run; once each time it is run. */
  | { readonly type: "functions"; readonly operation: string; readonly functions: readonly FunctionPath[] }
  /** Whether the edges of an operation are relaxed superstep by superstep, "program", or in an order that a kernel chooses. */
  | {
      readonly type: "order";
      readonly operation: string;
      readonly method: "program" | "kernel";
      /** "superstep by superstep, because maxSupersteps is set". */
      readonly text: string;
    }
  | { readonly type: "sample"; readonly n: number; readonly values: readonly Json[] }
  | {
      readonly type: "host";
      readonly what: "joined" | "lost" | "replaced";
      readonly host: number;
      readonly thread?: number;
      readonly text?: string;
    }
  /** Supersteps whose results were lost with a host, and are computed again: none if `fromSuperstep` is the larger. */
  | {
      readonly type: "recovery";
      readonly host: number;
      readonly fromSuperstep: number;
      readonly toSuperstep: number;
      readonly text: string;
    }
  | {
      readonly type: "checkpoint";
      readonly superstep: number;
      readonly bytes: number;
      readonly checksum: number;
      readonly operation?: string;
    }
  /** A run of supersteps goes on from the checkpoint after this one. */
  | { readonly type: "resumed"; readonly superstep: number; readonly operation: string }
  | { readonly type: "warning"; readonly code: string; readonly text: string }
);

/** An event as listeners get it. */
export type SuperstepEvent = EventBody & {
  readonly v: 1;
  /** From 0, without gaps, per bus. */
  readonly seq: number;
  /** Milliseconds since 1970, for display; never compare it with another machine's. */
  readonly time: number;
};

/** Gets each event. What it throws is dropped: a listener never changes a result. */
export type EventListener = (event: SuperstepEvent) => void;

/** Milliseconds between two `phase` events of one phase: at most 10 a second. */
const phaseIntervalMs = 100;

/** Carries events to listeners, synchronously, in order of subscription. Without a listener `emit` does nothing. */
export class EventBus {
  readonly #listeners: Set<{ readonly call: EventListener }> = new Set();
  readonly #clock: () => number;
  readonly #phases: Map<string, number> = new Map();
  #seq = 0;

  /** `clock`: milliseconds since 1970. */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** True if anyone listens: ask before an event is costly to make. */
  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** Calls `listener` with each event from now on, until the function that is returned is called. */
  subscribe(listener: EventListener): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Gives an event to all listeners. A phase's events closer than 100 ms are dropped, but for its last one. */
  emit(body: EventBody): void {
    if (this.#listeners.size === 0) return;
    const time = this.#clock();
    if (body.type === "phase" && this.#isTooSoon(body, time)) return;
    const event: SuperstepEvent = Object.freeze({ v: 1, seq: this.#seq++, time, ...body });
    for (const listener of this.#listeners) {
      try {
        listener.call(event);
      } catch {
        // by contract: a listener that throws never changes a result
      }
    }
  }

  #isTooSoon(body: EventBody & { type: "phase" }, time: number): boolean {
    const key = `${body.job} ${body.phase}`;
    if (body.total > 0 && body.done >= body.total) {
      this.#phases.delete(key);
      return false;
    }
    const last = this.#phases.get(key);
    if (last !== undefined && time - last < phaseIntervalMs && time >= last) return true;
    this.#phases.set(key, time);
    return false;
  }
}
