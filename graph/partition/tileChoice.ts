/**
 * Whether a scan is faster over tiles than over rows as they lie: decided by the order in which rows read their sources,
 * of which a part is played through a model of a cache.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { Topology } from "./topology.ts";

/** What was measured, and what follows. */
export interface TileChoice {
  /** Share of sampled reads that the cache does not hold, in [0, 1]; absent if the graph is small. */
  readonly missed?: number;
  readonly isTiled: boolean;
}

/** Below so many edges a superstep takes a millisecond or two, whatever the layout. */
const minEdges = 2 ** 21;
/** Reads that may miss; below, rows as they lie are as fast, and need not be laid out again. */
const maxMissed = 1 / 8;
/** Places at which is sampled, evenly spread, and edges at each of them: the first half fills the cache. */
const numSamples = 4;
const sampleEdges = 2 ** 17;
/** A cache of 1 MiB: lines of 8 messages, each with one place. */
const lineShift = 3;
const numLines = 16384;

/** Measures and decides. Cost: a few milliseconds. */
export function chooseTiles({ numEdges, partitions }: Topology, arena: Arena): TileChoice {
  if (numEdges < minEdges) return { isTiled: false };
  let missed = 0;
  let counted = 0;
  for (let sample = 0; sample < numSamples; sample++) {
    const first = Math.floor(((numEdges - sampleEdges) * sample) / (numSamples - 1));
    const cached = new Int32Array(numLines).fill(-1);
    for (const { inRows } of partitions) {
      const neighbours = arena.view(inRows.neighbours);
      const entryOf = (edge: number): number => Math.min(Math.max(edge - inRows.firstEdge, 0), neighbours.length);
      const [from, to] = [entryOf(first + sampleEdges / 2), entryOf(first + sampleEdges)];
      readThrough(cached, neighbours, entryOf(first), from);
      missed += readThrough(cached, neighbours, from, to);
      counted += to - from;
    }
  }
  return { missed: missed / counted, isTiled: missed / counted > maxMissed };
}

/** Reads the sources of entries [from, to) through a cache; returns how many it did not hold. A short loop: it runs cold. */
function readThrough(cached: Int32Array, neighbours: Uint32Array, from: number, to: number): number {
  let missed = 0;
  for (let entry = from; entry < to; entry++) {
    const line = neighbours[entry]! >>> lineShift;
    const at = line % numLines;
    if (cached[at] !== line) missed++;
    cached[at] = line;
  }
  return missed;
}
