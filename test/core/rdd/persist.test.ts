import { describe, expect, it } from "vitest";
import type { Accumulator } from "../../../core/accumulator.ts";
import type { Context } from "../../../core/context.ts";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { useContext } from "../../support/context.ts";

/** Numbers 0 to 99 in 4 partitions, and how many records were computed so far. */
function counted(ctx: Context): { rdd: RDD<number>; computed: Accumulator<number> } {
  const computed = ctx.accumulator(0, (a, b) => a + b);
  const rdd = ctx.range(0, 100, 1, 4).map((x) => {
    computed.add(1);
    return x;
  });
  return { rdd, computed };
}

describe("persist", () => {
  const ctx = useContext("local[2]");

  it("without it, each job computes again", async () => {
    const { rdd, computed } = counted(ctx);
    await rdd.count();
    await rdd.count();
    expect(computed.value).toBe(200);
  });

  it.each(["memory", "memoryAndDisk", "disk"] as const)("at %s, computes once until unpersist", async (level) => {
    const { rdd, computed } = counted(ctx);
    expect(rdd.persist(level)).toBe(rdd);
    expect(rdd.storageLevel).toBe(level);
    expect(computed.value).toBe(0);
    expect(await rdd.take(3)).toEqual([0, 1, 2]);
    expect(computed.value).toBe(25); // one partition
    expect(await rdd.map((x) => x + 1).sum()).toBe(5050);
    expect(await rdd.sum()).toBe(4950);
    expect(computed.value).toBe(100);
    rdd.unpersist();
    expect(rdd.storageLevel).toBeUndefined();
    expect(ctx.driver.hasBlock({ kind: "rdd", rdd: rdd.id, partition: 0 })).toBe(false);
    await rdd.count();
    expect(computed.value).toBe(200);
  });

  it("what is read twice in one job is computed once in each partition", async () => {
    const { rdd, computed } = counted(ctx);
    rdd.cache();
    expect(await rdd.zip(rdd).count()).toBe(100);
    expect(computed.value).toBe(100);
  });

  it("a lost partition is computed again, and only that", async () => {
    const { rdd, computed } = counted(ctx);
    await rdd.persist().count();
    const kept = await ctx.driver.getBlock({ kind: "rdd", rdd: rdd.id, partition: 2 });
    ctx.driver.removeBlocks({ kind: "rdd", rdd: rdd.id });
    await ctx.driver.putBlock({ kind: "rdd", rdd: rdd.id, partition: 2 }, kept!, "memory");
    expect(await rdd.sum()).toBe(4950);
    expect(computed.value).toBe(175);
  });

  it("records that a function changes are not changed in the store", async () => {
    const rdd = ctx.parallelize([{ n: 1 }, { n: 2 }], 1).persist();
    const doubled = rdd.map((record) => {
      record.n *= 2;
      return record;
    });
    expect(await doubled.collect()).toEqual([{ n: 2 }, { n: 4 }]);
    expect(await doubled.collect()).toEqual([{ n: 2 }, { n: 4 }]);
    expect(await rdd.collect()).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("refuses another level while it is kept, and levels it does not know", () => {
    const rdd = ctx.parallelize([1]).persist();
    expect(rdd.persist()).toBe(rdd);
    expect(() => rdd.persist("disk")).toThrow('persist: it is kept at "memory"; call unpersist() first');
    expect(() => ctx.parallelize([1]).persist("MEMORY_ONLY" as "memory")).toThrow(/^persist: level must be memory or /);
  });
});

describe("persist where memory is short", () => {
  const ctx = useContext("local[2]", { config: { blockMemoryBytes: 3000 } });
  const large = (): RDD<number> => ctx.range(0, 1000, 1, 8); // 8 blocks of 500 bytes or more

  it("memory drops partitions and computes them again: the same records", async () => {
    const before = ctx.driver.blockUsage.dropped;
    const rdd = large().persist("memory");
    for (let round = 0; round < 3; round++) expect(await rdd.sum()).toBe(499_500);
    expect(ctx.driver.blockUsage.dropped).toBeGreaterThan(before);
    rdd.unpersist();
  });

  it("memoryAndDisk moves them to disk and computes nothing again", async () => {
    const { rdd, computed } = counted(ctx);
    const wide = rdd.flatMap((x) => Array.from({ length: 20 }, (_, index) => x + index / 100)).persist("memoryAndDisk");
    const before = ctx.driver.blockUsage.spilled;
    const first = await wide.collect();
    expect(await wide.collect()).toEqual(first);
    expect(computed.value).toBe(100);
    expect(ctx.driver.blockUsage.spilled).toBeGreaterThan(before);
    wide.unpersist();
  });

  it("shuffles work through the disk", async () => {
    const groups = await large()
      .map((x) => [x % 10, x])
      .groupByKey(4)
      .collect();
    expect(groups.map(([key, values]): [number, number] => [key, values.length]).sort(([a], [b]) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, key) => [key, 100]),
    );
  });
});
