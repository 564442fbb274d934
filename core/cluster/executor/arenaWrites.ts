/**
 * Writes into the arena of an executor: each is done once, and none when its time is over, however late or often its
 * bytes come. What a task has written since must not be overwritten by them.
 */
import type { Uploads } from "../../net/messages.ts";
import { SuperstepError } from "../../errors.ts";

type Header = Uploads["executor.writeArena"];

interface Write {
  readonly done: Promise<void>;
  readonly end: () => void;
}

export class ArenaWrites {
  /** Writes that were begun and that a repeat may still come of. */
  readonly #begun: Map<number, Write> = new Map();
  #since = 0;

  /**
   * A write has come; false if it is the repeat of one that was begun: its bytes are to go nowhere.
   *
   * @throws SuperstepError UNREACHABLE if nobody waits for it any more.
   */
  begin({ number, since }: Header): boolean {
    this.#since = Math.max(this.#since, since);
    for (const earlier of this.#begun.keys()) if (earlier < this.#since) this.#begun.delete(earlier);
    if (number < this.#since) throw new SuperstepError("UNREACHABLE", `arena: write ${number} was given up`);
    if (this.#begun.has(number)) return false;
    let end = (): void => undefined;
    const done = new Promise<void>((resolve) => (end = resolve));
    this.#begun.set(number, { done, end });
    return true;
  }

  /** All bytes of a write are in their place. */
  end({ number }: Header): void {
    this.#begun.get(number)?.end();
  }

  /** Resolves when the write that this one repeats has ended. */
  async ended({ number }: Header): Promise<void> {
    await this.#begun.get(number)?.done;
  }
}
