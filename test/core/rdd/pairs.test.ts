import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { customPartitioner, hashPartitioner } from "../../../core/rdd/partitioner.ts";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { everyMaster, rddOf } from "../../support/masters.ts";

type Pair = [string, number];

/** Values by key, keys as first seen. */
function grouped<V>(pairs: readonly (readonly [string, V])[]): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}

const keysOf = (...sides: readonly (readonly Pair[])[]): string[] => [...new Set(sides.flat().map(([key]) => key))];

/** What an operator makes of two RDDs of pairs, beside what plain arrays make of the same pairs. Keys as first seen. */
const operators: Record<
  string,
  {
    of: (left: RDD<Pair>, right: RDD<Pair>) => RDD<[string, unknown]>;
    expected: (left: Pair[], right: Pair[]) => [string, unknown][];
  }
> = {
  partitionBy: { of: (left) => left.partitionBy(3), expected: (left) => left },
  "reduceByKey, left to right": {
    of: (left) => left.mapValues((value) => String(value)).reduceByKey((a, b) => `${a},${b}`, hashPartitioner(3)),
    expected: (left) => [...grouped(left)].map(([key, values]) => [key, values.join(",")]),
  },
  groupByKey: { of: (left) => left.groupByKey(3), expected: (left) => [...grouped(left)] },
  combineByKey: {
    of: (left) =>
      left.combineByKey(
        (value) => [value],
        (values, value) => [...values, value],
        (a, b) => [...a, ...b],
        3,
      ),
    expected: (left) => [...grouped(left)],
  },
  foldByKey: {
    of: (left) => left.foldByKey(0, (a, b) => a + b, 3),
    expected: (left) => [...grouped(left)].map(([key, values]) => [key, values.reduce((a, b) => a + b, 0)]),
  },
  "aggregateByKey with a zero that is changed in place": {
    of: (left) =>
      left.aggregateByKey<string, number, { values: number[] }>(
        { values: [] },
        (total, value) => {
          total.values.push(value);
          return total;
        },
        (a, b) => {
          a.values.push(...b.values);
          return a;
        },
        3,
      ),
    expected: (left) => [...grouped(left)].map(([key, values]) => [key, { values }]),
  },
  cogroup: {
    of: (left, right) => left.cogroup(right, 3),
    expected: (left, right) =>
      keysOf(left, right).map((key) => [key, [grouped(left).get(key) ?? [], grouped(right).get(key) ?? []]]),
  },
  join: {
    of: (left, right) => left.join(right, 3),
    expected: (left, right) =>
      keysOf(left).flatMap((key) =>
        grouped(left)
          .get(key)!
          .flatMap((v) => (grouped(right).get(key) ?? []).map((w): [string, unknown] => [key, [v, w]])),
      ),
  },
  leftOuterJoin: {
    of: (left, right) => left.leftOuterJoin(right, 3),
    expected: (left, right) =>
      keysOf(left).flatMap((key) =>
        grouped(left)
          .get(key)!
          .flatMap((v) => (grouped(right).get(key) ?? [undefined]).map((w): [string, unknown] => [key, [v, w]])),
      ),
  },
  rightOuterJoin: {
    of: (left, right) => left.rightOuterJoin(right, 3),
    expected: (left, right) =>
      keysOf(left, right).flatMap((key) =>
        (grouped(left).get(key) ?? [undefined]).flatMap((v) =>
          (grouped(right).get(key) ?? []).map((w): [string, unknown] => [key, [v, w]]),
        ),
      ),
  },
  fullOuterJoin: {
    of: (left, right) => left.fullOuterJoin(right, 3),
    expected: (left, right) =>
      keysOf(left, right).flatMap((key) =>
        (grouped(left).get(key) ?? [undefined]).flatMap((v) =>
          (grouped(right).get(key) ?? [undefined]).map((w): [string, unknown] => [key, [v, w]]),
        ),
      ),
  },
  subtractByKey: {
    of: (left, right) => left.subtractByKey(right, 3),
    expected: (left, right) => left.filter(([key]) => !grouped(right).has(key)),
  },
  groupBy: {
    of: (left) => left.groupBy(([key]) => key, 3),
    expected: (left) => [...grouped(left)].map(([key, values]) => [key, values.map((value) => [key, value])]),
  },
};
const pairs = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e", "f"), fc.integer({ min: 0, max: 9 })), {
  maxLength: 25,
});

