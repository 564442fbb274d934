/**
 * The starting value of a fold: sent encoded, and made afresh for every key and partition, so that a function that
 * changes its accumulator in place changes no other.
 */
import { decodeValues } from "../column/codec.ts";
import { encodeArgument } from "./encodeArgument.ts";

/** A starting value, as data. */
export interface Zero {
  readonly bytes: Uint8Array;
}

/**
 * `where` is the operator, for users.
 *
 * @throws SuperstepError NOT_SHIPPABLE if `zero` cannot travel.
 */
export function zeroOf(where: string, zero: unknown): Zero {
  return { bytes: encodeArgument(where, () => "zero", [zero]) };
}

/** A function that returns the starting value, a new one at each call unless it is a primitive. */
export function freshZero<T>({ bytes }: Zero): () => T {
  const make = (): T => decodeValues(bytes)[0] as T;
  const first = make();
  return typeof first === "object" && first !== null ? make : () => first;
}
