/**
 * Real graphs against serial references, for 1, 2 and 7 partitions and 1 and 2 threads: the same bits throughout.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import { GraphLoader } from "../../graph/load/graphLoader.ts";
import type { Edge } from "../../graph/types.ts";
import { dijkstraOver } from "../reference/dijkstra.ts";
import { powerIteration } from "../reference/powerIteration.ts";
import { unionFind } from "../reference/unionFind.ts";
import { bitsOf, largestDifference } from "../support/bits.ts";
import { attrsOf, idsOf, type Arc } from "../support/graphs.ts";
import { hasSharedData, sharedData } from "../support/sharedData.ts";

interface RealGraph {
  readonly file: string;
  readonly source: number;
  /** For tables: the columns of the ends, and of the weight. */
  readonly columns?: readonly [string, string, string];
  readonly numVertices: number;
  readonly numEdges: number;
}

const graphs: Record<string, RealGraph> = {
  "wiki-vote": { file: "wiki-vote/wiki-Vote.txt.gz", source: 30, numVertices: 7115, numEdges: 103689 },
  "email-eu-core": { file: "email-eu-core/email-Eu-core.txt", source: 0, numVertices: 1005, numEdges: 25571 },
  facebook: { file: "facebook/facebook_combined.txt.gz", source: 0, numVertices: 4039, numEdges: 88234 },
  "roads-liechtenstein": {
    file: "roads-liechtenstein/edges.csv.gz",
    source: 0,
    columns: ["src", "dst", "metres"],
    numVertices: 4875,
    numEdges: 11162,
  },
  "air-routes": {
    file: "air-routes/edges.csv.gz",
    source: 1,
    columns: ["src", "dst", "miles"],
    numVertices: 3476,
    numEdges: 50637,
  },
};

/** The edges of a file, by string operations alone. */
function edgesOf({ file, columns }: RealGraph): Arc[] {
  const bytes = readFileSync(sharedData(file));
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (columns === undefined) {
    return lines.map((line) => {
      const [src, dst] = line.trim().split(/\s+/);
      return { srcId: Number(src), dstId: Number(dst), attr: 1 };
    });
  }
  const header = lines[0]!.split(",");
  const [src, dst, weight] = columns.map((name) => header.indexOf(name)) as [number, number, number];
  return lines.slice(1).map((line) => {
    const cells = line.split(","); // none of the columns up to the weight is quoted
    return { srcId: Number(cells[src]), dstId: Number(cells[dst]), attr: Number(cells[weight]) };
  });
}

function outgoing(arcs: readonly Edge<number>[]): Map<number, Edge<number>[]> {
  const out = new Map<number, Edge<number>[]>();
  for (const arc of arcs) {
    const row = out.get(arc.srcId as number);
    if (row === undefined) out.set(arc.srcId as number, [arc]);
    else row.push(arc);
  }
  return out;
}

describe.skipIf(!hasSharedData).each(Object.entries(graphs))("%s", (_name, real) => {
  const run = async (master: string, numPartitions: number) => {
    const ctx = await Context.create({ master });
    try {
      const { graph } = await GraphLoader.load(ctx, sharedData(real.file), {
        numPartitions,
        ...(real.columns && { src: real.columns[0], dst: real.columns[1], weight: real.columns[2] }),
      });
      const ids = (await graph.vertices.keys().collect()) as number[];
      const source = real.source === 0 ? ids[0]! : real.source;
      const ranks = await graph.pageRank({ tolerance: 1e-12 });
      const rounds = await graph.pageRank({ iterations: 20, scale: "probability" });
      const components = await graph.connectedComponents();
      const weight = real.columns === undefined ? {} : { weight: real.columns[2] };
      const distances = await graph.sssp({ source, ...weight });
      const hops = await graph.bfs({ source });
      const found = {
        source,
        counts: [await graph.numVertices(), await graph.numEdges()],
        ranks: await attrsOf(ranks.graph),
        rounds: await attrsOf(rounds.graph),
        components: await attrsOf(components.graph),
        distances: await attrsOf(distances.graph),
        hops: await attrsOf(hops.graph),
      };
      const bits = [
        await bitsOf(ranks.graph),
        await bitsOf(rounds.graph),
        await bitsOf(components.graph as never),
        await bitsOf(distances.graph),
        await bitsOf(hops.graph),
        ...[ranks, rounds, components, distances, hops].map(({ supersteps }) => supersteps),
      ];
      return { found, bits };
    } finally {
      await ctx.stop();
    }
  };

  it("agrees with the references, to the same bits for every number of partitions and threads", async () => {
    const arcs = edgesOf(real);
    const ids = idsOf(arcs);
    const { found, bits } = await run("local[1]", 1);
    expect(found.counts).toEqual([real.numVertices, real.numEdges]);

    const settled = powerIteration(ids, arcs, { resetProbability: 0.15, scale: "graphx" });
    expect(largestDifference(found.ranks, settled as Map<never, number>)).toBeLessThan(1e-9);
    const rounds = powerIteration(ids, arcs, { resetProbability: 0.15, scale: "probability", iterations: 20 });
    expect(largestDifference(found.rounds, rounds as Map<never, number>)).toBeLessThan(1e-9);
    expect(new Map(found.components)).toEqual(unionFind(ids, arcs));
    const distances = dijkstraOver(outgoing(arcs), ids, found.source);
    expect(largestDifference(found.distances, distances as Map<never, number>)).toBeLessThan(1e-12);
    const hops = dijkstraOver(outgoing(arcs.map((arc) => ({ ...arc, attr: 1 }))), ids, found.source);
    expect(new Map(found.hops)).toEqual(hops);

    for (const [master, numPartitions] of [
      ["local[1]", 7],
      ["local[2]", 2],
      ["local[2]", 7],
    ] as const) {
      expect((await run(master, numPartitions)).bits, `${master}, ${numPartitions} partitions`).toEqual(bits);
    }
  }, 180_000);
});

describe.runIf(!hasSharedData)("real graphs", () => {
  it.skip("are not beside this repository: their checks are left out", () => {});
});
