import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../core/context.ts";
import type { SuperstepError } from "../../../core/errors.ts";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { isAlive, until, useCluster } from "../../support/cluster.ts";
import { useContext } from "../../support/context.ts";

const local = useContext("local[1]");
const cluster = useCluster("local-cluster[3,1]", { config: { fetchRetryMs: 20, resubmitDelayMs: 20 } });

/** Sums of fractions by key over a shuffle: another order of addition gives other bits. */
const sums = (context: Context, numPartitions = 7): RDD<[number, number]> =>
  context
    .range(0, 2000, 1, numPartitions)
    .map((x): [number, number] => [x % 11, 1 / (x + 1)])
    .reduceByKey((a, b) => a + b, 5);

/**
 * As `sums`, with functions at both sides of the shuffle that stand still while there is no marker of their name; of map
 * tasks, those in `gated`.
 */
const gatedSums = (
  context: Context,
  markers: string,
  mapGate: string,
  reduceGate: string,
  { numMaps = 7, gated = [0, 1, 2, 3, 4, 5, 6] }: { numMaps?: number; gated?: readonly number[] } = {},
): RDD<[number, number]> => {
  const gate = (name: string, partition: number): void => {
    const fs = process.getBuiltinModule("node:fs");
    if (name === "") return;
    fs.writeFileSync(`${markers}/${name}.${partition}.${process.pid}`, "");
    while (!fs.existsSync(`${markers}/${name}`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  };
  return context
    .range(0, 2000, 1, numMaps)
    .mapPartitionsWithIndex((records, partition) => {
      if (gated.includes(partition)) gate(mapGate, partition);
      return Array.from(records, (x): [number, number] => [x % 11, 1 / (x + 1)]);
    })
    .reduceByKey((a, b) => a + b, 5)
    .mapPartitionsWithIndex((records, partition) => {
      gate(reduceGate, partition);
      return records;
    });
};

const expected = (numMaps?: number): Promise<[number, number][]> => sums(local, numMaps).collect();

/** Pids of executors on which tasks stand at a gate. */
const waitingAt = (gate: string): number[] =>
  cluster.markers
    .names()
    .filter((name) => name.startsWith(`${gate}.`))
    .map((name) => Number(name.split(".")[2]));

/** Attempts of map tasks since `from`, by partition. */
const mapTasksSince = (from: number): number[] => {
  const events = cluster.events.slice(from);
  const stages = new Set(
    events.flatMap((event) => (event.type === "stage.start" && event.name.includes("(map side)") ? [event.stage] : [])),
  );
  return events.flatMap((event) => (event.type === "task.start" && stages.has(event.stage) ? [event.partition] : []));
};

/** Map tasks of the first stage since `from` that an executor has finished. */
const mapsFinishedBy = (host: number, from: number): number =>
  cluster.events
    .slice(from)
    .filter((event) => event.type === "task.end" && event.host === host && event.status === "succeeded").length;

const hostOf = (pid: number): number => [...cluster.alive].find(([, other]) => other === pid)![0];
let lastGate = 0;
const newGate = (): string => `gate${++lastGate}`;

describe("F01: an executor killed in the map stage", () => {
  it.each(["launch", "beforeStore", "afterStore", "finish"] as const)("at %s: same bits", async (point) => {
    await cluster.whole(3);
    const lost = cluster.lost.length;
    cluster.arm(point, "kill");
    expect(await sums(cluster.context).collect()).toEqual(await expected());
    expect(cluster.unfired).toBe(0);
    await until(() => cluster.lost.length === lost + 1, "the loss is told");
    expect(cluster.lost.at(-1)!.text).toContain("signal 9");
  });

  it.each([
    ["first", 0],
    ["second", 1],
    ["last", 2],
  ])("while its task of the %s third waits: that, and what it had finished, runs again", async (_which, third) => {
    await cluster.whole(3);
    const from = cluster.events.length;
    const gate = newGate();
    const gated = [0, 1, 2].map((at) => 3 * third + at);
    const result = gatedSums(cluster.context, cluster.markers.directory, gate, "", { numMaps: 9, gated }).collect();
    await until(() => new Set(waitingAt(gate)).size === 3, "three tasks wait");
    const [victim] = waitingAt(gate);
    const id = hostOf(victim!);
    const finished = mapsFinishedBy(id, from);
    process.kill(victim!, "SIGKILL");
    await until(() => cluster.lost.some(({ host }) => host === id), "the loss is told");
    cluster.markers.set(gate);
    expect(await result).toEqual(await expected(9));
    expect(cluster.lost.at(-1)!.text).toContain("signal 9"); // its end was told, and not missed
    expect(mapTasksSince(from)).toHaveLength(9 + 1 + finished);
    expect(new Set(mapTasksSince(from)).size).toBe(9);
  });
});

describe("several jobs at once", () => {
  it("run on the threads that others leave, and each goes on when an executor is killed", async () => {
    await cluster.whole(3);
    const { context, markers } = cluster;
    const [gate, other] = [newGate(), newGate()];
    const waits = (name: string): Promise<[number, number][]> =>
      gatedSums(context, markers.directory, name, "", { gated: [0] }).collect();
    const first = waits(gate);
    await until(() => waitingAt(gate).length === 1, "a task of the first one waits");
    const beside = await Promise.all([sums(context).collect(), sums(context, 4).collect()]);
    expect(beside).toEqual([await expected(), await expected(4)]);
    const second = waits(other);
    await until(() => waitingAt(other).length === 1, "a task of the second one waits");
    const [victim] = waitingAt(gate);
    const id = hostOf(victim!);
    process.kill(victim!, "SIGKILL");
    await until(() => cluster.lost.some(({ host }) => host === id), "the loss is told");
    markers.set(other);
    expect(await second).toEqual(await expected());
    await until(() => waitingAt(gate).length === 2, "the first one's task waits elsewhere");
    markers.set(gate);
    expect(await first).toEqual(await expected());
  });
});

describe("F02: an executor killed in the reduce stage", () => {
  it("that wrote maps: exactly the lost maps run again", async () => {
    await cluster.whole(3);
    const from = cluster.events.length;
    const gate = newGate();
    const result = gatedSums(cluster.context, cluster.markers.directory, "", gate).collect();
    await until(() => waitingAt(gate).length >= 3, "reduce tasks wait");
    const victim = waitingAt(gate)[0]!;
    const id = hostOf(victim);
    const written = mapsFinishedBy(id, from);
    expect(written).toBeGreaterThan(0);
    process.kill(victim, "SIGKILL");
    await until(() => cluster.lost.some(({ host }) => host === id), "the loss is told");
    cluster.markers.set(gate);
    expect(await result).toEqual(await expected());
    expect(mapTasksSince(from)).toHaveLength(7 + written);
  });
});

describe("F03: an executor killed between map and reduce", () => {
  it("for a later job over the same shuffle: exactly the lost maps run again, no reduce is tried in vain", async () => {
    await cluster.whole(3);
    const from = cluster.events.length;
    const rdd = sums(cluster.context);
    expect(await rdd.collect()).toEqual(await expected());
    const stage = cluster.events.slice(from).find((event) => event.type === "stage.start")!;
    const ends = cluster.events
      .slice(from)
      .filter((event) => event.type === "task.end" && event.stage === (stage as { stage: number }).stage);
    const [id, pid] = [...cluster.alive][0]!;
    const written = ends.filter((event) => "host" in event && event.host === id).length;
    expect(written).toBeGreaterThan(0);
    process.kill(pid, "SIGKILL");
    await until(() => cluster.lost.some(({ host }) => host === id), "the loss is told");
    const again = cluster.events.length;
    expect(await rdd.collect()).toEqual(await expected());
    expect(mapTasksSince(again)).toHaveLength(written);
    const failed = cluster.events
      .slice(again)
      .filter((event) => event.type === "task.end" && event.status === "failed");
    expect(failed).toEqual([]);
  });
});

describe("F03: an executor killed between map and reduce", () => {
  it("as the map stage ends: what was launched on it by then is all that was tried in vain", async () => {
    await cluster.whole(3);
    const from = cluster.events.length;
    let victim: { readonly id: number; readonly pid: number } | undefined;
    const stop = cluster.context.on((event) => {
      if (victim !== undefined || event.type !== "stage.end" || !event.name.includes("(map side)")) return;
      victim = cluster.context.driver.executors[0]!;
      process.kill(victim.pid, "SIGKILL");
      while (isAlive(victim.pid)); // the barrier: nothing of the reduce stage is launched yet
    });
    expect(await sums(cluster.context).collect()).toEqual(await expected());
    stop();
    await until(() => cluster.lost.some(({ host }) => host === victim!.id), "the loss is told");
    for (const event of cluster.events.slice(from)) {
      if (event.type !== "task.end" || event.status === "succeeded") continue;
      if (event.host !== victim!.id) expect(event.error).toMatch(/map output/); // of the lost one
    }
    expect(mapTasksSince(from).length).toBeGreaterThan(7);
  });
});

describe("F06: a persisted partition whose executor is lost", () => {
  it("is computed again, once", async () => {
    await cluster.whole(3);
    const computed = cluster.context.accumulator(0, (a, b) => a + b);
    const rdd = cluster.context
      .range(0, 60, 1, 6)
      .mapPartitions((records) => {
        computed.add(1);
        return records;
      })
      .persist("memory");
    const all = Array.from({ length: 60 }, (_, i) => i);
    expect(await rdd.collect()).toEqual(all);
    expect(await rdd.collect()).toEqual(all);
    expect(computed.value).toBe(6);
    const [id, pid] = [...cluster.alive][0]!;
    const { hosts } = { hosts: [0, 1, 2, 3, 4, 5].filter((partition) => holds(id, rdd.plan.id, partition)) };
    expect(hosts.length).toBeGreaterThan(0);
    process.kill(pid, "SIGKILL");
    await until(() => cluster.lost.some(({ host }) => host === id), "the loss is told");
    expect(await rdd.collect()).toEqual(all);
    expect(computed.value).toBe(6 + hosts.length);
    expect(await rdd.collect()).toEqual(all);
    expect(computed.value).toBe(6 + hosts.length);
    rdd.unpersist();
  });

  const holds = (host: number, rdd: number, partition: number): boolean => {
    const ends = cluster.events.filter((event) => event.type === "task.end" && event.partition === partition);
    return ends.length > 0 && rdd >= 0 && (ends.at(-1) as { host: number }).host === host;
  };
});

describe("F07: a task that ends its process", () => {
  it("by exit 0, exit 42, an abort and a signal, in turn: HOST_LOST after 4 attempts, which shows each", async () => {
    await cluster.whole(3);
    const lost = cluster.lost.length;
    for (const manner of ["exit0", "exit42", "abort", "kill"] as const) cluster.arm("finish", manner);
    const error = (await cluster.context
      .range(0, 10, 1, 1)
      .collect()
      .catch((thrown: unknown) => thrown)) as SuperstepError;
    expect(error).toMatchObject({ code: "HOST_LOST", details: { partition: 0, attempt: 3 } });
    expect(cluster.unfired).toBe(0);
    const texts = cluster.lost.slice(lost).map(({ text }) => text);
    expect(texts).toHaveLength(4);
    const told = [error.message, ...(error.details["earlierFailures"] as string[])].join("\n");
    for (const way of ["exited with code 0", "exited with code 42", "SIGABRT", "signal 9 (SIGKILL)"]) {
      expect(texts.filter((text) => text.includes(way))).toHaveLength(1);
      expect(told).toContain(way);
    }
    await cluster.whole(3);
    expect(await sums(cluster.context).collect()).toEqual(await expected());
  });

  it("by signals of its own function: HOST_LOST after 4 attempts, and the next job works", async () => {
    await cluster.whole(3);
    const lost = cluster.lost.length;
    const attempts = newGate();
    const { directory } = cluster.markers;
    const poison = cluster.context.range(0, 10, 1, 2).map((x) => {
      if (x !== 7) return x;
      const fs = process.getBuiltinModule("node:fs");
      const signals = ["SIGSEGV", "SIGABRT", "SIGTERM", "SIGKILL"] as const;
      const attempt = fs.readdirSync(directory).filter((name) => name.startsWith(`${attempts}.`)).length;
      fs.writeFileSync(`${directory}/${attempts}.${attempt}`, "");
      process.kill(process.pid, signals[attempt]!);
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    });
    const error = await poison.collect().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "HOST_LOST",
      message: expect.stringContaining("signal 9 (SIGKILL), maybe for want of memory"),
      details: { partition: 1, attempt: 3 },
    });
    const texts = cluster.lost.slice(lost).map(({ text }) => text);
    expect(texts).toHaveLength(4);
    for (const way of ["ended by SIGSEGV", "SIGABRT: it aborted", "exited with code 0", "signal 9 (SIGKILL)"])
      expect(texts.filter((text) => text.includes(way))).toHaveLength(1); // asked by SIGTERM, an executor ends well
    await cluster.whole(3);
    expect(await sums(cluster.context).collect()).toEqual(await expected());
  });
});

