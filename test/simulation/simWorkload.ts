/**
 * Jobs of a seed, and whether they ended as they must: with the results that the same work has without any fault, or with
 * a typed error that a fault can bring about.
 */
import type { JobOutcome } from "../../core/cluster/jobRunner.ts";
import type { OperatorRef } from "../../core/host/task.ts";
import { type Random, randomFor } from "../../core/random.ts";
import type { JobSpec, Placement, StageSpec } from "../../core/schedule/job.ts";
import type { Contribution } from "../../core/schedule/protocol.ts";
import { digestOf, mix } from "./simOperators.ts";

/** What runs the jobs. */
export interface Workbench {
  run(spec: JobSpec, onResult: (partition: number, result: unknown) => void): Promise<JobOutcome>;
  removeShuffle(shuffle: number): void;
  sleep(ms: number): Promise<void>;
}

/** A job with its fault-free end. */
interface Work {
  readonly spec: JobSpec;
  /** The results, or the code that it fails with. */
  readonly expected: readonly number[] | "TASK_FAILED";
  /** The accumulator of its last stage, which each partition adds its result to. */
  readonly accumulator: number | undefined;
  /** Shuffles that it writes or reads, with their numbers of maps. */
  readonly shuffles: readonly (readonly [shuffle: number, numMaps: number])[];
}

/** Errors with which a job may end because of faults, and no others. */
const faultCodes: ReadonlySet<string> = new Set(["HOST_LOST", "FETCH_FAILED", "TASK_FAILED"]);
const anywhere: Placement = { kind: "anywhere" };

/** How the jobs of a workload ended. */
export interface Account {
  succeeded: number;
  /** By code. */
  readonly failed: Map<string, number>;
}

/** Runs the jobs of `seed`; throws if one ends as it must not. */
export class Workload {
  readonly account: Account = { succeeded: 0, failed: new Map() };
  readonly #random: Random;
  readonly #contributions: Map<number, unknown[]> = new Map();
  readonly #read: Map<number, number> = new Map();
  #lastId = 0;

  constructor(seed: number) {
    this.#random = randomFor(seed, 2);
  }

  /** Takes what jobs contributed. */
  readonly merge = (contributions: readonly Contribution[]): void => {
    for (const { accumulator, value } of contributions) {
      const values = this.#contributions.get(accumulator) ?? [];
      values.push(value);
      this.#contributions.set(accumulator, values);
    }
  };

