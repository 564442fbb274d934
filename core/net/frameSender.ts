/**
 * Writes frames to a stream of HTTP/2 without copying them.
 */
import type { Writable } from "node:stream";

/** Calls of `send` that are not written out yet, at most. */
const maxUnderWay = 2;

/** Sends frames as fast as the other side takes them. Their bytes must not change before they are taken. */
export class FrameSender {
  readonly #stream: Writable;
  readonly #progress: () => void;
  #underWay = 0;
  #isStopped = false;
  #wake = (): void => {};

  /** `progress` is called whenever the stream took a frame. */
  constructor(stream: Writable, progress: () => void) {
    this.#stream = stream;
    this.#progress = progress;
  }

  /** Sends one frame, given in pieces. Resolves when another one may be sent, or after `stop`. */
  async send(frame: readonly Uint8Array[]): Promise<void> {
    if (this.#isStopped) return;
    this.#underWay++;
    const taken = (): void => {
      this.#underWay--;
      this.#progress();
      this.#wake();
    };
    this.#stream.cork();
    frame.forEach((piece, at) => {
      if (at + 1 < frame.length) this.#stream.write(piece);
      else this.#stream.write(piece, taken);
    });
    this.#stream.uncork();
    while (this.#underWay >= maxUnderWay && !this.#isStopped)
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Sends no more; whoever waits goes on. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }
}
