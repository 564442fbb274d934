import { describe, expect, it } from "vitest";
import { locate, locateShuffle } from "../../../core/schedule/blockLocations.ts";
import { anywhere, failure, pinned, Script, stage } from "./scriptedEvents.ts";

/** Host 0 of the arena, executors 1 and 2. */
const cluster = (numSlots = 2, settings: ConstructorParameters<typeof Script>[0] = {}): Script =>
  new Script({ maxTaskFailures: 4, resubmitDelayMs: 0, ...settings })
    .host(0, "arena", numSlots)
    .host(1, "blocks", numSlots)
    .host(2, "blocks", numSlots);

describe("placement", () => {
  it("keeps what views the driver's arena on its host, and what reads blocks on executors", () => {
    const script = cluster(1);
    script.submit(1, stage("arena", 3));
    script.submit(2, anywhere(stage("blocks", 3)));
    expect(script.places).toEqual(["0/0@0", "0/0@1", "0/1@2"]);
    script.finish(script.running[0]!);
    expect(script.places).toEqual(["0/0@1", "0/1@2", "0/1@0"]);
  });

  it("spreads tasks over hosts by free slots, whose numbers are their own", () => {
    const script = cluster(2);
    script.submit(1, anywhere(stage("blocks", 4)));
    expect(script.running.map(({ host, slot }) => [host, slot])).toEqual([
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
    ]);
    script.send({ type: "slotRemoved", host: 2, slot: 1, failure: failure("threadDied") });
    expect(script.places).toEqual(["0/0@1", "0/2@1", "0/3@2"]);
  });

  it("runs pinned tasks on their host alone, in any order of free slots", () => {
    const script = cluster(1);
    script.submit(1, pinned("superstep", 1, 1, 2, 2));
    expect(script.places).toEqual(["0/0@1", "0/2@2"]);
    script.finish(script.launchOf("0/2"));
    expect(script.places).toEqual(["0/0@1", "0/3@2"]);
    script.finish(script.launchOf("0/3"));
    expect(script.places).toEqual(["0/0@1"]);
    script.fail(script.launchOf("0/0"));
    expect(script.places).toEqual(["0/1@1"]);
    script.finish(script.launchOf("0/1"));
    expect(script.places).toEqual(["0/0@1"]);
    script.finish(script.launchOf("0/0"));
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded", results: [0, 1, 2, 3] });
  });

  it("fails a job with HOST_LOST, naming the host, when one of its pinned hosts goes: once the others have ended", () => {
    const script = cluster(1);
    script.submit(1, pinned("superstep", 1, 1, 2));
    script.submit(2, anywhere(stage("blocks", 1)));
    script.finish(script.launchOf("0/2"));
    script.loseHost(2);
    expect(script.all("cancelTask").map(({ launch }) => launch.host)).toEqual([1]);
    script.fail(script.launchOf("0/0"), "cancelled");
    const end = script.end(1);
    expect(end).toMatchObject({ failure: { code: "HOST_LOST", details: { host: 2, stage: "superstep" } } });
    expect(JSON.stringify(end)).toContain("signal 9");
    expect(script.places).toEqual(["0/0@1"]);
  });

  it("cancels nothing on the host that is gone, and tells the end once when all ran there", () => {
    const script = cluster(2);
    script.submit(1, pinned("superstep", 1, 1));
    script.loseHost(1);
    expect(script.all("cancelTask")).toEqual([]);
    expect(script.end(1)).toMatchObject({ failure: { code: "HOST_LOST", details: { host: 1 } } });
  });

  it("fails a job that is pinned to a host that is gone already", () => {
    const script = cluster(1);
    script.loseHost(2);
    script.submit(1, pinned("superstep", 1, 2));
    expect(script.end(1)).toMatchObject({ failure: { code: "HOST_LOST", details: { host: 2 } } });
    expect(script.all("launchTask")).toEqual([]);
  });

  it("gives a host that joins late its part at once", () => {
    const script = cluster(1);
    script.submit(1, anywhere(stage("blocks", 4)));
    expect(script.places).toEqual(["0/0@1", "0/1@2"]);
    script.host(3, "blocks", 2);
    expect(script.places).toEqual(["0/0@1", "0/1@2", "0/2@3", "0/3@3"]);
  });

  it("tries a task that failed on another host, waiting for one that is busy, and on the same when it is the only one", () => {
    const script = cluster(1);
    script.submit(1, anywhere(stage("blocks", 2)));
    script.fail(script.launchOf("0/0"));
    expect(script.places).toEqual(["0/1@2"]);
    script.at(10_000);
    expect(script.places).toEqual(["0/1@2"]);
    script.finish(script.launchOf("0/1"));
    expect(script.places).toEqual(["0/0@2"]);
    script.fail(script.launchOf("0/0")); // now it has failed everywhere
    expect(script.places).toEqual(["0/0@1"]);
    script.loseHost(2);
    script.fail(script.launchOf("0/0"));
    expect(script.places).toEqual(["0/0@1"]);
  });
});

