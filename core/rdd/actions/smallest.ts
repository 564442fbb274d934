/**
 * Keeps the smallest of many records.
 */
import { orderOf, sortByFirst, type Order } from "../order.ts";

/** Records beside the wanted ones that may pile up before they are sorted out. */
const slack = 1024;

/** The `count` records of smallest key, or largest if not `ascending`; of equal ones the first. Memory: 2 * count. */
export class Smallest<T> {
  readonly #count: number;
  readonly #ascending: boolean;
  readonly #order: Order;
  #kept: [unknown, T][] = [];
  /** The last record of `#kept` that still counts: one not before it is of no interest. */
  #last: [unknown, T] | undefined;

  constructor(count: number, ascending: boolean) {
    this.#count = count;
    this.#ascending = ascending;
    this.#order = orderOf(ascending);
  }

  add(key: unknown, record: T): void {
    if (this.#last !== undefined && this.#order(this.#last[0], key) <= 0) return;
    this.#kept.push([key, record]);
    if (this.#kept.length >= 2 * this.#count + slack) {
      this.#kept = this.inOrder();
      this.#last = this.#kept.at(-1);
    }
  }

  /** Keys and records, in order. */
  inOrder(): [unknown, T][] {
    return sortByFirst(this.#kept, this.#ascending).slice(0, this.#count);
  }
}