describe("F09: an executor that joins late", () => {
  it("has a new id and gets tasks; the id of the lost one never comes again", async () => {
    await cluster.whole(3);
    const before = [...cluster.alive.keys()];
    expect(cluster.context.driver.killHost(before[0]!)).toBe(true);
    await until(() => !cluster.alive.has(before[0]!), "it is lost");
    await cluster.whole(3);
    const newcomer = [...cluster.alive.keys()].find((id) => !before.includes(id))!;
    expect(newcomer).toBeGreaterThan(Math.max(...before));
    const gate = newGate();
    const result = gatedSums(cluster.context, cluster.markers.directory, gate, "").collect();
    await until(() => waitingAt(gate).includes(cluster.alive.get(newcomer)!), "the newcomer has a task");
    cluster.markers.set(gate);
    expect(await result).toEqual(await expected());
  });
});

describe("F13: a thread that dies", () => {
  it("once: its task runs again, the executor lives", async () => {
    await cluster.whole(3);
    const before = [...cluster.alive];
    const token = path.join(cluster.markers.directory, "die-once");
    writeFileSync(token, "");
    const from = cluster.events.length;
    const rdd = cluster.context.range(0, 100, 1, 4).map((x) => {
      if (x === 50) {
        try {
          process.getBuiltinModule("node:fs").unlinkSync(token);
          process.exit(5);
        } catch {
          return x;
        }
      }
      return x;
    });
    expect(await rdd.sum()).toBe(4950);
    expect(cluster.markers.has("die-once")).toBe(false);
    expect([...cluster.alive]).toEqual(before);
    const events = cluster.events.slice(from);
    expect(events.filter((event) => event.type === "task.start")).toHaveLength(5);
    expect(events.filter((event) => event.type === "host")).toMatchObject([{ what: "replaced" }]); // the pool is whole
  });
});