describe("locality", () => {
  it("takes a host that holds the partition", () => {
    const script = cluster(2);
    script.stored(2, 7, 0, 1);
    script.stored(1, 7, 2);
    script.submit(1, anywhere(stage("count", 3), 6, 7));
    expect(script.places).toEqual(["0/0@2", "0/1@2", "0/2@1"]);
  });

  it("waits for one that is busy, then takes any, while others go on", () => {
    const script = cluster(1);
    script.stored(2, 7, 0, 1);
    script.submit(1, anywhere(stage("count", 3), 7));
    expect(script.places).toEqual(["0/0@2", "0/2@1"]);
    script.now = 30;
    script.finish(script.launchOf("0/2"));
    expect(script.places).toEqual(["0/0@2"]);
    expect(script.all("wakeAt").at(-1)!.time).toBe(100);
    script.at(99);
    expect(script.places).toEqual(["0/0@2"]);
    script.at(100);
    expect(script.places).toEqual(["0/0@2", "0/1@1"]);
  });

  it("does not wait for hosts that are gone, that have no thread, or that do not hold it any more", () => {
    const launchedOn1 = (go: (script: Script) => void): number[] => {
      const script = cluster(1);
      script.stored(2, 7, 1);
      script.submit(1, anywhere(stage("busy", 2)));
      script.submit(2, anywhere(stage("wants 2", 2), 7));
      go(script);
      for (let turn = 0; turn < 3; turn++) {
        for (const launch of script.running.filter(({ host }) => host === 1)) script.finish(launch);
      }
      const launches = script.all("launchTask").filter(({ launch }) => launch.jobId === 2 && launch.host === 1);
      return launches.map(({ launch }) => launch.partition);
    };
    expect(launchedOn1(() => undefined)).toEqual([0]);
    const block = { kind: "rdd", rdd: 7, partition: 1 } as const;
    for (const go of [
      (script: Script) => script.loseHost(2),
      (script: Script) => script.send({ type: "slotRemoved", host: 2, slot: 1, failure: failure("threadDied") }),
      (script: Script) => script.send({ type: "blockDropped", host: 2, id: block }),
      (script: Script) => script.send({ type: "blocksRemoved", group: { kind: "rdd", rdd: 7 } }),
    ]) {
      expect(launchedOn1(go)).toEqual([0, 1]);
    }
  });

  it("goes behind not running where it failed", () => {
    const script = cluster(1);
    script.stored(2, 7, 0);
    script.submit(1, anywhere(stage("count", 1), 7));
    script.fail(script.launchOf("0/0"));
    expect(script.places).toEqual(["0/0@1"]);
  });
});

