import { describe, expect, it } from "vitest";
import { dependenciesFirst } from "../../../core/rdd/lineage.ts";
import { customPartitioner } from "../../../core/rdd/partitioner.ts";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { useContext } from "../../support/context.ts";
import { rddOf } from "../../support/masters.ts";
import { contextOver, SerialJobs } from "../../support/serialJobs.ts";

type Pair = [number, string];
const pairs: Pair[] = [
  [1, "a"],
  [2, "b"],
  [3, "c"],
  [1, "d"],
];

/** How many stages `run` runs, by name. */
async function stagesOf(run: (rdd: (n: number) => RDD<Pair>) => Promise<unknown>): Promise<string[]> {
  const jobs = new SerialJobs();
  await run((n) => rddOf(contextOver(jobs), pairs, n));
  return jobs.stagesRun;
}

describe("stages", () => {
  it("narrow operators are one stage", async () => {
    const run = stagesOf((rdd) =>
      rdd(3)
        .mapValues((x) => x)
        .filter(() => true)
        .union(rdd(2))
        .coalesce(2)
        .count(),
    );
    expect(await run).toEqual(["count"]);
  });

  it("each wide operator is a stage more", async () => {
    expect(
      await stagesOf((rdd) =>
        rdd(3)
          .reduceByKey((a) => a)
          .map(([key]) => [key, key])
          .groupByKey()
          .collect(),
      ),
    ).toEqual(["parallelize (map side)", "map (map side)", "collect"]);
  });

  it("a partitioner that is there already skips the shuffle", async () => {
    const partitioned = stagesOf(async (rdd) => {
      const left = rdd(3).partitionBy(4);
      await left
        .partitionBy(4)
        .reduceByKey((a) => a, 4)
        .mapValues((x) => x)
        .join(left.filter(() => true))
        .groupByKey()
        .count();
    });
    expect(await partitioned).toEqual(["parallelize (map side)", "count"]);
  });

  it("equal hash partitioners skip, other numbers, other kinds and operators that drop it do not", async () => {
    const custom = customPartitioner(4, (key: number) => key % 4);
    const other = customPartitioner(4, (key: number) => key % 4);
    const shuffles = async (run: (left: RDD<Pair>) => RDD<unknown>): Promise<number> =>
      (await stagesOf((rdd) => run(rdd(3).partitionBy(4)).count())).length - 2;
    expect(await shuffles((left) => left.partitionBy(4))).toBe(0);
    expect(await shuffles((left) => left.partitionBy(5))).toBe(1);
    expect(await shuffles((left) => left.partitionBy(custom))).toBe(1);
    expect(await shuffles((left) => left.partitionBy(custom).partitionBy(custom))).toBe(1);
    expect(await shuffles((left) => left.partitionBy(custom).partitionBy(other))).toBe(2);
    expect(await shuffles((left) => left.map((pair) => pair).partitionBy(4))).toBe(1);
    expect(await shuffles((left) => left.mapPartitions((records) => records).partitionBy(4))).toBe(1);
    expect(
      await shuffles((left) => left.mapPartitions((records) => records, { keepsPartitioner: true }).partitionBy(4)),
    ).toBe(0);
    expect(
      await shuffles((left) =>
        left
          .sample(1)
          .flatMapValues((x) => [x])
          .partitionBy(4),
      ),
    ).toBe(0);
  });

  it("a join shuffles only the side that is not in place", async () => {
    const run = stagesOf((rdd) => rdd(3).partitionBy(4).join(rdd(2)).count());
    expect(await run).toEqual(["parallelize (map side)", "parallelize (map side)", "count"]);
  });

  it("a shuffle that two branches read is written once", async () => {
    const run = stagesOf((rdd) => {
      const grouped = rdd(3).groupByKey(2);
      return grouped
        .mapValues((x) => x.length)
        .map(([key]) => key)
        .union(grouped.keys())
        .count();
    });
    expect(await run).toEqual(["parallelize (map side)", "count"]);
  });

  it("a shuffle that an earlier job wrote is used again", async () => {
    const run = stagesOf(async (rdd) => {
      const grouped = rdd(3).groupByKey(2);
      await grouped.count();
      await grouped.keys().collect();
    });
    expect(await run).toEqual(["parallelize (map side)", "count", "collect"]);
  });

  it("what runs before a job runs once: counting, sampling", async () => {
    const run = stagesOf(async (rdd) => {
      const sorted = rdd(3).sortByKey({ numPartitions: 2 });
      const numbered = sorted.zipWithIndex();
      await numbered.count();
      await numbered.collect();
      await sorted.collect();
    });
    expect(await run).toEqual(["sample keys", "parallelize (map side)", "zipWithIndex", "count", "collect", "collect"]);
  });

  it("take looks at 1, 4, 16 partitions", async () => {
    expect(
      await stagesOf((rdd) =>
        rdd(1)
          .coalesce(1)
          .union(...Array.from({ length: 20 }, () => rdd(1)))
          .filter(() => false)
          .take(1),
      ),
    ).toEqual(["take", "take", "take"]);
  });

  it("a task gets the slices of the partitions it reads, and no others", async () => {
    const sizes: number[] = [];
    class Spy extends SerialJobs {
      override runJob<R>(job: Parameters<SerialJobs["runJob"]>[0]): Promise<R[]> {
        for (const task of job.stages.at(-1)!.tasks) sizes.push((task as { slices: unknown[] }).slices.length);
        return super.runJob<R>(job);
      }
    }
    const context = contextOver(new Spy());
    const rdd = rddOf(context, pairs, 4);
    expect(
      await rdd
        .union(rddOf(context, pairs, 2))
        .coalesce(3)
        .count(),
    ).toBe(8);
    expect(sizes).toEqual([2, 2, 2]);
  });
});

