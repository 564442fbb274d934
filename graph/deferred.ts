/**
 * A value brought about on first use, shared by those who retain it, freed when the last lets go, and brought about
 * again if it is wanted after that: lineage, for the columns of a graph.
 */

/** Something that stays while it is retained, whatever it holds. */
export interface Retainable {
  retain(): unknown;
  release(): Promise<void>;
}

/** Values that a deferred one will be made from: retained until it is made for the first time, or given up. */
class Inputs {
  #inputs: readonly Retainable[];

  constructor(inputs: readonly Retainable[]) {
    this.#inputs = inputs;
    for (const input of inputs) input.retain();
  }

  async release(): Promise<void> {
    const inputs = this.#inputs;
    this.#inputs = [];
    await Promise.all(inputs.map((input) => input.release()));
  }
}

/** A deferred value that was never made and that nobody can reach lets its inputs go. */
const unreachable = new FinalizationRegistry<Inputs>((inputs) => void inputs.release());

/** Gives back what a value holds. */
type Free<T> = (value: T) => void | Promise<void>;

export class Deferred<T> {
  #make: () => Promise<T>;
  #free: Free<T>;
  #inputs: Inputs | undefined;
  /** What was made, or is being made, and how that is given back. */
  #value: { readonly promise: Promise<T>; readonly free: Free<T> } | undefined;
  #holders = 0;

  /**
   * `make` may run again after everyone has let go. `free` gives back what a made value holds. `inputs` are retained
   * until the value is first made or given up, so that what it is made from need not be made again.
   */
  constructor(make: () => Promise<T>, free: Free<T>, inputs: readonly Retainable[] = []) {
    this.#make = make;
    this.#free = free;
    if (inputs.length === 0) return;
    this.#inputs = new Inputs(inputs);
    unreachable.register(this, this.#inputs, this);
  }

  /** A value that exists already; `make` brings it about again if it is wanted after it was freed. */
  static ready<T>(value: T, free: Free<T>, make: () => Promise<T>): Deferred<T> {
    const deferred = new Deferred(make, free);
    deferred.#value = { promise: Promise.resolve(value), free };
    return deferred;
  }

  /** From the next time on, the value is brought about by `make`, and given back by `free`: what was before is let go. */
  async replaceLineage(make: () => Promise<T>, free: Free<T>): Promise<void> {
    this.#make = make;
    this.#free = free;
    await this.#releaseInputs();
  }

  /** Takes a value that was made along with another one; gives it back if nobody wants it, or there is one already. */
  async offer(value: T): Promise<void> {
    if (this.#holders > 0 && this.#value === undefined) {
      this.#value = { promise: Promise.resolve(value), free: this.#free };
    } else await this.#free(value);
  }

  /** Keeps the value, once made, until `release`. */
  retain(): this {
    this.#holders++;
    return this;
  }

  /** Undoes one `retain`; the last one frees the value, or lets the inputs go. Resolves when that is done. */
  async release(): Promise<void> {
    this.#holders--;
    if (this.#holders > 0) return;
    const value = this.#value;
    this.#value = undefined;
    await this.#releaseInputs();
    const made = await value?.promise.catch(() => undefined); // one that failed to come about holds nothing
    if (made !== undefined) await value!.free(made);
  }

  /** Makes the value if need be and lends it to `borrow`; it is not freed before `borrow` has ended. */
  async use<R>(borrow: (value: T) => R | Promise<R>): Promise<R> {
    this.retain();
    try {
      return await borrow(await this.#get());
    } finally {
      await this.release();
    }
  }

  #get(): Promise<T> {
    this.#value ??= { promise: this.#bringAbout(), free: this.#free };
    return this.#value.promise;
  }

  async #bringAbout(): Promise<T> {
    try {
      const value = await this.#make();
      await this.#releaseInputs();
      return value;
    } catch (error) {
      this.#value = undefined; // told to those who wait for it now; the next use tries again
      throw error;
    }
  }

  async #releaseInputs(): Promise<void> {
    const inputs = this.#inputs;
    if (inputs === undefined) return;
    this.#inputs = undefined;
    unreachable.unregister(this);
    await inputs.release();
  }
}

/** A part of a deferred value: the whole is retained while the part is. */
export function partOf<T, P>(whole: Deferred<T>, pick: (value: T) => P): Deferred<P> {
  const make = async (): Promise<P> => {
    whole.retain();
    try {
      return await whole.use(pick);
    } catch (error) {
      await whole.release();
      throw error;
    }
  };
  return new Deferred(make, () => whole.release(), [whole]);
}
