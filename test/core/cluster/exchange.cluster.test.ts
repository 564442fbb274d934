import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ColumnRef } from "../../../core/column/types.ts";
import type { ExchangeReport } from "../../../core/host/host.ts";
import type { StageSpec } from "../../../core/schedule/job.ts";
import { until, useCluster } from "../../support/cluster.ts";
import { TestOperators } from "./testOperators.ts";

/**
 * Each task owns a range of a column, adds up all of the column as its host sees it, writes that and its partition to its
 * range of the next one, and sends the range to all others.
 */
const operators = new TestOperators(`
  const rangeOf = ({ length }, partition, count) => [Math.floor(partition * length / count), Math.floor((partition + 1) * length / count)];
  export const step = (shared, { hosts, own, fail }, task) => {
    const [now, next] = [task.arena.view(shared.now), task.arena.view(shared.next)];
    if (fail === task.attempt) throw new Error("on purpose");
    const total = now.reduce((a, b) => a + b, 0);
    const [from, to] = rangeOf(now, task.partition, shared.count);
    for (let i = from; i < to; i++) next[i] = total / now.length + task.partition + 1 / (i + 1);
    const bytes = new Uint8Array(16 + (to - from) * 8);
    new Float64Array(bytes.buffer, 0, 2).set([from, to]);
    bytes.set(new Uint8Array(next.buffer, next.byteOffset + from * 8, (to - from) * 8), 16);
    for (const host of hosts) if (host !== own) task.deliver(host, bytes);
    return total;
  };
  export const receive = (shared, message, { arena }) => {
    const next = arena.view(shared.next);
    if (message === undefined) return void next.fill(NaN);
    const at = new DataView(message.bytes.buffer, message.bytes.byteOffset, 16);
    const [from, to] = [at.getFloat64(0, true), at.getFloat64(8, true)];
    const values = new Float64Array(message.bytes.buffer, message.bytes.byteOffset + 16, to - from);
    next.set(values, from);
  };
  export const misdirect = (shared, params, task) => task.deliver(params, new Uint8Array(1));
  export const ignore = () => {};
`);
afterAll(() => operators.remove());

let lastMailbox = 0;
/** Where Linux keeps files in memory. */
const memory = "/dev/shm";

