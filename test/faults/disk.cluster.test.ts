/** Disks of executors that are full, and blocks on them that are damaged, by the rows of the fault matrix. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Context } from "../../core/context.ts";
import type { RDD } from "../../core/rdd/rdd.ts";
import { until, useCluster } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";
import { integersFrom } from "../support/graphs.ts";

const local = useContext("local[1]");
const cluster = useCluster("local-cluster[2,1]", {
  config: { blockMemoryBytes: 0, fetchRetryMs: 20, resubmitDelayMs: 20 }, // every block goes to disk
});
afterEach(() => cluster.whole(2));

/** Sums of fractions by key: another order of addition gives other bits. Map outputs of about 10,000 bytes each. */
const sums = (context: Context): RDD<[number, number]> =>
  context
    .range(0, 12_000, 1, 6)
    .map((x): [number, number] => [x % 4001, 1 / (x + 1)])
    .reduceByKey((a, b) => a + b, 3);

/** Where an executor keeps its blocks, once it has some. */
function directoryOf(pid: number): string | undefined {
  const name = readdirSync(cluster.spillDirectory).find((each) => each.includes(`-${pid}-`));
  return name === undefined ? undefined : path.join(cluster.spillDirectory, name);
}

/** A block's file, and the numbers in its name: of its group, then of what it is of that. */
interface BlockFile {
  readonly file: string;
  readonly group: number;
  readonly number: number;
}

function blocksOf(pid: number, kind: "shuffle" | "rdd"): BlockFile[] {
  const directory = directoryOf(pid);
  if (directory === undefined) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith(`${kind}-`))
    .sort()
    .map((name) => {
      const [group = -1, number = -1] = name.split(/[-.]/).slice(1).map(Number);
      return { file: path.join(directory, name), group, number };
    });
}

/** The blocks of the newest group on the executor that has most of them: either may have taken any number of tasks. */
function newestBlocks(kind: "shuffle" | "rdd"): BlockFile[] {
  const all = [...cluster.alive.values()].map((pid) => blocksOf(pid, kind));
  const newest = Math.max(...all.flat().map(({ group }) => group));
  const [most] = all
    .map((blocks) => blocks.filter(({ group }) => group === newest))
    .sort((one, other) => other.length - one.length);
  return most!;
}

const parts = (): string[] =>
  readdirSync(cluster.spillDirectory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".part"));

/** Limits the size of files that a process can write from now on, as a full disk would: writing fails with EFBIG. */
function limitFiles(pid: number, bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}

const hasPrlimit = ((): boolean => {
  try {
    execFileSync("prlimit", ["--version"]);
    return true;
  } catch {
    return false;
  }
})();

/** Failed attempts since `from`, as "host: error". */
const failures = (from: number): string[] =>
  cluster.events
    .slice(from)
    .flatMap((event) =>
      event.type === "task.end" && event.status === "failed" ? [`${event.host}: ${event.error ?? ""}`] : [],
    );

/** Partitions of map tasks that were begun since `from`. */
function mapsSince(from: number): number[] {
  const events = cluster.events.slice(from);
  const stages = new Set(
    events.flatMap((event) => (event.type === "stage.start" && event.name.includes("(map side)") ? [event.stage] : [])),
  );
  return events.flatMap((event) => (event.type === "task.start" && stages.has(event.stage) ? [event.partition] : []));
}

describe.skipIf(!hasPrlimit)("F40: a disk that is full as an executor spills", () => {
  it("of one executor: its tasks run on the other, same bits, no part of a block left", async () => {
    const [[id, pid]] = [...cluster.alive] as [[number, number]];
    const from = cluster.events.length;
    limitFiles(pid, 4096);
    try {
      const result = sums(cluster.context);
      expect(await result.collect()).toEqual(await sums(local).collect());
      const failed = failures(from);
      expect(failed.length).toBeGreaterThan(0);
      for (const failure of failed) expect(failure).toMatch(new RegExp(`^${id}: .*EFBIG`));
      expect(parts()).toEqual([]);
      expect(cluster.alive.get(id)).toBe(pid);
    } finally {
      limitFiles(pid, "unlimited");
    }
  });

  it("of all: the job fails after 4 attempts and says why; the next one works", async () => {
    const pids = [...cluster.alive.values()];
    const from = cluster.events.length;
    for (const pid of pids) limitFiles(pid, 4096);
    const error = await sums(cluster.context)
      .collect()
      .catch((thrown: unknown) => thrown);
    for (const pid of pids) limitFiles(pid, "unlimited");
    expect(error).toMatchObject({ code: "TASK_FAILED", message: expect.stringMatching(/failed 4 times: .*EFBIG/) });
    expect(failures(from).length).toBeGreaterThanOrEqual(4);
    expect(parts()).toEqual([]);
    expect([...cluster.alive.values()]).toEqual(pids);
    expect(await sums(cluster.context).collect()).toEqual(await sums(local).collect());
  });
});

