/** What the end of a whole worker of a standalone cluster, or of its machine, does to the tasks that ran there. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import { lockTimeoutMs, Markers, until } from "../support/cluster.ts";
import { StandaloneCluster } from "../support/standaloneCluster.ts";

let cluster: StandaloneCluster | undefined;
let context: Context | undefined;
beforeAll(async () => {
  cluster = await StandaloneCluster.start(2);
  const { url: master, secretFile } = cluster;
  // one failure of one task would end its job; the master notices silent workers long before the driver would
  context = await Context.create({ master, cluster: { secretFile }, config: { maxTaskFailures: 1 } });
}, lockTimeoutMs);
afterAll(async () => {
  await context?.stop();
  await cluster?.stop();
});

/** Runs a job of two tasks that wait for a marker; `lose` gets the pid of an executor that has one of them. */
async function loseOne(
  name: string,
  lose: (pid: number) => Promise<void> | void,
): Promise<{ readonly result: unknown; readonly lost: string }> {
  await context!.driver.whenExecutors(2);
  const markers = new Markers(cluster!.markers.file(""));
  const prefix = `${markers.directory}/${name}`;
  const running = context!
    .range(0, 2, 1, 2)
    .map((x) => {
      const fs = process.getBuiltinModule("node:fs");
      fs.writeFileSync(`${prefix}.${process.pid}`, "");
      while (!fs.existsSync(`${prefix}-go`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      return x;
    })
    .collect()
    .catch((error: unknown) => error);
  const pids = (): number[] =>
    markers
      .names()
      .filter((file) => file.startsWith(`${name}.`))
      .map((file) => Number(file.split(".")[1]));
  await until(() => pids().length === 2, "each executor has a task");
  const events: SuperstepEvent[] = [];
  const stop = context!.on((event) => events.push(event));
  await lose(pids()[0]!);
  const lost = (): string =>
    events.flatMap((event) => (event.type === "host" && event.what === "lost" ? [event.text ?? ""] : [])).join();
  await until(() => lost() !== "", "the loss is told");
  markers.set(`${name}-go`);
  const result = await running;
  stop();
  return { result, lost: lost() };
}

/** The pid of the worker that started an executor. */
const workerOf = (executor: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${executor}/status`, "utf8"))![1]);

describe("a task that runs once, and must not fail", () => {
  it("fails with its executor", async () => {
    const { result, lost } = await loseOne("alone", (pid) => void process.kill(pid, "SIGKILL"));
    expect(lost).toMatch(/its process was killed by signal 9/);
    expect(result).toMatchObject({ code: "HOST_LOST" });
  });

  it("runs again when its worker is told to end", async () => {
    const { result, lost } = await loseOne("stopped", (pid) => void process.kill(workerOf(pid), "SIGTERM"));
    expect(lost).toMatch(/its process/);
    expect(result).toEqual([0, 1]);
    cluster!.startWorker();
  });

  it("runs again when its machine is lost: worker and executor fall silent", async () => {
    const frozen: number[] = [];
    const { result, lost } = await loseOne("machine", (pid) => {
      frozen.push(workerOf(pid), pid);
      for (const each of frozen) process.kill(each, "SIGSTOP");
    });
    expect(lost).toMatch(/worker \S+ lost/);
    expect(result).toEqual([0, 1]);
    cluster!.killWorker(frozen[0]);
    process.kill(frozen[1]!, "SIGKILL");
  });
});
