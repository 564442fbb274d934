import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { LauncherListener } from "../../../../core/cluster/launcher.ts";
import { Master, type MasterOptions } from "../../../../core/cluster/standalone/master.ts";
import { type ClusterShare, StandaloneLauncher } from "../../../../core/cluster/standalone/standaloneLauncher.ts";
import { Worker } from "../../../../core/cluster/standalone/worker.ts";
import { systemClock } from "../../../../core/net/clock.ts";
import { ownVersions } from "../../../../core/net/grpcOptions.ts";
import { Secret } from "../../../../core/net/secret.ts";
import { eventually, FakeProcesses, Transports } from "./fakeProcesses.ts";

const folder = mkdtempSync(path.join(tmpdir(), "superstep-standalone-"));
const transports = new Transports(Secret.generate());
const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
  await transports.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const versions = ownVersions();
/** Nobody is taken for lost because the machine is busy. */
const times = { heartbeatMs: 50, timeoutMs: 20_000 };

async function startMaster(options: Partial<MasterOptions> = {}): Promise<Master> {
  const master = await Master.start({ transport: transports.as("master"), ...times, ...options });
  open.push(master);
  return master;
}

async function startWorker(master: string, cores: number): Promise<{ worker: Worker; processes: FakeProcesses }> {
  const processes = new FakeProcesses();
  const worker = await Worker.start({
    transport: transports.as("worker"),
    master,
    cores,
    memoryBytes: 8 * 2 ** 30,
    workDirectory: path.join(folder, "work"),
    processes,
    versions,
  });
  open.push(worker);
  return { worker, processes };
}

class Heard implements LauncherListener {
  readonly endedExecutors: string[] = [];
  readonly warnings: string[] = [];
  /** As a driver does it that has not lost too many. */
  replace: (executor: string) => void = () => undefined;
  ended(executor: string, text: string, isDrained?: boolean): void {
    this.endedExecutors.push(`${executor}: ${text}${isDrained === true ? ", told to" : ""}`);
    this.replace(executor);
  }
  warning(code: string, text: string): void {
    this.warnings.push(`${code} ${text}`);
  }
}

function launcherTo(master: string, more: { share?: ClusterShare; secret?: Secret } = {}) {
  const { share = {}, secret } = more;
  const launcher = new StandaloneLauncher({
    transport: transports.as("driver", secret),
    clock: systemClock,
    master,
    name: "test",
    share,
    versions,
    defaultWaitMs: 60_000,
  });
  open.push(launcher);
  return launcher;
}

