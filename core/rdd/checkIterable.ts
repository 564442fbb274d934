/**
 * Checks what a user's function returned, in a task.
 */
import { SuperstepError, excerpt } from "../errors.ts";

/** @throws SuperstepError TYPE_MISMATCH unless `value` can be walked. */
export function checkIterable<T>(kind: string, value: Iterable<T>): Iterable<T> {
  if (typeof (value as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] === "function") return value;
  throw new SuperstepError(
    "TYPE_MISMATCH",
    `${kind}: fn must return an iterable, such as an array; got ${excerpt(value)}`,
  );
}
