import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { everyMaster, rddOf, slices } from "../../support/masters.ts";

type Numbers = RDD<number>;
type Parts = number[][];

/** What an operator makes of an RDD, partition by partition, beside what plain arrays make of its partitions. */
const narrow: Record<string, { of: (rdd: Numbers) => RDD<unknown>; expected: (parts: Parts) => unknown[][] }> = {
  map: { of: (rdd) => rdd.map((x) => x * 2 + 1), expected: (parts) => parts.map((part) => part.map((x) => x * 2 + 1)) },
  flatMap: {
    of: (rdd) => rdd.flatMap((x) => [x, x].slice(0, Math.abs(x) % 3)),
    expected: (parts) => parts.map((part) => part.flatMap((x) => [x, x].slice(0, Math.abs(x) % 3))),
  },
  "flatMap over a generator": {
    of: (rdd) =>
      rdd.flatMap(function* (x) {
        yield x;
        yield -x;
      }),
    expected: (parts) => parts.map((part) => part.flatMap((x) => [x, -x])),
  },
  filter: {
    of: (rdd) => rdd.filter((x) => x % 2),
    expected: (parts) => parts.map((part) => part.filter((x) => x % 2)),
  },
  mapPartitions: {
    of: (rdd) => rdd.mapPartitions((records) => [[...records].length]),
    expected: (parts) => parts.map((part) => [part.length]),
  },
  "mapPartitions that awaits": {
    of: (rdd) => rdd.mapPartitions(async (records) => Promise.resolve([...records].reverse())),
    expected: (parts) => parts.map((part) => part.toReversed()),
  },
  mapPartitionsWithIndex: {
    of: (rdd) => rdd.mapPartitionsWithIndex((records, index) => [[index, ...records]]),
    expected: (parts) => parts.map((part, index) => [[index, ...part]]),
  },
  glom: { of: (rdd) => rdd.glom(), expected: (parts) => parts.map((part) => [part]) },
  keyBy: {
    of: (rdd) => rdd.keyBy((x) => x % 3),
    expected: (parts) => parts.map((part) => part.map((x) => [x % 3, x])),
  },
  "mapValues, flatMapValues, keys, values": {
    of: (rdd) => {
      const pairs = rdd.keyBy((x) => x % 3).mapValues((x) => x + 1);
      return pairs.keys().union(pairs.values(), pairs.flatMapValues((x) => [x, x]).values());
    },
    expected: (parts) => [
      ...parts.map((part) => part.map((x) => x % 3)),
      ...parts.map((part) => part.map((x) => x + 1)),
      ...parts.map((part) => part.flatMap((x) => [x + 1, x + 1])),
    ],
  },
  "union with itself": {
    of: (rdd) =>
      rdd.union(
        rdd,
        rdd.map((x) => -x),
      ),
    expected: (parts) => [...parts, ...parts, ...parts.map((part) => part.map((x) => -x))],
  },
  "zip with itself": {
    of: (rdd) => rdd.zip(rdd.map((x) => String(x))),
    expected: (parts) => parts.map((part) => part.map((x) => [x, String(x)])),
  },
  zipPartitions: {
    of: (rdd) =>
      rdd.zipPartitions(
        rdd.filter((x) => x > 0),
        (left, right, index) => [[index, [...left].length, [...right].length]],
      ),
    expected: (parts) => parts.map((part, index) => [[index, part.length, part.filter((x) => x > 0).length]]),
  },
  zipWithIndex: {
    of: (rdd) => rdd.zipWithIndex(),
    expected: (parts) => {
      let index = 0;
      return parts.map((part) => part.map((x) => [x, index++]));
    },
  },
  "coalesce to 2": {
    of: (rdd) => rdd.coalesce(2),
    expected: (parts) => slices(parts, Math.min(2, parts.length)).map((group) => group.flat()),
  },
  cartesian: {
    of: (rdd) => rdd.cartesian(rdd.map((x) => x + 0.5)),
    expected: (parts) =>
      parts.flatMap((left) => parts.map((right) => left.flatMap((a) => right.map((b) => [a, b + 0.5])))),
  },
  "a chain of them": {
    of: (rdd) =>
      rdd
        .map((x) => x + 1)
        .filter((x) => x % 2 === 0)
        .flatMap((x) => [x, -x])
        .coalesce(3)
        .union(rdd)
        .zipWithIndex()
        .keys(),
    expected: (parts) => [
      ...slices(parts, Math.min(3, parts.length)).map((group) =>
        group
          .flat()
          .map((x) => x + 1)
          .filter((x) => x % 2 === 0)
          .flatMap((x) => [x, -x]),
      ),
      ...parts,
    ],
  },
};

const numbers = fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 30 });

describe.each(everyMaster())("narrow operators, %s", (_name, context) => {
  it.each(Object.entries(narrow))(
    "%s does what arrays do, partition by partition",
    async (_operator, { of, expected }) => {
      await fc.assert(
        fc.asyncProperty(numbers, fc.constantFrom(1, 2, 5), async (data, n) => {
          expect(
            await of(rddOf(context, data, n))
              .glom()
              .collect(),
          ).toEqual(expected(slices(data, n)));
        }),
        { numRuns: 12, seed: 1 },
      );
    },
  );
});

