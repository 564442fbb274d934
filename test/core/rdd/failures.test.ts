import { describe, expect, it } from "vitest";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { useContext } from "../../support/context.ts";

describe("what a function throws", () => {
  const ctx = useContext("local[2]");

  it("reaches the caller with its own message, and stage, partition and attempt", async () => {
    const rdd = ctx.range(0, 40, 1, 4).map((x) => {
      if (x === 25) throw new RangeError(`bad record ${x}`);
      return x;
    });
    const failure = await rdd.count().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "TASK_FAILED",
      message: expect.stringContaining("bad record 25") as string,
      details: { stage: "count", partition: 2, attempt: 0 },
      cause: { name: "RangeError", message: "bad record 25" },
    });
    expect((failure as { cause: Error }).cause.stack).toContain("failures.test.ts");
  });

  it("names the map side's stage when it is thrown there", async () => {
    const rdd = ctx
      .range(0, 4, 1, 2)
      .setName("input")
      .map((x): [number, number] => {
        throw new Error(`no ${x}`);
      });
    await expect(rdd.setName("broken").groupByKey().count()).rejects.toMatchObject({
      details: { stage: "broken (map side)" },
    });
  });

  it("names the partition of the RDD when take looks at later ones", async () => {
    const rdd = ctx.range(0, 10, 1, 10).flatMap((x) => {
      if (x === 7) throw new Error("no");
      return [] as number[];
    });
    await expect(rdd.take(1)).rejects.toMatchObject({
      message: expect.stringMatching(/^stage "take", partition 7, attempt 0: /) as string,
      details: { partition: 7 },
      cause: { message: "no" },
    });
    const later = ctx.range(0, 2, 1, 2).filter((x) => {
      if (x === 1) throw new Error("no");
      return true;
    });
    const walk = async (): Promise<void> => {
      for await (const _record of later.toLocalIterator());
    };
    await expect(walk()).rejects.toMatchObject({ details: { stage: "toLocalIterator", partition: 1 } });
  });

  it.each([
    ["flatMap", (rdd: RDD<number>) => rdd.flatMap(() => 5 as unknown as number[])],
    ["mapPartitions", (rdd: RDD<number>) => rdd.mapPartitions(() => undefined as unknown as number[])],
    ["mapPartitionsWithIndex", (rdd: RDD<number>) => rdd.mapPartitionsWithIndex(() => 1 as unknown as number[])],
    ["flatMapValues", (rdd: RDD<number>) => rdd.keyBy((x) => x).flatMapValues(() => null as unknown as number[])],
    ["zipPartitions", (rdd: RDD<number>) => rdd.zipPartitions(rdd, () => ({}) as number[])],
  ])("%s fails with TYPE_MISMATCH if its function returns no iterable", async (kind, of) => {
    await expect(of(ctx.range(0, 3)).collect()).rejects.toMatchObject({
      code: "TYPE_MISMATCH",
      message: expect.stringContaining(`${kind}: fn must return an iterable`) as string,
    });
  });

  it("a record that cannot travel is NOT_SHIPPABLE, from tasks and at the call", async () => {
    await expect(
      ctx
        .range(0, 3)
        .map(() => Promise.resolve(1))
        .collect(),
    ).rejects.toMatchObject({ code: "NOT_SHIPPABLE" });
    await expect(
      ctx
        .range(0, 3)
        .map((x) => [x, () => x])
        .groupByKey()
        .count(),
    ).rejects.toMatchObject({ code: "NOT_SHIPPABLE" });
    expect(() => ctx.parallelize([1, 2, { deep: [() => 1] }], 2)).toThrow(/^parallelize: data\[2\]\.deep\[0\]: /);
    expect(() => ctx.parallelize([[1, 1]], 1).foldByKey((() => 1) as unknown as number, (a) => a)).toThrow(
      /^foldByKey: zero: /,
    );
  });

  it("an RDD or a context that a function captures is refused at the call, by name", () => {
    const other = ctx.range(0, 3);
    expect(() => ctx.range(0, 3).map((x) => [x, other.id])).toThrow(
      /^map: fn captures `other`, an RDD, which cannot travel\. Collect or broadcast/,
    );
    const { context } = other;
    expect(() => ctx.range(0, 3).filter(() => context.master === "")).toThrow(
      /^filter: fn captures `context`, a Context/,
    );
  });

  it.each([
    ["map", (rdd: RDD<number>, fn: never) => rdd.map(fn)],
    ["filter", (rdd: RDD<number>, fn: never) => rdd.filter(fn)],
    ["sortBy", (rdd: RDD<number>, fn: never) => rdd.sortBy(fn)],
  ])("%s refuses what is no function at the call", (_kind, of) => {
    expect(() => of(ctx.range(0, 3), 5 as never)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/INVALID_ARGUMENT|NOT_SHIPPABLE/) as string }),
    );
  });
});

