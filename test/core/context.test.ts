import { describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import { useContext } from "../support/context.ts";

describe("Context", () => {
  const ctx = useContext("local[2]");

  it("range counts like a loop", async () => {
    expect(await ctx.range(5).collect()).toEqual([0, 1, 2, 3, 4]);
    expect(await ctx.range(2, 9, 3).collect()).toEqual([2, 5, 8]);
    expect(await ctx.range(9, 2, -3, 2).collect()).toEqual([9, 6, 3]);
    expect(await ctx.range(3, 3).collect()).toEqual([]);
    expect(await ctx.range(5, 0).glom().collect()).toEqual([[]]);
    expect(await ctx.range(0, 10, 1, 4).glom().collect()).toEqual([
      [0, 1],
      [2, 3, 4],
      [5, 6],
      [7, 8, 9],
    ]);
    const top = Number.MAX_SAFE_INTEGER;
    expect(await ctx.range(top - 3, top, 2).collect()).toEqual([top - 3, top - 1]);
  });

  it.each([
    [0.5, 1, 1, 1],
    [0, Infinity, 1, 1],
    [0, 1, 0, 1],
    [0, 1, 1, 0],
    [-Number.MAX_SAFE_INTEGER, 5, 1, 1],
  ])("refuses range(%d, %d, %d, %d)", (start, end, step, numPartitions) => {
    expect(() => ctx.range(start, end, step, numPartitions)).toThrow(/^range: .* must be /);
  });

  it("parallelize takes any iterable, as it is now", async () => {
    const data = [{ n: 1 }];
    const rdd = ctx.parallelize(data);
    data[0]!.n = 2;
    data.push({ n: 3 });
    expect(await rdd.collect()).toEqual([{ n: 1 }]);
    expect(
      await ctx
        .parallelize(new Set(["a", "b"]), 2)
        .glom()
        .collect(),
    ).toEqual([["a"], ["b"]]);
    expect(await ctx.parallelize(new Map([[1, "x"]]).entries()).collectAsMap()).toEqual(new Map([[1, "x"]]));
    expect(await ctx.parallelize(new Float64Array([1, NaN])).collect()).toEqual([1, NaN]);
    for (const numPartitions of [0, -1, 1.5, "2"]) {
      expect(() => ctx.parallelize([1], numPartitions as number)).toThrow(
        /^parallelize: numPartitions must be an integer >= 1/,
      );
    }
  });

  it.each([
    [0, 1],
    [1, 1],
    [5, 5],
    [8, 8],
    [262_144, 8],
    [1_000_000, 31],
    [1e12, 64],
  ])("%d records get %d partitions by themselves, on any machine", (count, expected) => {
    expect(ctx.range(0, count).numPartitions).toBe(expected);
  });

  it("union and emptyRDD", async () => {
    const both = ctx.union([ctx.range(2), ctx.emptyRDD<number>(), ctx.range(1)]);
    expect(await both.collect()).toEqual([0, 1, 0]);
    expect(await ctx.union([]).collect()).toEqual([]);
    expect(await ctx.emptyRDD().isEmpty()).toBe(true);
  });

  it("tells listeners what happens", async () => {
    const types: string[] = [];
    const unsubscribe = ctx.on(({ type }) => types.push(type));
    await ctx.range(3).count();
    unsubscribe();
    await ctx.range(3).count();
    expect(types.filter((type) => type === "stage.start").length).toBe(1);
  });

  it("refuses masters and settings that are none", async () => {
    await expect(Context.create({ master: "yarn" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(Context.create({ config: { none: 1 } as never })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("after stop, whatever is asked of it fails with CONTEXT_STOPPED", async () => {
    const context = await Context.create({ master: "local[1]", appName: "short" });
    expect(context.appName).toBe("short");
    const rdd = context.range(3).persist();
    expect(await rdd.count()).toBe(3);
    await context.stop();
    await context.stop();
    await expect(rdd.count()).rejects.toMatchObject({ code: "CONTEXT_STOPPED" });
    rdd.unpersist();
  });

  it("a stop ends jobs that are under way", async () => {
    const context = await Context.create({ master: "local[1]" });
    const job = context
      .range(0, 1)
      .flatMap(function* () {
        for (let i = 0; ; i++) yield i;
      })
      .count();
    setTimeout(() => void context.stop(), 200);
    await expect(job).rejects.toMatchObject({ code: "CONTEXT_STOPPED" });
    await context.stop();
  });

  it("frees the shuffles and stored partitions of RDDs that nothing can reach any more", async () => {
    if (globalThis.gc === undefined) {
      const { setFlagsFromString } = await import("node:v8");
      setFlagsFromString("--expose-gc");
    }
    const { runInNewContext } = await import("node:vm");
    const collectGarbage = runInNewContext("gc") as () => void;
    const context = await Context.create({ master: "local[1]" });
    const held = context
      .range(0, 100, 1, 2)
      .map((x) => [x, x])
      .groupByKey()
      .persist();
    await held.count();
    const kept = context.driver.blockUsage.blocks;
    expect(kept).toBe(6); // 2 stored partitions, 2 x 2 shuffle blocks
    await (async () => {
      const rdds = Array.from({ length: 5 }, () =>
        context
          .range(0, 100, 1, 2)
          .map((x) => [x, x])
          .groupByKey()
          .persist(),
      );
      for (const rdd of rdds) await rdd.count();
      expect(context.driver.blockUsage.blocks).toBe(6 * kept);
      expect(rdds).toHaveLength(5); // they are held until here
    })();
    await expect
      .poll(() => {
        collectGarbage();
        return context.driver.blockUsage.blocks;
      })
      .toBe(kept);
    expect(await held.count()).toBe(100);
    await context.stop();
  });
});