/** What an operator makes of an RDD, whatever the order, beside the same of an array. */
const wide: Record<string, { of: (rdd: Numbers) => RDD<unknown>; expected: (data: number[]) => unknown[] }> = {
  repartition: { of: (rdd) => rdd.repartition(3), expected: (data) => data },
  "coalesce with shuffle": { of: (rdd) => rdd.coalesce(4, { shuffle: true }), expected: (data) => data },
  distinct: { of: (rdd) => rdd.distinct(3), expected: (data) => [...new Set(data)] },
  "distinct records": {
    of: (rdd) => rdd.map((x) => ({ x: [x] })).distinct(3),
    expected: (data) => [...new Set(data)].map((x) => ({ x: [x] })),
  },
  intersection: {
    of: (rdd) => rdd.intersection(rdd.map((x) => x * 2)),
    expected: (data) => [...new Set(data)].filter((x) => data.some((y) => y * 2 === x)),
  },
  subtract: {
    of: (rdd) => rdd.subtract(rdd.filter((x) => x > 0).map((x) => x * 2)),
    expected: (data) => data.filter((x) => !data.some((y) => y > 0 && y * 2 === x)),
  },
};

describe.each(everyMaster())("wide operators, %s", (_name, context) => {
  it.each(Object.entries(wide))("%s has the records that arrays have", async (_operator, { of, expected }) => {
    await fc.assert(
      fc.asyncProperty(numbers, fc.constantFrom(1, 2, 5), async (data, n) => {
        const sorted = (values: unknown[]): string[] => values.map((value) => JSON.stringify(value)).sort();
        expect(sorted(await of(rddOf(context, data, n)).collect())).toEqual(sorted(expected(data)));
      }),
      { numRuns: 12, seed: 2 },
    );
  });

  it("repartition deals records out evenly, in order within what meets again", async () => {
    const data = Array.from({ length: 100 }, (_, index) => index);
    const parts = await rddOf(context, data, 3).repartition(7).glom().collect();
    expect(parts.map((part) => part.length).every((length) => length >= 12 && length <= 17)).toBe(true);
    expect(parts.flat().sort((a, b) => a - b)).toEqual(data);
    for (const part of parts) expect(part).toEqual(part.toSorted((a, b) => a - b));
  });

  it("distinct keeps the first of equal records, keys as first seen", async () => {
    const data = [3, 1, 3, 2, 1, -0, 0];
    expect(await rddOf(context, data, 3).distinct(1).collect()).toEqual([3, 1, 2, -0]);
  });
});

describe("sample and randomSplit", () => {
  const [[, context]] = everyMaster() as [[string, Parameters<typeof rddOf>[0]]];
  const data = Array.from({ length: 20_000 }, (_, index) => index);

  it("takes about the fraction, in order, the same for the same seed, another for another", async () => {
    const rdd = rddOf(context, data, 3);
    const taken = await rdd.sample(0.3).collect();
    expect(Math.abs(taken.length - 6000)).toBeLessThan(300); // five standard deviations
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    expect(new Set(taken).size).toBe(taken.length);
    expect(await rdd.sample(0.3, { seed: 1 }).collect()).toEqual(taken);
    expect(await rdd.sample(0.3, { seed: 2 }).collect()).not.toEqual(taken);
  });

  it("with replacement takes a record k times with the Poisson probability", async () => {
    const taken = await rddOf(context, data, 3).sample(1.5, { withReplacement: true }).collect();
    const times = new Map<number, number>();
    for (const record of taken) times.set(record, (times.get(record) ?? 0) + 1);
    const expected = [0.22313, 0.3347, 0.25102, 0.12551]; // e^-1.5 1.5^k / k!
    for (const [k, probability] of expected.entries()) {
      const share = data.filter((record) => (times.get(record) ?? 0) === k).length / data.length;
      expect(Math.abs(share - probability)).toBeLessThan(0.02);
    }
  });

  it("splits into parts in proportion, each record in exactly one", async () => {
    const rdd = rddOf(context, data, 3);
    const parts = await Promise.all(rdd.randomSplit([1, 2, 0, 1], 5).map((part) => part.collect()));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(data);
    expect(parts[2]).toEqual([]);
    expect(Math.abs(parts[1]!.length - 10_000)).toBeLessThan(400);
  });

  it.each([-0.1, 1.1, NaN, "0.5" as unknown as number])("refuses the fraction %s", (fraction) => {
    expect(() => rddOf(context, data, 1).sample(fraction)).toThrow(/^sample: fraction must be in \[0, 1\], got /);
  });

  it("refuses weights that do not add up to something", () => {
    for (const weights of [[0, 0], [-1, 2], [Infinity], []]) {
      expect(() => rddOf(context, data, 1).randomSplit(weights)).toThrow(/^randomSplit: weights must be /);
    }
  });
});

describe("zip", () => {
  const [[, context]] = everyMaster() as [[string, Parameters<typeof rddOf>[0]]];

  it("refuses other numbers of partitions at the call", () => {
    expect(() => rddOf(context, [1], 1).zip(rddOf(context, [1], 2))).toThrow(
      "zip: both sides must have as many partitions, got 1 and 2",
    );
  });

  it.each([
    [
      [1, 2, 3],
      [1, 2],
    ],
    [
      [1, 2],
      [1, 2, 3],
    ],
  ])("fails with INVALID_INPUT where %j meets %j", async (left, right) => {
    const zipped = rddOf(context, left, 1).zip(rddOf(context, right, 1));
    await expect(zipped.collect()).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining("after 2 records"),
    });
  });
});
