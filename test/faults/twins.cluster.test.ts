/** F30, F31: a straggler, and the second attempt of it: one of them wins, or both end at once. */
import { afterEach, describe, expect, it } from "vitest";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import { until, useCluster } from "../support/cluster.ts";

const cluster = useCluster("local-cluster[2,1]", { config: { speculation: 1, cancelGraceMs: 50 } });
afterEach(() => cluster.whole(2));

type TaskEnd = SuperstepEvent & { readonly type: "task.end" };

/** A shuffle of ten maps, the last of which stands still in both its attempts. */
async function straggling(name: string): Promise<{
  /** Processes of the two attempts, in the order in which they began. */
  readonly pids: readonly number[];
  /** Lets attempts go on. */
  readonly free: (...pids: number[]) => void;
  readonly result: Promise<[number, number][]>;
  /** How often tasks counted. */
  readonly counted: () => number;
  /** How attempts of the last map ended. */
  readonly ends: () => TaskEnd[];
}> {
  const { directory } = cluster.markers;
  const from = cluster.events.length;
  const ran = cluster.context.accumulator(0, (a, b) => a + b);
  const result = cluster.context
    .range(0, 1000, 1, 10)
    .mapPartitionsWithIndex((records, partition) => {
      ran.add(1);
      const fs = process.getBuiltinModule("node:fs");
      const mark = `${directory}/${name}.${process.pid}`;
      if (partition === 9) fs.writeFileSync(mark, "");
      while (partition === 9 && !fs.existsSync(`${mark}.go`))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      return Array.from(records, (x): [number, number] => [x % 7, 1 / (x + 1)]);
    })
    .reduceByKey((a, b) => a + b, 3)
    .collect();
  const started = (): number[] =>
    cluster.events.slice(from).flatMap((event) => {
      const isLast = event.type === "task.start" && event.partition === 9;
      return isLast ? [cluster.alive.get(event.host)!] : [];
    });
  const isThere = (pid: number): boolean => cluster.markers.has(`${name}.${pid}`);
  await until(() => started().length === 2 && started().every(isThere), "both attempts run");
  return {
    pids: started(),
    free: (...pids) => pids.forEach((pid) => cluster.markers.set(`${name}.${pid}.go`)),
    result,
    counted: () => ran.value,
    ends: () =>
      cluster.events
        .slice(from)
        .flatMap((event) => (event.type === "task.end" && event.partition === 9 ? [event] : [])),
  };
}

/** What they come to. */
const expected = (): [number, number][] => {
  const local = Array.from({ length: 10 }, (_, partition) => {
    const sums = new Map<number, number>();
    for (let x = 100 * partition; x < 100 * (partition + 1); x++) sums.set(x % 7, (sums.get(x % 7) ?? 0) + 1 / (x + 1));
    return sums;
  });
  return [0, 1, 2, 3, 4, 5, 6].map((key) => [key, local.map((sums) => sums.get(key)!).reduce((a, b) => a + b)]);
};
const byKey = (rows: readonly [number, number][]): [number, number][] => rows.toSorted(([a], [b]) => a - b);

describe("a straggler and its second attempt", () => {
  it.each([
    ["first", 0],
    ["second", 1],
  ])("F30: the %s attempt wins: its result is taken, the other is ended, all is counted once", async (name, winner) => {
    const { pids, free, result, counted, ends } = await straggling(name);
    free(pids[winner]!);
    expect(byKey(await result)).toEqual(expected());
    expect(counted()).toBe(10);
    await until(() => ends().length === 2, "the other one ends");
    expect(ends().map(({ attempt, status }) => [attempt, status])).toEqual([
      [winner, "succeeded"],
      [1 - winner, "cancelled"],
    ]);
  });

  it("F31: both end at once: one result is taken, all is counted once", async () => {
    const { pids, free, result, counted, ends } = await straggling("both");
    expect(new Set(pids).size).toBe(2);
    free(...pids);
    expect(byKey(await result)).toEqual(expected());
    expect(counted()).toBe(10);
    await until(() => ends().length === 2, "the other one ends");
    expect(ends().filter(({ status }) => status === "succeeded").length).toBeGreaterThanOrEqual(1);
    expect(ends().filter(({ status }) => status === "failed")).toEqual([]);
  });
});
