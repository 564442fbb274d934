import { describe, expect, it } from "vitest";
import { heartbeatAnswer, registrationAnswer } from "../../../../core/cluster/standalone/applications.ts";
import { freeOnWorkers } from "../../../../core/cluster/standalone/clusterState.ts";
import { driverStatus } from "../../../../core/cluster/standalone/drivers.ts";
import { restoreCluster, savedCluster } from "../../../../core/cluster/standalone/masterFile.ts";
import { application, beat, GiB, ScriptedCluster, settings, submission, worker } from "./clusterEvents.ts";

const named = (cluster: ScriptedCluster): string[] => [...cluster.state.executors.keys()];

describe("manageCluster: who gets cores", () => {
  it("gives all cores to an application that comes alone, one executor a worker", () => {
    const cluster = new ScriptedCluster();
    expect(cluster.launched(worker("w1", 2), worker("w2", 4), application("a"))).toEqual(["a w1 2", "a w2 4"]);
  });

  it("spreads a wanted number of cores evenly, over workers with most free cores first", () => {
    const cluster = new ScriptedCluster();
    const events = [worker("w1", 4), worker("w2", 4), worker("w3", 8), application("a", { cores: 5 })];
    expect(cluster.launched(...events)).toEqual(["a w1 2", "a w2 1", "a w3 2"]);
  });

  it("cuts executors to the cores that one may have", () => {
    const cluster = new ScriptedCluster();
    expect(cluster.launched(worker("w1", 5), application("a", { coresPerExecutor: 2 }))).toEqual([
      "a w1 1",
      "a w1 2",
      "a w1 2",
    ]);
  });

  it("takes no more memory than a worker has", () => {
    const cluster = new ScriptedCluster();
    const wish = { coresPerExecutor: 1, memoryBytesPerExecutor: 2 * GiB };
    expect(cluster.launched(worker("w1", 8, { memoryBytes: 5 * GiB }), application("a", wish))).toEqual([
      "a w1 1",
      "a w1 1",
    ]);
    expect(cluster.launched(application("b", { memoryBytesPerExecutor: GiB + 1 }))).toEqual([]);
    expect(registrationAnswer(cluster.state, "b", 0).waiting).toBe(
      "0 of 1 worker has free cores and 1025 MiB of free memory",
    );
  });

  it("lets a second application wait, then gives it what becomes free until both have the same", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 2), worker("w2", 2), worker("w3", 2), application("a"), application("b"));
    expect(registrationAnswer(cluster.state, "b", 0)).toMatchObject({
      state: "waiting",
      workers: 3,
      freeCores: 0,
      waiting: "0 of 3 workers have free cores",
    });
    const [first, second] = named(cluster) as [string, string];
    for (cluster.now of [3000, 6000]) {
      for (const id of ["w1", "w2", "w3"]) cluster.tell({ type: "workerHeard", worker: id });
      cluster.tell(beat("a"), beat("b"));
    }
    const place = cluster.state.executors.get(first)!.worker;
    expect(
      cluster.launched({ type: "executorEnded", worker: place, executor: first, text: "gone", drained: false }),
    ).toEqual([`b ${place} 2`]);
    const next = cluster.state.executors.get(second)!.worker;
    expect(
      cluster.launched({ type: "executorEnded", worker: next, executor: second, text: "gone", drained: false }),
    ).toEqual([
      `a ${next} 1`, // 3 and 3
      `b ${next} 1`,
    ]);
  });

  it("gives a new worker's cores to whoever has fewest, then to whoever came first", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), application("a"), application("b"), application("c"));
    expect(cluster.launched(worker("w2", 3))).toEqual(["a w2 1", "b w2 1", "c w2 1"]);
    expect(cluster.launched(worker("w3", 2))).toEqual(["b w3 1", "c w3 1"]);
  });

  it("replaces at once an executor that it ended itself", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), application("a"));
    const [executor] = named(cluster) as [string];
    cluster.tell({ type: "executorKilled", application: "a", executor });
    expect(cluster.launched({ type: "executorEnded", worker: "w1", executor, text: "killed", drained: false })).toEqual(
      ["a w1 1"],
    );
  });

  it("launches nothing twice when events come twice", () => {
    const cluster = new ScriptedCluster();
    const events = [worker("w1", 2), application("a")];
    expect(cluster.launched(...events)).toHaveLength(1);
    expect(cluster.tell(...events, ...events)).toEqual([]);
    expect(cluster.state.workers.size).toBe(1);
  });
});