const check = (master: string, hosts: number, perHost: number, length: number): void => {
  describe(`an exchange on ${master}, ${length} values`, () => {
    const cluster = useCluster(master);

    /** The stage that computes \`next\` from \`now\`. */
    const stageOf = (now: ColumnRef, next: ColumnRef, awaits: number | undefined, fail: number[] = []): StageSpec => {
      const ids = [...cluster.alive.keys()];
      const placed = Array.from({ length: hosts * perHost }, (_, partition) => ids[Math.floor(partition / perHost)]!);
      const receive = operators.ref("receive");
      const sends = ++lastMailbox;
      return {
        name: "step",
        operator: operators.ref("step"),
        shared: { now, next, count: placed.length },
        tasks: placed.map((own, partition) => ({ hosts: ids, own, fail: fail.includes(partition) ? 0 : -1 })),
        parents: [],
        placement: { kind: "pinned", hosts: placed },
        exchange: { sends, receive, ...(awaits === undefined ? {} : { awaits }) },
      };
    };

    /** The same, serially. */
    const expectedSteps = (steps: number): Float64Array => {
      const count = hosts * perHost;
      let now = new Float64Array(length).fill(1);
      for (let step = 0; step < steps; step++) {
        const total = now.reduce((a, b) => a + b, 0);
        const next = new Float64Array(length);
        for (let partition = 0; partition < count; partition++) {
          const to = Math.floor(((partition + 1) * length) / count);
          for (let i = Math.floor((partition * length) / count); i < to; i++) {
            next[i] = total / length + partition + 1 / (i + 1);
          }
        }
        now = next;
      }
      return now;
    };

    const withColumns = async (use: (columns: [ColumnRef, ColumnRef]) => Promise<void>): Promise<void> => {
      const { driver } = cluster.context;
      const columns: [ColumnRef, ColumnRef] = [
        driver.arena.allocate("float64", length),
        driver.arena.allocate("float64", length),
      ];
      try {
        driver.arena.view(columns[0] as ColumnRef<"float64">).fill(1);
        for (const id of cluster.alive.keys()) await driver.copyToHost(id, columns);
        await use(columns);
      } finally {
        for (const column of columns) driver.arena.free(column);
      }
    };

    it("gives every host what the others computed, step after step, also when tasks are tried again", async () => {
      const { driver } = cluster.context;
      await withColumns(async (columns) => {
        let awaits: number | undefined;
        for (let step = 0; step < 6; step++) {
          const reports: ExchangeReport[] = [];
          const stage = stageOf(columns[step % 2]!, columns[(step + 1) % 2]!, awaits, step === 3 ? [0, 1] : []);
          await driver.runJob({ name: "step", stages: [stage] }, { onExchange: (report) => reports.push(report) });
          awaits = stage.exchange!.sends;
          expect(reports.map(({ host }) => host).sort((a, b) => a - b)).toEqual([...cluster.alive.keys()]);
          const bytes = reports.reduce((total, report) => total + report.bytes, 0);
          expect(bytes).toBe((hosts - 1) * (length * 8 + hosts * perHost * 24));
        }
        const expected = expectedSteps(6);
        const view = driver.arena.view(columns[0] as ColumnRef<"float64">);
        for (const id of cluster.alive.keys()) {
          view.fill(0);
          await driver.copyFromHost(id, [columns[0]]);
          expect(Buffer.from(view.slice().buffer).equals(Buffer.from(expected.buffer)), `host ${id}`).toBe(true);
        }
      });
    });

    it("fails a stage that delivers to a host that takes no part", async () => {
      const ids = [...cluster.alive.keys()];
      for (const to of [0, 99, ids[0]!]) {
        const stage: StageSpec = {
          name: "misdirect",
          operator: operators.ref("misdirect"),
          tasks: [to],
          parents: [],
          placement: { kind: "pinned", hosts: [ids[0]!] },
          exchange: { sends: ++lastMailbox, receive: operators.ref("ignore") },
        };
        const failing = cluster.context.driver.runJob({ name: "misdirect", stages: [stage] });
        await expect(failing).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("deliver"),
        });
      }
    });

    it("fails a stage that awaits what was never sent", async () => {
      await withColumns(async ([now, next]) => {
        const failing = cluster.context.driver.runJob({ name: "step", stages: [stageOf(now, next, 1_000_000)] });
        await expect(failing).rejects.toMatchObject({ code: "HOST_LOST", message: expect.stringContaining("mailbox") });
      });
    });

    it.each(["ship", "receive"] as const)(
      "fails with HOST_LOST when a host dies at %s; the next one works",
      async (point) => {
        await withColumns(async ([now, next]) => {
          const lost = cluster.lost.length;
          cluster.arm(point, "kill");
          const failing = cluster.context.driver.runJob({ name: "step", stages: [stageOf(now, next, undefined)] });
          await expect(failing).rejects.toMatchObject({ code: "HOST_LOST" });
          expect(cluster.unfired).toBe(0);
          await until(() => cluster.lost.length === lost + 1, "the loss is told");
          await cluster.whole(hosts);
        });
        await withColumns(async ([now, next]) => {
          await cluster.context.driver.runJob({ name: "step", stages: [stageOf(now, next, undefined)] });
          await cluster.context.driver.copyFromHost([...cluster.alive.keys()][0]!, [next]);
          const view = cluster.context.driver.arena.view(next as ColumnRef<"float64">);
          expect(Buffer.from(view.slice().buffer).equals(Buffer.from(expectedSteps(1).buffer))).toBe(true);
        });
      },
    );

    it("refuses to write or read outside of an arena, or to a host that is not there", async () => {
      const { driver } = cluster.context;
      const [id] = cluster.alive.keys();
      const outside: ColumnRef = { type: "uint8", offset: 0, length: 8 };
      await expect(driver.copyToHost(id!, [outside])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(driver.copyFromHost(id!, [outside])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(driver.copyToHost(999, [])).rejects.toMatchObject({ code: "HOST_LOST" });
    });

    it.skipIf(!existsSync(memory))(
      "F44: goes through files in memory where it is much, and through sockets once these are gone",
      async () => {
        const { driver } = cluster.context;
        const directory = (): string | undefined =>
          readdirSync(memory).find((name) => name.includes(`-${process.pid}-`));
        const folder = path.join(memory, directory()!);
        const step = async (): Promise<void> => {
          await withColumns(async ([now, next]) => {
            await driver.runJob({ name: "step", stages: [stageOf(now, next, undefined)] });
            await driver.copyFromHost([...cluster.alive.keys()].at(-1)!, [next]);
            const view = driver.arena.view(next as ColumnRef<"float64">);
            expect(Buffer.from(view.slice().buffer).equals(Buffer.from(expectedSteps(1).buffer))).toBe(true);
          });
        };
        await step();
        const isMuch = length * 8 > 2 ** 20;
        for (const pid of cluster.alive.values()) {
          const rings = readdirSync(folder).filter((name) => name.startsWith(`${pid}-`));
          const large = rings.filter((name) => statSync(path.join(folder, name)).size > length);
          expect(large.length > 0).toBe(isMuch);
        }
        rmSync(folder, { recursive: true });
        await step(); // files that are open stay
        for (const id of cluster.alive.keys()) for (let slot = 1; slot <= 64; slot++) driver.endThread(id, slot);
        await step(); // new threads can make none
        expect(directory()).toBe(undefined);
      },
    );
  });
};

check("local-cluster[2,1]", 2, 1, 1000);
check("local-cluster[3,2]", 3, 3, 400_000);
