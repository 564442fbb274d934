/** What functions of users do wrong on executors: memory, endless loops, wrong types, loose ends; rows of the fault matrix. */
import { afterEach, describe, expect, it } from "vitest";
import type { Context } from "../../core/context.ts";
import type { ConfigOptions } from "../../core/config.ts";
import { type TestCluster, useCluster } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";
import { edges, graphOf } from "../support/graphs.ts";

const local = useContext("local[2]");
const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );

/** Two executors for the tests of a `describe`; after each of them the next job works. */
function useExecutors(config: ConfigOptions = {}): TestCluster {
  const cluster = useCluster("local-cluster[2,1]", { config: { maxHostReplacements: 1000, ...config } });
  afterEach(async () => {
    await cluster.whole(2);
    expect(await cluster.context.range(0, 100, 1, 4).sum()).toBe(4950);
  });
  return cluster;
}

describe("F50: the heap of a thread exhausted", () => {
  const cluster = useExecutors({ threadHeapMiB: 64 });

  it("by many small objects: OUT_OF_MEMORY after 4 attempts, with the limit; the executors live", async () => {
    const before = [...cluster.alive];
    const from = cluster.events.length;
    const hungry = cluster.context.range(0, 1, 1, 1).map((x) => {
      const all: unknown[] = [];
      while (x >= 0) all.push({ a: all.length, b: [all.length] });
      return x;
    });
    expect(await thrownBy(hungry.collect())).toMatchObject({
      code: "OUT_OF_MEMORY",
      message: expect.stringContaining("64 MiB"),
      details: { partition: 0, attempt: 3 },
    });
    const failed = cluster.events.slice(from).filter((event) => event.type === "task.end" && event.status === "failed");
    expect(failed).toHaveLength(4);
    expect([...cluster.alive]).toEqual(before);
  });

  it("by one huge array: its executors abort and are replaced, HOST_LOST after 4 attempts says so", async () => {
    const lost = cluster.lost.length;
    const hungry = cluster.context.range(0, 1, 1, 1).map((x) => {
      const map = new Map<number, number>();
      while (x >= 0) map.set(map.size, x); // grows by doubling, in one allocation
      return map.size;
    });
    const error = await thrownBy(hungry.collect());
    const ways = ["OUT_OF_MEMORY", "HOST_LOST"]; // by how much the last allocation asked for
    expect(ways).toContain((error as { code: string }).code);
    expect((error as Error).message).toMatch(/64 MiB|aborted, maybe for want of memory/);
    const deaths = cluster.lost.slice(lost);
    for (const { text } of deaths) expect(text).toMatch(/SIGABRT|SIGTRAP|exited with code 13[34]/);
    expect(error).toMatchObject({ details: { partition: 0, attempt: 3 } });
  });
});

describe("F62: a function that never ends", () => {
  const cluster = useExecutors({ cancelGraceMs: 50, abandonMs: 1000 });

  /** Each says on a file that it is about to begin. */
  const endless: Record<string, (file: string) => (x: number) => unknown> = {
    "a loop": (file) => (x) => {
      process.getBuiltinModule("node:fs").writeFileSync(file, "");
      for (;;) if (x < 0) return x;
    },
    "a loop of WebAssembly": (file) => (x) => {
      const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0].concat(
        [10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11], // (func (export "f") (loop (br 0)))
      );
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)));
      process.getBuiltinModule("node:fs").writeFileSync(file, "");
      (exports["f"] as () => void)();
      return x;
    },
    "a wait on shared memory": (file) => () => {
      process.getBuiltinModule("node:fs").writeFileSync(file, "");
      return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
    "a regular expression": (file) => () => {
      process.getBuiltinModule("node:fs").writeFileSync(file, "");
      return /^(a|a?)+$/.test(`${"a".repeat(60)}b`);
    },
    "JSON.parse of 200 MB, again and again": (file) => (x) => {
      const text = `[${'"",'.repeat(66_000_000)}0]`;
      process.getBuiltinModule("node:fs").writeFileSync(file, "");
      for (;;) if ((JSON.parse(text) as unknown[]).length < x) return x;
    },
  };

  it.each(Object.entries(endless))("%s: ended by cancel, its executor lives or is replaced", async (name, make) => {
    const marker = `endless.${name.replaceAll(/\W/g, "-")}`;
    const controller = new AbortController();
    const run = cluster.context.range(1, 2, 1, 1).map(make(cluster.markers.file(marker)));
    const error = thrownBy(run.collect({ signal: controller.signal }));
    const before = [...cluster.alive.keys()];
    await cluster.markers.seen(marker);
    controller.abort();
    expect(await error).toMatchObject({ code: "CANCELLED" });
    if (!name.includes("JSON")) expect([...cluster.alive.keys()]).toEqual(before);
  });
});