describe("what tasks do wrong", () => {
  it("F60: throws: name, message, stack and cause arrive", async () => {
    await cluster.whole(3);
    const rdd = cluster.context.range(0, 10, 1, 2).map((x) => {
      if (x === 7) throw new RangeError(`no ${x}`, { cause: new TypeError("the reason") });
      return x;
    });
    const error = (await rdd.collect().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: "TASK_FAILED",
      message: expect.stringContaining("failed 4 times: RangeError: no 7"),
      details: { partition: 1, attempt: 3 },
      cause: { name: "RangeError", message: "no 7", cause: { name: "TypeError", message: "the reason" } },
    });
    expect((error.cause as Error).stack).toContain("faults.cluster.test");
  });

  it("F61: throws what is no error, and worse", async () => {
    for (let which = 0; which < 15; which++) {
      const rdd = cluster.context.range(0, 1, 1, 1).map(() => {
        const thrower = (): never => {
          throw new Error("not even this");
        };
        const strange: unknown[] = [
          null,
          undefined,
          Symbol("s"),
          10n,
          () => 1,
          new Proxy({}, { get: thrower, has: thrower, getPrototypeOf: thrower, ownKeys: thrower }),
          Object.defineProperty(new Error("x"), "message", { get: thrower }),
          Object.freeze(new Error("frozen")),
          Object.assign(new Error("uncloneable"), { fn: thrower, deep: "x".repeat(3_000_000) }),
          "text",
          Object.create(null),
          Proxy.revocable({}, {}).proxy,
          ((loop: { cause?: unknown }) => Object.assign(loop, { cause: loop }))(new Error("its own cause")),
          { toString: thrower, toJSON: thrower },
          new AggregateError([new Error("one"), null, Symbol("two")], "several"),
        ];
        throw strange[which]; // oxlint-disable-line no-throw-literal
      });
      const error = await rdd.collect().catch((thrown: unknown) => thrown);
      expect(error, `thrown value ${which}`).toMatchObject({ code: "TASK_FAILED", details: { partition: 0 } });
    }
    expect(cluster.alive.size).toBe(3);
  });

  it.each([
    ["a function", () => () => 1],
    ["a symbol", () => Symbol("s")],
    ["a WeakMap", () => new WeakMap()],
    ["a class instance", () => new (class Odd { method(): number { return 1; } })()], // prettier-ignore
  ] as [string, () => unknown][])("F66: results in %s: NOT_SHIPPABLE at once", async (_, make) => {
    const from = cluster.events.length;
    const error = await cluster.context
      .range(0, 1, 1, 1)
      .map(make)
      .collect()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "NOT_SHIPPABLE" });
    expect(cluster.events.slice(from).filter(({ type }) => type === "task.end")).toHaveLength(1);
  });

  it("F66: broadcasts what cannot travel: NOT_SHIPPABLE at the call", () => {
    const values = [
      () => 1,
      Symbol("s"),
      new WeakMap(),
      new (class Odd {
        method(): number {
          return 1;
        }
      })(),
      Promise.resolve(1),
    ];
    for (const value of values)
      expect(() => cluster.context.broadcast({ value })).toThrow(expect.objectContaining({ code: "NOT_SHIPPABLE" }));
  });

  it("F62: never ends: cancelled, its thread replaced, its executor lives", async () => {
    const before = [...cluster.alive];
    const controller = new AbortController();
    const endless = cluster.context.range(0, 2, 1, 2).map((x) => {
      for (;;) if (x < 0) return x;
    });
    const off = cluster.context.on((event) => event.type === "task.start" && controller.abort());
    const error = await endless.collect({ signal: controller.signal }).catch((thrown: unknown) => thrown);
    off();
    expect(error).toMatchObject({ code: "CANCELLED" });
    expect([...cluster.alive]).toEqual(before);
    expect(await sums(cluster.context).collect()).toEqual(await expected());
  });
});

describe("what is shared", () => {
  it("broadcasts are fetched by each executor, accumulators count each partition once, large values travel", async () => {
    await cluster.whole(3);
    const table = cluster.context.broadcast(Float64Array.from({ length: 100_000 }, (_, i) => i / 3));
    const seen = cluster.context.accumulator<number[]>([], (all, more) => [...all, ...more]);
    const big = new Float64Array(100_000).fill(0.5);
    const rdd = cluster.context.range(0, 12, 1, 12).map((x) => {
      seen.add([x]);
      return table.value[x * 1000]! + big[x]!;
    });
    expect(await rdd.collect()).toEqual(Array.from({ length: 12 }, (_, x) => (x * 1000) / 3 + 0.5));
    expect(seen.value).toEqual(Array.from({ length: 12 }, (_, x) => x));
    const long = await cluster.context
      .range(0, 2, 1, 2)
      .map((x) => "é".repeat(2_000_000 + x))
      .collect();
    expect(long.map(({ length }) => length)).toEqual([2_000_000, 2_000_001]);
    table.destroy();
    await expect(rdd.collect()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
