/**
 * Which runs of a range of bytes are free: first fit at the lowest address, neighbours joined as they come free.
 */

/**
 * Free runs of [start, end), ascending and never touching one another.
 *
 * Cost: taking scans the runs from the lowest address, giving back finds its place by bisection; both shift an array of
 * numbers. Microseconds with thousands of runs.
 */
export class FreeList {
  readonly #starts: number[];
  readonly #ends: number[];

  constructor(start: number, end: number) {
    this.#starts = start < end ? [start] : [];
    this.#ends = start < end ? [end] : [];
  }

  /** Takes `size` bytes, size >= 1, from the lowest run that holds them; undefined if none does. */
  take(size: number): number | undefined {
    for (let run = 0; run < this.#starts.length; run++) {
      const start = this.#starts[run]!;
      const rest = this.#ends[run]! - start - size;
      if (rest < 0) continue;
      if (rest === 0) this.#replace(run, 1);
      else this.#starts[run] = start + size;
      return start;
    }
    return undefined;
  }

  /** Gives back [start, end), which was taken: whole, or in parts. Throws a plain Error if any of it is free already. */
  give(start: number, end: number): void {
    const next = this.#firstAfter(start);
    const joinsPrevious = next > 0 && this.#ends[next - 1]! === start;
    const joinsNext = this.#starts[next] === end;
    if ((next > 0 && this.#ends[next - 1]! > start) || (next < this.#starts.length && this.#starts[next]! < end)) {
      throw new Error(`internal error: bytes [${start}, ${end}) are free already`);
    }
    if (joinsPrevious && joinsNext) {
      this.#ends[next - 1] = this.#ends[next]!;
      this.#replace(next, 1);
    } else if (joinsPrevious) this.#ends[next - 1] = end;
    else if (joinsNext) this.#starts[next] = start;
    else this.#replace(next, 0, start, end);
  }

  /** Bytes of the longest free run. */
  get longestRun(): number {
    let longest = 0;
    for (let run = 0; run < this.#starts.length; run++) {
      longest = Math.max(longest, this.#ends[run]! - this.#starts[run]!);
    }
    return longest;
  }

  /** The free runs as [start, end) pairs, ascending. */
  runs(): [start: number, end: number][] {
    return this.#starts.map((start, run) => [start, this.#ends[run]!]);
  }

  #replace(run: number, count: number, start?: number, end?: number): void {
    if (start === undefined || end === undefined) {
      this.#starts.splice(run, count);
      this.#ends.splice(run, count);
    } else {
      this.#starts.splice(run, count, start);
      this.#ends.splice(run, count, end);
    }
  }

  /** The first run that starts after `address`; the number of runs if there is none. */
  #firstAfter(address: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
