/**
 * What is to be drawn, as plain data in screen px: batches of links, triangles, circles, texts. One path a style.
 *
 * Pure: a canvas renders it, and whatever else comes to render it shows the same picture.
 */
import { screenRadius, type Camera } from "./camera.ts";
import { linkWidths, type DrawnLinks } from "./drawnLinks.ts";
import { LabelGrid, type Box } from "./labelGrid.ts";

/** The graph as it stands on screen. Per node unless said otherwise; node 0 matters most. */
export interface Scene {
  /** x and y in turn, at zoom 1. */
  readonly positions: Float32Array;
  /** At zoom 1. */
  readonly radii: Float32Array;
  /** 1 where the size column has no finite number: drawn as a ring. */
  readonly hollow: Uint8Array;
  readonly classOf: Uint8Array;
  /** Fill of each class. */
  readonly classColours: readonly string[];
  /** Per class: 1 if links inside it take its colour. */
  readonly tintsLinks: Uint8Array;
  readonly labels: readonly string[];
  readonly links: DrawnLinks;
  readonly directed: boolean;
  readonly linkColour: string;
  readonly background: string;
}

/** Which part of a scene is drawn, and how. */
export interface DrawOptions {
  readonly isShown: (node: number) => boolean;
  /** Asked only for links whose ends are both shown. Default: all. */
  readonly isLinkShown?: (link: number) => boolean;
  /** Opacity of links. Default: less the more there are. */
  readonly linkAlpha?: number;
  /** Labels come in the order of nodes unless these come first; they are placed whatever is in the way. */
  readonly labelFirst?: readonly number[];
  /** Width in px of a label set in its size and weight. */
  readonly measure: (text: string, size: number, weight: number) => number;
  /** Default: true. */
  readonly withLabels?: boolean;
}

/** Segments of one style: x0, y0, x1, y1 each; and quadratic curves: x0, y0, cx, cy, x1, y1 each. */
export interface LinkBatch {
  readonly colour: string;
  readonly width: number;
  readonly alpha: number;
  readonly segments: number[];
  readonly curves: number[];
  /** Arrowheads, filled: three points each. */
  readonly triangles: number[];
  /** Self-loops as circles: x, y, radius each. */
  readonly loops: number[];
}

export interface CircleItem {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly colour: string;
  readonly hollow: boolean;
}

export interface TextItem {
  readonly node: number;
  /** Left end of the baseline's middle. */
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly size: number;
  readonly weight: number;
}

/** In drawing order. */
export interface DrawList {
  readonly links: readonly LinkBatch[];
  readonly circles: readonly CircleItem[];
  readonly texts: readonly TextItem[];
}

/** Links in view up to which arrowheads and curves are drawn. */
const maxDetailedLinks = 1_600;
/** Screen px between two circles that an arrowhead needs. */
const arrowRoom = 16;
/** Screen px squared for each label. */
const labelArea = 7_000;

/** Builds the list. Cost: one look at every node and link. */
export function buildDrawList(scene: Scene, camera: Camera, options: DrawOptions): DrawList {
  const view = project(scene, camera);
  return {
    links: linkBatches(scene, camera, view, options),
    circles: circleItems(scene, camera, view, options),
    texts: options.withLabels === false ? [] : textItems(scene, camera, view, options),
  };
}

/** Screen x, y and radius of each node. */
interface Projection {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly radius: Float64Array;
}

function project({ positions, radii }: Scene, { k, x, y }: Camera): Projection {
  const count = radii.length;
  const view = { x: new Float64Array(count), y: new Float64Array(count), radius: new Float64Array(count) };
  for (let node = 0; node < count; node++) {
    view.x[node] = k * positions[2 * node]! + x;
    view.y[node] = k * positions[2 * node + 1]! + y;
    view.radius[node] = screenRadius(radii[node]!, k);
  }
  return view;
}

function linkBatches(scene: Scene, camera: Camera, view: Projection, options: DrawOptions): LinkBatch[] {
  const { source, target, width, twin, count } = scene.links;
  const { isShown, isLinkShown = () => true } = options;
  const inView: number[] = [];
  for (let link = 0; link < count; link++) {
    const from = source[link]!;
    const to = target[link]!;
    if (!isShown(from) || !isShown(to) || !isLinkShown(link)) continue;
    const left = Math.min(view.x[from]!, view.x[to]!);
    const right = Math.max(view.x[from]!, view.x[to]!);
    const top = Math.min(view.y[from]!, view.y[to]!);
    const bottom = Math.max(view.y[from]!, view.y[to]!);
    if (right < 0 || left > camera.width || bottom < 0 || top > camera.height) continue;
    if (from !== to && right - left < 1 && bottom - top < 1) continue;
    inView.push(link);
  }
  const detailed = inView.length <= maxDetailedLinks;
  const batches = new Map<number, LinkBatch>();
  for (const link of inView) {
    const from = source[link]!;
    const to = target[link]!;
    if (!detailed && (from === to || twin[link] === 2)) continue;
    const classFrom = scene.classOf[from]!;
    const tinted = classFrom === scene.classOf[to] && scene.tintsLinks[classFrom] === 1;
    const key = (tinted ? classFrom + 1 : 0) * linkWidths.length + width[link]!;
    let batch = batches.get(key);
    if (batch === undefined) {
      const colour = tinted ? scene.classColours[classFrom]! : scene.linkColour;
      const scaled = linkWidths[width[link]!]! * Math.min(1.6, Math.max(0.75, camera.k ** 0.35));
      const alpha = options.linkAlpha ?? linkAlphaFor(inView.length, width[link]!);
      batch = { colour, width: scaled, alpha, segments: [], curves: [], triangles: [], loops: [] };
      batches.set(key, batch);
    }
    addLink(batch, view, from, to, detailed && scene.directed, twin[link]! > 0);
  }
  return [...batches].sort(([a], [b]) => a - b).map(([, batch]) => batch);
}

