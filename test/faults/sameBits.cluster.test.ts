/** The same bits on every master. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import type { Graph } from "../../graph/graph.ts";
import { lockTimeoutMs, useCluster } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";
import { StandaloneCluster } from "../support/standaloneCluster.ts";
import { algorithms, digestOf } from "./answers.ts";
import { Expectations, inputs } from "./inputs.ts";

const minutes = 60_000;
const expectations = new Expectations(useContext("local[1]"));

function givesTheSameBits(context: () => Context): void {
  for (const [name, input] of Object.entries(inputs)) {
    describe.skipIf(!input.isThere)(name, () => {
      let graph: Graph<number, number> | undefined;
      beforeAll(async () => {
        graph = await input.load(context());
      }, minutes);
      afterAll(() => {
        graph = undefined; // so that its columns can go
      });

      it.each(input.algorithms)(
        "%s",
        async (algorithm) => {
          const digest = await digestOf(algorithms[algorithm]!, graph!, input.source);
          expect(digest).toBe(await expectations.of(algorithm, input));
        },
        2 * minutes,
      );
    });
  }
}

describe("on local[2], the bits of local[1]", () => {
  const two = useContext("local[2]");
  givesTheSameBits(() => two);
});

describe.each(["local-cluster[2,1]", "local-cluster[3,2]"])("on %s, the bits of local[1]", (master) => {
  const cluster = useCluster(master);
  givesTheSameBits(() => cluster.context);
});

describe("on a standalone cluster of three workers, the bits of local[1]", () => {
  let cluster: StandaloneCluster | undefined;
  let context: Context | undefined;
  beforeAll(async () => {
    cluster = await StandaloneCluster.start(3);
    const { url: master, secretFile } = cluster;
    context = await Context.create({ master, cluster: { secretFile } });
    await context.driver.whenExecutors(3);
  }, lockTimeoutMs);
  afterAll(async () => {
    await context?.stop();
    await cluster?.stop();
  }, minutes);

  givesTheSameBits(() => context!);
});