describe("cancellation", () => {
  const ctx = useContext("local[2]");

  it("a signal ends an action that is under way with CANCELLED, and the next one works", async () => {
    const controller = new AbortController();
    const endless = ctx.range(0, 2, 1, 2).flatMap(function* () {
      for (let i = 0; ; i++) yield i;
    });
    setTimeout(() => controller.abort(), 200);
    await expect(endless.count({ signal: controller.signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await ctx.range(0, 10).sum()).toBe(45);
  });

  it("every action takes a signal", async () => {
    const signal = AbortSignal.abort();
    const rdd = ctx.range(0, 4, 1, 2);
    const pairs = rdd.map((x) => [x, x]);
    const walk = async (): Promise<void> => {
      for await (const _record of rdd.toLocalIterator({ signal }));
    };
    const add = (a: number, b: number): number => a + b;
    const actions: (() => Promise<unknown>)[] = [
      () => rdd.collect({ signal }),
      () => rdd.count({ signal }),
      () => rdd.first({ signal }),
      () => rdd.take(1, { signal }),
      () => rdd.takeOrdered(1, undefined, { signal }),
      () => rdd.top(1, undefined, { signal }),
      () => rdd.takeSample(1, { signal }),
      () => rdd.isEmpty({ signal }),
      () => rdd.reduce(add, { signal }),
      () => rdd.fold(0, add, { signal }),
      () => rdd.aggregate(0, add, add, { signal }),
      () => rdd.treeAggregate(0, add, add, { signal }),
      () => rdd.foreach(() => undefined, { signal }),
      () => rdd.foreachPartition(() => undefined, { signal }),
      () => rdd.min(undefined, { signal }),
      () => rdd.max(undefined, { signal }),
      () => rdd.sum({ signal }),
      () => rdd.stats({ signal }),
      () => rdd.countByValue({ signal }),
      () => pairs.countByKey({ signal }),
      () => pairs.collectAsMap({ signal }),
      () => pairs.lookup(1, { signal }),
      () => rdd.saveAsTextFile("/tmp/superstep-never-written", { signal }),
      () => rdd.localCheckpoint({ signal }),
      walk,
    ];
    for (const action of actions) await expect(action()).rejects.toMatchObject({ code: "CANCELLED" });
    expect(rdd.isCheckpointed).toBe(false);
  });

  it("a job that waited for another one's sampling goes on when that one is cancelled", async () => {
    const controller = new AbortController();
    const gate = new Int32Array(new SharedArrayBuffer(8)); // [is open, tasks that came to it]
    const gated = ctx.range(0, 2000, 1, 4).mapPartitions((records) => {
      Atomics.add(gate, 1, 1);
      Atomics.wait(gate, 0, 0);
      return records;
    });
    const sorted = gated.sortBy((x) => -x);
    const first = sorted.count({ signal: controller.signal });
    const second = sorted.count();
    await expect.poll(() => Atomics.load(gate, 1)).toBeGreaterThan(0);
    controller.abort();
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await expect(first).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await second).toBe(2000);
  });
});

describe("retries", () => {
  const ctx = useContext("local[2]", { config: { maxTaskFailures: 4 } });

  it("a task that fails and is tried again counts once in accumulators, and changes no result", async () => {
    const seen = ctx.accumulator(0, (a, b) => a + b);
    // Shared memory is the one thing by which attempts can know of each other.
    const attempts = new Int32Array(new SharedArrayBuffer(16));
    const shaky = ctx.range(0, 40, 1, 4).mapPartitionsWithIndex((records, index) => {
      const kept = [...records];
      for (const _record of kept) seen.add(1);
      if (Atomics.add(attempts, index, 1) < index) throw new Error(`attempt ${attempts[index]} of ${index}`);
      return kept.map((x): [number, number] => [x % 3, x]);
    });
    const sums = await shaky.reduceByKey((a, b) => a + b).collectAsMap();
    expect([...sums].sort(([a], [b]) => a - b)).toEqual([
      [0, 273],
      [1, 247],
      [2, 260],
    ]);
    expect([...attempts]).toEqual([1, 2, 3, 4]); // the faults did happen
    expect(seen.value).toBe(40);
  });

  it("gives up after as many failures as set, with the last attempt in the error", async () => {
    const rdd = ctx.range(0, 1).map(() => {
      throw new Error("always");
    });
    await expect(rdd.count()).rejects.toMatchObject({ code: "TASK_FAILED", details: { attempt: 3 } });
  });
});

describe("broadcasts and accumulators", () => {
  const ctx = useContext("local[2]");

  it("are captured by functions", async () => {
    const names = ctx.broadcast(
      new Map([
        [1, "one"],
        [2, "two"],
      ]),
    );
    const missing = ctx.accumulator(0, (a, b) => a + b, "missing");
    const rdd = ctx.range(0, 4, 1, 3).map((x) => {
      const name = names.value.get(x);
      if (name === undefined) missing.add(1);
      return name ?? "?";
    });
    expect(await rdd.collect()).toEqual(["?", "one", "two", "?"]);
    expect(missing.value).toBe(2);
    await ctx.range(0, 10).foreach((x) => missing.add(x));
    expect(missing.value).toBe(47);
    await ctx.range(0, 10, 1, 5).foreachPartition((records) => missing.add([...records].length));
    expect(missing.value).toBe(57);
  });
});