describe("locate", () => {
  it("answers with what hosts said, for the ids asked for", () => {
    const script = cluster(1);
    script.stored(1, 7, 0);
    script.stored(2, 7, 0, 1);
    script.stored(2, 7, 1);
    script.stored(9, 7, 1); // not there
    const ids = [0, 1, 2].map((partition) => ({ kind: "rdd", rdd: 7, partition }) as const);
    expect(locate(script.state, [...ids, { kind: "broadcast", broadcast: 1 }]).hosts).toEqual([[1, 2], [2], [], []]);
    script.loseHost(2);
    expect(locate(script.state, ids).hosts).toEqual([[1], [], []]);
    script.send({ type: "blockDropped", host: 1, id: ids[0]! });
    expect(script.state.rddBlocks.size).toBe(0);
  });

  it("gives the host of each map output, -1 where it is missing, in an epoch that grows with each change", () => {
    const script = cluster(1);
    script.submit(1, anywhere(stage("map", 2, [], 5)), anywhere(stage("reduce", 1, [0])));
    expect(locateShuffle(script.state, 5).hosts).toEqual([-1, -1]);
    script.finish(script.launchOf("0/0"));
    expect(locateShuffle(script.state, 5).hosts).toEqual([1, -1]);
    script.finish(script.launchOf("0/1"));
    const whole = locateShuffle(script.state, 5);
    expect(whole.hosts).toEqual([1, 2]);
    script.loseHost(2);
    const hit = locateShuffle(script.state, 5);
    expect(hit.hosts).toEqual([1, -1]);
    expect(hit.epoch).toBeGreaterThan(whole.epoch);
    script.finish(script.launchOf("1/0"), "read before the loss");
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded" });
    script.submit(2, anywhere(stage("map", 2, [], 5)), anywhere(stage("reduce", 1, [0])));
    script.finish(script.launchOf("0/1"));
    const again = locateShuffle(script.state, 5);
    expect(again.hosts).toEqual([1, 1]);
    expect(again.epoch).toBeGreaterThan(hit.epoch);
    const epochs = script.all("launchTask").map(({ epoch }) => epoch);
    expect(epochs.at(-1)).toBe(again.epoch); // the reduce task asks again for what it knew before
    expect(locate(script.state, [{ kind: "shuffle", shuffle: 5, map: 1, reduce: 0 }]).hosts).toEqual([[1]]);
    script.send({ type: "blocksRemoved", group: { kind: "shuffle", shuffle: 5 } });
    expect(locateShuffle(script.state, 5).hosts).toEqual([]);
  });
});

