/** F05: an executor killed when a checkpoint is done, or is being made, and what came before it is not released yet. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import { until, useCluster } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";
import { graphOf, randomArcs } from "../support/graphs.ts";
import { algorithms, digest, digestOf } from "./answers.ts";

const local = useContext("local[1]");
const cluster = useCluster("local-cluster[2,1]", { config: { snapshotEvery: 2, maxHostReplacements: 1000 } });
afterEach(() => cluster.whole(2));

const arcs = randomArcs(37, 80, 320);

describe(
  "F05: an executor killed in the window between a snapshot and the release of the one before",
  { timeout: 120_000 },
  () => {
    it.each([1, 3])("as its columns are gathered, %i times: same bits", async (times) => {
      cluster.arm("gather", "kill", times);
      const expected = await digestOf(algorithms["PageRank"]!, graphOf(local, arcs, 4));
      expect(await digestOf(algorithms["PageRank"]!, graphOf(cluster.context, arcs, 4))).toBe(expected);
      expect(cluster.unfired).toBe(0);
    });
  },
);

describe("F05: an executor killed as a checkpoint is done", { timeout: 120_000 }, () => {
  /** Kills one executor at each event that `isMoment` picks, `times` at most. Returns how many it killed. */
  const killing = (isMoment: (event: SuperstepEvent) => boolean, times: number): { stop: () => number } => {
    const killed = new Set<number>();
    const stop = cluster.context.on((event) => {
      if (killed.size >= times || !isMoment(event)) return;
      const [first] = cluster.context.driver.executors;
      if (first === undefined || killed.has(first.pid)) return;
      killed.add(first.pid);
      process.kill(first.pid, "SIGKILL");
    });
    return {
      stop: () => {
        stop();
        return killed.size;
      },
    };
  };

  it("of supersteps: same bits, the run ends with no checkpoint left", async () => {
    const directory = cluster.markers.file("supersteps");
    const options = { iterations: 8 };
    const expected = digest(await (await graphOf(local, arcs, 4).pageRank(options)).graph.vertices.collect());
    const kills = killing(({ type }) => type === "checkpoint", 2);
    const run = await graphOf(cluster.context, arcs, 4).pageRank({
      ...options,
      checkpointDirectory: directory,
      checkpointEvery: 3,
    });
    expect(digest(await run.graph.vertices.collect())).toBe(expected);
    expect(kills.stop()).toBe(2);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("of an RDD: what reads it afterwards reads the files, and nothing that was on the lost executor", async () => {
    const directory = cluster.markers.file("rdd");
    cluster.context.setCheckpointDir(directory);
    const computed = cluster.context.accumulator(0, (a, b) => a + b);
    const rdd = cluster.context
      .range(0, 4000, 1, 6)
      .map((x): [number, number] => [x % 301, 1 / (x + 1)])
      .reduceByKey((a, b) => a + b, 4)
      .mapPartitions((records) => {
        computed.add(1);
        return records;
      })
      .persist("disk");
    const whole = await local
      .range(0, 4000, 1, 6)
      .map((x): [number, number] => [x % 301, 1 / (x + 1)])
      .reduceByKey((a, b) => a + b, 4)
      .collect();
    expect(await rdd.collect()).toEqual(whole);
    expect(computed.value).toBe(4);
    const jobs = new Set<number>();
    const kills = killing((event) => {
      if (event.type === "job.start" && event.name.includes("verify checkpoint")) jobs.add(event.job!);
      return event.type === "job.end" && jobs.has(event.job!); // its files are whole, its blocks are still there
    }, 1);
    const lost = cluster.lost.length;
    await rdd.checkpoint();
    expect(kills.stop()).toBe(1);
    await until(() => cluster.lost.length > lost, "the loss is told");
    expect(existsSync(directory)).toBe(true);
    const from = cluster.events.length;
    expect(await rdd.collect()).toEqual(whole);
    expect(await rdd.map(([key]) => key).collect()).toEqual(whole.map(([key]) => key));
    expect(computed.value).toBe(4); // nothing was computed again
    const failed = cluster.events.slice(from).filter((event) => event.type === "task.end" && event.status === "failed");
    expect(failed).toEqual([]);
    rdd.unpersist();
    rmSync(directory, { recursive: true });
  });
});