describe("manageCluster: ends", () => {
  it("replaces an executor that ended, elsewhere if its worker is gone, and tells its driver why", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 2), application("a", { cores: 2 }), worker("w2", 2));
    cluster.now = 100;
    const gone = { type: "workerGone", worker: "w1", text: "cannot be reached", isLoss: true } as const;
    const [lost] = named(cluster);
    expect(cluster.launched(gone)).toEqual(["a w2 2"]);
    const answer = heartbeatAnswer(cluster.state, "a", cluster.now);
    expect(answer).toMatchObject({
      known: true,
      next: 1,
      ended: [{ executor: lost, text: "worker w1:1 lost: cannot be reached", drained: true }],
    });
    expect(heartbeatAnswer(cluster.state, "a", cluster.now)).toEqual(answer); // a repeat
    cluster.tell(beat("a", answer.next));
    expect(heartbeatAnswer(cluster.state, "a", cluster.now)).toMatchObject({ ended: [], next: 1 });
  });

  it("tells a driver whether an executor ended by itself", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), worker("w2", 1), application("a"));
    const [first, second] = named(cluster) as [string, string];
    const ends = [
      { executor: first, text: "exited with code 42", drained: false },
      { executor: second, text: "exited with code 0", drained: true },
    ];
    for (const end of ends) {
      const on = cluster.state.executors.get(end.executor)!.worker;
      cluster.tell({ type: "executorEnded", worker: on, ...end });
    }
    expect(heartbeatAnswer(cluster.state, "a", cluster.now).ended).toEqual(ends);
  });

  it("tells a driver which of its executors are on workers that are silent for half the timeout", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), worker("w2", 1), application("a", { cores: 2 }), worker("w3", 1), application("b"));
    const on = (place: string): string[] =>
      [...cluster.state.executors.values()].filter((each) => each.worker === place).map(({ executor }) => executor);
    const silent = (id: string): readonly string[] => heartbeatAnswer(cluster.state, id, cluster.now).silent;
    cluster.now = settings.timeoutMs / 2 - 1;
    cluster.tell(beat("a"), beat("b"), { type: "workerHeard", worker: "w2" });
    expect(silent("a")).toEqual([]);
    cluster.now = settings.timeoutMs / 2;
    expect([silent("a"), silent("b")]).toEqual([on("w1"), on("w3")]);
    cluster.tell({ type: "workerHeard", worker: "w1" });
    expect(silent("a")).toEqual([]);
  });

  it("launches less and less often for an application whose executors end at once", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), application("a"));
    const delays: number[] = [];
    for (let i = 0; i < 9; i++) {
      const [executor] = named(cluster);
      cluster.tell({ type: "executorEnded", worker: "w1", executor: executor!, text: "exit 1", drained: false });
      const from = cluster.now;
      while (named(cluster).length === 0) {
        cluster.tell({ type: "workerHeard", worker: "w1" }, beat("a"));
        cluster.after(100);
      }
      delays.push(cluster.now - from);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("replaces nothing any more once the driver says so", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), application("a"), beat("a", 0, false));
    cluster.now = 4000;
    cluster.tell({ type: "workerHeard", worker: "w1" }, beat("a", 0, false));
    expect(
      cluster.tell({ type: "executorEnded", worker: "w1", executor: named(cluster)[0]!, text: "", drained: false }),
    ).toEqual([]);
    cluster.now = 8000;
    expect(cluster.tell({ type: "workerHeard", worker: "w1" }, beat("a", 0, false))).toEqual([]);
  });

  it("loses a silent worker after the timeout, not before", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1));
    cluster.after(4999);
    expect(cluster.state.workers.size).toBe(1);
    cluster.after(1);
    expect(cluster.state.workers.size).toBe(0);
    expect(cluster.state.lostWorkers).toBe(1);
  });

  it("ends the executors of an application that is over or silent; their cores are free once they have ended", () => {
    for (const isSilent of [false, true]) {
      const cluster = new ScriptedCluster();
      cluster.tell(worker("w1", 3), application("a"));
      const [executor] = named(cluster);
      if (isSilent) {
        cluster.now = 4000;
        cluster.tell({ type: "workerHeard", worker: "w1" });
      }
      const commands = isSilent ? cluster.after(1000) : cluster.tell({ type: "applicationEnded", application: "a" });
      expect(commands).toEqual([{ type: "stopExecutor", worker: "w1", application: "a", executor, force: false }]);
      expect(cluster.launched(application("b"))).toEqual([]);
      expect(
        cluster.launched({ type: "executorEnded", worker: "w1", executor: executor!, text: "", drained: false }),
      ).toEqual(["b w1 3"]);
      expect(cluster.state.endedApplications).toEqual([
        { id: "a", name: "app a", how: isSilent ? "lost" : "finished" },
      ]);
    }
  });

  it("believes about an executor only its own worker", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), worker("w2", 1), application("a", { cores: 1 }));
    const [record] = cluster.state.executors.values();
    const other = record!.worker === "w1" ? "w2" : "w1";
    cluster.tell({ type: "executorEnded", worker: other, executor: record!.executor, text: "", drained: false });
    expect(named(cluster)).toEqual([record!.executor]);
  });

  it("takes a worker at an address of another one for its successor", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 2), application("a"));
    expect(cluster.launched(worker("w2", 2, { address: "w1:1" }))).toEqual(["a w2 2"]);
    expect([...cluster.state.workers.keys()]).toEqual(["w2"]);
  });

  it("has an executor killed for its own application only", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), application("a"));
    const [executor] = named(cluster) as [string];
    expect(cluster.tell({ type: "executorKilled", application: "b", executor })).toEqual([]);
    expect(cluster.tell({ type: "executorKilled", application: "a", executor })).toEqual([
      { type: "stopExecutor", worker: "w1", application: "a", executor, force: true },
    ]);
  });
});

