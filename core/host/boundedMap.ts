/** A Map of at most `limit` keys: setting one more drops the one that was set or read longest ago. */
export class BoundedMap<K, V> {
  readonly #limit: number;
  readonly #entries: Map<K, V> = new Map();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True if `key` is there; does not count as reading it. */
  has(key: K): boolean {
    return this.#entries.has(key);
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined && !this.#entries.has(key)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value as V);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }
}