describe("what functions get wrong", () => {
  const cluster = useExecutors();

  describe("F63: a function that returns the wrong type on an executor", () => {
    const path = "1>2>3>4";
    const wrong: Record<string, () => unknown> = {
      "a string": () => "x",
      "a bigint": () => 7n,
      "a promise": () => Promise.resolve(1),
      "a record": () => ({ a: 1 }),
    };

    /** As vertex 3 is met in superstep 2, so that it is an executor that computes it. */
    const program = (ctx: Context, made: () => unknown): Promise<unknown> =>
      graphOf(ctx, edges(path), 3).pregel<number>({
        initialMessage: 0,
        vertexProgram: (id, attr, hops) => (id === 3 && hops === 2 ? (made() as number) : attr + hops),
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr + 1),
        mergeMessage: (a, b) => a + b,
        maxSupersteps: 4,
      });

    it.each(Object.entries(wrong))(
      "%s instead of a number: TYPE_MISMATCH at once, as in one process",
      async (_, made) => {
        const from = cluster.events.length;
        const here = (await thrownBy(program(local, made))) as Error;
        const there = (await thrownBy(program(cluster.context, made))) as Error;
        expect(here).toMatchObject({ code: "TYPE_MISMATCH", message: expect.stringContaining("vertex 3") });
        expect(there).toMatchObject({ code: "TYPE_MISMATCH", message: here.message });
        const failed = cluster.events
          .slice(from)
          .filter((event) => event.type === "task.end" && event.status === "failed");
        expect(failed).toHaveLength(1);
        expect(failed[0]).toMatchObject({ attempt: 0 });
        expect((failed[0] as { host: number }).host).toBeGreaterThan(0); // an executor
      },
    );

    it("NaN, -0 and the infinities pass unharmed, to the bit", async () => {
      const odd = [NaN, -0, Infinity, -Infinity, 5e-324, 0];
      const ring = odd.map((_, at) => ({ srcId: at, dstId: (at + 1) % odd.length, attr: 1 }));
      const moved = await graphOf(cluster.context, ring, 3)
        .mapVertices((id) => odd[Number(id)]!)
        .pregel<number>({
          initialMessage: 0,
          vertexProgram: (_id, attr, message) => (Object.is(message, 0) ? attr : message),
          sendMessage: (edge) => edge.sendToDst(edge.srcAttr),
          mergeMessage: (a) => a,
          maxSupersteps: 1,
        });
      const rows = await moved.graph.vertices.collect();
      // each has what its predecessor had; the 0 that reaches vertex 0 is taken for no message
      expect(rows.map(([, attr]) => attr)).toEqual([NaN, NaN, -0, Infinity, -Infinity, 5e-324]);
      expect(cluster.events.some((event) => event.type === "superstep" && (event.bytes ?? 0) > 0)).toBe(true);
    });
  });

  describe("F64: what a function leaves behind on an executor", () => {
    it("a rejection that nobody handles in its turn: its task fails, the next is unharmed", async () => {
      const stray = cluster.context.range(0, 1, 1, 1).map((x) => {
        void Promise.reject(new TypeError("nobody heard"));
        return x;
      });
      expect(await thrownBy(stray.collect())).toMatchObject({
        code: "TASK_FAILED",
        details: { partition: 0, attempt: 3 },
        cause: { name: "TypeError", message: "nobody heard" },
      });
    });

    it("a callback after its end: a warning that names task and executor, the next is unharmed", async () => {
      const before = [...cluster.alive];
      const from = cluster.events.length;
      const isOver = cluster.markers.file("task-is-over");
      const late = cluster.context.range(0, 1, 1, 1).map((x) => {
        const look = (): void => {
          if (process.getBuiltinModule("node:fs").existsSync(isOver)) throw new TypeError("too late");
          setTimeout(look, 1);
        };
        setTimeout(look, 1);
        return x;
      });
      expect(await late.collect()).toEqual([0]);
      cluster.markers.set("task-is-over");
      const warnings = (): string[] =>
        cluster.events
          .slice(from)
          .flatMap((event) => (event.type === "warning" && event.code === "STRAY_ERROR" ? [event.text] : []));
      await expect.poll(warnings).toHaveLength(1);
      expect(warnings()[0]).toMatch(/^executor \d+: a callback of .*partition 0.*too late/s);
      expect([...cluster.alive]).toEqual(before);
    });
  });
});
