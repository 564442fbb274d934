/**
 * How the command ends: one number for each way, the same in every command.
 */
import { hasCode } from "../core/errors.ts";

/** Exit codes. A closed pipe on standard output is success. */
export const exitCodes = {
  ok: 0,
  /** Failed while running. */
  failed: 1,
  /** The command line asks for something that is not there or out of range. */
  usage: 2,
  /** The input cannot be read or is malformed. */
  input: 3,
  /** Refused, or stopped, for lack of memory. */
  memory: 4,
  /** Did not converge, and --require-convergence was given. */
  notConverged: 5,
  /** Ended by Ctrl-C. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** The code to end with for an error. What failed in a task counts as what failed there. */
export function exitCodeOf(error: unknown): number {
  if (hasCode(error, "TASK_FAILED")) {
    const cause = (error as { cause?: unknown }).cause;
    const isInput = hasCode(cause, "INVALID_INPUT") || hasCode(cause, "OUT_OF_MEMORY");
    return isInput ? exitCodeOf(cause) : exitCodes.failed;
  }
  if (hasCode(error, "INVALID_ARGUMENT")) return exitCodes.usage;
  if (hasCode(error, "INVALID_INPUT")) return exitCodes.input;
  if (hasCode(error, "OUT_OF_MEMORY")) return exitCodes.memory;
  return exitCodes.failed;
}
