/**
 * What the loss of an executor costs: PageRank on `local-cluster[3,1]` with one executor killed, beside the same run without.
 * Runs take turns. What is lost for certain is the time of the supersteps since the last snapshot and the time until the loss
 * is noticed; what a run takes beyond that is the cost of recovering: rows copied again, a new process started meanwhile.
 */
import { Context, GraphGenerators } from "superstep";
import { inMs, median, spread, table } from "./summary.ts";

const master = "local-cluster[3,1]";
const rounds = 20;
const vertices = 2 ** 17;
const edges = 1_000_000;
const snapshotEvery = 5;
/** The superstep after which an executor is killed: as many as can be are lost with it. */
const killAfter = 14;

interface Sample {
  readonly totalMs: number;
  readonly digest: number;
  /** Of one superstep, the median. */
  readonly superstepMs: number;
  /** From the kill until it was noticed; 0 without a kill. */
  readonly noticedMs: number;
  /** Supersteps that were computed again. */
  readonly again: number;
}

/** Measures, and prints a table. Returns false if results differ, or an executor was to be killed and was not. */
export async function benchRecovery(runs: number, say: (text: string) => void): Promise<boolean> {
  const context = await Context.create({ master, config: { snapshotEvery, maxHostReplacements: 1000 } });
  try {
    const graph = await GraphGenerators.rmat(context, { vertices, edges, distinct: false });
    const run = async (): Promise<number> => {
      const { graph: ranks } = await graph.pageRank({ iterations: rounds, scale: "none" });
      return ranks.vertices.map(([, rank]) => rank).sum();
    };
    const whole: Sample[] = [];
    const robbed: Sample[] = [];
    await run(); // warm
    for (let turn = 0; turn < runs; turn++) {
      whole.push(await sampled(context, run, false));
      robbed.push(await sampled(context, run, true));
      await context.driver.whenExecutors(3);
    }
    const all = (samples: readonly Sample[], of: (sample: Sample) => number): number[] => samples.map(of);
    const base = median(all(whole, ({ totalMs }) => totalMs));
    const lostMs = ({ again, superstepMs }: Sample): number => again * superstepMs;
    const extra = ({ totalMs }: Sample): number => totalMs - base;
    say(`\nPageRank, ${rounds} supersteps, R-MAT of ${edges.toLocaleString("en")} edges, ${master}, a snapshot every`);
    say(`${snapshotEvery}; an executor killed after superstep ${killAfter}: median (min to max) of ${runs} runs`);
    say(
      table([
        ["whole", spread(all(whole, ({ totalMs }) => totalMs))],
        ["one killed", spread(all(robbed, ({ totalMs }) => totalMs))],
        ["  longer by", spread(all(robbed, extra))],
        ["  until it was noticed", spread(all(robbed, ({ noticedMs }) => noticedMs))],
        [`  ${median(all(robbed, ({ again }) => again))} supersteps again`, spread(all(robbed, lostMs))],
        ["  beyond both", inMs(median(all(robbed, (one) => extra(one) - one.noticedMs - lostMs(one))))],
      ]),
    );
    const digests = new Set([...whole, ...robbed].map(({ digest }) => digest));
    return digests.size === 1 && robbed.every(({ noticedMs }) => noticedMs > 0);
  } finally {
    await context.stop();
  }
}

async function sampled(context: Context, run: () => Promise<number>, isRobbed: boolean): Promise<Sample> {
  const times: number[] = [];
  let [killedAt, noticedMs, again] = [0, 0, 0];
  const stop = context.on((event) => {
    if (event.type === "host" && event.what === "lost" && killedAt > 0) noticedMs = performance.now() - killedAt;
    if (event.type === "recovery") again += Math.max(0, event.toSuperstep - event.fromSuperstep);
    if (event.type !== "superstep") return;
    times.push(event.ms);
    if (!isRobbed || event.n !== killAfter || killedAt > 0) return;
    killedAt = performance.now();
    process.kill(context.driver.executors[0]!.pid, "SIGKILL");
  });
  const started = performance.now();
  const digest = await run();
  stop();
  return { totalMs: performance.now() - started, digest, superstepMs: median(times), noticedMs, again };
}