describe.each(everyMaster())("operators on pairs, %s", (_name, context) => {
  it.each(Object.entries(operators))(
    "%s does what arrays do, keys and values in order",
    async (_operator, { of, expected }) => {
      await fc.assert(
        fc.asyncProperty(
          pairs,
          pairs,
          fc.constantFrom(1, 2, 5),
          fc.constantFrom(1, 2, 5),
          async (left, right, n, m) => {
            const result = of(rddOf<Pair>(context, left, n), rddOf<Pair>(context, right, m));
            const parts = (await result.glom().collect()).filter((part) => part.length > 0);
            // Within a partition the order of the reference; each key in one partition.
            const reference = expected(left, right);
            const byPartition = parts.map((part) => {
              const held = new Set(part.map(([key]) => key));
              return byKey(reference.filter(([key]) => held.has(key)));
            });
            expect(parts.map(byKey)).toEqual(byPartition);
            expect(parts.flat().length).toBe(reference.length);
            expect(parts.flatMap((part) => [...new Set(part.map(([key]) => key))]).length).toBe(
              new Set(reference.map(([key]) => key)).size,
            );
          },
        ),
        { numRuns: 12, seed: 3 },
      );
    },
  );

  /** Entries by key, keys and values in order. */
  const byKey = (entries: [string, unknown][]): [string, unknown[]][] => [...grouped(entries)];

  it.each(["a", 1, 2n, true, null, undefined, [1, "x"], { k: [1] }, new Date(5), -0, NaN])(
    "finds %s as a key by what it holds",
    async (key) => {
      const rdd = rddOf<[unknown, number]>(
        context,
        [
          [key, 1],
          ["other", 5],
          [structuredClone(key), 2],
        ],
        3,
      );
      const counts = await rdd.reduceByKey((a, b) => a + b, 4).collect();
      expect(counts.map(([, count]) => count).sort((a, b) => a - b)).toEqual([3, 5]);
      expect(await rdd.lookup(structuredClone(key))).toEqual([1, 2]);
      expect(await rdd.partitionBy(4).lookup(structuredClone(key))).toEqual([1, 2]);
    },
  );

  it('tells 1, 1n, "1" and true apart', async () => {
    const rdd = rddOf<[unknown, number]>(
      context,
      [
        [1, 1],
        [1n, 2],
        ["1", 3],
        [true, 4],
      ],
      2,
    );
    expect((await rdd.groupByKey(2).collect()).length).toBe(4);
    expect(await rdd.lookup(1n)).toEqual([2]);
  });
});

describe("partitioners", () => {
  const [[, context]] = everyMaster() as [[string, Parameters<typeof rddOf>[0]]];
  const rdd = (): RDD<Pair> =>
    rddOf<Pair>(
      context,
      [
        ["a", 1],
        ["b", 2],
        ["c", 3],
        ["a", 4],
      ],
      2,
    );

  it("a custom one places keys by its function", async () => {
    const byLetter = customPartitioner(3, (key: string) => key.charCodeAt(0) - 97);
    expect(await rdd().partitionBy(byLetter).glom().collect()).toEqual([
      [
        ["a", 1],
        ["a", 4],
      ],
      [["b", 2]],
      [["c", 3]],
    ]);
    expect(await rdd().partitionBy(byLetter).lookup("a")).toEqual([1, 4]);
  });

  it.each([-1, 3, 0.5, NaN, "0"])("a custom one that returns %s fails the job, naming the key", async (partition) => {
    const bad = customPartitioner(3, () => partition as number);
    await expect(rdd().partitionBy(bad).collect()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/for key "[abc]"$/),
    });
  });

  it.each([0, -1, 1.5, "3", null, {}])("%j is refused at the call", (partitioning) => {
    const wrong = partitioning as number;
    expect(() => rdd().partitionBy(wrong)).toThrow(/^partitionBy: (numPartitions|partitioning) must be /);
    expect(() => rdd().reduceByKey((a, b) => a + b, wrong)).toThrow(/^reduceByKey: /);
    expect(() => rdd().join(rdd(), wrong)).toThrow(/^join: /);
  });

  it("the number of partitions follows from parents and their partitioners", () => {
    const other = rddOf<Pair>(context, [], 5);
    expect(rdd().groupByKey().numPartitions).toBe(2);
    expect(rdd().join(other).numPartitions).toBe(5);
    expect(rdd().partitionBy(3).join(other).numPartitions).toBe(3);
    expect(rdd().partitionBy(3).join(other.partitionBy(4)).numPartitions).toBe(4);
  });
});
