/** Messages that are written down once a vertex, and shipped instead of what they are made of. */
import { describe, expect, it, vi } from "vitest";
import type { Graph } from "../../../../graph/graph.ts";
import { Shape } from "../../../../graph/shape.ts";
import type { EdgeDirection } from "../../../../graph/types.ts";
import { useContext } from "../../../support/context.ts";
import { randomArcs } from "../../../support/graphs.ts";
import { SimulatedFleet } from "../../../support/simulatedFleet.ts";
import { answer, outcome, type Program } from "../../../support/superstepPrograms.ts";

interface Vertex {
  readonly value: number;
  readonly weight: number;
  readonly age: number;
}

const started = (graph: Graph<number, number>): Graph<Vertex, number> =>
  graph.mapVertices((id) => ({ value: Number(id) / 7, weight: 1 + (Number(id) % 5), age: 0 }));

/** Activity that dies out here and there, so that the program of some vertices does not run. */
function fading(activeDirection: EdgeDirection, isTwoWay: boolean): Program {
  return async (graph) => {
    const run = await started(graph).pregel<number>({
      initialMessage: 0.5,
      activeDirection,
      maxSupersteps: 5,
      vertexProgram: (_id, { value, weight, age }, message) => ({
        value: value * 0.5 + message,
        weight,
        age: age + 1,
      }),
      sendMessage: isTwoWay
        ? (edge) => {
            edge.sendToDst(edge.srcAttr.value / edge.srcAttr.weight);
            edge.sendToSrc(edge.dstAttr.value * 0.25);
          }
        : (edge) => {
            if (edge.srcAttr.weight < 3 && edge.srcAttr.age < 4)
              edge.sendToDst(edge.srcAttr.value / edge.srcAttr.weight);
          },
      mergeMessage: (a, b) => a + b,
    });
    return answer(run);
  };
}

const programs: Readonly<Record<string, Program>> = {
  "read of active sources": fading("out", false),
  "read of sources of active targets": fading("in", false),
  "read along all edges of active vertices": fading("either", true),
  "read between active vertices": fading("both", true),
  "of every vertex, with a maximum that is handed on": async (graph) => {
    const run = await graph
      .mapVertices((id) => Number(id) * 0.1)
      .supersteps<number>("spread", {
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr * 0.5 + 1),
        mergeMessage: (a, b) => a + b,
        vertexProgram: (_id, attr, message, globals) => (attr + message) / (1 + (globals["most"] ?? 3)),
        noMessage: { value: 0.125 },
        aggregators: {
          most: { kind: "max", of: (before, after) => after - before },
          total: { kind: "sum", of: (_before, after) => after },
        },
        maxSupersteps: 8,
      });
    return answer(run);
  },
  "made of the id alone": async (graph) => {
    const run = await graph.pregel<number>({
      initialMessage: 0,
      activeDirection: "in",
      maxSupersteps: 3,
      vertexProgram: (_id, attr, message) => attr + message,
      sendMessage: (edge) => edge.sendToDst(Number(edge.srcId) / 3),
      mergeMessage: (a, b) => a + b,
    });
    return answer(run);
  },
};

describe("messages that are written down, on executors", () => {
  const clear = useContext("local[1]", { config: { compile: 0 } });
  // enough of both to be worth it
  const arcs = randomArcs(3, 4700, 21_000);

  const wrote = (stages: readonly string[]): string[] => stages.filter((stage) => stage.endsWith(": messages"));

  it.each(Object.entries(programs))("%s: give the bits of JavaScript on one thread", async (name, program) => {
    const expected = await outcome(clear, program, arcs, 1);
    for (const [threads, numPartitions] of [
      [[1], 2],
      [[2, 1, 1], 9],
    ] as const) {
      const fleet = new SimulatedFleet(threads, 7, {}, 2 ** 25);
      const got = await outcome(fleet.context(), program, arcs, numPartitions);
      expect(got.result).toEqual(expected.result);
      // a pass of its own before the first superstep alone; where nothing is shipped, edges compute what ids make
      const areShipped = name !== "made of the id alone" || threads.length === 1;
      expect(wrote(fleet.pinnedStages)).toEqual(areShipped ? [fleet.pinnedStages[0]] : []);
    }
  });

  it.each([
    [[1], 2],
    [[1, 1], 5],
    [[2, 1, 1], 9],
  ] as const)(
    "give them over tiles, with hosts of %j threads and %i partitions, and one lost",
    async (threads, numPartitions) => {
      const program = programs["of every vertex, with a maximum that is handed on"]!;
      const expected = await outcome(clear, program, arcs, 1);
      const tiles = vi.spyOn(Shape.prototype, "tiles");
      const choice = vi.spyOn(Shape.prototype, "tileChoice", "get").mockReturnValue({ isTiled: true });
      try {
        const fleet = new SimulatedFleet(threads, 9, { snapshotEvery: 3 }, 2 ** 25);
        let lost = 0;
        fleet.onWork = ({ name, host }) => {
          if (!name.endsWith(" superstep 5") || lost++ > 0) return [];
          fleet.join(1);
          return [host];
        };
        const got = await outcome(fleet.context(), program, arcs, numPartitions);
        expect(got.result).toEqual(expected.result);
        expect(got.recoveries).toHaveLength(1);
        expect(tiles).toHaveBeenCalled();
      } finally {
        tiles.mockRestore();
        choice.mockRestore();
      }
    },
  );

  it.each(Object.entries(programs))("%s: give them when executors are lost", async (_name, program) => {
    const expected = await outcome(clear, program, arcs, 1);
    const fleet = new SimulatedFleet([1, 1, 1], 8, { snapshotEvery: 2 }, 2 ** 25);
    // two of them: when the second task of superstep 2, and then the first one of superstep 3, is about to begin
    const lost: string[] = [];
    const seen: string[] = [];
    fleet.onWork = ({ kind, name, host }) => {
      if (kind === "copy") return [];
      seen.push(name);
      const isDue = seen.filter((other) => other === name).length === 2 - lost.length;
      if (!isDue || !name.endsWith(` superstep ${2 + lost.length}`)) return [];
      lost.push(name);
      return [host];
    };
    const got = await outcome(fleet.context(), program, arcs, 5);
    expect(got.result).toEqual(expected.result);
    expect(got.recoveries).toHaveLength(2);
  });
});
