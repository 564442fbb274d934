/**
 * A Map whose entries have weights, of at most `limit` in all: setting one more drops those that were set or read
 * longest ago. The newest entry stays, whatever its weight.
 */
export class BoundedMap<K, V extends object> {
  readonly #limit: number;
  readonly #entries: Map<K, { readonly value: V; readonly weight: number }> = new Map();
  #weight = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V, weight = 1): void {
    this.delete(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#limit || oldest === key) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}
