/**
 * A seeded permutation of [0, 2^bits) that needs no table: each id is mixed by itself, by steps that can be undone.
 */
import { randomFor } from "../../../core/random.ts";
import { streams } from "./generatedGraph.ts";

/** Constants of a permutation. */
export interface Relabeling {
  readonly mask: number;
  readonly shift: number;
  /** Odd numbers and any numbers, one a round. */
  readonly factors: readonly number[];
  readonly summands: readonly number[];
}

/** Enough for every bit of an id to reach every bit of its label several times. */
const rounds = 4;

/** The permutation of a seed. `bits`: 0 to 32. */
export function relabeling(seed: number, bits: number): Relabeling {
  const random = randomFor(seed, streams.relabel);
  return {
    mask: bits === 32 ? 0xffffffff : 2 ** bits - 1,
    shift: Math.max(1, Math.ceil(bits / 2)),
    factors: Array.from({ length: rounds }, () => random.nextUint32() | 1),
    summands: Array.from({ length: rounds }, () => random.nextUint32()),
  };
}

/** The label of an id. */
export function relabel({ mask, shift, factors, summands }: Relabeling, id: number): number {
  let label = id;
  for (let round = 0; round < rounds; round++) {
    label = ((Math.imul(label, factors[round]!) + summands[round]!) & mask) >>> 0;
    label ^= label >>> shift;
  }
  return label >>> 0;
}
