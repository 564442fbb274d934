/**
 * The page's end of the layout: a worker made from the page's own script, so that it runs from a file under a strict CSP.
 */
import type { FromWorker, ToWorker } from "./messages.ts";
import type { LayoutInput } from "./simulation.ts";

export class LayoutClient {
  readonly #worker: Worker;
  #isRunning = false;

  /**
   * `script`: text of the page's script. `run`: start at once. `untilRest`: show nothing before it has come to rest.
   * `onPositions` is called with each new state, at most 30 times a second.
   */
  constructor(
    script: string,
    start: { readonly input: LayoutInput; readonly run: boolean; readonly untilRest: boolean },
    onPositions: (message: FromWorker) => void,
  ) {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.#worker = new Worker(url, { name: "layout" });
    this.#isRunning = start.run;
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      URL.revokeObjectURL(url); // not before the worker has read it
      this.#isRunning = data.running;
      onPositions(data);
    };
    this.#send({ type: "start", ...start });
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  hold(node: number, x: number, y: number): void {
    this.#isRunning = true;
    this.#send({ type: "hold", node, x, y });
  }

  drop(): void {
    this.#send({ type: "drop" });
  }

  release(node: number): void {
    this.#isRunning = true;
    this.#send({ type: "release", node });
  }

  run(): void {
    this.#isRunning = true;
    this.#send({ type: "run" });
  }

  pause(): void {
    this.#isRunning = false;
    this.#send({ type: "pause" });
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}