/** Fewer links are drawn more strongly, and thick ones more than thin. */
function linkAlphaFor(count: number, width: number): number {
  const plain = Math.max(0.13, Math.min(0.6, 0.95 - 0.225 * Math.log10(Math.max(1, count))));
  return Math.min(0.85, plain * (0.85 + 0.25 * width));
}

function addLink(batch: LinkBatch, view: Projection, from: number, to: number, arrows: boolean, curved: boolean): void {
  const x0 = view.x[from]!;
  const y0 = view.y[from]!;
  const x1 = view.x[to]!;
  const y1 = view.y[to]!;
  if (from === to) {
    const radius = Math.max(5, view.radius[from]! * 0.8);
    batch.loops.push(x0 + view.radius[from]! * 0.7, y0 - view.radius[from]! * 0.7 - radius * 0.4, radius);
    return;
  }
  const distance = Math.hypot(x1 - x0, y1 - y0);
  const room = distance - view.radius[from]! - view.radius[to]!;
  const pointed = arrows && room > arrowRoom;
  if (!pointed) {
    batch.segments.push(x0, y0, x1, y1);
    return;
  }
  const bend = curved ? Math.min(24, distance * 0.12) : 0;
  const cx = (x0 + x1) / 2 + ((y1 - y0) / distance) * 2 * bend;
  const cy = (y0 + y1) / 2 - ((x1 - x0) / distance) * 2 * bend;
  // The arrow arrives along the line from the control point, at the border of the circle.
  const arrival = Math.hypot(x1 - cx, y1 - cy);
  const ux = (x1 - cx) / arrival;
  const uy = (y1 - cy) / arrival;
  const tipX = x1 - ux * (view.radius[to]! + 1);
  const tipY = y1 - uy * (view.radius[to]! + 1);
  const length = 5 + 1.6 * batch.width;
  const half = length * 0.42;
  const backX = tipX - ux * length;
  const backY = tipY - uy * length;
  batch.triangles.push(tipX, tipY, backX - uy * half, backY + ux * half, backX + uy * half, backY - ux * half);
  if (curved) batch.curves.push(x0, y0, cx, cy, backX, backY);
  else batch.segments.push(x0, y0, backX, backY);
}

function circleItems(scene: Scene, camera: Camera, view: Projection, { isShown }: DrawOptions): CircleItem[] {
  const items: CircleItem[] = [];
  for (let node = view.x.length - 1; node >= 0; node--) {
    if (!isShown(node) || isOutside(view, node, camera)) continue;
    items.push({
      x: view.x[node]!,
      y: view.y[node]!,
      radius: view.radius[node]!,
      colour: scene.classColours[scene.classOf[node]!]!,
      hollow: scene.hollow[node] === 1,
    });
  }
  return items;
}

/** Circles of at least this radius on screen are not written over, if there is another place. */
const obstacleRadius = 4;
/** Circles of at least this radius on screen get a bold label, and sooner write over another circle than go without. */
const largeRadius = 11;

/** Labels beside their circles, in the order of importance; none overlaps another but those that come first anyway. */
function textItems(scene: Scene, camera: Camera, view: Projection, options: DrawOptions): TextItem[] {
  const circles = new LabelGrid();
  const labels = new LabelGrid();
  const texts: TextItem[] = [];
  const most = Math.ceil((camera.width * camera.height) / labelArea);
  const inView: number[] = [];
  for (let node = 0; node < scene.labels.length; node++) {
    if (!options.isShown(node) || isOutside(view, node, camera)) continue;
    inView.push(node);
    const half = view.radius[node]! * 0.8;
    const x = view.x[node]!;
    const y = view.y[node]!;
    if (view.radius[node]! >= obstacleRadius) circles.mark([x - half, y - half, x + half, y + half]);
  }
  const place = (node: number, always: boolean): void => {
    const text = scene.labels[node]!;
    if (text === "") return;
    const radius = view.radius[node]!;
    const isLarge = radius >= largeRadius || always;
    const size = isLarge ? 13 : 12;
    const weight = isLarge ? 600 : 400;
    const width = options.measure(text, size, weight);
    const half = size * 0.62;
    const x = view.x[node]!;
    const y = view.y[node]!;
    const places = [
      [x + radius + 4, y],
      [x - radius - 4 - width, y],
      [x - width / 2, y + radius + half + 2],
      [x - width / 2, y - radius - half - 2],
    ] as const;
    const boxAt = (left: number, middle: number): Box => [left - 2, middle - half, left + width + 2, middle + half];
    const free = places.filter(([left, middle]) => {
      return left > 2 && left + width < camera.width - 2 && labels.isFree(boxAt(left, middle));
    });
    const clear = free.find(([left, middle]) => circles.isFree(boxAt(left, middle)));
    const at = clear ?? (isLarge ? free[0] : undefined) ?? (always ? places[0] : undefined);
    if (at === undefined) return;
    labels.mark(boxAt(...at));
    texts.push({ node, x: at[0], y: at[1], text, size, weight });
  };
  const first = new Set(options.labelFirst);
  for (const node of inView) if (first.has(node)) place(node, true);
  for (const node of inView) {
    if (texts.length >= most + first.size) break;
    if (!first.has(node)) place(node, false);
  }
  return texts;
}

function isOutside(view: Projection, node: number, camera: Camera): boolean {
  const x = view.x[node]!;
  const y = view.y[node]!;
  const radius = view.radius[node]!;
  return x + radius < 0 || x - radius > camera.width || y + radius < 0 || y - radius > camera.height;
}
