import { describe, expect, it } from "vitest";
import { useContext } from "../../support/context.ts";
import { edges, graphOf } from "../../support/graphs.ts";

describe("aggregators of supersteps", () => {
  const ctx = useContext("local[2]");

  it.each([1, 2, 5])("bring sums and maxima together over %i partitions, under any name", async (numPartitions) => {
    const run = await graphOf(ctx, edges("1>2>3 1>3"), numPartitions).supersteps<number>("count", {
      sendMessage: (edge) => edge.sendToDst(1),
      mergeMessage: (a, b) => a + b,
      vertexProgram: (_id, attr, message) => attr + message,
      noMessage: { value: 0 },
      aggregators: {
        "the sum; of 'all'": { kind: "sum", of: (_before, after) => after },
        before: { kind: "max", of: (before, after) => after - before },
      },
      maxSupersteps: 2,
    });
    // Vertex 2 receives one message a superstep, vertex 3 two.
    expect(run.globals).toEqual({ "the sum; of 'all'": 6, before: 2 });
  });
});
