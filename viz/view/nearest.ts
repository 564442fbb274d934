/**
 * Which node the keyboard or the pointer means.
 */
export type Direction = "left" | "right" | "up" | "down";

const axes: Record<Direction, readonly [number, number]> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

/** Half the opening of the cone in which a direction looks. */
const halfCone = Math.PI / 3;

/**
 * The candidate nearest to `from` within 60 degrees of a direction, what lies straight ahead preferred over what lies
 * aside at the same distance; -1 if none does. Ties: the first.
 */
export function nearestTowards(
  positions: ArrayLike<number>,
  from: number,
  direction: Direction,
  candidates: Iterable<number>,
): number {
  const [ax, ay] = axes[direction];
  let nearest = -1;
  let least = Infinity;
  for (const node of candidates) {
    const dx = positions[2 * node]! - positions[2 * from]!;
    const dy = positions[2 * node + 1]! - positions[2 * from + 1]!;
    const distance = Math.hypot(dx, dy);
    if (node === from || distance === 0) continue;
    const angle = Math.acos(Math.max(-1, Math.min(1, (dx * ax + dy * ay) / distance)));
    const cost = distance * (1 + angle * angle);
    if (angle <= halfCone + 1e-9 && cost < least) {
      nearest = node;
      least = cost;
    }
  }
  return nearest;
}

/** The visible node whose circle, widened by `slack`, holds the point; the nearest of several by its border; else -1. */
export function nodeAt(
  positions: ArrayLike<number>,
  radiusOf: (node: number) => number,
  isVisible: (node: number) => boolean,
  x: number,
  y: number,
  slack: number,
): number {
  let nearest = -1;
  let least = slack;
  for (let node = 0; 2 * node < positions.length; node++) {
    const gap = Math.hypot(positions[2 * node]! - x, positions[2 * node + 1]! - y) - radiusOf(node);
    if (gap < least && isVisible(node)) {
      nearest = node;
      least = gap;
    }
  }
  return nearest;
}
