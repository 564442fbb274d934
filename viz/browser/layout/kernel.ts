/**
 * What Node takes of the layout: bundled beside the page, so that files are laid out by the very code that moves them.
 */
import { Layout, type LayoutInput } from "./simulation.ts";

/** x and y of each node in turn after `ticks` ticks. Deterministic. */
export function runLayout(input: LayoutInput, ticks: number): Float32Array {
  const layout = new Layout(input);
  for (let tick = 0; tick < ticks; tick++) layout.tick();
  return layout.positions();
}
