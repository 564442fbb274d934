import { describe, expect, it, onTestFinished, vi } from "vitest";
import { bfsByProgram } from "../../../graph/algorithms/bfs.ts";
import { ssspByProgram } from "../../../graph/algorithms/sssp.ts";
import type { Graph } from "../../../graph/graph.ts";
import type { Row } from "../../../graph/load/graphLoader.ts";
import { controlLength } from "../../../graph/kernels/crew.ts";
import type { KernelShared } from "../../../graph/kernels/runKernel.ts";
import { GraphGenerators } from "../../../graph/load/graphGenerators.ts";
import type { VertexId } from "../../../graph/types.ts";
import { bitsOf } from "../../support/bits.ts";
import { unionFind } from "../../reference/unionFind.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf, graphOf, idsOf, randomArcs, type Arc } from "../../support/graphs.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

/**
 * Graphs of many chunks a phase, so that threads meet: a small world, whose levels are large, and a grid, whose levels are
 * many. Ids are those of the generators.
 */
describe("kernels on several threads", () => {
  const contexts = [useContext("local[1]"), useContext("local[3]")];
  const graphs: [name: string, make: (at: number) => Promise<Graph<Row, Row>>, source: number][] = [
    ["R-MAT", (at) => GraphGenerators.rmat(contexts[at]!, { vertices: 30_000, edges: 300_000, seed: 3 }), 0],
    ["a grid", (at) => GraphGenerators.grid(contexts[at]!, 180, 210), 180 * 105 + 7],
  ];

  describe.each(graphs)("on %s", (_name, make, source) => {
    it.each(["out", "in", "either"] as const)("bfs has the bits of the program in direction %s", async (direction) => {
      const graph = await make(0);
      const options = { source, direction };
      const expected = await bfsByProgram(graph, options);
      const bits = await bitsOf(expected.graph);
      const fresh = await graph.bfs(options);
      await graph.parts.shape.use((shape) => shape.outRows());
      const withOutRows = await graph.bfs(options);
      const onThree = await (await make(1)).bfs(options);
      for (const run of [fresh, withOutRows, onThree]) {
        expect((await bitsOf(run.graph)) === bits).toBe(true);
        expect([run.supersteps, run.converged]).toEqual([expected.supersteps, expected.converged]);
      }
    });

    it.each([
      ["integers from 1 to 255", (a: number, b: number) => 1 + ((a * 7919 + b * 104729) % 255)],
      ["integers from 0 to 65535", (a: number, b: number) => (a * 7919 + b * 104729) % 65536],
      ["quarters", (a: number, b: number) => ((a * 7919 + b * 104729) % 300) / 4],
      ["fractions", (a: number, b: number) => ((a * 7919 + b * 104729) % 1000) / 1000 + 0.1],
      ["mostly 0", (a: number, b: number) => ((a * 31 + b * 17) % 5 === 0 ? 0.7 : 0)],
      ["of every magnitude", (a: number, b: number) => 10 ** (((a * 31 + b * 17) % 600) - 300)],
    ])("sssp has the bits of the program with weights that are %s", async (_kind, weigh) => {
      const weight = (edge: { srcId: VertexId; dstId: VertexId }): number =>
        weigh(Number(edge.srcId), Number(edge.dstId));
      const direction = "either";
      const expected = await bitsOf((await ssspByProgram(await make(0), { source, weight, direction })).graph);
      const runs = [];
      for (const at of [0, 1]) {
        const run = await (await make(at)).sssp({ source, weight, direction });
        expect((await bitsOf(run.graph)) === expected).toBe(true);
        runs.push([run.supersteps, run.method]);
      }
      expect(runs[1]).toEqual(runs[0]);
      expect(runs[0]![1]).toBe("kernel");
    });
  });
});

