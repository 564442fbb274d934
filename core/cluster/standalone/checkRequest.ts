/**
 * What a master and a worker accept of their peers, beyond what the protocol accepts.
 */
import { invalidArgument } from "../../errors.ts";

/** Most threads of one executor, and most cores that one worker offers. */
export const maxCores = 1024;

/** @throws SuperstepError INVALID_ARGUMENT unless `name` is 1 to 128 letters, digits, dots, underscores or hyphens. */
export function checkName(where: string, what: string, name: string): void {
  if (!/^[\w.-]{1,128}$/.test(name))
    throw invalidArgument(where, what, "1 to 128 letters, digits, dots, underscores or hyphens", name);
}

/** @throws SuperstepError INVALID_ARGUMENT unless `value` is an integer in [min, max]. */
export function checkCount(where: string, what: string, value: number, min: number, max: number): void {
  if (!(Number.isSafeInteger(value) && value >= min && value <= max))
    throw invalidArgument(where, what, `an integer in [${min}, ${max}]`, value);
}