describe("toDebugString", () => {
  it("shows lineage, shuffles, partitioners, names, storage, and what is read twice only once", () => {
    const words = rddOf(contextOver(new SerialJobs()), ["a"], 2).setName("words");
    const counts = words
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b, 3)
      .persist("memoryAndDisk");
    const text = counts
      .mapValues((n) => n)
      .join(words.keyBy((word) => word))
      .values()
      .toDebugString();
    const ids = [...new Set(text.match(/\[\d+\]/g)!)].sort((a, b) => Number(a.slice(1, -1)) - Number(b.slice(1, -1)));
    const stable = ids.reduce((lines, id, index) => lines.replaceAll(id, `[${index + 1}]`), text);
    expect(`\n${stable}\n`).toBe(`
(3) values [7]
 |   join [6], partitioned by hash
 |   mapValues [4], partitioned by hash
 |   reduceByKey [3], partitioned by hash, persisted in memory and disk
 +-(2) map [2]
    |   parallelize "words" [1]
 +-(2) keyBy [5]
    |   parallelize "words" [1], as above
`);
  });

  it("survives lineage of 20,000 nodes", () => {
    let rdd = rddOf(contextOver(new SerialJobs()), [1], 1);
    const step = (x: number): number => x;
    for (let depth = 0; depth < 200; depth++) rdd = rdd.map(step);
    for (let depth = 0; depth < 20_000; depth++) rdd = rdd.union();
    expect(rdd.toDebugString().split("\n").length).toBe(20_201);
  });
});

describe("dependenciesFirst", () => {
  it("lists each once, after what it needs", () => {
    const needs: Record<string, string[]> = { d: ["b", "c"], b: ["a"], c: ["a"], a: [] };
    expect(dependenciesFirst(["d", "a"], (node) => needs[node]!)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("names and ids", () => {
  const ctx = useContext("local[1]");

  it("a named RDD names the stage that writes its shuffle; ids differ", async () => {
    const stages: string[] = [];
    const unsubscribe = ctx.on((event) => {
      if (event.type === "stage.start") stages.push(event.name);
    });
    const rdd = ctx.parallelize(pairs, 2).setName("my pairs");
    await rdd.groupByKey().count();
    unsubscribe();
    expect(stages).toEqual(["my pairs (map side)", "count"]);
    expect(rdd.name).toBe("my pairs");
    expect(rdd.groupByKey().id).not.toBe(rdd.id);
    expect(rdd.getNumPartitions()).toBe(2);
    expect(rdd.groupByKey().dependencies).toMatchObject([{ type: "shuffle", parent: rdd.plan }]);
  });
});
