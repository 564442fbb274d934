/**
 * The same bits on every master, whole or with an executor killed at a random superstep. `SUPERSTEP_KILLS`: seeds of each.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import { GraphLoader } from "../../graph/load/graphLoader.ts";
import type { Graph } from "../../graph/graph.ts";
import { useCluster } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";
import { graphOf, integersFrom, randomArcs } from "../support/graphs.ts";
import { hasSharedData, sharedData } from "../support/sharedData.ts";
import { StandaloneCluster } from "../support/standaloneCluster.ts";
import { algorithms, digestOf, killAt, superstepsOf } from "./answers.ts";

type AnyGraph = Graph<number, number>;

const arcs = randomArcs(29, 120, 500);
const generated = async (ctx: Context): Promise<AnyGraph> => graphOf(ctx, arcs, 6);
const slashdot = async (ctx: Context): Promise<AnyGraph> =>
  (await GraphLoader.load(ctx, sharedData("slashdot/soc-Slashdot0902.txt.gz"))).graph as unknown as AnyGraph;
const principal = ["PageRank", "components", "shortest paths"];
/** Those that run as one job after another, not as supersteps of one run. */
const withoutSupersteps = ["triangles"];
const numSeeds = Number(process.env["SUPERSTEP_KILLS"] ?? 10);
const seeds = Array.from({ length: numSeeds }, (_, seed) => seed);
const minutes = 60_000;

const local = useContext("local[1]");

/** What an algorithm comes to on one thread, and how many supersteps it takes there. */
const expectations = new Map<string, Promise<{ readonly digest: string }>>();
const graphs = new Map<unknown, Promise<AnyGraph>>();

function expected(name: string, load: typeof generated): Promise<{ readonly digest: string }> {
  const key = `${name} ${load === slashdot ? "slashdot" : ""}`;
  const known =
    expectations.get(key) ??
    (async () => {
      const graph = graphs.get(load) ?? load(local);
      graphs.set(load, graph);
      return { digest: await digestOf(algorithms[name]!, await graph) };
    })();
  expectations.set(key, known);
  return known;
}

const onEveryGraph = (check: (load: typeof generated, names: readonly string[]) => void): void => {
  describe("a generated graph", () => check(generated, Object.keys(algorithms)));
  describe.skipIf(!hasSharedData)("slashdot", () => check(slashdot, principal));
};

function givesTheSameBits(context: () => Context): void {
  onEveryGraph((load, names) => {
    let graph: AnyGraph | undefined;
    beforeAll(async () => {
      graph = await load(context());
    }, minutes);
    it.each(names)(
      "%s",
      async (name) => {
        expect(await digestOf(algorithms[name]!, graph!)).toBe((await expected(name, load)).digest);
      },
      minutes,
    );
  });
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
  }, 3 * minutes);
  afterAll(async () => {
    await context?.stop();
    await cluster?.stop();
  }, minutes);

  givesTheSameBits(() => context!);
  givesTheSameBitsWhenKilled(() => ({ context: context!, whole: () => context!.driver.whenExecutors(3) }), 2);
});

describe("on local-cluster[3,1], one executor killed", () => {
  const cluster = useCluster("local-cluster[3,1]", { config: { snapshotEvery: 3, maxHostReplacements: 1000 } });
  givesTheSameBitsWhenKilled(() => cluster, numSeeds);
});

/** On slashdot the algorithms take turns: one of them for each seed. */
function givesTheSameBitsWhenKilled(
  over: () => { readonly context: Context; whole(count: number): Promise<unknown> },
  count: number,
): void {
  onEveryGraph((load, names) => {
    let graph: AnyGraph | undefined;
    const last = new Map<string, number>();
    beforeAll(async () => {
      graph = await load(over().context);
    }, minutes);

    const numSeedsOf = (name: string): number => (principal.includes(name) ? count : Math.min(2, count));
    const cases = names
      .filter((name) => !withoutSupersteps.includes(name))
      .flatMap((name) => seeds.slice(0, numSeedsOf(name)).map((seed) => [name, seed] as const))
      .filter(([name, seed]) => load !== slashdot || name === names[seed % names.length]);
    it.each(cases)(
      "%s, killed at a random superstep, seed %i",
      async (name, seed) => {
        const { context } = over();
        await over().whole(3);
        const algorithm = algorithms[name]!;
        const { digest } = await expected(name, load);
        const run = (): Promise<string> => digestOf(algorithm, graph!);
        if (!last.has(name)) last.set(name, Math.max(...(await superstepsOf(context, run))));
        const draw = integersFrom(1000 + seed);
        const kill = killAt(context, 1 + draw(Math.max(1, last.get(name)! - 1)), draw(2) === 0, draw);
        try {
          expect(await run()).toBe(digest);
          expect(kill.victim, "an executor was killed").toBeDefined();
          expect(kill.recovered, "its loss was met").toBe(1);
        } finally {
          kill.stop();
        }
      },
      minutes,
    );
  });
}
