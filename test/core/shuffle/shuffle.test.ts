import { describe, expect, it } from "vitest";
import { useContext } from "../../support/context.ts";
import { contextOver, SerialJobs } from "../../support/serialJobs.ts";
import { rddOf } from "../../support/masters.ts";

describe("shuffle", () => {
  it("stores one block a map partition and bucket, empty ones too", async () => {
    const jobs = new SerialJobs();
    await rddOf<[number, string]>(contextOver(jobs), [[1, "a"]], 3)
      .groupByKey(4)
      .count();
    expect(jobs.blocks.size).toBe(12);
  });

  it("sends one pair a key and map partition where values are combined, all pairs where not", async () => {
    const sizeOf = async (how: "reduceByKey" | "groupByKey"): Promise<number> => {
      const jobs = new SerialJobs();
      const pairs = Array.from({ length: 3000 }, (_, index): [number, number] => [index % 3, index]);
      const rdd = rddOf(contextOver(jobs), pairs, 2);
      await (how === "reduceByKey" ? rdd.reduceByKey((a, b) => a + b, 1) : rdd.groupByKey(1)).count();
      return [...jobs.blocks.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    };
    expect(await sizeOf("reduceByKey")).toBeLessThan(200);
    expect(await sizeOf("groupByKey")).toBeGreaterThan(6000);
  });

  it("a lost block fails the task with FETCH_FAILED, naming shuffle, map and bucket", async () => {
    const jobs = new SerialJobs();
    const grouped = rddOf<[number, string]>(contextOver(jobs), [[1, "a"]], 2).groupByKey(1);
    await grouped.count();
    const [lost] = [...jobs.blocks.keys()].filter((id) => id.includes('"map":1'));
    jobs.blocks.delete(lost!);
    await expect(grouped.count()).rejects.toMatchObject({ code: "FETCH_FAILED", details: { map: 1, reduce: 0 } });
  });

  describe("on threads", () => {
    const ctx = useContext("local[2]");

    it("merges in the order of map partitions, whichever ends first", async () => {
      const slowFirst = ctx.range(0, 6, 1, 6).map((x) => {
        const end = Date.now() + (x === 0 ? 80 : 0);
        while (Date.now() < end);
        return ["key", String(x)];
      });
      expect(await slowFirst.reduceByKey((a, b) => a + b).collect()).toEqual([["key", "012345"]]);
      expect(await slowFirst.groupByKey(1).values().collect()).toEqual([["0", "1", "2", "3", "4", "5"]]);
      expect(await slowFirst.map(([, x]) => x!).reduce((a, b) => a + b)).toBe("012345");
    });

    it("a release makes the next job write it again", async () => {
      const computed = ctx.accumulator(0, (a, b) => a + b);
      const grouped = ctx
        .range(0, 10, 1, 2)
        .map((x) => {
          computed.add(1);
          return [x, x];
        })
        .groupByKey();
      expect(await grouped.count()).toBe(10);
      expect(await grouped.count()).toBe(10);
      expect(computed.value).toBe(10);
      const [dependency] = grouped.dependencies;
      ctx.driver.releaseShuffle((dependency as { shuffleId: number }).shuffleId);
      expect(await grouped.count()).toBe(10);
      expect(computed.value).toBe(20);
    });
  });
});
