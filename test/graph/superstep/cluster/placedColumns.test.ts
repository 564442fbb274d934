import { describe, expect, it } from "vitest";
import type { Context } from "../../../../core/context.ts";
import { Graph } from "../../../../graph/graph.ts";
import type { Edge } from "../../../../graph/types.ts";
import { useContext } from "../../../support/context.ts";
import { graphOf, randomArcs, type Arc } from "../../../support/graphs.ts";
import { SimulatedFleet } from "../../../support/simulatedFleet.ts";
import { outcome, programs, type Program } from "../../../support/superstepPrograms.ts";

const ring = (length: number): Arc[] =>
  Array.from({ length }, (_, at) => ({ srcId: at, dstId: (at + 1) % length, attr: 1 }));

/** Text of one length, other text in each superstep. */
const spinning =
  (maxSupersteps: number): Program =>
  async (graph) => {
    const start = graph.mapVertices((id) => String(id).padStart(400, "-"));
    const {
      graph: ended,
      supersteps,
      converged,
    } = await start.pregel<string>({
      initialMessage: "",
      vertexProgram: (_id, attr, message) => `${attr.slice(1)}${message.length % 10}`,
      sendMessage: (edge) => edge.sendToDst(edge.srcAttr.slice(-3)),
      mergeMessage: (a, b) => a + b,
      maxSupersteps,
    });
    return { rows: await ended.vertices.collect(), supersteps, converged };
  };

const movesOf = (fleet: SimulatedFleet): number =>
  fleet.pinnedStages.filter((name) => name.endsWith("move values")).length;