describe("the loss of a host", () => {
  const mapAndReduce = [anywhere(stage("map", 4, [], 5)), anywhere(stage("reduce", 2, [0]))];

  it("has all its map outputs, and only them, written again", () => {
    const script = cluster(2);
    script.submit(1, ...mapAndReduce);
    for (let i = 0; i < 4; i++) script.finish(script.running[0]!); // 0 and 2 on host 1, 1 and 3 on host 2
    const before = script.all("launchTask").length;
    script.loseHost(1);
    while (script.end(1) === undefined) script.finish(script.running[0]!);
    const again = script.all("launchTask").slice(before);
    expect(again.map(({ launch, stage: { name } }) => `${name} ${launch.partition}`)).toEqual([
      "map 0",
      "map 2",
      "reduce 0",
    ]);
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded", results: [0, 1] });
  });

  it("counts for tasks that had started, not for those that had not, nor when it was drained", () => {
    const script = cluster(2);
    script.submit(1, anywhere(stage("a", 4)));
    script.start(script.launchOf("0/0"));
    script.loseHost(1); // 0 and 2
    const { tasks } = script.state.jobs.get(1)!.stages[0]!;
    expect(tasks.map(({ failures }) => failures.length)).toEqual([1, 0, 0, 0]);
    script.start(script.launchOf("0/1"));
    script.loseHost(2, "hostDrained");
    expect(tasks.map(({ failures }) => failures.length)).toEqual([1, 0, 0, 0]);
    script.host(3, "blocks", 4);
    for (let i = 0; i < 4; i++) script.finish(script.running[0]!);
    expect(script.end(1)).toMatchObject({ results: [0, 1, 2, 3] });
  });

  it("ends the job of a task that takes hosts down with it, and names the task", () => {
    const script = new Script({ maxTaskFailures: 4 });
    script.submit(1, anywhere(stage("poison", 2)));
    for (let host = 1; script.end(1) === undefined; host++) {
      script.host(host, "blocks", 1);
      if (host === 1) script.finish(script.launchOf("0/0"));
      script.start(script.launchOf("0/1"));
      script.loseHost(host, "hostLost", `exit code ${host}`);
    }
    expect(script.all("launchTask").filter(({ launch }) => launch.partition === 1)).toHaveLength(4);
    const { failure: end } = script.end(1) as { failure: { message: string; details: object; code: string } };
    expect(end.code).toBe("HOST_LOST");
    expect(end.message).toMatch(/stage "poison", partition 1, .*failed 4 times.*exit code 4/);
    expect(JSON.stringify(end.details)).toContain("exit code 1");
  });

  it("ends the job of a task that never gets so far as to start, in the end", () => {
    const script = new Script({ maxTaskFailures: 4, maxStageAttemptsInAll: 16 });
    script.submit(1, anywhere(stage("unlucky", 1)));
    for (let host = 1; script.end(1) === undefined; host++) script.host(host, "blocks", 1).loseHost(host);
    expect(script.all("launchTask")).toHaveLength(16);
    expect(script.end(1)).toMatchObject({ failure: { code: "HOST_LOST", details: { partition: 0 } } });
  });

  it("ends the job of a task whose machines are lost one after the other, in the end", () => {
    const script = new Script({ maxTaskFailures: 1, maxStageAttemptsInAll: 16 });
    script.submit(1, anywhere(stage("unlucky", 1)));
    for (let host = 1; script.end(1) === undefined; host++) {
      script.host(host, "blocks", 1).start(script.launchOf("0/0"));
      script.loseHost(host, "hostDrained");
    }
    expect(script.all("launchTask")).toHaveLength(16);
    expect(script.end(1)).toMatchObject({ failure: { code: "HOST_LOST", details: { partition: 0 } } });
  });

  it("makes deaf to what it still says, and to hosts that were never there", () => {
    const script = cluster(1);
    script.submit(1, anywhere(stage("map", 2, [], 5)), anywhere(stage("reduce", 1, [0])));
    const zombie = script.launchOf("0/0");
    script.loseHost(1);
    const state = JSON.stringify([...script.state.jobs.values()]);
    for (const commands of [
      script.finish(zombie),
      script.fail(zombie),
      script.loseHost(1),
      script.loseHost(77),
      script.send({ type: "slotAdded", host: 1, slot: 5 }),
      script.send({ type: "slotRemoved", host: 1, slot: 1, failure: failure("threadDied") }),
      script.send({ type: "blockStored", host: 1, id: { kind: "rdd", rdd: 1, partition: 0 } }),
    ]) {
      expect(commands).toEqual([]);
    }
    expect(JSON.stringify([...script.state.jobs.values()])).toBe(state);
    expect(locateShuffle(script.state, 5).hosts).toEqual([-1, -1]);
    expect(script.state.rddBlocks.size).toBe(0);
  });

  it("without another executor ends the job after the grace, saying what is missing; the arena's host is none", () => {
    const script = new Script({ noHostGraceMs: 500 }).host(0, "arena", 2);
    script.submit(1, anywhere(stage("blocks", 1)));
    script.submit(2, stage("arena", 1));
    script.finish(script.launchOf("0/0"));
    script.at(499);
    expect([script.end(1), script.end(2)?.type]).toEqual([undefined, "jobSucceeded"]);
    script.at(500);
    expect(script.end(1)).toMatchObject({
      failure: {
        code: "HOST_LOST",
        message: expect.stringMatching(/an executor.*500 ms/),
        details: { stage: "blocks" },
      },
    });
  });

  it("and of the arena's host likewise", () => {
    const script = new Script({ noHostGraceMs: 500 }).host(1, "blocks", 2);
    script.submit(1, stage("arena", 1));
    script.at(500);
    expect(script.end(1)).toMatchObject({ failure: { code: "HOST_LOST" } });
  });

  it("gives each job a grace of its own", () => {
    const script = new Script({ noHostGraceMs: 500 });
    script.submit(1, anywhere(stage("a", 1)));
    script.now = 300;
    script.submit(2, anywhere(stage("b", 1)));
    script.at(500);
    expect([script.end(1)?.type, script.end(2)]).toEqual(["jobFailed", undefined]);
    expect(script.all("wakeAt").at(-1)!.time).toBe(800);
    script.host(1, "blocks", 1);
    script.at(900);
    script.finish(script.running[0]!);
    expect(script.end(2)).toMatchObject({ type: "jobSucceeded" });
  });
});

