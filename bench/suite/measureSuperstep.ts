/**
 * Superstep in the suite: `node --expose-gc measureSuperstep.js THREADS FILE RUNS SOURCE`.
 */
import { Context, Graph, GraphLoader, type VertexId, type VertexRDD } from "superstep";
import { msSinceStart, type SuiteMeasurement, type SuiteTask, type TaskTimes } from "./suiteMeasurement.ts";

type Ranked = { readonly rank: number; readonly degree: number };

async function main([threads, file, runs, sourceText]: readonly string[]): Promise<SuiteMeasurement> {
  const ctx = await Context.create({ master: `local[${threads}]` });
  const startMs = msSinceStart();
  await ctx.range(0, 1000, 1, Number(threads)).count(); // threads start with the first job
  collect(ctx);
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const { graph: loaded, report } = await GraphLoader.load(ctx, file!, { format: "edgeList", weight: 3 });
  const loadMs = performance.now() - started;
  collect(ctx);
  const residentBytes = process.memoryUsage.rss() - before;
  const weight = report.edges.columns[0]?.name;
  if (weight === undefined) throw new Error(`${file} has no third column`);
  const graph = loaded as unknown as Graph<unknown, Readonly<Record<string, number>>>;
  const source = Number(sourceText);
  const times = async (run: () => Promise<() => Promise<number>>): Promise<TaskTimes> => {
    const ms: number[] = [];
    let check: number | undefined;
    for (let at = 0; at < Number(runs); at++) {
      const begin = performance.now();
      const checked = await run();
      ms.push(performance.now() - begin);
      check = await checked();
    }
    return { ms, ...(check !== undefined && Number.isFinite(check) && { check }) };
  };
  const tasks: Record<SuiteTask, TaskTimes> = {
    pageRank: await times(async () => ranksOf((await graph.pageRank({ iterations: 20, scale: "none" })).graph)),
    components: await times(async () => {
      const { graph: found } = await graph.connectedComponents();
      return dropping(found, (values) => new Set(values).size);
    }),
    bfs: await times(async () => distancesOf((await graph.bfs({ source })).graph)),
    sssp: await times(async () => distancesOf((await graph.sssp({ source, weight })).graph)),
    triangles: await times(async () => {
      const { graph: counted, total } = await graph.triangleCount();
      return async () => {
        await counted.unpersist();
        return total;
      };
    }),
    userPageRank: await times(() => userPageRank(graph)),
    userSssp: await times(() => userSssp(graph, source, weight)),
    emptySuperstep: await emptySuperstep(ctx, Number(runs)),
  };
  const numVertices = await graph.numVertices();
  const numEdges = await graph.numEdges();
  await ctx.stop();
  const version = `Node ${process.version}`;
  return { version, numVertices, numEdges, startMs, loadMs, buildMs: report.buildMs, residentBytes, tasks };
}

/** PageRank in the words of a user: degrees joined, then rounds of Pregel in which every vertex sends. */
async function userPageRank(graph: Graph<unknown, unknown>): Promise<() => Promise<number>> {
  const start = graph.outerJoinVertices(graph.outDegrees, (_id, _attr, degree): Ranked => ({
    rank: 1,
    degree: degree ?? 0,
  }));
  const run = await start.supersteps<number>("userPageRank", {
    sendMessage: (edge) => edge.sendToDst(edge.srcAttr.rank / edge.srcAttr.degree),
    mergeMessage: (a, b) => a + b,
    vertexProgram: (_id, vertex, sum) => ({ rank: 0.15 + 0.85 * sum, degree: vertex.degree }),
    noMessage: { value: 0 },
    maxSupersteps: 20,
  });
  await start.unpersist();
  const ranks = run.graph.mapVertices((_id, vertex) => vertex.rank);
  return async () => {
    const check = await (await ranksOf(ranks))();
    await run.graph.unpersist();
    return check;
  };
}

async function userSssp(
  graph: Graph<unknown, Readonly<Record<string, number>>>,
  source: number,
  weight: string,
): Promise<() => Promise<number>> {
  const start = graph.mapVertices((id) => (id === source ? 0 : Infinity));
  const run = await start.pregel<number>({
    initialMessage: Infinity,
    activeDirection: "out",
    vertexProgram: (_id, distance, offered) => Math.min(distance, offered),
    sendMessage: (edge) => {
      const offered = edge.srcAttr + edge.attr[weight]!;
      if (offered < edge.dstAttr) edge.sendToDst(offered);
    },
    mergeMessage: (a, b) => Math.min(a, b),
  });
  await start.unpersist();
  return distancesOf(run.graph);
}

/** Two vertices hand a message to each other: supersteps without work to speak of. */
async function emptySuperstep(ctx: Context, runs: number): Promise<TaskTimes> {
  const pair = pairGraph(ctx).mapVertices(() => 0);
  await pair.materialize();
  const rounds = 500;
  const ms: number[] = [];
  for (let at = 0; at < runs; at++) {
    const begin = performance.now();
    const run = await pair.pregel<number>({
      initialMessage: 0,
      maxSupersteps: rounds,
      vertexProgram: (_id, count) => count + 1,
      sendMessage: (edge) => edge.sendToDst(1),
      mergeMessage: (a, b) => a + b,
    });
    ms.push((performance.now() - begin) / rounds);
    await run.graph.unpersist();
  }
  return { ms };
}

function pairGraph(ctx: Context): Graph<number, number> {
  const edges = ctx.parallelize([
    { srcId: 1, dstId: 2, attr: 1 },
    { srcId: 2, dstId: 1, attr: 1 },
  ]);
  return Graph.fromEdges<number, number>(edges, { defaultVertex: 0 });
}

function ranksOf(graph: Graph<number, unknown>): Promise<() => Promise<number>> {
  return Promise.resolve(
    dropping(graph, (ranks) => {
      const total = ranks.reduce((sum, rank) => sum + rank, 0);
      return ranks.reduce((sum, rank) => sum + (rank / total) ** 2, 0);
    }),
  );
}

function distancesOf(graph: Graph<number, unknown>): () => Promise<number> {
  return dropping(graph, (distances) => distances.reduce((sum, value) => (value < Infinity ? sum + value : sum), 0));
}

/** Reads the values, outside of the measured time, and gives the graph back. */
function dropping<V extends VertexId>(
  graph: { readonly vertices: VertexRDD<V>; unpersist(): Promise<void> },
  check: (values: readonly number[]) => number,
): () => Promise<number> {
  return async () => {
    const values = (await graph.vertices.collect()).map(([, value]) => Number(value));
    await graph.unpersist();
    return check(values);
  };
}

function collect(ctx: Context): void {
  ctx.driver.collectGarbage();
  globalThis.gc?.();
}

console.log(JSON.stringify(await main(process.argv.slice(2))));
