import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everyMaster, rddOf } from "../../support/masters.ts";

/** Stable, by plain comparison; NaN last. */
function sorted<T>(data: readonly T[], key: (item: T) => number | string, ascending: boolean): T[] {
  return data.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    const order = x < y ? -1 : x > y ? 1 : 0;
    return ascending ? order : -order;
  });
}

const someNumbers = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(NaN, Infinity, -Infinity, 0.5)), {
  maxLength: 40,
});

describe.each(everyMaster())("sortBy and sortByKey, %s", (_name, context) => {
  it("order records as a stable sort does, over any partitions", async () => {
    await fc.assert(
      fc.asyncProperty(
        someNumbers,
        fc.constantFrom(1, 2, 5),
        fc.constantFrom(1, 3, 6),
        fc.boolean(),
        async (keys, n, numPartitions, ascending) => {
          const data = keys.map((key, index): [number, number] => [key, index]);
          const rdd = rddOf(context, data, n);
          const expected = sorted(data, ([key]) => key, ascending);
          expect(await rdd.sortBy(([key]) => key, { ascending, numPartitions }).collect()).toEqual(expected);
          expect(await rdd.sortByKey({ ascending, numPartitions }).collect()).toEqual(expected);
        },
      ),
      { numRuns: 25, seed: 4 },
    );
  });

  it("order strings by code point, arrays by their items", async () => {
    const strings = ["b", "", "a\u{1F600}", "a\uFFFD", "B", "aa"];
    expect(
      await rddOf(context, strings, 2)
        .sortBy((text) => text)
        .collect(),
    ).toEqual(["", "B", "aa", "a\uFFFD", "a\u{1F600}", "b"]);
    const pairs = [[2, 1], [1, 2], [1], [1, 1]];
    expect(
      await rddOf(context, pairs, 2)
        .sortBy((pair) => pair)
        .collect(),
    ).toEqual([[1], [1, 1], [1, 2], [2, 1]]);
  });

  it("fill partitions about evenly, and keep equal keys together", async () => {
    const data = Array.from({ length: 4000 }, (_, index) => (index * 7919) % 4001);
    const parts = await rddOf(context, data, 5)
      .sortBy((x) => x, { numPartitions: 8 })
      .glom()
      .collect();
    expect(parts.length).toBe(8);
    for (const part of parts) expect(Math.abs(part.length - 500)).toBeLessThan(250);
    const few = await rddOf(
      context,
      data.map((x) => x % 3),
      5,
    )
      .sortBy((x) => x, { numPartitions: 8 })
      .glom()
      .collect();
    expect(few.filter((part) => part.length > 0).every((part) => new Set(part).size === 1)).toBe(true);
  });

  it("give the same bits each time", async () => {
    const data = Array.from({ length: 500 }, (_, index): [number, number] => [(index * 31) % 17, index]);
    const run = (): Promise<unknown> => rddOf(context, data, 4).sortByKey({ numPartitions: 5 }).glom().collect();
    expect(await run()).toEqual(await run());
  });

  it("sortByKey is a partitioner: a later lookup reads one partition, a join of it shuffles one side", async () => {
    const data = Array.from({ length: 100 }, (_, index): [number, string] => [(index * 37) % 100, `v${index}`]);
    const byKey = rddOf(context, data, 3).sortByKey({ numPartitions: 4 });
    expect(await byKey.lookup(42)).toEqual([data.find(([key]) => key === 42)![1]]);
    const joined = byKey.join(rddOf(context, data, 2));
    expect(joined.partitioner).toBe(byKey.partitioner);
    expect((await joined.collect()).map(([key]) => key)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it("partitionBy takes the partitioner of a sorted RDD that never ran", async () => {
    const data = Array.from({ length: 60 }, (_, index): [number, number] => [(index * 37) % 60, index]);
    const { partitioner } = rddOf(context, data, 3).sortByKey({ numPartitions: 3 });
    const parts = await rddOf(context, data, 2).partitionBy(partitioner!).glom().collect();
    const ranges = parts.map((part) => part.map(([key]) => key).sort((a, b) => a - b));
    expect(ranges.flat()).toEqual(Array.from({ length: 60 }, (_, index) => index));
    expect(ranges.filter((range) => range.length > 0).length).toBeGreaterThan(1);
  });
});
