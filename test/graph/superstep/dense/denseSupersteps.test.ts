import { describe, expect, it } from "vitest";
import type { Context } from "../../../../core/context.ts";
import { Graph } from "../../../../graph/graph.ts";
import type { TaskSet } from "../../../../graph/partition/taskRunner.ts";
import type { DenseShared } from "../../../../graph/superstep/dense/denseCrew.ts";
import { sharesLength, StepShares } from "../../../../graph/superstep/dense/stepShares.ts";
import { shipSupersteps, superstepsOver, type SuperstepsOptions } from "../../../../graph/superstep/superstepsOver.ts";
import { bitsOf } from "../../../support/bits.ts";
import { useContext } from "../../../support/context.ts";
import { graphOf, randomArcs } from "../../../support/graphs.ts";

const arcs = randomArcs(3, 4500, 30_000);
const maxSupersteps = 13;

/** All vertices send one number each, and all are applied. */
function program(): SuperstepsOptions<number | undefined, unknown, number> {
  return {
    sendMessage: (edge) => edge.sendToDst((edge.srcAttr ?? 3) / 7),
    mergeMessage: (a, b) => a + b,
    vertexProgram: (_id, attr, sum, globals) => 0.1 + sum + (attr ?? 1) / 3 - globals["total"]! / 9e3,
    noMessage: { value: -0 },
    aggregators: {
      total: { kind: "sum", of: (_before, after) => (after ?? 0) - 0.3 },
      most: { kind: "max", of: (before, after) => Math.abs((after ?? 0) - (before ?? 0)) },
    },
    globals: { total: 0, most: 0 },
    maxSupersteps,
  };
}

/** The object, but for one member. */
function replacing<T extends object>(target: T, name: keyof T, value: unknown): T {
  return new Proxy(target, {
    get: (of, key) => {
      const found: unknown = key === name ? value : Reflect.get(of, key, of);
      return typeof found === "function" && key !== name ? (found.bind(of) as unknown) : found;
    },
  });
}

interface Outcome {
  readonly bits: string;
  readonly told: readonly unknown[];
  readonly globals: object;
}

/** Runs a program; `onCrew` sees what a crew was given, once it ended. */
async function outcomeOf(
  ctx: Context,
  options: SuperstepsOptions<number | undefined, unknown, number>,
  numPartitions: number,
  onCrew: (shared: DenseShared) => void = () => undefined,
): Promise<Outcome> {
  const driver = replacing(ctx.driver, "runTasks", async (set: TaskSet, given: object) => {
    const results = await ctx.driver.runTasks(set, given);
    if (set.operator.name === "runDense") onCrew(set.shared as DenseShared);
    return results;
  });
  const told: unknown[] = [];
  const order: [string, number][] = [];
  const stop = ctx.on((event) => {
    if (event.type === "superstep.start") order.push(["start", event.n]);
    if (event.type !== "superstep") return;
    order.push(["end", event.n]);
    const { n, active, messages, edgesScanned, direction } = event;
    told.push({ n, active, messages, edgesScanned, direction });
  });
  const graph = graphOf(ctx, arcs, numPartitions).mapVertices((id): number => (Number(id) % 11) / 3);
  const { parts } = graph;
  const spec = shipSupersteps("dense", options);
  const run = await superstepsOver({ ...parts, ctx: replacing(ctx, "driver", driver) }, spec);
  stop();
  expect(run.supersteps).toBe(maxSupersteps);
  expect(order).toEqual(
    Array.from({ length: maxSupersteps }, (_, at) => [
      ["start", at + 1],
      ["end", at + 1],
    ]).flat(),
  );
  const bits = await bitsOf(new Graph({ ...run.graph, ctx }));
  await new Graph({ ...run.graph, ctx }).unpersist();
  await graph.unpersist();
  return { bits, told, globals: run.globals };
}