describe("manageCluster: restarts of the master", () => {
  /** A master with two workers, an application on each core, and a second one that waits; then its next life. */
  function restarted(withFile: boolean): {
    before: ScriptedCluster;
    cluster: ScriptedCluster;
    reports: ReturnType<typeof report>[];
  } {
    const before = new ScriptedCluster();
    before.tell(worker("w1", 2), worker("w2", 2), application("a", { cores: 4 }), application("b"), submission("d"));
    const saved = JSON.parse(JSON.stringify(savedCluster(before.state))) as ReturnType<typeof savedCluster>;
    const cluster = new ScriptedCluster(withFile ? restoreCluster(settings, "second", saved, 0) : undefined);
    return { before, cluster, reports: [report(before, "w1"), report(before, "w2")] };
  }
  function report(cluster: ScriptedCluster, id: string) {
    const executors = [...cluster.state.executors.values()].filter((each) => each.worker === id);
    return worker(id, 2, {
      executors: executors.map(({ application: of, executor, cores, memoryBytes }) => ({
        application: of,
        executor,
        cores,
        memoryBytes,
      })),
    });
  }

  it.each([true, false])("goes on with what runs, and launches nothing in its place (state file: %s)", (withFile) => {
    const { before, cluster, reports } = restarted(withFile);
    expect(cluster.tell(reports[0]!, application("b"), reports[1]!, application("a", { cores: 4 }))).toEqual([]);
    expect(named(cluster).sort()).toEqual(named(before).sort());
    expect([...freeOnWorkers(cluster.state).values()].map(({ cores }) => cores)).toEqual([0, 0]);
    if (!withFile) return;
    // order of registration and waiting submissions survive
    expect([...cluster.state.applications.values()].sort((x, y) => x.order - y.order).map(({ id }) => id)).toEqual([
      "a",
      "b",
    ]);
    expect(driverStatus(cluster.state, "d").state).toBe("waiting");
  });

  it("gives up those who do not come back within the timeout, and only then launches", () => {
    const { cluster, reports } = restarted(true);
    expect(cluster.tell(reports[0]!, application("b"), worker("w3", 2))).toEqual([]);
    expect(registrationAnswer(cluster.state, "b", 0).waiting).toMatch(/restarted/);
    cluster.now = 4000;
    const heard = ["w1", "w3"].map((id) => ({ type: "workerHeard", worker: id }) as const);
    expect(cluster.tell(...heard, beat("b"))).toEqual([]);
    const commands = cluster.after(1000);
    // of a, whose driver is gone; w2 did not come back
    expect(commands.map(({ type, worker: at }) => `${type} ${at}`)).toEqual([
      "stopExecutor w1",
      "launchDriver w3",
      "launchExecutor w3",
    ]);
    const [stopped] = named(cluster);
    expect(
      cluster.launched({ type: "executorEnded", worker: "w1", executor: stopped!, text: "", drained: false }),
    ).toEqual(["b w1 2"]);
  });

  it("ends executors of an application that it knows to be over", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), application("a"));
    const [executor] = named(cluster) as [string];
    cluster.tell(
      { type: "workerGone", worker: "w1", text: "", isLoss: true },
      { type: "applicationEnded", application: "a" },
    );
    const executors = [{ application: "a", executor, cores: 1, memoryBytes: GiB }];
    expect(cluster.tell(worker("w1", 1, { executors }))).toEqual([
      { type: "stopExecutor", worker: "w1", application: "a", executor, force: false },
    ]);
  });

  it("ends what is too much when a worker comes back with executors that were replaced", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 2), application("a", { cores: 2 }));
    const [old] = named(cluster) as [string];
    cluster.tell({ type: "workerGone", worker: "w1", text: "", isLoss: true }, worker("w2", 2));
    const executors = [{ application: "a", executor: old, cores: 2, memoryBytes: GiB }];
    expect(cluster.tell(worker("w1", 2, { executors }))).toEqual([
      { type: "stopExecutor", worker: "w1", application: "a", executor: old, force: false },
    ]);
  });

  it("ends what is too much when an application comes back that wants less than what runs for it", () => {
    const cluster = new ScriptedCluster();
    const executors = ["x", "y"].map((executor) => ({ application: "a", executor, cores: 2, memoryBytes: GiB }));
    expect(cluster.tell(worker("w1", 4, { executors }))).toEqual([]);
    expect(cluster.tell(application("a", { cores: 2 }))).toEqual([
      { type: "stopExecutor", worker: "w1", application: "a", executor: "y", force: false },
    ]);
  });

  it("ends an executor that its worker does not report", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), application("a"));
    const [executor] = named(cluster) as [string];
    expect(cluster.tell(worker("w1", 1))).toEqual([]); // its launch may be under way
    cluster.tell({ type: "executorLaunched", executor });
    expect(cluster.tell(worker("w1", 1)).map(({ type }) => type)).toEqual(["stopExecutor"]);
  });
});

