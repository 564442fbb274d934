/**
 * What a thread keeps from split to split of one load: the memory in which text is parsed, and dictionaries that go on, so that
 * a string which many splits hold is in few of them.
 */
import { TextMemory } from "../../kernels/text.ts";
import type { TextPlan } from "./textPlan.ts";
import { Utf8Dictionary } from "./utf8Dictionary.ts";

/** Memory and dictionaries for the columns of a plan. */
export class TextColumns {
  #memory: TextMemory | undefined;
  /** Of all ids, if they are strings. */
  ids: Utf8Dictionary | undefined;
  /** Of each attribute that is a string. */
  attrs: readonly (Utf8Dictionary | undefined)[];

  constructor({ idType, attrs }: TextPlan) {
    this.ids = idType === "string" ? new Utf8Dictionary(this.memory) : undefined;
    this.attrs = attrs.map(({ type }) => (type === "string" ? new Utf8Dictionary(this.memory) : undefined));
  }

  get memory(): TextMemory {
    return (this.#memory ??= new TextMemory());
  }

  /** A dictionary has become so large that the next chunk must begin with another. */
  get isLarge(): boolean {
    return this.ids?.isLarge === true || this.attrs.some((dictionary) => dictionary?.isLarge === true);
  }

  /** Puts new dictionaries in the place of large ones, all parts of which must have been taken. */
  renew(): void {
    this.ids = this.#renewed(this.ids);
    this.attrs = this.attrs.map((dictionary) => this.#renewed(dictionary));
  }

  /** Leaves the memory to others. Nothing may be read with these after. */
  release(): void {
    this.#memory?.release();
  }

  #renewed(dictionary: Utf8Dictionary | undefined): Utf8Dictionary | undefined {
    if (dictionary?.isLarge !== true) return dictionary;
    dictionary.free();
    return new Utf8Dictionary(this.memory);
  }
}

/** By the plan as this thread was sent it, so that they end with the stage. */
const idle = new WeakMap<TextPlan, TextColumns>();
/** Those that were given back last, in which another plan finds memory. */
let last: { readonly plan: WeakRef<TextPlan>; readonly columns: WeakRef<TextColumns> } | undefined;

/**
 * What an earlier split of the plan gave back, or new ones. Whoever takes them gives them back with `giveBack` when its
 * result is whole, else releases them: what failed may have left strings that no result holds.
 */
export function takeTextColumns(plan: TextPlan): TextColumns {
  const columns = idle.get(plan);
  if (columns === undefined) releaseLast();
  idle.delete(plan);
  last = undefined;
  return columns ?? new TextColumns(plan);
}

export function giveBack(plan: TextPlan, columns: TextColumns): void {
  idle.set(plan, columns);
  last = { plan: new WeakRef(plan), columns: new WeakRef(columns) };
}

function releaseLast(): void {
  const columns = last?.columns.deref();
  const plan = last?.plan.deref();
  if (plan !== undefined) idle.delete(plan);
  columns?.release();
}
