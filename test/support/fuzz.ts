/** Seconds that each property is tried with inputs that are new every time: `SUPERSTEP_FUZZ`, else 0. */
const seconds = Number(process.env["SUPERSTEP_FUZZ"] ?? 0);

/** Parameters of fast-check's `assert`. */
export interface Fuzzing {
  numRuns: number;
  seed?: number;
  interruptAfterTimeLimit?: number;
  markInterruptAsFailure?: boolean;
}

/** How long a property is tried: `numRuns` times from a fixed seed, or for as long as `SUPERSTEP_FUZZ` says. A failure tells its seed. */
export function fuzz(numRuns: number, seed: number): Fuzzing {
  if (!(seconds > 0)) return { numRuns, seed };
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: 1000 * seconds, markInterruptAsFailure: false };
}

/** Milliseconds that a test of `numProperties` of them may take. */
export function fuzzTimeoutMs(numProperties: number): number {
  return 120_000 + 1000 * seconds * numProperties;
}