describe("manageCluster: drivers on workers", () => {
  it("runs them in order, each on one core of the worker with most free cores, before executors", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(submission("d1", 3), submission("d2"), application("a"));
    const commands = cluster.tell(worker("w1", 1));
    expect(commands).toEqual([
      { type: "launchDriver", worker: "w1", submission: "d1", program: "/p.ts", args: ["x"], cores: 3 },
    ]);
    expect(cluster.tell(worker("w2", 3)).map((command) => command.type)).toEqual(["launchDriver", "launchExecutor"]);
    expect(cluster.launched({ type: "driverEnded", worker: "w1", submission: "d1", exitCode: 3, text: "out" })).toEqual(
      ["a w1 1"],
    );
    expect(driverStatus(cluster.state, "d1")).toEqual({ state: "failed", exitCode: 3, text: "out" });
    expect(driverStatus(cluster.state, "d2").state).toBe("running");
    expect(cluster.tell(submission("d1"), submission("d2"))).toEqual([]);
    expect(driverStatus(cluster.state, "d1").state).toBe("failed");
    expect(driverStatus(cluster.state, "d3").state).toBe("unknown");
  });

  it("ends one that is killed, waiting or running", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(submission("d1"), { type: "driverKilled", submission: "d1" });
    expect(driverStatus(cluster.state, "d1").state).toBe("killed");
    cluster.tell(worker("w1", 1), submission("d2"));
    expect(cluster.tell({ type: "driverKilled", submission: "d2" })).toEqual([
      { type: "stopDriver", worker: "w1", submission: "d2" },
    ]);
    cluster.tell({ type: "driverEnded", worker: "w1", submission: "d2", exitCode: 143, text: "" });
    expect(driverStatus(cluster.state, "d2")).toMatchObject({ state: "killed", exitCode: 143 });
  });

  it("says that one is lost with its worker, and that it runs when the worker comes back", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), submission("d"));
    cluster.tell({ type: "workerGone", worker: "w1", text: "silent", isLoss: true });
    expect(driverStatus(cluster.state, "d")).toMatchObject({ state: "lost", text: "worker w1:1 lost: silent" });
    cluster.tell(worker("w1", 1, { drivers: ["d"] }));
    expect(driverStatus(cluster.state, "d").state).toBe("running");
    expect(freeOnWorkers(cluster.state).get("w1")!.cores).toBe(0);
  });

  it("has one started that its worker never heard of", () => {
    const cluster = new ScriptedCluster();
    cluster.tell(worker("w1", 1), submission("d"));
    expect(cluster.tell(worker("w1", 1)).map(({ type }) => type)).toEqual(["launchDriver"]);
    expect(cluster.tell(worker("w1", 1, { drivers: ["d"] }))).toEqual([]);
  });
});