describe("fetch failures", () => {
  const mapAndReduce = [anywhere(stage("map", 3, [], 5)), anywhere(stage("reduce", 2, [0]))];
  const mapped = (settings: ConstructorParameters<typeof Script>[0] = {}): Script => {
    const script = cluster(2, settings);
    script.submit(1, ...mapAndReduce);
    for (let i = 0; i < 3; i++) script.finish(script.running[0]!); // 0 and 2 on host 1, 1 on host 2
    return script;
  };
  const missing = (script: Script): number[] => [...script.state.shuffles.get(5)!.missing];

  it("of a holder that could not be reached lose all that it holds of the shuffle", () => {
    const script = mapped({ resubmitDelayMs: 100 });
    script.failFetch(script.launchOf("1/0"), 5, 0, { holder: 1, isUnreachable: true });
    expect(missing(script)).toEqual([0, 2]);
  });

  it("of a holder that answered lose that output alone", () => {
    const script = mapped({ resubmitDelayMs: 100 });
    script.failFetch(script.launchOf("1/0"), 5, 0, { holder: 1 });
    expect(missing(script)).toEqual([0]);
  });

  it("of a holder that answered lose all that it holds the second time in a row", () => {
    const script = mapped();
    script.failFetch(script.launchOf("1/0"), 5, 0, { holder: 1 });
    script.fail(script.launchOf("1/1"), "notStarted");
    expect(missing(script)).toEqual([0]);
    script.finish(script.launchOf("0/0")); // on host 1 or 2
    const holder = script.state.shuffles.get(5)!.locations[2]!;
    const held = script.state.shuffles.get(5)!.locations.flatMap((host, map) => (host === holder ? [map] : []));
    script.failFetch(script.launchOf("1/0"), 5, 2, { holder });
    expect([held.length > 1, missing(script)]).toEqual([true, held]);
  });

  it("say in the end what could not be fetched, not that somebody was not reached", () => {
    const script = mapped({ maxStageAttempts: 1 });
    const unreachable = {
      name: "SuperstepError",
      message: "no answer",
      superstep: { code: "UNREACHABLE", details: {} },
    } as const;
    const superstep = { code: "FETCH_FAILED", details: { shuffle: 5, map: 0, holder: 1 } } as const;
    const error = { name: "SuperstepError", message: "map output 0 was not to be had", superstep, cause: unreachable };
    script.fail(script.launchOf("1/1"), "notStarted");
    script.send({ type: "taskFailed", launch: script.launchOf("1/0").id, failure: { kind: "fetchFailed", error } });
    for (const launch of script.running) script.fail(launch, "cancelled");
    expect(script.end(1)).toMatchObject({ failure: { code: "FETCH_FAILED", message: error.message, cause: error } });
  });

  it("that name a holder of before lose nothing: the task runs again, but not for ever", () => {
    const script = mapped();
    for (let count = 1; script.end(1) === undefined; count++) {
      script.failFetch(script.launchOf("1/0"), 5, 0, { holder: count % 2 === 0 ? 2 : -1 });
      if (count < 16) expect([missing(script), script.runningTasks.includes("1/0")]).toEqual([[], true]);
      else expect(script.all("cancelTask")).toHaveLength(1);
      if (count === 16) script.fail(script.running[0]!, "cancelled");
    }
    expect(script.end(1)).toMatchObject({ failure: { code: "FETCH_FAILED" } });
  });
});
