/**
 * Links as they are drawn: parallel ones merged into one that is thicker, each pair of nodes at most once a direction.
 */

/** Columns, one entry a drawn link, in order of first appearance. */
export interface DrawnLinks {
  readonly count: number;
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  /** Links merged into it. */
  readonly multiplicity: Uint32Array;
  /** 0 thin to 4 thick: by the root of its summed weight's share of the largest; without weights by multiplicity. */
  readonly width: Uint8Array;
  /** 0 if nothing runs the other way; else 1 for the one of the two that stands for both from afar, 2 for the other. */
  readonly twin: Uint8Array;
}

/** Widths in px of the five classes. */
export const linkWidths: readonly number[] = [0.7, 1, 1.6, 2.5, 3.8];

/** The class of a link where all are alike. */
const plainWidth = 1;

/** Merges links. Undirected ones merge whichever way they are written. Weights that are not finite or below 0 count 0. */
export function drawnLinks(
  numNodes: number,
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  weights: ArrayLike<unknown> | undefined,
  directed: boolean,
): DrawnLinks {
  const positions = new Map<number, number>();
  const sources: number[] = [];
  const targets: number[] = [];
  const sums: number[] = [];
  const multiplicities: number[] = [];
  for (let link = 0; link < source.length; link++) {
    const turned = !directed && source[link]! > target[link]!;
    const from = turned ? target[link]! : source[link]!;
    const to = turned ? source[link]! : target[link]!;
    const key = from * numNodes + to;
    const weight = weights === undefined ? 1 : Number(weights[link]);
    const counted = Number.isFinite(weight) && weight > 0 ? weight : 0;
    const position = positions.get(key);
    if (position === undefined) {
      positions.set(key, sources.length);
      sources.push(from);
      targets.push(to);
      sums.push(counted);
      multiplicities.push(1);
    } else {
      sums[position]! += counted;
      multiplicities[position]!++;
    }
  }
  const largest = sums.reduce((a, b) => Math.max(a, b), 0);
  const allAlike = sums.every((sum) => sum === largest);
  const width = Uint8Array.from(sums, (sum) => {
    return allAlike
      ? plainWidth
      : Math.min(linkWidths.length - 1, Math.floor(linkWidths.length * Math.sqrt(sum / largest)));
  });
  const twin = Uint8Array.from(sources, (from, link) => {
    const to = targets[link]!;
    if (from === to || !positions.has(to * numNodes + from)) return 0;
    return from < to ? 1 : 2;
  });
  return {
    count: sources.length,
    source: Uint32Array.from(sources),
    target: Uint32Array.from(targets),
    multiplicity: Uint32Array.from(multiplicities),
    width,
    twin,
  };
}
