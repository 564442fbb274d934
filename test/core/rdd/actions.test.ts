import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everyMaster, rddOf, slices } from "../../support/masters.ts";

const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 30 });
const partitions = fc.constantFrom(1, 2, 5);
const quick = { numRuns: 12, seed: 5 };

describe.each(everyMaster())("actions, %s", (_name, context) => {
  it("collect, count, isEmpty, take, first, toLocalIterator see records in order", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, partitions, fc.integer({ min: 0, max: 40 }), async (data, n, limit) => {
        const rdd = rddOf(context, data, n);
        expect(await rdd.collect()).toEqual(data);
        expect(await rdd.count()).toBe(data.length);
        expect(await rdd.isEmpty()).toBe(data.length === 0);
        expect(await rdd.take(limit)).toEqual(data.slice(0, limit));
        if (data.length > 0) expect(await rdd.first()).toBe(data[0]);
        const walked: number[] = [];
        for await (const record of rdd.toLocalIterator()) walked.push(record);
        expect(walked).toEqual(data);
      }),
      quick,
    );
  });

  it("takeOrdered, top, min, max agree with a stable sort", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, partitions, fc.integer({ min: 0, max: 12 }), async (data, n, limit) => {
        const records = data.map((value, index) => ({ value, index }));
        const rdd = rddOf(context, records, n);
        const ascending = records.toSorted((a, b) => a.value - b.value);
        const descending = records.toSorted((a, b) => b.value - a.value);
        expect(await rdd.takeOrdered(limit, ({ value }) => value)).toEqual(ascending.slice(0, limit));
        expect(await rdd.top(limit, ({ value }) => value)).toEqual(descending.slice(0, limit));
        expect(await rddOf(context, data, n).top(limit)).toEqual(data.toSorted((a, b) => b - a).slice(0, limit));
        if (data.length === 0) return;
        expect(await rdd.min(({ value }) => BigInt(value))).toEqual(ascending[0]);
        expect(await rdd.max(({ value }) => value)).toEqual(descending[0]);
      }),
      quick,
    );
  });

  it("takeOrdered sorts out more records than it keeps at a time; NaN comes last both ways", async () => {
    const data = Array.from({ length: 5000 }, (_, index) => (index % 7 === 0 ? NaN : (index * 7919) % 5003));
    const finite = data.filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);
    const rdd = rddOf(context, data, 2);
    expect(await rdd.takeOrdered(20)).toEqual(finite.slice(0, 20));
    expect(await rdd.top(20)).toEqual(finite.toReversed().slice(0, 20));
    expect((await rdd.top(5000)).slice(finite.length)).toEqual(data.filter((x) => Number.isNaN(x)));
  });

  it("reduce, fold, aggregate, treeAggregate merge in the order of partitions", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, partitions, async (data, n) => {
        const texts = rddOf(context, data, n).map((x) => `${x};`);
        const joined = data.map((x) => `${x};`).join("");
        if (data.length > 0) expect(await texts.reduce((a, b) => a + b)).toBe(joined);
        expect(await texts.fold("", (a, b) => a + b)).toBe(joined);
        const push = (list: string[], text: string): string[] => {
          list.push(text); // in place: each partition must have a zero of its own
          return list;
        };
        const concat = (a: string[], b: string[]): string[] => a.concat(b);
        expect((await texts.aggregate<string[]>([], push, concat)).join("")).toBe(joined);
        expect((await texts.treeAggregate<string[]>([], push, concat)).join("")).toBe(joined);
      }),
      quick,
    );
  });

  it("aggregate starts every partition, and the merging, with zero", async () => {
    const rdd = rddOf(context, [1, 2, 3], 5);
    expect(
      await rdd.aggregate(
        10,
        (a, b) => a + b,
        (a, b) => a + b,
      ),
    ).toBe(66);
    expect(await rdd.fold(10, (a, b) => a + b)).toBe(66);
  });

  it.each([1, 2, 3])("treeAggregate over 40 partitions, depth %i", async (depth) => {
    const data = Array.from({ length: 80 }, (_, index) => index);
    const join = (a: string, b: string): string => a + b;
    const text = await rddOf(context, data, 40).treeAggregate("", (a, x) => `${a}${x},`, join, { depth });
    expect(text).toBe(data.map((x) => `${x},`).join(""));
  });

  it("countByKey, countByValue, collectAsMap keep keys as first seen", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, partitions, async (data, n) => {
        const counts = new Map<number, number>();
        for (const x of data) counts.set(x, (counts.get(x) ?? 0) + 1);
        const rdd = rddOf(context, data, n);
        expect([...(await rdd.countByValue())]).toEqual([...counts]);
        expect([...(await rdd.map((x) => [x, "v"]).countByKey())]).toEqual([...counts]);
        const last = new Map(data.map((x, index) => [x, index]));
        expect([
          ...(await rddOf(
            context,
            data.map((x, index): [number, number] => [x, index]),
            n,
          ).collectAsMap()),
        ]).toEqual([...last]);
      }),
      quick,
    );
    const lists = await rddOf(context, [[1], [2], [1]], 2).countByValue();
    expect([...lists]).toEqual([
      [[1], 2],
      [[2], 1],
    ]);
  });

  it("takeSample takes so many, each set as likely, in random order", async () => {
    const data = Array.from({ length: 2000 }, (_, index) => index);
    const rdd = rddOf(context, data, 3);
    const taken = await rdd.takeSample(500);
    expect(new Set(taken).size).toBe(500);
    expect(Math.abs(taken.reduce((a, b) => a + b, 0) / 500 - 1000)).toBeLessThan(130); // five standard deviations
    expect(taken).not.toEqual(taken.toSorted((a, b) => a - b));
    expect(await rdd.takeSample(500, { seed: 1 })).toEqual(taken);
    expect(await rdd.takeSample(500, { seed: 2 })).not.toEqual(taken);
    expect((await rdd.takeSample(5000)).sort((a, b) => a - b)).toEqual(data);
  });

  it("first, reduce, min and max refuse an RDD without records, and name what does not", async () => {
    const empty = rddOf<number>(context, [], 2);
    const refusals: [() => Promise<unknown>, string][] = [
      [() => empty.first(), "take(1)"],
      [() => empty.reduce((a, b) => a + b), "fold(zero, fn)"],
      [() => empty.min(), "takeOrdered(1)"],
      [() => empty.max(), "top(1)"],
    ];
    for (const [run, instead] of refusals) {
      const message = expect.stringContaining(`use ${instead} instead`) as string;
      await expect(run()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
    }
  });

  it.each([-1, 1.5, NaN, Infinity, "2"])("take, takeOrdered, top and takeSample refuse n = %s", async (n) => {
    const rdd = rddOf(context, [1], 1);
    const wrong = n as number;
    for (const run of [
      () => rdd.take(wrong),
      () => rdd.takeOrdered(wrong),
      () => rdd.top(wrong),
      () => rdd.takeSample(wrong),
    ]) {
      await expect(run()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  it("take computes no more partitions than it needs", async () => {
    const data = Array.from({ length: 100 }, (_, index) => index);
    const rdd = rddOf(context, data, 50).map((x) => {
      if (x >= 10) throw new Error("computed too much");
      return x;
    });
    expect(await rdd.take(2)).toEqual([0, 1]);
    expect(await rdd.take(10)).toEqual(data.slice(0, 10));
    await expect(rdd.take(11)).rejects.toThrow("computed too much");
  });

  it("what is thrown away is not held: a partition is walked only as far as needed", async () => {
    const rdd = rddOf(context, [1], 1).flatMap(function* () {
      for (let i = 0; ; i++) yield i; // without end
    });
    expect(await rdd.take(3)).toEqual([0, 1, 2]);
    expect(await rdd.filter((x) => x > 100_000).first()).toBe(100_001);
  });

  it("partitions of parallelize are equal slices", async () => {
    const data = Array.from({ length: 11 }, (_, index) => index);
    expect(await rddOf(context, data, 4).glom().collect()).toEqual(slices(data, 4));
    expect(await rddOf(context, data, 20).glom().collect()).toEqual(slices(data, 20));
  });
});
