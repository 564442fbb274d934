/**
 * Where nodes lie before the page opens: the force layout run to its end, or places the data gives.
 */
import { createRequire } from "node:module";
import { invalidArgument } from "../core/errors.ts";
import type { ReducedGraph } from "./reducedGraph.ts";
import type { ResultColumn } from "./resultGraph.ts";
import { nodeRadii } from "./view/sizes.ts";

/** Names of two numeric vertex columns that say where each vertex lies. */
export type GivenLayout =
  { readonly x: string; readonly y: string } | { readonly longitude: string; readonly latitude: string };

/** The force layout as it is built for Node beside the page, from the same source as the page's own. */
interface LayoutKernel {
  /** x and y of each node in turn. Deterministic. */
  runLayout(
    graph: { numNodes: number; source: ArrayLike<number>; target: ArrayLike<number>; radii: Float32Array },
    ticks: number,
  ): Float32Array;
}

/** Ticks of a stored layout. */
export const storedTicks = 300;

/**
 * x and y of each shown vertex in turn, y growing downwards; undefined if the page is to lay out itself. `sizeBy` names
 * the values that nodes are sized by: large ones need room.
 *
 * @throws SuperstepError INVALID_ARGUMENT if a column does not exist or holds no place for any shown vertex.
 */
export function layoutOf(
  reduced: ReducedGraph,
  layout: "stored" | "live" | GivenLayout,
  sizeBy: string,
): Float32Array | undefined {
  if (layout === "live") return undefined;
  if (layout !== "stored") return givenLayout(reduced, layout);
  const kernel = createRequire(import.meta.url)("./layoutKernel.cjs") as LayoutKernel;
  const numNodes = reduced.vertices.length;
  const radii = nodeRadii(columnOf(reduced, sizeBy) ?? degreesOf(reduced));
  return kernel.runLayout({ numNodes, source: reduced.src, target: reduced.dst, radii }, storedTicks);
}

/** Width or height, whichever is larger, that given places are scaled to. */
const givenExtent = 1_200;

function givenLayout(reduced: ReducedGraph, layout: GivenLayout): Float32Array {
  const geographic = "longitude" in layout;
  const [xName, yName] = geographic ? [layout.longitude, layout.latitude] : [layout.x, layout.y];
  const xs = placesOf(reduced, xName);
  const ys = placesOf(reduced, yName);
  const numNodes = reduced.vertices.length;
  const positions = new Float32Array(2 * numNodes).fill(NaN);
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  const points: (readonly [number, number] | undefined)[] = [];
  for (let node = 0; node < numNodes; node++) {
    const point = [xs[node]!, geographic ? mercator(ys[node]!) : -ys[node]!] as const;
    const isPlace = Number.isFinite(point[0]) && Number.isFinite(point[1]);
    points.push(isPlace ? point : undefined);
    if (!isPlace) continue;
    for (const axis of [0, 1] as const) {
      low[axis] = Math.min(low[axis]!, point[axis]);
      high[axis] = Math.max(high[axis]!, point[axis]);
    }
  }
  if (low[0] === Infinity) {
    throw invalidArgument("view", "layout", `two columns with finite numbers in some shown vertex`, [xName, yName]);
  }
  const extent = Math.max(high[0]! - low[0]!, high[1]! - low[1]!);
  const scale = extent > 0 ? givenExtent / extent : 1;
  let numWithout = 0;
  points.forEach((point, node) => {
    // Who has no place stands in a row below all others.
    const x = point === undefined ? (numWithout++ % 40) * 30 - givenExtent / 2 : (point[0] - mid(0)) * scale;
    const below = ((high[1]! - low[1]!) / 2) * scale + 80 + 30 * Math.floor((numWithout - 1) / 40);
    positions[2 * node] = x;
    positions[2 * node + 1] = point === undefined ? below : (point[1] - mid(1)) * scale;
  });
  return positions;

  function mid(axis: 0 | 1): number {
    return (low[axis]! + high[axis]!) / 2;
  }
}

/** Degrees north to degrees of the equator's scale, downwards (Web Mercator, cut at 85 degrees). */
function mercator(latitude: number): number {
  const angle = (Math.max(-85, Math.min(85, latitude)) * Math.PI) / 180;
  return (-Math.log(Math.tan(Math.PI / 4 + angle / 2)) * 180) / Math.PI;
}

function placesOf(reduced: ReducedGraph, name: string): number[] {
  const column = columnOf(reduced, name);
  if (column === undefined) {
    const names = [...reduced.source.vertexColumns.keys()].join(", ");
    throw invalidArgument("view", "layout", `two of the vertex columns ${names}`, name);
  }
  return column.map((value) => (value === null || value === undefined || value === "" ? NaN : Number(value)));
}

function columnOf(reduced: ReducedGraph, name: string): ResultColumn[number][] | undefined {
  const column = reduced.source.vertexColumns.get(name);
  return column && Array.from(reduced.vertices, (vertex) => column[vertex]);
}

function degreesOf(reduced: ReducedGraph): number[] {
  return Array.from(reduced.inDegree, (degree, node) => degree + reduced.outDegree[node]!);
}
