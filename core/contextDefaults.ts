/**
 * What contexts of this process are made with where their program says nothing else: a command that imports a program sets
 * it, so that `Context.create()` finds the cluster.
 */
import type { ClusterAccessOptions } from "./cluster/clusterAccess.ts";
import type { EventListener } from "./schedule/events.ts";
import type { CheckpointDefaults } from "./programCheckpoints.ts";
import type { ClusterShare } from "./cluster/standalone/standaloneLauncher.ts";

/** A standalone cluster as a context's options have it: how to get at it, and how much of it is wanted. */
export interface ClusterOptions extends ClusterAccessOptions, ClusterShare {}

/** A context as whoever set the defaults sees it. */
export interface MadeContext {
  stop(): Promise<void>;
  releaseCheckpoints(): Promise<void>;
}

/** Options of contexts that do not name their own. */
export interface ContextDefaults {
  readonly master?: string | undefined;
  readonly appName?: string | undefined;
  readonly cluster?: ClusterOptions | undefined;
  /** Stops contexts that have no signal of their own. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of contexts that have no listener of their own. */
  readonly listener?: EventListener | undefined;
  /** Faults on purpose. */
  readonly chaos?: string | undefined;
  /** Where checkpoints are written, and how: until the program sets that itself. */
  readonly checkpoints?: (CheckpointDefaults & { readonly directory: string }) | undefined;
  /** Gets each context that is made. */
  readonly made?: ((context: MadeContext) => void) | undefined;
  /** URLs of module hooks for the threads of each context. */
  readonly moduleHooks?: readonly string[] | undefined;
}

let defaults: ContextDefaults = {};

/** Sets what contexts that are made from now on fall back to. */
export function setContextDefaults(given: ContextDefaults): void {
  defaults = given;
}

/** What contexts fall back to. */
export function contextDefaults(): ContextDefaults {
  return defaults;
}
