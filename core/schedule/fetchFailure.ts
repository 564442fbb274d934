/**
 * The error of a task that could not read a map output, and what the scheduler reads from it.
 */
import { SuperstepError } from "../errors.ts";
import type { ErrorRecord } from "../remoteError.ts";

/** Which map output could not be read, and why not. */
export interface FetchFailure {
  readonly shuffle: number;
  readonly map: number;
  readonly reduce?: number;
  /**
   * The host that was asked; -1 if no host was known to hold it. Left out, where it cannot be told: then the scheduler
   * cannot tell either whether the output has been written again elsewhere since, and has it written once more.
   */
  readonly holder?: number;
  /** The holder could not be reached at all: the task would fare no better with other outputs that it holds. */
  readonly isUnreachable?: boolean;
}

/** The FETCH_FAILED error that a task throws: the scheduler has the output written again. */
export function fetchFailed(failure: FetchFailure, message: string, cause?: unknown): SuperstepError {
  return new SuperstepError("FETCH_FAILED", message, {
    details: { ...failure },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The fetch failure in a record or its causes: undefined if there is none, or it does not say what could not be read. */
export function fetchFailureIn(error: ErrorRecord): FetchFailure | undefined {
  const details = fetchErrorIn(error)?.superstep?.details;
  const { shuffle, map, holder, isUnreachable } = details ?? {};
  if (typeof shuffle !== "number" || typeof map !== "number") return undefined;
  return {
    shuffle,
    map,
    ...(typeof holder === "number" ? { holder } : {}),
    ...(typeof isUnreachable === "boolean" ? { isUnreachable } : {}),
  };
}

/** The FETCH_FAILED error in a record or its causes. */
export function fetchErrorIn(error: ErrorRecord): ErrorRecord | undefined {
  for (let at: ErrorRecord | undefined = error; at !== undefined; at = at.cause) {
    if (at.superstep?.code === "FETCH_FAILED") return at;
  }
  return undefined;
}
