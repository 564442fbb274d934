/**
 * What a compiled loop is given at each run: where columns begin, bounds, numbers. Named, so that whoever runs it need not
 * know their order.
 */
import { get, type Expr, type Local, type MachineType } from "./tree.ts";

/** The parameters of a loop as it is put together. */
export class LoopParams {
  readonly #params: Map<string, Local> = new Map();

  /** The parameter of this name: the same one each time. */
  get(name: string, type: MachineType = "i32"): Expr {
    let local = this.#params.get(name);
    if (local === undefined) {
      local = { type, name, isFixed: true };
      this.#params.set(name, local);
    }
    return get(local);
  }

  get locals(): readonly Local[] {
    return Array.from(this.#params.values());
  }
}
