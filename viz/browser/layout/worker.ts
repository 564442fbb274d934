/**
 * The worker's role: runs the layout off the page's thread, posts positions at most 30 times a second, comes to rest.
 */
import type { FromWorker, ToWorker } from "./messages.ts";
import { Layout } from "./simulation.ts";

/** Heat while something is dragged, and when the layout is started again: enough to adapt, too little to rearrange. */
const warm = 0.12;
const postEveryMs = 33;
/** Ticks before the first picture. */
const headStartMs = 250;
const longestRunMs = 8_000;
/** At rest when nodes move less than this on average, px a tick, for so many ticks. */
const restMovement = 0.3;
const restTicks = 20;

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
}

/** Serves layout messages in `scope`, a dedicated worker's global object. */
export function serveLayout(scope: WorkerScope): void {
  let layout: Layout | undefined;
  let running = false;
  let dragging = false;
  let untilRest = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let startedAt = 0;
  let calmTicks = 0;

  const post = (): void => {
    const positions = layout!.positions();
    scope.postMessage({ type: "positions", positions, running }, [positions.buffer]);
  };

  const isAtRest = (): boolean => {
    if (dragging) return false;
    return layout!.alpha < 0.001 || calmTicks >= restTicks || performance.now() - startedAt > longestRunMs;
  };

  const work = (forMs: number): void => {
    const until = performance.now() + forMs;
    do {
      calmTicks = layout!.tick() < restMovement ? calmTicks + 1 : 0;
      running = !isAtRest();
    } while (running && (untilRest || performance.now() < until));
    post();
    timer = running ? setTimeout(work, 0, postEveryMs) : undefined;
  };

  const run = (forMs: number): void => {
    startedAt = performance.now();
    calmTicks = 0;
    if (running) return;
    running = true;
    clearTimeout(timer);
    timer = setTimeout(work, 0, forMs);
  };

  scope.onmessage = ({ data }) => {
    if (data.type === "start") {
      layout = new Layout(data.input);
      untilRest = data.untilRest;
      if (data.run) run(headStartMs);
      return;
    }
    if (layout === undefined) return;
    if (data.type === "hold") {
      layout.hold(data.node, data.x, data.y);
      dragging = true;
      layout.alphaTarget = warm;
      if (!running) layout.alpha = Math.max(layout.alpha, warm / 2);
      run(postEveryMs);
    } else if (data.type === "drop") {
      dragging = false;
      layout.alphaTarget = 0;
    } else if (data.type === "release") {
      layout.release(data.node);
      layout.alpha = Math.max(layout.alpha, warm);
      run(postEveryMs);
    } else if (data.type === "run") {
      if (layout.alpha < 0.3) layout.alpha = 0.3;
      run(postEveryMs);
    } else {
      clearTimeout(timer);
      running = false;
      post();
    }
  };
}
