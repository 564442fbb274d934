/**
 * Where executor processes come from: children of the driver, or the workers of a standalone cluster.
 */
import type { Address } from "../net/transport.ts";

/** Hears from a launcher. */
export interface LauncherListener {
  /**
   * An executor's process has ended, or could not be started. `text`: how, as in "exited with code 42". `isDrained`: it was
   * told to, or ended with its machine, so that no task is to blame; default false. May come for one that never registered,
   * and again for one that was told before.
   */
  ended(executor: string, text: string, isDrained?: boolean): void;
  /** Something that its user should know of: no worker has free cores. */
  warning(code: string, text: string): void;
}

/** How an executor is ended on purpose: its process killed, or stopped as it stands, its connections left open. */
export type KillManner = "kill" | "freeze";

/**
 * Brings executors about. Each of them connects to the driver and registers under its name; names are random and never
 * used again.
 */
export interface Launcher {
  /** Executors that end are replaced when there is room for others, maybe never: a driver begins with those that are there. */
  readonly replacesLater?: boolean;
  /**
   * Asks for executors for the driver at `driverAddress`. Resolves with how many will register soon: the driver waits for
   * them.
   *
   * @throws SuperstepError UNREACHABLE, UNAUTHENTICATED, INCOMPATIBLE or NO_CAPACITY, saying what to do.
   */
  start(driverAddress: Address, listener: LauncherListener): Promise<number>;
  /** An executor was lost: brings about another one, unless that happens by itself. */
  replace(executor: string): void;
  /**
   * Ends an executor's process, or freezes it. Returns false if it cannot: it has ended, or is out of reach. Its end is
   * told to the listener.
   */
  kill(executor: string, manner: KillManner): boolean;
  /** True if what else there is on an executor's machine is silent too: then no task is to blame for its silence. */
  isMachineSilent?(executor: string): boolean;
  /** Ends all executors; resolves when none is left. Idempotent. */
  stop(): Promise<void>;
}