describe("dense supersteps", () => {
  const contexts = [1, 2, 3].map((threads) => useContext(`local[${threads}]`));
  const [, two] = contexts as [Context, Context];
  const asJavaScript = useContext("local[1]", { config: { compile: 0 } });

  it.each([1, 5])("are several a stage, with what each does alone, and in JavaScript: %i partitions", async (parts) => {
    const alone: Outcome[] = [];
    let numCrews = 0;
    const count = (): unknown => numCrews++;
    alone.push(await outcomeOf(two, { ...program(), until: () => false }, parts, count));
    alone.push(await outcomeOf(asJavaScript, program(), parts, count));
    expect(numCrews).toBe(0);
    for (const [at, ctx] of contexts.entries()) {
      expect(await outcomeOf(ctx, program(), parts, count)).toEqual(alone[0]);
      expect(numCrews).toBeGreaterThan(at);
    }
    expect(alone[1]).toEqual(alone[0]);
  });

  it("go on from the last that ended, whatever a crew that broke up left behind", async () => {
    const expected = await outcomeOf(two, program(), 5);
    let numBroken = 0;
    const breakUp = ({ control, shares, inTurn, sums }: DenseShared): void => {
      if (numBroken++ > 1) return;
      const { arena } = two.driver;
      const { aggregators } = inTurn[0].apply.program;
      const written = new StepShares(arena.view(shares), aggregators, sums.length);
      const last = written.numEnded - 1;
      written.writeMember(0, last, { ...written.ended(last), messages: 1e9 });
      written.writeMember(1, last, { ...written.ended(last), messages: 1e9 });
      const { output, received, nextSent } = inTurn[last % 2]!.apply;
      const columns = output.columns.flatMap((column) => (column.kind === "fixed" ? [column.data] : []));
      for (const ref of [...columns, ...nextSent!.in!.columns, received]) (arena.view(ref) as Uint8Array).fill(1);
      arena.view(shares)[0] = last;
      arena.view(control)[2] = 1; // isBroken
    };
    expect(await outcomeOf(two, program(), 5, breakUp)).toEqual(expected);
    expect(numBroken).toBeGreaterThan(1);
  });

  it("leave one in which a value is missing, where there is no room for it, to columns that have room", async () => {
    // Vertices see by the total how far the run is.
    const late: SuperstepsOptions<number | undefined, unknown, number> = {
      ...program(),
      vertexProgram: (id, attr, sum, globals) =>
        id === 17 && globals["total"]! > 60_000 ? undefined : 0.5 + sum + (attr ?? 1) / 3,
    };
    const missed: boolean[] = [];
    const look = ({ shares, inTurn, sums }: DenseShared): void => {
      const written = new StepShares(two.driver.arena.view(shares), inTurn[0].apply.program.aggregators, sums.length);
      missed.push(written.metMissing);
    };
    const expected = await outcomeOf(asJavaScript, late, 5);
    for (const ctx of contexts) expect(await outcomeOf(ctx, late, 5, ctx === two ? look : undefined)).toEqual(expected);
    expect(missed).toContain(true);
  });
});

describe("StepShares", () => {
  it("brings together what members did of a superstep, and nothing of others", () => {
    const aggregators = { sum: { kind: "sum" }, most: { kind: "max" } } as never;
    const shares = new StepShares(new Float64Array(sharesLength(aggregators, 3, 2)), aggregators, 3);
    const share = (received: number, most: number): Parameters<StepShares["writeMember"]>[2] => {
      return {
        messages: 2 * received,
        edgesScanned: 3 * received,
        received,
        aggregates: { sum: [0, 0], most: [most] },
      };
    };
    shares.writeMember(0, 0, share(1, 5));
    shares.writeMember(2, 0, share(2, 9));
    shares.end(0, 7);
    shares.writeMember(1, 1, share(4, -1));
    shares.end(1, 8);
    expect(shares.numEnded).toBe(2);
    expect(shares.ended(0)).toMatchObject({ messages: 6, edgesScanned: 9, received: 3, ms: 7 });
    expect(shares.globalsAfter(0)).toEqual({ sum: 0, most: 9 });
    expect(shares.ended(1)).toMatchObject({ messages: 8, received: 4, ms: 8 });
    expect(shares.globalsAfter(1)).toEqual({ sum: 0, most: -1 });
    shares.writeMember(0, 2, share(1, 1));
    shares.clearMembers();
    expect(shares.ended(1).ms).toBe(8);
  });
});