/** Damages files, each in a place of its own; all of them come out changed. */
type Damage = (files: readonly string[], next: (below: number) => number) => void;

const flip =
  (place: (length: number, next: (below: number) => number) => number): Damage =>
  (files, next) => {
    for (const file of files) {
      const bytes = readFileSync(file);
      bytes[place(bytes.length, next)]! ^= 1 << next(8);
      writeFileSync(file, bytes);
    }
  };

const damages: Record<string, Damage> = {
  "a bit of the header flipped": flip((_, next) => next(8)),
  "a bit of what describes the records flipped": flip((_, next) => 8 + next(32)),
  "a bit of the body flipped": flip((length, next) => 64 + next(length - 64)),
  cut: (files, next) => {
    for (const file of files) truncateSync(file, 1 + next(statSync(file).size - 1));
  },
  extended: (files, next) => {
    for (const file of files) writeFileSync(file, Buffer.alloc(1 + next(100), next(256)), { flag: "a" });
  },
  swapped: (files) => {
    const contents = files.map((file) => readFileSync(file));
    files.forEach((file, at) => writeFileSync(file, contents[(at + 1) % contents.length]!));
  },
  emptied: (files) => {
    for (const file of files) truncateSync(file, 0);
  },
  gone: (files) => {
    for (const file of files) rmSync(file);
  },
};

describe.each(Object.entries(damages))("F42: blocks on an executor's disk that are %s", (name, damage) => {
  it("and are map outputs: they are written again, and none that others hold, same bits", async () => {
    const rdd = sums(cluster.context);
    const whole = await sums(local).collect();
    expect(await rdd.collect()).toEqual(whole);
    const held = newestBlocks("shuffle");
    const heldMaps = new Set(held.map(({ number }) => number));
    const [map] = heldMaps;
    const damaged = held.filter(({ number }) => number === map).map(({ file }) => file);
    expect(damaged.length).toBeGreaterThan(1);
    damage(damaged, integersFrom(name.length));

    const from = cluster.events.length;
    expect(await rdd.collect()).toEqual(whole);
    expect(failures(from).length, "a task met the damage").toBeGreaterThan(0);
    for (const failure of failures(from)) expect(failure).toMatch(/FETCH_FAILED|map output/);
    const again = mapsSince(from);
    expect(again).toContain(map);
    for (const each of again) expect([...heldMaps]).toContain(each); // met twice in a row, all that it holds is given up
    expect(again.length).toBeLessThanOrEqual(heldMaps.size + 1);
    expect(await rdd.collect()).toEqual(whole);
  });

  it("F06: and are persisted partitions: computed again, once", async () => {
    const computed = cluster.context.accumulator(0, (a, b) => a + b);
    const rdd = cluster.context
      .range(0, 6000, 1, 6)
      .mapPartitions((records) => {
        computed.add(1);
        return records;
      })
      .persist("disk");
    const all = Array.from({ length: 6000 }, (_, i) => i);
    expect(await rdd.collect()).toEqual(all);
    expect(computed.value).toBe(6);
    const files = newestBlocks("rdd").map(({ file }) => file);
    expect(files.length).toBeGreaterThan(1);
    damage(files, integersFrom(name.length));
    expect(await rdd.collect()).toEqual(all);
    expect(computed.value).toBe(6 + files.length);
    expect(await rdd.collect()).toEqual(all);
    expect(computed.value).toBe(6 + files.length);
    rdd.unpersist();
    await until(
      () => [...cluster.alive.values()].every((pid) => blocksOf(pid, "rdd").length === 0),
      "they are removed",
    );
  });
});
