/**
 * The seeds that simulations are played with: 200, or SUPERSTEP_SEEDS of them, from 0 or SUPERSTEP_FIRST_SEED on; or
 * SUPERSTEP_SEED alone.
 */
import { expect } from "vitest";
import type { Account } from "./simWorkload.ts";

/** What came of one seed. */
export interface Played {
  readonly account: Account;
  /** How often each fault came to pass. */
  readonly fired: ReadonlyMap<string, number>;
  /** What happened, in order: two runs of a seed are one and the same. */
  readonly trace: readonly string[];
}

const numSeeds = Number(process.env["SUPERSTEP_SEEDS"] ?? 200);
const firstSeed = Number(process.env["SUPERSTEP_FIRST_SEED"] ?? 0);
const only = process.env["SUPERSTEP_SEED"];

export const seeds: readonly number[] =
  only === undefined ? Array.from({ length: numSeeds }, (_, at) => firstSeed + at) : [Number(only)];

/** For a test that plays all seeds. */
export const seedsTimeoutMs: number = 1000 * numSeeds;

/**
 * Plays all seeds; an error names the seed that brings it again. Of all together, each fault must have come to pass often
 * enough, and jobs must have ended as they should.
 */
export async function playSeeds(play: (seed: number) => Promise<Played>, faults: readonly string[]): Promise<void> {
  const fired = new Map<string, number>();
  const ends = new Map<string, number>();
  const add = (counts: Map<string, number>, [what, count]: readonly [string, number]): void =>
    void counts.set(what, (counts.get(what) ?? 0) + count);
  for (const seed of seeds) {
    const run = await play(seed).catch((error: unknown) => {
      throw new Error(`SUPERSTEP_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    });
    for (const entry of run.fired) add(fired, entry);
    for (const entry of run.account.failed) add(ends, entry);
    add(ends, ["succeeded", run.account.succeeded]);
  }
  if (only !== undefined) return;
  for (const fault of faults) expect(fired.get(fault) ?? 0, fault).toBeGreaterThan(10);
  // each seed has two jobs that must fail; faults may end others, but not many
  expect(ends.get("succeeded")!).toBeGreaterThan(6 * numSeeds);
  expect(ends.get("TASK_FAILED")!).toBeGreaterThanOrEqual(numSeeds);
}
