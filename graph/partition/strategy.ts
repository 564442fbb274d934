/**
 * Vertex cuts: which part of a graph an edge belongs to. The four of GraphX, in their clear form; `edgePartitioner`
 * makes the fast one, on hashes as words.
 */

import { invalidArgument } from "../../core/errors.ts";
import type { VertexId } from "../types.ts";
import { hashUtf8, multiply64, type Words64 } from "./words64.ts";

/** Names of strategies, as GraphX has them. */
export const strategyNames = [
  "EdgePartition1D",
  "EdgePartition2D",
  "RandomVertexCut",
  "CanonicalRandomVertexCut",
] as const;

/** A strategy by name. */
export type StrategyName = (typeof strategyNames)[number];

/** A strategy of the user's own: an integer in [0, numParts), the same for the same arguments. */
export type StrategyFunction = (srcId: VertexId, dstId: VertexId, numParts: number) => number;

/** How edges are spread over parts. */
export type PartitionStrategy = StrategyName | StrategyFunction;

/** @throws SuperstepError INVALID_ARGUMENT unless `strategy` is a strategy's name or a function. */
export function checkStrategy(where: string, strategy: unknown): asserts strategy is PartitionStrategy {
  if (typeof strategy === "function" || strategyNames.includes(strategy as StrategyName)) return;
  throw invalidArgument(where, "strategy", `${strategyNames.join(", ")} or a function`, strategy);
}

const mixingPrime = 1125899906842597n;

/** The hash of a vertex: for integers |id * mixingPrime| in signed 64 bits, wrapping; for strings FNV-1a of 64 bits. */
export function hashOfId(id: VertexId): bigint {
  if (typeof id === "string") {
    const { high, low } = hashUtf8(new TextEncoder().encode(id));
    return (BigInt(high) << 32n) | BigInt(low);
  }
  const product = BigInt.asIntN(64, BigInt(id) * mixingPrime);
  return product < 0n ? -product : product;
}

/**
 * The part of [0, numParts) in which a named strategy puts an edge.
 *
 * - `EdgePartition1D`: all edges of a source meet.
 * - `EdgePartition2D`: sources choose the column of a square of parts, destinations the row, so that a vertex is in at
 *   most 2 * sqrt(numParts) parts; if numParts is no square, the last column has another number of rows.
 * - `RandomVertexCut`: parallel edges meet.
 * - `CanonicalRandomVertexCut`: edges between the same two vertices meet, whatever their direction.
 */
export function partOfEdge(strategy: StrategyName, srcId: VertexId, dstId: VertexId, numParts: number): number {
  const src = hashOfId(srcId);
  const dst = hashOfId(dstId);
  const n = BigInt(numParts);
  switch (strategy) {
    case "EdgePartition1D":
      return Number(src % n);
    case "EdgePartition2D": {
      const { columns, rows, lastRows } = squareOf(numParts);
      const column =
        columns * columns === numParts ? Number(src % BigInt(columns)) : Math.floor(Number(src % n) / rows);
      return column * rows + Number(dst % BigInt(column < columns - 1 ? rows : lastRows));
    }
    case "RandomVertexCut":
    case "CanonicalRandomVertexCut": {
      const [from, to] = [wordsOfHash(src), wordsOfHash(dst)];
      return edgePartitioner(strategy, numParts)(from.high, from.low, to.high, to.low);
    }
  }
}

/** The part of an edge, given the hashes of its ends as unsigned words. */
export type EdgePartitioner = (srcHigh: number, srcLow: number, dstHigh: number, dstLow: number) => number;

/** The fast form of `partOfEdge`. `numParts`: 1 to 65536. */
export function edgePartitioner(strategy: StrategyName, numParts: number): EdgePartitioner {
  switch (strategy) {
    case "EdgePartition1D":
      return (srcHigh, srcLow) => remainder(srcHigh, srcLow, numParts);
    case "EdgePartition2D": {
      const { columns, rows, lastRows } = squareOf(numParts);
      const isSquare = columns * columns === numParts;
      return (srcHigh, srcLow, dstHigh, dstLow) => {
        const column = isSquare
          ? remainder(srcHigh, srcLow, columns)
          : Math.floor(remainder(srcHigh, srcLow, numParts) / rows);
        return column * rows + remainder(dstHigh, dstLow, column < columns - 1 ? rows : lastRows);
      };
    }
    case "RandomVertexCut":
      return (srcHigh, srcLow, dstHigh, dstLow) => mixWords(srcHigh, srcLow, dstHigh, dstLow) % numParts;
    case "CanonicalRandomVertexCut":
      return (srcHigh, srcLow, dstHigh, dstLow) => {
        const isInOrder = srcHigh < dstHigh || (srcHigh === dstHigh && srcLow <= dstLow);
        const mixed = isInOrder
          ? mixWords(srcHigh, srcLow, dstHigh, dstLow)
          : mixWords(dstHigh, dstLow, srcHigh, srcLow);
        return mixed % numParts;
      };
  }
}

/** The hash of an integer id, given as 64-bit two's complement, as `hashOfId` has it. */
export function hashOfInteger(id: Words64): Words64 {
  const { high, low } = multiply64(id, primeWords);
  if (high < 0x80000000) return { high, low };
  return low === 0 ? { high: -high >>> 0, low: 0 } : { high: ~high >>> 0, low: -low >>> 0 };
}

const primeWords = wordsOfHash(mixingPrime);

function wordsOfHash(hash: bigint): Words64 {
  return { high: Number(hash >> 32n), low: Number(hash & 0xffffffffn) };
}

/** The near-square of EdgePartition2D: `columns` columns of `rows` parts, but `lastRows` in the last. */
function squareOf(numParts: number): { columns: number; rows: number; lastRows: number } {
  const columns = Math.ceil(Math.sqrt(numParts));
  const rows = Math.ceil(numParts / columns);
  return { columns, rows, lastRows: numParts - rows * (columns - 1) };
}

/** An unsigned 64-bit integer modulo n, at most 65536: by digits of 16 bits, so that all steps fit 32 bits. */
function remainder(high: number, low: number, n: number): number {
  const first = high % n;
  const second = (((first << 16) | (low >>> 16)) >>> 0) % n;
  return (((second << 16) | (low & 0xffff)) >>> 0) % n;
}

/** 32 well mixed bits of an ordered pair of hashes, by rounds and finish of MurmurHash3. */
function mixWords(srcHigh: number, srcLow: number, dstHigh: number, dstLow: number): number {
  let hash = mixWord(0, srcLow);
  hash = mixWord(hash, srcHigh);
  hash = mixWord(hash, dstLow);
  hash = mixWord(hash, dstHigh);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixWord(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  const next = hash ^ mixed;
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}
