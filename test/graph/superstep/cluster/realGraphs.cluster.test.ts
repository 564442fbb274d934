/** A social network on threads and on executors, whole and with one of them killed: the same bits. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeValues } from "../../../../core/column/codec.ts";
import type { Context } from "../../../../core/context.ts";
import type { Graph } from "../../../../graph/graph.ts";
import { GraphLoader } from "../../../../graph/load/graphLoader.ts";
import type { VertexId } from "../../../../graph/types.ts";
import { useCluster } from "../../../support/cluster.ts";
import { useContext } from "../../../support/context.ts";
import { integersFrom } from "../../../support/graphs.ts";
import { usedAfterGarbage } from "../../../support/usedBytes.ts";
import { hasSharedData, sharedData } from "../../../support/sharedData.ts";

type Result = { readonly graph: { readonly vertices: { collect(): Promise<[VertexId, unknown][]> } } };
type Slashdot = Graph<unknown, unknown>;

const algorithms: Record<string, (graph: Slashdot) => Promise<Result>> = {
  PageRank: (graph) => graph.pageRank({ iterations: 8 }),
  "connected components": (graph) => graph.connectedComponents(),
  "shortest paths": (graph) => graph.sssp({ source: 1 }),
};

async function digestOf(graph: Slashdot, name: string): Promise<string> {
  const { graph: ended } = await algorithms[name]!(graph);
  const rows = await ended.vertices.collect();
  return createHash("sha256").update(encodeValues(rows)).digest("hex");
}

const load = (ctx: Context): Promise<Slashdot> =>
  GraphLoader.edgeListFile(ctx, sharedData("slashdot/soc-Slashdot0902.txt.gz"), {
    partitions: 6,
  }) as Promise<Slashdot>;

describe.skipIf(!hasSharedData)("slashdot", () => {
  const local = useContext("local[1]");
  const expected = new Map<string, string>();
  beforeAll(async () => {
    const graph = await load(local);
    for (const name of Object.keys(algorithms)) expected.set(name, await digestOf(graph, name));
  }, 300_000);

  describe.each(["local-cluster[2,1]", "local-cluster[3,2]"])("on %s", (master) => {
    const cluster = useCluster(master, { config: { snapshotEvery: 3 } });
    let graph: Slashdot | undefined;
    beforeAll(async () => {
      graph = await load(cluster.context);
    }, 300_000);
    afterAll(async () => {
      graph = undefined;
      expect(await usedAfterGarbage(cluster.context)).toBe(0);
    });

    it.each(Object.keys(algorithms))("%s: gives the bits of one thread", async (name) => {
      expect(await digestOf(graph!, name)).toBe(expected.get(name));
    });

    it.each(Object.keys(algorithms))("%s: gives them also when an executor is killed", async (name) => {
      const { driver } = cluster.context;
      const next = integersFrom(name.length);
      const superstep = 1 + next(4);
      const numLost = cluster.lost.length;
      let victim: number | undefined;
      const stop = driver.events.subscribe((event) => {
        if (victim !== undefined || event.type !== "superstep" || event.n !== superstep) return;
        victim = driver.executors[next(driver.executors.length)]!.id;
        driver.killHost(victim);
      });
      expect(await digestOf(graph!, name)).toBe(expected.get(name));
      stop();
      expect(cluster.lost.slice(numLost).map(({ host }) => host)).toEqual([victim]);
    });
  });
});
