/**
 * Where the page looks: a point of the picture lies on screen at k * point + (x, y), in CSS px.
 */
export interface Camera {
  readonly k: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How far one can zoom out and in. */
export const zoomExtent: readonly [number, number] = [0.02, 24];

/** Circles grow more slowly than distances do, so that zooming in takes them apart. In px, at least 1.5. */
export function screenRadius(radius: number, k: number): number {
  return Math.max(1.5, radius * k ** 0.6);
}

/** Room around the picture that `fit` leaves, in px. */
const margin = 36;

/** The camera that shows all visible nodes right of `coveredLeft` px; at most twice the size of the layout. */
export function fitCamera(
  positions: ArrayLike<number>,
  isVisible: (node: number) => boolean,
  width: number,
  height: number,
  coveredLeft: number = 0,
): Camera {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (let node = 0; 2 * node < positions.length; node++) {
    if (!isVisible(node)) continue;
    left = Math.min(left, positions[2 * node]!);
    right = Math.max(right, positions[2 * node]!);
    top = Math.min(top, positions[2 * node + 1]!);
    bottom = Math.max(bottom, positions[2 * node + 1]!);
  }
  if (left === Infinity) return { k: 1, x: (width + coveredLeft) / 2, y: height / 2, width, height };
  const wide = Math.max(1, width - coveredLeft - 2 * margin) / Math.max(1, right - left);
  const high = Math.max(1, height - 2 * margin) / Math.max(1, bottom - top);
  const k = Math.max(zoomExtent[0], Math.min(2, wide, high));
  return {
    k,
    x: (width + coveredLeft) / 2 - (k * (left + right)) / 2,
    y: height / 2 - (k * (top + bottom)) / 2,
    width,
    height,
  };
}
