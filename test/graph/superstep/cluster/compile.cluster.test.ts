/** Programs on executors, compiled and as JavaScript: the bits of JavaScript on one thread. */
import { describe, expect, it } from "vitest";
import { useCluster } from "../../../support/cluster.ts";
import { useContext } from "../../../support/context.ts";
import { randomArcs } from "../../../support/graphs.ts";
import { outcome, programs } from "../../../support/superstepPrograms.ts";

describe.each([0, 1])("executors with the setting compile %i", (compile) => {
  const clear = useContext("local[1]", { config: { compile: 0 } });
  const cluster = useCluster("local-cluster[2,1]", { config: { compile } });

  it.each(Object.entries(programs))("%s: gives the bits of JavaScript on one thread", async (_name, program) => {
    const arcs = randomArcs(23, 300, 1500);
    const expected = await outcome(clear, program, arcs, 5);
    const from = cluster.events.length;
    const got = await outcome(cluster.context, program, arcs, 5);
    expect(got.result).toEqual(expected.result);
    const runs = cluster.events
      .slice(from)
      .flatMap((event) => (event.type === "functions" ? event.functions.map((fn) => fn.runs) : []));
    expect(runs).not.toHaveLength(0);
    if (compile === 0) expect(runs).not.toContain("compiled");
    else expect(runs).toContain("compiled");
  });
});