describe("components on several threads", () => {
  const contexts = [useContext("local[1]"), useContext("local[3]")];
  const numCrowd = 9000;
  /** A crowd that is mostly one component, in many chunks a phase. */
  const crowd = randomArcs(7, numCrowd, 60_000);
  const arc = (srcId: number, dstId: number): Arc => ({ srcId, dstId, attr: 1 });
  const [low, high] = [
    crowd.map(({ srcId, dstId }) => Math.min(Number(srcId), Number(dstId))),
    crowd.map(({ srcId, dstId }) => Math.max(Number(srcId), Number(dstId))),
  ];

  it.each<[name: string, arcs: Arc[]]>([
    ["a crowd", crowd],
    ["many small components beside a large one", randomArcs(8, 40_000, 22_000)],
    // the highest ids, so the last entries of the rows in which they are: those are looked at last
    [
      "strangers that only send into a crowd",
      [...crowd, ...Array.from({ length: 300 }, (_, at) => arc(numCrowd + at, (at * 7919) % numCrowd))],
    ],
    [
      "pairs, of which every tenth sends into a crowd",
      [
        ...crowd,
        ...Array.from({ length: 2000 }, (_, at) => [
          arc(numCrowd + 2 * at + 1, numCrowd + 2 * at),
          arc(numCrowd + 2 * at, at % 10 === 0 ? (at * 31) % numCrowd : numCrowd + 2 * at + 1),
        ]).flat(),
      ],
    ],
    ["edges that all lead to higher ids", low.map((id, at) => arc(id, high[at]!))],
    ["edges that all lead to lower ids", low.map((id, at) => arc(high[at]!, id))],
  ])("agree with union-find on %s", async (_name, arcs) => {
    const expected = unionFind(idsOf(arcs), arcs);
    for (const ctx of contexts) {
      const { graph, method } = await graphOf(ctx, arcs, 2).connectedComponents();
      const found = await attrsOf(graph);
      expect(method).toBe("kernel");
      expect(found.size).toBe(expected.size);
      expect([...found].filter(([id, component]) => expected.get(id) !== component)).toEqual([]);
      await graph.unpersist();
    }
  });
});

describe("a kernel whose thread dies", () => {
  const ctx = useContext("local[2]", { config: { maxTaskFailures: 4 } });

  it.each([0, 1])("runs again, with the same result, when thread %i of two is ended at work", async (which) => {
    // one vertex after the other, each a band of its own: some hundred thousand rounds
    const graph = (await GraphGenerators.path(ctx, 200_000)).mapEdges(() => 1);
    const search = (): ReturnType<typeof graph.sssp> => graph.sssp({ source: 0, weight: "attr" });
    const expected = await search();
    const bits = await bitsOf(expected.graph);
    await expected.graph.unpersist();
    const used = await usedAfterGarbage(ctx);
    const { driver } = ctx;
    const runTasks = vi.spyOn(driver, "runTasks");
    onTestFinished(() => runTasks.mockRestore());
    /** Runs it, and ends the thread of the task once that has joined the crew. Returns how many stages that took. */
    const runAndEnd = async (): Promise<number> => {
      let stage: number | undefined;
      let numStages = 0;
      let isOver = false;
      const endAtWork = (host: number, thread: number): void => {
        if (isOver) return;
        const [spec] = runTasks.mock.calls.findLast(([{ name }]) => name === "sssp")!;
        const { control } = spec.shared as KernelShared;
        if (driver.arena.view(control)[controlLength(which)] === 1) driver.endThread(host, thread);
        else setImmediate(endAtWork, host, thread);
      };
      const unsubscribe = driver.events.subscribe((event) => {
        if (event.type === "stage.start" && event.name === "sssp") {
          stage = event.stage;
          numStages++;
        }
        const isFirst = event.type === "task.start" && numStages === 1 && event.attempt === 0;
        if (isFirst && event.stage === stage && event.partition === which) endAtWork(event.host, event.thread);
      });
      const run = await search();
      isOver = true;
      unsubscribe();
      expect((await bitsOf(run.graph)) === bits).toBe(true);
      await run.graph.unpersist();
      expect(driver.arena.usedBytes).toBe(used);
      return numStages;
    };
    // a crew that has finished by the time its thread has ended, and been replaced, need not break up
    let tries = 1;
    while ((await runAndEnd()) !== 2) expect(++tries).toBeLessThan(30);
  });
});
