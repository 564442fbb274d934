/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

/** A function taken apart: source and captured values, as plain data. Made by `ship`, put together by `revive`. */
export interface ShippedFunction<F extends AnyFunction = AnyFunction> {
  /** Unique in its driver; threads keep the revived function under it. */
  readonly id: string;
  readonly __type?: F;
}