describe("values on executors", () => {
  const local = useContext("local[1]");

  it("move to a larger heap when they find no room, and the superstep is done again", async () => {
    const arcs = randomArcs(9, 40, 120);
    const fleet = new SimulatedFleet([1, 2], 9);
    const program = programs["text that grows"]!;
    const { result, recoveries } = await outcome(fleet.context(), program, arcs, 5);
    expect(result).toEqual((await outcome(local, program, arcs, 1)).result);
    expect(recoveries).toEqual([]);
    expect(movesOf(fleet)).toBeGreaterThan(0);
    const done = fleet.pinnedStages.filter((name) => name.includes(" superstep "));
    expect(done.length).toBeGreaterThan(new Set(done).size);
    expect(new Set(done).size).toBe(result.supersteps);
  });

  it("take no more memory, and are not done again, where each takes what it took before", async () => {
    const peakOf = async (numSupersteps: number): Promise<number> => {
      const fleet = new SimulatedFleet([1, 1], 3);
      let peak = 0;
      fleet.onWork = () => {
        const { bytes } = fleet.arena.owners().find(({ owner }) => owner === "pregel")!;
        peak = Math.max(peak, bytes);
        return [];
      };
      const { result } = await outcome(fleet.context(), spinning(numSupersteps), ring(80), 4);
      expect(result).toEqual((await outcome(local, spinning(numSupersteps), ring(80), 1)).result);
      const done = fleet.pinnedStages.filter((name) => name.includes(" superstep "));
      expect(done).toHaveLength(numSupersteps);
      expect(movesOf(fleet)).toBeGreaterThan(numSupersteps / 10);
      return peak;
    };
    const peak = await peakOf(20);
    expect(peak).toBeGreaterThan(2 ** 16);
    expect(await peakOf(40)).toBe(peak);
  });

  it("are shipped where they changed, and only then", async () => {
    const wander =
      (renames: boolean): Program =>
      async (graph) => {
        const start = graph.mapVertices((id) => ({ name: String(id).padStart(1000, "n"), n: id === 0 ? 0 : 99 }));
        const {
          graph: ended,
          supersteps,
          converged,
        } = await start.pregel<number>({
          initialMessage: 99,
          activeDirection: "out",
          vertexProgram: (_id, { name, n }, message) => ({
            name: renames && message < n ? `${name.slice(1)}.` : name,
            n: Math.min(n, message),
          }),
          sendMessage: (edge) => {
            if (edge.srcAttr.n + 1 < edge.dstAttr.n && edge.srcAttr.name.length === 1000)
              edge.sendToDst(edge.srcAttr.n + 1);
          },
          mergeMessage: (a, b) => Math.min(a, b),
        });
        return { rows: await ended.vertices.collect(), supersteps, converged };
      };
    const shipped = async (renames: boolean): Promise<number> => {
      const fleet = new SimulatedFleet([1, 1, 1]);
      const { result } = await outcome(fleet.context(), wander(renames), ring(24), 3);
      expect(result).toEqual((await outcome(local, wander(renames), ring(24), 1)).result);
      return fleet.delivered;
    };
    // each executor mirrors one vertex, which is shipped at the start; then one change crosses twice, or three times
    const [changed, kept] = [await shipped(true), await shipped(false)];
    expect(kept).toBeLessThan(3 * 1000 + 1000);
    expect(changed - kept).toBeGreaterThan(2 * 1000);
    expect(changed - kept).toBeLessThan(4 * 1000);
  });

  it("are those of one thread where ids are text too", async () => {
    const named = async (ctx: Context, numPartitions: number): Promise<unknown> => {
      const edges = randomArcs(5, 30, 90).map(({ srcId, dstId, attr }): Edge<string> => {
        return { srcId: `v${srcId}`, dstId: `v${dstId}`, attr: `w${attr}` };
      });
      const graph = Graph.fromEdges(ctx.parallelize(edges, numPartitions), { defaultVertex: "" });
      const { graph: ended } = await graph.pregel<string>({
        initialMessage: "",
        vertexProgram: (id, attr, message) => `${id}(${attr.slice(0, 20)}${message})`,
        sendMessage: (edge) => edge.sendToDst(`${edge.attr}${edge.srcId}${edge.srcAttr.slice(0, 5)}`),
        mergeMessage: (a, b) => `${a},${b}`,
        maxSupersteps: 4,
      });
      return ended.vertices.collect();
    };
    const fleet = new SimulatedFleet([1, 1]);
    expect(await named(fleet.context(), 4)).toEqual(await named(local, 1));
    expect(fleet.pinnedStages.length).toBeGreaterThan(0);
  });

  it("tell of a value that cannot travel as one thread does", async () => {
    const failing: Program = async (graph) => {
      await graph
        .mapVertices((id) => ({ name: `v${id}`, of: [] as unknown[] }))
        .pregel<number>({
          initialMessage: 0,
          vertexProgram: (id, { name, of }, message) => ({
            name,
            of: id === 7 && message > 0 ? [...of, { deep: () => 1 }] : of,
          }),
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr.name.length),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 3,
        });
      return expect.fail("it ended");
    };
    const errorOf = async (ctx: Context): Promise<unknown> =>
      outcome(ctx, failing, ring(24), 3).then(
        () => "no error",
        ({ code, message }: { code: string; message: string }) => ({ code, message }),
      );
    const told = await errorOf(local);
    expect(told).toMatchObject({ code: "NOT_SHIPPABLE", message: expect.stringContaining("vertex 7") });
    expect(await errorOf(new SimulatedFleet([1, 1]).context())).toEqual(told);
  });

  it.each([
    ["text that grows", 0],
    ["text that goes missing", 0],
    ["objects, both ways, of every vertex", 0],
    ["text of edges", 256], // the result, if it is still there: a number a vertex
  ])("give their memory back after losses: %s", async (name, resultBytes) => {
    const fleet = new SimulatedFleet([1, 1, 1], 4, { snapshotEvery: 2 });
    const graph = graphOf(fleet.context(), randomArcs(2, 30, 90), 5);
    let works = 0;
    fleet.onWork = ({ host }) => (++works === 20 ? [host] : []);
    await programs[name]!(graph);
    expect(works).toBeGreaterThan(20);
    const held = fleet.arena.owners().filter(({ owner }) => ["pregel", "gossip"].includes(owner));
    expect(held.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(resultBytes);
  });
});
