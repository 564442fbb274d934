/**
 * What it costs to run on executors rather than on threads of one process: PageRank on an R-MAT graph, and supersteps that
 * have next to nothing to do, on `local[2]` and `local-cluster[2,1]`, which take turns.
 */
import { Context, Graph, GraphGenerators, type Edge } from "superstep";
import { inMs, median, ratio, spread, table } from "./summary.ts";

const masters = ["local[2]", "local-cluster[2,1]"] as const;
const rounds = 20;
const vertices = 2 ** 20;
const edges = 10_000_000;
const emptySupersteps = 200;

/** One superstep, as its event tells. */
interface Round {
  readonly ms: number;
  readonly bytes: number;
  readonly computeMs: number;
  readonly shipMs: number;
  readonly waitMs: number;
}

interface Sample {
  /** From the call to the end, copies to executors included. */
  readonly totalMs: number;
  readonly rounds: readonly Round[];
  readonly digest: number;
}

/** Measures, and prints tables. Returns false if results differ between masters. */
export async function benchCluster(runs: number, say: (text: string) => void): Promise<boolean> {
  const contexts = new Map<string, Context>();
  try {
    for (const master of masters) contexts.set(master, await Context.create({ master }));
    const ranked = await inTurns(contexts, runs, rankingOf);
    const busy = table([
      ["", "all", "a superstep", "MB sent", "computing", "shipping", "waiting"],
      ...Array.from(ranked, ([master, samples]) => {
        const all = samples.flatMap((sample) => sample.rounds);
        const of = (part: keyof Round): string => inMs(median(all.map((round) => round[part])));
        const sent = (median(all.map(({ bytes }) => bytes)) / 1e6).toFixed(1);
        const isLocal = master.startsWith("local[");
        const parts = isLocal ? ["", "", "", ""] : [sent, of("computeMs"), of("shipMs"), of("waitMs")];
        return [master, spread(samples.map(({ totalMs }) => totalMs)), spread(all.map(({ ms }) => ms)), ...parts];
      }),
    ]);
    say(
      `\nPageRank, ${rounds} supersteps, R-MAT of ${edges.toLocaleString("en")} edges: median (min to max) of ${runs} runs`,
    );
    say(busy);
    const totalOf = (master: string): number => median(ranked.get(master)!.map(({ totalMs }) => totalMs));
    say(`  ${masters[1]} takes ${ratio(totalOf(masters[1]), totalOf(masters[0]))} the time of ${masters[0]}`);

    const idle = await inTurns(contexts, runs, wanderingOf);
    say(
      `\nA superstep with next to nothing to do, over 4 partitions: median (min to max) of ${runs} x ${emptySupersteps}`,
    );
    say(
      table(
        Array.from(idle, ([master, samples]) => [
          master,
          spread(samples.flatMap(({ rounds: all }) => all.map(({ ms }) => ms))),
        ]),
      ),
    );
    return [ranked, idle].every(
      (measured) => new Set([...measured.values()].flat().map(({ digest }) => digest)).size === 1,
    );
  } finally {
    for (const context of contexts.values()) await context.stop();
  }
}

/** Each context makes what it measures once, and runs it once to warm up. */
async function inTurns(
  contexts: ReadonlyMap<string, Context>,
  runs: number,
  prepare: (ctx: Context) => Promise<() => Promise<number>>,
): Promise<Map<string, Sample[]>> {
  const ready = new Map<string, () => Promise<Sample>>();
  for (const [master, ctx] of contexts) {
    const run = await prepare(ctx);
    ready.set(master, () => sampled(ctx, run));
  }
  const samples = new Map<string, Sample[]>(Array.from(ready.keys(), (master) => [master, []]));
  for (let turn = 0; turn <= runs; turn++) {
    for (const [master, run] of ready) {
      const sample = await run();
      if (turn > 0) samples.get(master)!.push(sample);
    }
  }
  return samples;
}

async function sampled(ctx: Context, run: () => Promise<number>): Promise<Sample> {
  const all: Round[] = [];
  const stop = ctx.driver.events.subscribe((event) => {
    if (event.type !== "superstep") return;
    const { ms, bytes = 0, computeMs = 0, shipMs = 0, waitMs = 0 } = event;
    all.push({ ms, bytes, computeMs, shipMs, waitMs });
  });
  const started = performance.now();
  const digest = await run();
  stop();
  return { totalMs: performance.now() - started, rounds: all, digest };
}

/** Runs PageRank; gives the exact sum of the ranks that were not scaled. */
async function rankingOf(ctx: Context): Promise<() => Promise<number>> {
  const graph = await GraphGenerators.rmat(ctx, { vertices, edges, distinct: false });
  return async () => {
    const { graph: ranks } = await graph.pageRank({ iterations: rounds, scale: "none" });
    return ranks.vertices.map(([, rank]) => rank).sum();
  };
}

/** Lets one value wander around a ring. */
async function wanderingOf(ctx: Context): Promise<() => Promise<number>> {
  const ring = Array.from({ length: emptySupersteps + 1 }, (_, at): Edge<number> => ({
    srcId: at,
    dstId: (at + 1) % (emptySupersteps + 1),
    attr: 1,
  }));
  const graph = Graph.fromEdges(ctx.parallelize(ring, 4), { defaultVertex: 0 }).mapVertices((id) => Number(id));
  return async () => {
    const { graph: ended } = await graph.pregel<number>({
      initialMessage: Infinity,
      activeDirection: "out",
      vertexProgram: (_id, attr, message) => Math.min(attr, message),
      sendMessage: (edge) => {
        if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
      },
      mergeMessage: (a, b) => Math.min(a, b),
    });
    return ended.vertices.map(([, smallest]) => smallest).sum();
  };
}
