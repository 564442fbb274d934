/**
 * What the page and its layout worker say to each other.
 */
import type { LayoutInput } from "./simulation.ts";

export type ToWorker =
  | { readonly type: "start"; readonly input: LayoutInput; readonly run: boolean; readonly untilRest: boolean }
  /** Keeps a node where it is dragged to; neighbours follow. */
  | { readonly type: "hold"; readonly node: number; readonly x: number; readonly y: number }
  /** The drag ended; the node stays held. */
  | { readonly type: "drop" }
  | { readonly type: "release"; readonly node: number }
  | { readonly type: "run" }
  | { readonly type: "pause" };

export interface FromWorker {
  readonly type: "positions";
  readonly positions: Float32Array<ArrayBuffer>;
  /** False once the layout has come to rest or was paused. */
  readonly running: boolean;
}
