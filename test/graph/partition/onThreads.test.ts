import { afterAll, describe, expect, it } from "vitest";
import { Driver, type TasksSpec } from "../../../core/cluster/driver.ts";
import { ship } from "../../../core/function/ship.ts";
import { rmat } from "../../../graph/load/generators/rmat.ts";
import { buildTopology } from "../../../graph/partition/buildTopology.ts";
import { cutTopology, freeCutParts } from "../../../graph/partition/cutTopology.ts";
import { freeTopology } from "../../../graph/partition/idColumn.ts";
import type { StrategyFunction } from "../../../graph/partition/strategy.ts";
import type { TaskRunner } from "../../../graph/partition/taskRunner.ts";
import { outRows, reverseTopology } from "../../../graph/partition/transpose.ts";
import { chunksOf, digestOf, rowsOf, type Pair } from "./edgeLists.ts";
import { serialRunner } from "./serialRunner.ts";

describe("building on the threads of a driver", () => {
  const driver = Driver.create({ master: "local[3]" });
  afterAll(async () => (await driver).stop());

  const options = { vertices: 20000, edges: 150000 };

  /** Everything that is made of one generated graph, as text. */
  async function makeAll(runner: TaskRunner): Promise<string[]> {
    const { edges, vertices } = await rmat(runner, options);
    const built = await buildTopology(runner, { chunks: edges, vertexIds: vertices.map(({ ids }) => ids) });
    const reversed = await reverseTopology(runner, built.topology);
    const rows = await outRows(runner, built.topology);
    const parts = await cutTopology(runner, built.topology, "EdgePartition2D", 5);
    const { arena } = runner;
    return [
      digestOf(arena, built.topology),
      digestOf(arena, reversed.topology),
      JSON.stringify(rows.map((own) => rowsOf(arena, own))),
      JSON.stringify(parts.map(({ inRows, outRows: own }) => [rowsOf(arena, inRows), rowsOf(arena, own)])),
    ];
  }

  it("gives the same bits as one thread that runs task after task", async () => {
    const onThreads = await makeAll(await driver);
    const serial = await makeAll(serialRunner(1, 128 * 1048576));
    expect(onThreads.map((text, i) => text === serial[i])).toEqual([true, true, true, true]);
  });

  it("runs a shipped strategy", async () => {
    const on = await driver;
    const pairs = Array.from({ length: 1000 }, (_, edge): Pair => [`v${edge % 31}`, `w${edge % 17}`]);
    const { topology } = await buildTopology(on, { chunks: chunksOf("string", pairs) });
    const base = 3;
    const byText: StrategyFunction = (src, dst, n) => (String(src).length + String(dst).length + base) % n;
    const parts = await cutTopology(on, topology, ship(byText, "partitionBy", "strategy"), 4);
    const sizes = [0, 0, 0, 0];
    for (const [src, dst] of pairs) sizes[byText(src, dst, 4)]!++;
    expect(parts.map(({ inRows }) => inRows.neighbours.length)).toEqual(sizes);
    freeCutParts(on.arena, parts);
    freeTopology(on.arena, topology);
  });

  it("stops when its job is cancelled, and leaves nothing in the arena", async () => {
    const on = await driver;
    const { edges } = await rmat(on, options);
    const before = on.arena.usedBytes;
    for (const step of [0, 3, 6]) {
      const abort = new AbortController();
      let steps = 0;
      const runner: TaskRunner = {
        numThreads: on.numThreads,
        arena: on.arena,
        runTasks: <R>(spec: TasksSpec) => {
          const running = on.runTasks<R>(spec, { signal: abort.signal });
          if (steps++ === step) abort.abort();
          return running;
        },
      };
      await expect(buildTopology(runner, { chunks: edges })).rejects.toMatchObject({ code: "CANCELLED" });
      expect(on.arena.usedBytes).toBe(before);
    }
  });
});
