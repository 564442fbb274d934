/** F04: the same bits with an executor killed at a random superstep. `SUPERSTEP_KILLS`: seeds of each; default 10. */
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import type { Graph } from "../../graph/graph.ts";
import { lockTimeoutMs, until, useCluster } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";
import { integersFrom } from "../support/graphs.ts";
import { StandaloneCluster } from "../support/standaloneCluster.ts";
import { algorithms, digestOf, killAt, superstepsOf } from "./answers.ts";
import { Expectations, type Input, inputs, principal } from "./inputs.ts";

const minutes = 60_000;
const numSeeds = Number(process.env["SUPERSTEP_KILLS"] ?? 10);
const seeds = (count: number): number[] => Array.from({ length: Math.min(count, numSeeds) }, (_, seed) => seed);
const generated = inputs["a generated graph"]!;
const slashdot = inputs["slashdot"]!;
const expectations = new Expectations(useContext("local[1]"));

interface Executors {
  readonly context: Context;
  /** Resolves when so many executors are there. */
  readonly whole: (count: number) => Promise<unknown>;
}

/** Runs each algorithm with one of three executors killed, for each of its seeds. */
function survives(
  over: () => Executors,
  input: Input,
  cases: readonly (readonly [name: string, seed: number])[],
): void {
  let graph: Graph<number, number> | undefined;
  const last = new Map<string, number>();
  beforeAll(async () => {
    graph = await input.load(over().context);
  }, minutes);
  afterAll(() => {
    graph = undefined; // so that its columns can go
  });

  it.each(cases)(
    "%s, seed %i",
    async (name, seed) => {
      const { context, whole } = over();
      await whole(3);
      const expected = await expectations.of(name, input);
      const run = (): Promise<string> => digestOf(algorithms[name]!, graph!, input.source);
      if (!last.has(name)) last.set(name, Math.max(...(await superstepsOf(context, run))));
      const draw = integersFrom(1000 + seed);
      const kill = killAt(context, 1 + draw(Math.max(1, last.get(name)! - 1)), draw(2) === 0, draw);
      try {
        expect(await run()).toBe(expected);
        expect(kill.victim, "an executor was killed").toBeDefined();
        expect(kill.recovered, "its loss was met").toBe(1);
      } finally {
        kill.stop();
      }
    },
    2 * minutes,
  );
}

describe("F04: one of three executors killed", () => {
  const cluster = useCluster("local-cluster[3,1]", { config: { snapshotEvery: 3, maxHostReplacements: 1000 } });
  const executors: Executors = {
    get context() {
      return cluster.context;
    },
    whole: (count) => cluster.whole(count),
  };

  describe.each(principal)("%s on a generated graph", (name) => {
    survives(
      () => executors,
      generated,
      seeds(10).map((seed) => [name, seed]),
    );
  });

  describe("other algorithms on a generated graph", () => {
    const others = generated.algorithms.filter((name) => !principal.includes(name) && name !== "triangles");
    survives(
      () => executors,
      generated,
      others.map((name, seed) => [name, seed]),
    );
  });

  describe.skipIf(!slashdot.isThere)("slashdot, algorithms in turn", () => {
    survives(
      () => executors,
      slashdot,
      seeds(10).map((seed) => [principal[seed % principal.length]!, seed]),
    );
  });

  const places = ["first", "middle", "last"] as const;
  const everies = [0, 1, 3];
  // each algorithm at each place, and with each of `everies`
  const placed = places.flatMap((place, at) =>
    everies.map((every, and) => [principal[(at + and) % principal.length]!, place, every] as const),
  );
  it.each(placed)("%s, after its %s superstep, a checkpoint every %i (0: none)", async (name, place, every) => {
    await cluster.whole(3);
    const graph = await generated.load(cluster.context);
    const directory = cluster.markers.file(`checkpoints-${place}-${every}`);
    const options = every === 0 ? {} : { checkpointDirectory: directory, checkpointEvery: every };
    const run = (): Promise<string> => digestOf(algorithms[name]!, graph, generated.source, options);
    const last = Math.max(...(await superstepsOf(cluster.context, run)));
    expect(last).toBeGreaterThan(2);
    const from = cluster.events.length;
    const superstep = { first: 1, middle: Math.ceil(last / 2), last }[place];
    const kill = killAt(cluster.context, superstep, false, integersFrom(every));
    expect(await run()).toBe(await expectations.of(name, generated));
    kill.stop();
    expect(kill.victim, "an executor was killed").toBeDefined();
    await until(() => cluster.lost.some(({ host }) => host === kill.victim), "its loss is told");
    // after the last superstep it is missed only if the driver had no copy of its state yet
    if (place !== "last") expect(kill.recovered, "its loss was met").toBe(1);
    const written = cluster.events.slice(from).filter(({ type }) => type === "checkpoint").length;
    expect(written).toBe(every === 0 ? 0 : Math.floor((last - 1) / every));
    expect(every === 0 ? [] : readdirSync(directory)).toEqual([]);
  });
});

describe("a standalone cluster of three workers, one executor killed", () => {
  let cluster: StandaloneCluster | undefined;
  let context: Context | undefined;
  beforeAll(async () => {
    cluster = await StandaloneCluster.start(3);
    const { url: master, secretFile } = cluster;
    context = await Context.create({ master, cluster: { secretFile } });
  }, lockTimeoutMs);
  afterAll(async () => {
    await context?.stop();
    await cluster?.stop();
  }, minutes);

  const over = (): Executors => ({ context: context!, whole: (count) => context!.driver.whenExecutors(count) });
  survives(
    over,
    generated,
    principal.map((name, seed) => [name, seed]),
  );
});