  async run(bench: Workbench): Promise<void> {
    const short = this.#shuffleJob(1);
    const long = this.#shuffleJob(2);
    const [shuffle] = short.shuffles[0]!;
    await Promise.all([
      this.#check(bench, short),
      this.#check(bench, long),
      bench.sleep(this.#random.next() * 100).then(() => this.#check(bench, this.#again(short))),
    ]);
    await this.#check(bench, this.#again(long));
    const persist = this.#persistJob();
    for (let i = 0; i < 2; i++)
      await Promise.all([this.#check(bench, persist), this.#check(bench, this.#failingJob())]);
    this.#checkMapContributions();
    bench.removeShuffle(shuffle);
    this.#contributions.delete(shuffle);
    this.#read.delete(shuffle);
    await this.#check(bench, this.#again(short));
    this.#checkMapContributions();
  }

  /** The last word: with the faults over, a job of its own must succeed. */
  async runAfterwards(bench: Workbench): Promise<void> {
    const before = this.account.succeeded;
    await this.#check(bench, this.#shuffleJob(1));
    if (this.account.succeeded !== before + 1) throw new Error("with all faults over, a job failed");
  }

  #shuffleJob(numShuffles: number): Work {
    const seed = this.#random.nextUint32();
    const counts = Array.from({ length: numShuffles + 1 }, () => 1 + this.#random.nextInt(6));
    const stages: StageSpec[] = [];
    const shuffles: (readonly [number, number])[] = [];
    let digests = Array.from({ length: counts[0]! }, (_, map) => mix(seed, map));
    for (let at = 0; at < numShuffles; at++) {
      const shuffle = ++this.#lastId;
      const writes = { shuffle, numReduces: counts[at + 1]! };
      const earlier = shuffles.at(-1);
      const reads = earlier === undefined ? undefined : { shuffle: earlier[0], numMaps: earlier[1] };
      stages.push({
        ...stageOf(reads === undefined ? "map" : "remap", counts[at]!, at === 0 ? [] : [at - 1]),
        shared: { seed, writes, reads },
        shuffleId: shuffle,
      });
      shuffles.push([shuffle, counts[at]!]);
      const written = digests;
      digests = Array.from({ length: counts[at + 1]! }, (_, reduce) => digestOf(written, reduce));
    }
    const [shuffle, numMaps] = shuffles.at(-1)!;
    const accumulator = 1000 + ++this.#lastId;
    const last = {
      ...stageOf("reduce", digests.length, [numShuffles - 1]),
      shared: { reads: { shuffle, numMaps }, accumulator },
    };
    return {
      spec: { name: `shuffle ${shuffle}`, stages: [...stages, last] },
      expected: digests,
      accumulator,
      shuffles,
    };
  }

  /** The same job once more, over the same shuffles. */
  #again(work: Work): Work {
    const accumulator = 1000 + ++this.#lastId;
    const last = work.spec.stages.at(-1)!;
    const stages = [...work.spec.stages.slice(0, -1), { ...last, shared: { ...(last.shared as object), accumulator } }];
    return { ...work, spec: { ...work.spec, stages }, accumulator };
  }

  #persistJob(): Work {
    const seed = this.#random.nextUint32();
    const rdd = ++this.#lastId;
    const numTasks = 1 + this.#random.nextInt(6);
    const stage = { ...stageOf("persist", numTasks, []), shared: { seed, rdd } };
    return {
      spec: { name: "persist", stages: [{ ...stage, placement: { kind: "anywhere", prefers: [rdd] } }] },
      expected: Array.from({ length: numTasks }, (_, partition) => mix(seed, partition)),
      accumulator: undefined,
      shuffles: [],
    };
  }

  #failingJob(): Work {
    const stages = [stageOf("fail", 1 + this.#random.nextInt(3), [])];
    return { spec: { name: "fail", stages }, expected: "TASK_FAILED", accumulator: undefined, shuffles: [] };
  }

  async #check(bench: Workbench, work: Work): Promise<void> {
    const { spec, expected, accumulator, shuffles } = work;
    const told: unknown[] = [];
    const outcome = await bench.run(spec, (partition, result) => {
      if (partition in told) throw new Error(`${spec.name}: partition ${partition} was accepted twice`);
      told[partition] = result;
    });
    if ("failure" in outcome) {
      const { code } = outcome.failure;
      if (!faultCodes.has(code))
        throw new Error(`${spec.name}: no fault brings about ${code}: ${outcome.failure.message}`);
      this.account.failed.set(code, (this.account.failed.get(code) ?? 0) + 1);
      return;
    }
    if (expected === "TASK_FAILED") throw new Error(`${spec.name}: it succeeded, though it cannot`);
    expectEqual(`${spec.name}: results`, outcome.results, expected);
    expectEqual(`${spec.name}: results as they came`, told, expected);
    if (accumulator !== undefined) {
      expectEqual(`${spec.name}: contributions`, this.#contributions.get(accumulator) ?? [], expected);
    }
    for (const [shuffle, numMaps] of shuffles) this.#read.set(shuffle, numMaps);
    this.account.succeeded++;
  }

  /** Each map that a job has read counted once, by however many jobs it was read and however often it was written. */
  #checkMapContributions(): void {
    for (const [shuffle, numMaps] of this.#read) {
      const all = Array.from({ length: numMaps }, (_, map) => map);
      expectEqual(`shuffle ${shuffle}: contributions`, this.#contributions.get(shuffle) ?? [], all);
    }
  }
}

function stageOf(name: string, numTasks: number, parents: readonly number[]): StageSpec {
  const operator: OperatorRef = { module: "simulation", name };
  return { name, operator, tasks: Array.from({ length: numTasks }, () => null), parents, placement: anywhere };
}

function expectEqual(what: string, got: readonly unknown[], expected: readonly unknown[]): void {
  const isEqual = got.length === expected.length && expected.every((value, at) => Object.is(got[at], value));
  if (!isEqual) throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
}
