/**
 * Checks of arguments at the public edge of RDDs. Each returns the value that it let pass.
 */
import { invalidArgument } from "../errors.ts";

/** @throws SuperstepError INVALID_ARGUMENT unless `value` is an integer >= `least`. */
export function checkCount(where: string, what: string, value: number, least: 0 | 1): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw invalidArgument(where, what, `an integer >= ${least}`, value);
  }
  return value;
}

/** @throws SuperstepError INVALID_ARGUMENT unless `value` is an integer. */
export function checkInteger(where: string, what: string, value: number): number {
  if (!Number.isSafeInteger(value)) throw invalidArgument(where, what, "an integer within 2^53", value);
  return value;
}