describe("Master, Worker and StandaloneLauncher over gRPC", () => {
  it("launch executors, replace those that end, tell how they ended, and end all with the application", async () => {
    const master = await startMaster();
    const [first, second] = [await startWorker(master.address, 2), await startWorker(master.address, 2)];
    const [launcher, heard] = [launcherTo(master.address), new Heard()];
    heard.replace = (executor) => launcher.replace(executor);
    expect(await launcher.start("127.0.0.1:1", heard)).toBe(2);
    await eventually("both started", () => first.processes.running.length + second.processes.running.length === 2);
    expect(master.status.workers.map(({ freeCores }) => freeCores)).toEqual([0, 0]);
    expect(master.status.applications).toMatchObject([{ name: "test", state: "running", executors: 2, cores: 4 }]);

    const [victim] = first.processes.running;
    expect(readdirSync(first.worker.workDirectory)).toEqual([victim!.name]);
    victim!.end(42);
    await eventually("its end was told", () => heard.endedExecutors.length === 1);
    expect(heard.endedExecutors).toEqual([`${victim!.name}: exited with code 42`]);
    await eventually("another one", () => first.processes.running.length === 1);
    expect(existsSync(victim!.directory)).toBe(false);

    const [killed] = second.processes.running;
    expect(launcher.kill(killed!.name, "freeze")).toBe(false);
    expect(launcher.kill(killed!.name, "kill")).toBe(true);
    await eventually("it was killed", () => heard.endedExecutors.length === 2);
    expect(killed!.wasForced).toBe(true);
    expect(heard.endedExecutors[1], "a kill counts as a failure").toBe(`${killed!.name}: exited with code 143`);

    const [stopped] = first.processes.running;
    const directory = first.worker.workDirectory;
    await first.worker.stop();
    expect(existsSync(directory)).toBe(false);
    await eventually("its end was told", () => heard.endedExecutors.length === 3);
    expect(heard.endedExecutors[2]).toBe(`${stopped!.name}: exited with code 143, told to`);

    await launcher.stop();
    await eventually("none runs", () => first.processes.running.length + second.processes.running.length === 0);
    await eventually("all is free", () => master.status.workers.every(({ cores, freeCores }) => cores === freeCores));
    expect(master.status.endedApplications).toMatchObject([{ name: "test", how: "finished" }]);
    expect(master.status.workers).toHaveLength(1);
    expect(master.status.lostWorkers).toBe(0);
  });

  it("replace no executor for which the driver wants no other one", async () => {
    const master = await startMaster();
    const { processes } = await startWorker(master.address, 1);
    const [launcher, heard] = [launcherTo(master.address), new Heard()];
    await launcher.start("127.0.0.1:1", heard);
    await eventually("it runs", () => processes.running.length === 1);
    processes.running[0]!.end(1);
    await eventually("its end was told", () => heard.endedExecutors.length === 1);
    await eventually("the launches are over", () => master.status.applications[0]!.waiting.startsWith("1 of 1 worker"));
    expect(processes.started).toHaveLength(1);
  });

  it("warn while there is no free core, and give up after the wait, saying what is there", async () => {
    const master = await startMaster();
    await startWorker(master.address, 1);
    await launcherTo(master.address).start("127.0.0.1:1", new Heard());
    const [second, heard] = [launcherTo(master.address, { share: { waitMs: 600 } }), new Heard()];
    await expect(second.start("127.0.0.1:2", heard)).rejects.toMatchObject({
      code: "NO_CAPACITY",
      message: expect.stringMatching(/no executor within 0\.6 s: 0 of 1 worker has free cores\. Start more workers/),
    });
    expect(heard.warnings).toEqual([
      `NO_CAPACITY superstep://${master.address}: waiting: 0 of 1 worker has free cores`,
    ]);
    expect(master.status.applications).toHaveLength(1); // the one that runs
  });

  it("let an application in once another one has ended", async () => {
    const master = await startMaster();
    const { processes } = await startWorker(master.address, 2);
    const [first, second] = [launcherTo(master.address), launcherTo(master.address)];
    await first.start("127.0.0.1:1", new Heard());
    const started = second.start("127.0.0.1:2", new Heard());
    await eventually("it waits", () => master.status.applications.length === 2);
    await first.stop();
    expect(await started).toBe(1);
    await eventually("its executor runs", () => processes.running.length === 1);
    expect(processes.started).toHaveLength(2);
  });

  it.each([true, false])("go on when the master is started anew at its address (state file: %s)", async (withFile) => {
    const stateFile = withFile ? path.join(folder, `state-${withFile}`) : undefined;
    const before = await startMaster({ stateFile });
    const port = Number(before.address.split(":")[1]);
    const { processes } = await startWorker(before.address, 2);
    const [launcher, heard] = [launcherTo(before.address), new Heard()];
    heard.replace = (executor) => launcher.replace(executor);
    await launcher.start("127.0.0.1:1", heard);
    await eventually("the executor runs", () => processes.running.length === 1);
    await before.stop();
    await eventually("its absence is noticed", () => heard.warnings.length > 0);
    expect(heard.warnings[0]).toMatch(/^MASTER_UNREACHABLE .* the run goes on/);
    expect(processes.running).toHaveLength(1);

    const after = await startMaster({ stateFile, port });
    await eventually("all are there again", () => {
      const { workers, applications } = after.status;
      return workers.length === 1 && applications[0]?.executors === 1 && applications[0].name === "test";
    });
    await eventually("it is told", () => heard.warnings.some((text) => text.startsWith("MASTER_BACK")));
    expect(processes.started).toHaveLength(1); // the same executor
    expect(heard.endedExecutors).toEqual([]);
    processes.running[0]!.end(1);
    await eventually("the new master replaces it", () => processes.started.length === 2);
    await eventually("and tells so", () => heard.endedExecutors.length === 1);
    await launcher.stop();
    await eventually("none runs", () => processes.running.length === 0);
  });

  it("end the executors of a driver that falls silent", async () => {
    const master = await startMaster({ timeoutMs: 1000 });
    const { processes } = await startWorker(master.address, 1);
    const transport = transports.as("driver");
    const peer = await transport.connect(master.address, "master");
    await peer.call("master.registerApplication", {
      application: "silent",
      name: "silent",
      driverAddress: "127.0.0.1:1",
      cores: 0,
      coresPerExecutor: 0,
      memoryBytesPerExecutor: 1,
      versions,
    });
    await eventually("it runs", () => processes.running.length === 1);
    await eventually("it was ended", () => processes.running.length === 0);
    expect(master.status.endedApplications).toMatchObject([{ name: "silent", how: "lost" }]);
  });

  it("run drivers of submitted programs, once, and tell how they ended", async () => {
    const master = await startMaster();
    const client = await transports.as("client").connect(master.address, "master");
    const submit = (submission: string) =>
      client.call("master.submitDriver", { submission, program: "/p.ts", args: ["a b"], cores: 0, versions });
    expect(await submit("d1")).toEqual({ state: "waiting" });
    const { processes } = await startWorker(master.address, 1);
    await eventually("it runs", () => processes.running.length === 1);
    expect(await submit("d1")).toEqual({ state: "running" });
    await submit("d2");
    processes.running[0]!.end(3, "the last lines");
    const status = (submission: string) => client.call("master.driverStatus", { submission });
    await eventually("its end is known", async () => (await status("d1")).state === "failed");
    expect(await status("d1")).toEqual({ state: "failed", exitCode: 3, text: "the last lines" });
    await eventually("the next one runs", () => processes.running[0]?.name === "d2");
    await client.call("master.killDriver", { submission: "d2" });
    await eventually("it was ended", async () => (await status("d2")).state === "killed");
    expect(processes.started).toHaveLength(2);
    expect((await status("d3")).state).toBe("unknown");
  });

  it("know submissions and running drivers in their next life", async () => {
    const stateFile = path.join(folder, "state-drivers");
    const before = await startMaster({ stateFile });
    const port = Number(before.address.split(":")[1]);
    const { processes } = await startWorker(before.address, 1);
    const client = await transports.as("client").connect(before.address, "master");
    for (const submission of ["d1", "d2"])
      await client.call("master.submitDriver", { submission, program: "/p.ts", args: [], cores: 0, versions });
    await eventually("one runs", () => processes.running.length === 1);
    await before.stop();
    processes.running[0]!.end(7, "ended while there was no master");
    const after = await startMaster({ stateFile, port });
    const states = () => Object.fromEntries(after.status.drivers.map(({ submission, state }) => [submission, state]));
    await eventually(
      "its end is known, the next one runs",
      () => states()["d1"] === "failed" && states()["d2"] === "running",
    );
    await eventually("really", () => processes.running[0]?.name === "d2");
    expect(processes.started.map(({ name }) => name)).toEqual(["d1", "d2"]);
    const again = await transports.as("client").connect(after.address, "master");
    const text = "ended while there was no master";
    expect(await again.call("master.driverStatus", { submission: "d1" })).toEqual({
      state: "failed",
      exitCode: 7,
      text,
    });
  });

  it("start nothing twice: a worker knows what ran on it", async () => {
    const ended: string[] = [];
    const heard = await transports.as("master").serve({
      uploads: {},
      downloads: {},
      calls: {
        "master.registerWorker": async () => times,
        "master.workerHeartbeat": async () => ({ known: true }),
        "master.executorEnded": async ({ executor, text, drained }) => {
          ended.push(`${executor} ${text}${drained ? ", told to" : ""}`);
          return {};
        },
        "master.driverEnded": async ({ submission, exitCode }) => (ended.push(`${submission} ${exitCode}`), {}),
        "master.endWorker": async () => ({}),
      },
    });
    const { worker, processes } = await startWorker(heard.address, 4);
    const peer = await transports.as("master").connect(worker.address, "worker");
    const share = { application: "a", driverAddress: "127.0.0.1:1", cores: 1, memoryBytes: 1 };
    const launch = () => peer.call("worker.launchExecutor", { ...share, executor: "e" });
    const drive = () => peer.call("worker.launchDriver", { submission: "d", program: "/p.ts", args: [], cores: 0 });
    for (const again of [launch, launch, drive, drive]) await again();
    expect(processes.started.map(({ name }) => name)).toEqual(["e", "d"]);
    processes.started[0]!.end(1);
    processes.started[1]!.end(2);
    await eventually("both ends are told", () => ended.length === 2);
    for (const again of [launch, drive]) await again();
    await peer.call("worker.stopExecutor", { application: "a", executor: "unknown", force: false });
    await eventually("they are told again", () => ended.length === 5);
    expect(processes.started).toHaveLength(2);
    await peer.call("worker.launchExecutor", { ...share, executor: "g" });
    await peer.call("worker.stopExecutor", { application: "a", executor: "g", force: false });
    await eventually("its end is told", () => ended.length === 6);
    expect(ended).toEqual([
      "e exited with code 1",
      "d 2",
      "e it was ended before, told to",
      "d 2",
      "unknown it does not run, told to",
      "g exited with code 143, told to",
    ]);
    for (const bad of [{ executor: "../e" }, { cores: 0 }, { application: "a/b" }]) {
      const refused = peer.call("worker.launchExecutor", { ...share, executor: "f", ...bad });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    expect(processes.started).toHaveLength(3);
  });

  it("say within seconds what is wrong: the secret, the address", async () => {
    const master = await startMaster();
    const wrong = launcherTo(master.address, { secret: Secret.generate() });
    await expect(wrong.start("127.0.0.1:1", new Heard())).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await master.stop();
    const nobody = launcherTo(master.address);
    await expect(nobody.start("127.0.0.1:1", new Heard())).rejects.toMatchObject({ code: "UNREACHABLE" });
    await expect(startWorker(master.address, 1)).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(readdirSync(path.join(folder, "work"))).toEqual([]);
  });

  it("refuse names and numbers that are none, and a second process under a taken name", async () => {
    const master = await startMaster();
    const peer = await transports.as("driver").connect(master.address, "master");
    const request = {
      application: "a",
      name: "",
      driverAddress: "127.0.0.1:1",
      cores: 0,
      coresPerExecutor: 0,
      memoryBytesPerExecutor: 1,
      versions,
    };
    await peer.call("master.registerApplication", request);
    for (const bad of [
      { application: "../a" },
      { application: "" },
      { application: "b", coresPerExecutor: 2000 },
      { driverAddress: "127.0.0.1:2" },
    ]) {
      const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
      await expect(peer.call("master.registerApplication", { ...request, ...bad })).rejects.toEqual(refused);
    }
    expect(master.status.applications).toHaveLength(1);
  });
});
