/**
 * How an object says that it can travel, or that it cannot. The symbols are registered, so that two copies of the
 * package agree on them.
 */

/** Marks an object that can travel: the method under it says how the object is made again on the other side. */
export const shippable: unique symbol = Symbol.for("superstep.shippable") as never;

/**
 * Marks an object that must not travel. Its text ends the sentence "fn captures `x`, …" and gives kind and advice:
 * "a Graph, which cannot travel. Collect what it needs first."
 */
export const notShippable: unique symbol = Symbol.for("superstep.notShippable") as never;

/** How an object is made again: by calling `name`, exported by `module`, with `(data, environment)`. */
export interface Recipe {
  /** Absolute URL of the module: `import.meta.url` of the file that exports the factory, or "node:…". */
  readonly module: string;
  /** The exported factory: `(data, environment: ReviveEnvironment) => object`, synchronous. */
  readonly export: string;
  /** What the factory needs: anything that may be captured. It shares no objects with what is captured beside it. */
  readonly data: unknown;
}

/** An object that can travel. */
export interface Shippable {
  /** Called once for each `ship` that meets the object. */
  [shippable](): Recipe;
}

/** An object that says why it cannot travel. */
export interface NotShippable {
  readonly [notShippable]: string;
}
