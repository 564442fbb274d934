/**
 * How fast supersteps over all edges are, beside the loop that does nothing else: PageRank on a Kronecker graph, on one
 * thread and on two, compiled and not, and a plain loop in WebAssembly over rows as they come, in turn on the same edges.
 */
import { Context, type Graph, type VertexId } from "superstep";
import { kronecker } from "../graph/load/generators/kronecker.ts";
import { withReversedEdges } from "../graph/load/reverseChunks.ts";
import { jointParts } from "../graph/parts.ts";
import { buildTopology } from "../graph/partition/buildTopology.ts";
import { Graph as GraphOfParts } from "../graph/graph.ts";
import { Shape } from "../graph/shape.ts";
import { pullLoop } from "./serial/pullLoop.ts";
import { inMs, median, spread, table } from "./summary.ts";

const rounds = 20;

/** A graph in a context of its own, and what it takes there. */
interface Placed {
  readonly ctx: Context;
  readonly graph: Graph<unknown, unknown>;
  readonly numVertices: number;
  readonly numEdges: number;
  readonly bytes: number;
}

/** One call, and the middle one of its supersteps. */
interface Sample {
  readonly totalMs: number;
  readonly stepMs: number;
  readonly ranks: Float64Array;
}

/** Measures, and prints a table. Returns false if ranks differ in any bit. */
export async function benchLayout(scale: number, runs: number, say: (text: string) => void): Promise<boolean> {
  const rows: string[][] = [["", "the whole call", "a superstep", "M edges/s", "against the plain loop"]];
  const found: Float64Array[] = [];
  let plainMs = NaN;
  const row = (name: string, samples: readonly Sample[], numEdges: number, isPlain = false): void => {
    const stepMs = median(samples.map((sample) => sample.stepMs));
    const perSecond = (numEdges / stepMs / 1e3).toFixed(0);
    const against = isPlain ? "" : `${(plainMs / stepMs).toFixed(2)} times as fast`;
    if (isPlain) plainMs = stepMs;
    rows.push([name, spread(samples.map((sample) => sample.totalMs)), inMs(stepMs), perSecond, against]);
    found.push(samples.at(-1)!.ranks);
  };
  let size = "";
  for (const [master, compile] of [
    ["local[1]", 1],
    ["local[2]", 1],
    ["local[2]", 0],
  ] as const) {
    const placed = await place(master, compile, scale);
    const { ctx, graph, numVertices, numEdges, bytes } = placed;
    if (size === "") size = `${numVertices.toLocaleString("en")} vertices, ${numEdges.toLocaleString("en")} edges`;
    const plainLoop = pullLoop(ctx.driver.arena.memory);
    const [plain, samples]: [Sample[], Sample[]] = [[], [await ranked(placed)]];
    for (let run = 0; run < (compile === 0 ? 0 : runs); run++) {
      plain.push(await plainly(placed, plainLoop)); // in turn: what else the machine does meets both alike
      samples.push(await ranked(placed));
    }
    if (compile !== 0) row(`plain loop, 1 thread, beside ${master}`, plain, numEdges, true);
    row(`${master}${compile === 0 ? ", JavaScript" : ""}, first call`, samples.slice(0, 1), numEdges);
    if (compile !== 0) row(`${master}, further calls`, samples.slice(1), numEdges);
    if (master === "local[1]") size += `; once built ${bytesOf(bytes, numVertices, numEdges)}`;
    else if (compile !== 0) size += `, with tiles ${bytesOf(ctx.driver.arena.usedBytes, numVertices, numEdges)}`;
    if (compile !== 0 && master === "local[2]") {
      const text = await graph.explain();
      size += `\n${text.split("\n").find((line) => line.startsWith("scans")) ?? ""}`;
    }
    await ctx.stop();
  }
  say(`\nPageRank, ${rounds} rounds, Kronecker of scale ${scale}, both directions: ${size}`);
  say(table(rows));
  const same = found.every((ranks) => Buffer.compare(Buffer.from(ranks.buffer), Buffer.from(found[0]!.buffer)) === 0);
  say(same ? "  all ranks are the same to the bit" : "  DIFFERENT RANKS");
  return same;
}

async function place(master: string, compile: 0 | 1, scale: number): Promise<Placed> {
  const ctx = await Context.create({ master, config: { compile } });
  const { driver } = ctx;
  const chunks = withReversedEdges((await kronecker(driver, { scale })).edges);
  const { topology, edgeAttrs } = await buildTopology(driver, { chunks });
  const { numVertices, numEdges, partitions } = topology;
  const vertices = { schema: { kind: "record", fields: [] }, length: numVertices, columns: [] } as const;
  const shape = new Shape(driver, topology);
  const parts = jointParts(ctx, partitions.length, [], () => Promise.resolve({ shape, vertices, edges: edgeAttrs }));
  const graph = await new GraphOfParts<unknown, unknown>(parts).materialize();
  return { ctx, graph, numVertices, numEdges, bytes: driver.arena.usedBytes };
}

/** A call of `pageRank`, whose supersteps tell how long they took. */
async function ranked({ ctx, graph }: Placed): Promise<Sample> {
  const steps: number[] = [];
  const unsubscribe = ctx.on((event) => {
    if (event.type === "superstep") steps.push(event.ms);
  });
  const started = performance.now();
  const { graph: ranks } = await graph.pageRank({ iterations: rounds, scale: "none" });
  const totalMs = performance.now() - started;
  unsubscribe();
  const rows: [VertexId, number][] = await ranks.vertices.collect();
  await ranks.unpersist();
  return { totalMs, stepMs: median(steps), ranks: Float64Array.from(rows, ([, rank]) => rank) };
}

/** The same ranks by the plain loop, over the rows of all partitions as one. */
async function plainly({ ctx, graph }: Placed, run: ReturnType<typeof pullLoop>): Promise<Sample> {
  const { arena } = ctx.driver;
  return graph.parts.shape.use(async (shape) => {
    const { numVertices, partitions } = shape.topology;
    const degrees = arena.view(await shape.outDegrees());
    const offsets = arena.allocate("uint32", numVertices + 1);
    for (const { from, inRows } of partitions) {
      arena.view(inRows.offsets).forEach((offset, at) => (arena.view(offsets)[from + at] = inRows.firstEdge + offset));
    }
    const columns = [0, 1, 2].map(() => arena.allocate("float64", numVertices));
    const [share, rank, sent] = columns as [(typeof columns)[0], (typeof columns)[0], (typeof columns)[0]];
    const neighbours = partitions[0]!.inRows.neighbours.offset;
    const at = { offsets: offsets.offset, neighbours, share: share.offset, rank: rank.offset, sent: sent.offset };
    arena.view(share).forEach((_, vertex, view) => (view[vertex] = degrees[vertex] === 0 ? 0 : 1 / degrees[vertex]!));
    arena.view(rank).fill(1);
    const steps: number[] = [];
    const started = performance.now();
    for (let round = 0; round < rounds; round++) {
      const begun = performance.now();
      run(numVertices, at);
      steps.push(performance.now() - begun);
    }
    const totalMs = performance.now() - started;
    const ranks = arena.view(rank).slice();
    for (const column of [offsets, ...columns]) arena.free(column);
    return { totalMs, stepMs: median(steps), ranks };
  });
}

function bytesOf(bytes: number, numVertices: number, numEdges: number): string {
  const perVertex = 8;
  return `${(bytes / 1e6).toFixed(1)} MB, ${((bytes - perVertex * numVertices) / numEdges).toFixed(2)} bytes an edge besides ${perVertex} a vertex`;
}
