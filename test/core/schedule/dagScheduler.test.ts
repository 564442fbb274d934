import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../../core/schedule/failure.ts";
import { failure, Script, stage } from "./scriptedEvents.ts";

const add = (accumulator: number, value: unknown) => ({ accumulator, value });

describe("schedule", () => {
  it("launches in partition order on the lowest free slots, and gives results in partition order", () => {
    const script = new Script().slots(2);
    script.submit(1, stage("a", 3));
    expect(script.running.map(({ slot, partition, attempt }) => [slot, partition, attempt])).toEqual([
      [1, 0, 0],
      [2, 1, 0],
    ]);
    const [first, second] = script.running;
    script.finish(second!, "b");
    expect(script.running.map(({ slot, partition }) => [slot, partition])).toEqual([
      [1, 0],
      [2, 2],
    ]);
    script.finish(script.running[1]!, "c");
    expect(script.end(1)).toBeUndefined();
    script.finish(first!, "a");
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded", results: ["a", "b", "c"] });
    expect(script.all("resultAccepted").map(({ partition }) => partition)).toEqual([1, 2, 0]);
    expect(script.state.jobs.size + script.state.launches.size).toBe(0);
    expect(script.state.hosts.get(0)!.freeSlots).toEqual([1, 2]);
  });

  it("gives slots to the oldest job first, and those left over to the next", () => {
    const script = new Script().slots(3);
    script.submit(1, stage("a", 2));
    script.submit(2, stage("b", 2));
    expect(script.running.map(({ jobId, partition }) => [jobId, partition])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
    ]);
    script.finish(script.running[0]!);
    script.finish(script.running[0]!);
    script.finish(script.running[0]!);
    script.finish(script.running[0]!);
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded" });
    expect(script.end(2)).toMatchObject({ type: "jobSucceeded" });
  });

  it("starts a stage when all its parents have ended, and runs independent ones side by side", () => {
    const script = new Script().slots(4);
    script.submit(1, stage("left", 1, [], 10), stage("right", 2, [], 11), stage("join", 1, [0, 1]));
    expect(script.runningTasks).toEqual(["0/0", "1/0", "1/1"]);
    script.finish(script.running[0]!);
    script.finish(script.running[0]!);
    expect(script.runningTasks).toEqual(["1/1"]);
    script.finish(script.running[0]!);
    expect(script.runningTasks).toEqual(["2/0"]);
    script.finish(script.running[0]!, "joined");
    expect(script.end(1)).toMatchObject({ results: ["joined"] });
  });

  it("waits for parents that write no shuffle as well", () => {
    const script = new Script().slots(2);
    script.submit(1, stage("a", 1), stage("b", 1, [0]));
    expect(script.runningTasks).toEqual(["0/0"]);
    script.finish(script.running[0]!);
    expect(script.runningTasks).toEqual(["1/0"]);
  });

  it("ends stages and jobs without tasks at once", () => {
    const script = new Script();
    script.submit(1, stage("a", 0, [], 5), stage("b", 0, [0]));
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded", results: [] });
  });

  it("runs only what the last stage needs", () => {
    const script = new Script().slots(4);
    script.submit(1, stage("unused", 1), stage("used", 1), stage("last", 1, [1]));
    expect(script.runningTasks).toEqual(["1/0"]);
  });

  describe("map outputs", () => {
    it("of an earlier job are used again, with all that led to them, until the shuffle is released", () => {
      const script = new Script({}, true).slots(1);
      const stages = [stage("a", 1, [], 1), stage("b", 1, [0], 2), stage("c", 1, [1])];
      script.submit(1, ...stages);
      for (let i = 0; i < 3; i++) script.finish(script.running[0]!);
      script.submit(2, ...stages);
      expect(script.runningTasks).toEqual(["2/0"]);
      script.finish(script.running[0]!);
      expect(script.end(2)).toMatchObject({ type: "jobSucceeded" });
      const skipped = script
        .all("emit")
        .flatMap(({ event }) => (event.type === "stage.end" && event.status === "skipped" ? [event.name] : []));
      expect(skipped).toEqual(["b"]);
      script.send({ type: "blocksRemoved", group: { kind: "shuffle", shuffle: 2 } });
      script.submit(3, ...stages);
      expect(script.runningTasks).toEqual(["1/0"]);
    });

    it("are written by one job at a time: another waits for them", () => {
      const script = new Script().slots(4);
      const stages = [stage("map", 2, [], 1), stage("reduce", 1, [0])];
      script.submit(1, ...stages);
      script.submit(2, ...stages);
      expect(script.running.map(({ jobId }) => jobId)).toEqual([1, 1]);
      script.finish(script.running[0]!);
      script.finish(script.running[0]!);
      expect(script.running.map((launch) => [launch.jobId, script.stageIndex(launch)])).toEqual([
        [1, 1],
        [2, 1],
      ]);
    });

    it("are written by the job that waited, from the start, when the other fails", () => {
      const script = new Script().slots(4);
      const stages = [stage("map", 2, [], 1), stage("reduce", 1, [0])];
      script.submit(1, ...stages);
      script.submit(2, ...stages);
      script.finish(script.running[0]!);
      script.fail(script.running[0]!);
      expect(script.end(1)).toMatchObject({ type: "jobFailed" });
      expect(script.running.map((launch) => [launch.jobId, launch.partition])).toEqual([
        [2, 0],
        [2, 1],
      ]);
    });

    it("that were lost are written again, alone, before the stage that reads them goes on", () => {
      const script = new Script().slots(2);
      script.submit(1, stage("map", 3, [], 7), stage("reduce", 3, [0]));
      for (let i = 0; i < 3; i++) script.finish(script.running[0]!);
      expect(script.runningTasks).toEqual(["1/0", "1/1"]);
      script.now = 1000;
      script.failFetch(script.running[0]!, 7, 2);
      expect(script.runningTasks).toEqual(["1/1"]);
      expect(script.all("wakeAt").at(-1)).toEqual({ type: "wakeAt", time: 1200 });
      script.finish(script.running[0]!, "one"); // goes on to its end meanwhile
      expect(script.runningTasks).toEqual([]);
      script.at(1199);
      expect(script.runningTasks).toEqual([]);
      script.at(1200);
      expect(script.runningTasks).toEqual(["0/2"]);
      script.finish(script.running[0]!);
      expect(script.runningTasks).toEqual(["1/2", "1/0"]);
      script.finish(script.running[0]!, "two");
      script.finish(script.running[0]!, "zero");
      expect(script.end(1)).toMatchObject({ results: ["zero", "one", "two"] });
    });

    it("that are lost again and again fail the job at the cap", () => {
      const script = new Script({ maxStageAttempts: 3, resubmitDelayMs: 0 }).slots(2);
      script.submit(1, stage("map", 1, [], 7), stage("reduce", 1, [0]));
      let losses = 0;
      while (script.end(1) === undefined) {
        const launch = script.running[0]!;
        if (script.stageIndex(launch) === 0) script.finish(launch);
        else {
          script.failFetch(launch, 7, 0);
          losses++;
        }
      }
      expect(losses).toBe(3);
      expect(script.end(1)).toMatchObject({ type: "jobFailed", failure: { code: "FETCH_FAILED" } });
    });

    it("that no stage of the job writes fail it", () => {
      const script = new Script().slots(1);
      script.submit(1, stage("reduce", 1));
      script.failFetch(script.running[0]!, 7, 0);
      expect(script.end(1)).toMatchObject({ type: "jobFailed", failure: { code: "FETCH_FAILED" } });
    });

    it("of a lost host are written again while their stage still runs", () => {
      const script = new Script({ maxTaskFailures: 4 }).slots(1, 0, 1).slots(1, 1, 2);
      script.submit(1, stage("map", 3, [], 7), stage("reduce", 1, [0]));
      script.finish(script.running[1]!); // 1 on host 1, where 2 runs next
      expect(script.runningTasks).toEqual(["0/0", "0/2"]);
      script.send({ type: "hostRemoved", host: 1, failure: failure("hostLost") });
      for (const task of ["0/0", "0/2", "0/1", "1/0"]) {
        expect(script.runningTasks).toEqual([task]);
        script.finish(script.running[0]!);
      }
      expect(script.end(1)).toMatchObject({ type: "jobSucceeded" });
    });

    it("of a lost host are written again on the others", () => {
      const script = new Script({ resubmitDelayMs: 0, maxTaskFailures: 4 }).slots(1, 0, 1).slots(1, 1, 2);
      script.submit(1, stage("map", 2, [], 7), stage("reduce", 2, [0]));
      script.finish(script.running[0]!);
      script.finish(script.running[0]!);
      script.send({ type: "hostRemoved", host: 1, failure: failure("hostLost") });
      expect(script.runningTasks).toEqual(["1/0"]);
      script.finish(script.running[0]!);
      expect(script.runningTasks).toEqual(["0/1"]);
      script.finish(script.running[0]!);
      expect(script.runningTasks).toEqual(["1/1"]);
      script.finish(script.running[0]!);
      expect(script.end(1)).toMatchObject({ type: "jobSucceeded" });
    });
  });

  it("lets what is needed no more rest, and ends without it", () => {
    const script = new Script({ maxTaskFailures: 2 }).slots(1);
    const stages = [stage("before", 2), stage("map", 1, [0], 1), stage("reduce", 1, [1])];
    script.submit(1, ...stages);
    script.finish(script.running[0]!);
    script.submit(2, ...stages);
    script.finish(script.running[0]!); // "before" of job 1 has ended, its "map" and "before" of job 2 can run
    script.finish(script.running[0]!); // "map" of job 1: job 2 needs no "before" of its own
    script.finish(script.running[0]!);
    expect(script.running.map((launch) => [launch.jobId, script.stageIndex(launch)])).toEqual([[2, 2]]);
  });

  it("ends a job with a task that is needed no more only when that has ended", () => {
    const script = new Script().slots(1);
    script.submit(1, stage("before", 1), stage("map", 1, [0], 1));
    script.finish(script.running[0]!);
    script.submit(2, stage("before", 1), stage("map", 1, [0], 1));
    script.slots(1, 0, 2);
    const [map, before] = script.running;
    script.finish(map!);
    expect([script.end(1), script.end(2)]).toMatchObject([{ type: "jobSucceeded" }, undefined]);
    expect(script.all("cancelTask").map(({ launch }) => launch)).toEqual([before]);
    script.fail(before!, "cancelled");
    expect(script.end(2)).toMatchObject({ type: "jobSucceeded" });
  });

  describe("failures", () => {
    const ends: [FailureKind, number, number][] = [
      // kind, attempts that run when every attempt fails so and 3 are allowed, attempts when the fourth would succeed
      ["userError", 3, 3],
      ["threadDied", 3, 3],
      ["threadNotStarted", 3, 3],
      ["outOfMemory", 3, 3],
      ["noSpace", 3, 3],
      ["hostLost", 3, 3],
      ["permanent", 1, 1],
    ];
    it.each(ends)("%s: the job fails after %i attempts where 3 failures are allowed", (kind, attempts) => {
      const script = new Script({ maxTaskFailures: 3 }).slots(1);
      script.submit(1, stage("a", 1));
      while (script.running.length > 0) script.fail(script.running[0]!, kind, `failure ${script.running[0]!.attempt}`);
      expect(script.all("launchTask").map(({ launch }) => launch.attempt)).toEqual([...Array(attempts).keys()]);
      const end = script.end(1);
      expect(end).toMatchObject({ type: "jobFailed", failure: { details: { partition: 0, attempt: attempts - 1 } } });
      expect(JSON.stringify(end)).toContain(`failure ${attempts - 1}`);
      if (attempts > 1) expect(JSON.stringify(end)).toContain("failure 0"); // the attempts before are named too
    });

    it.each(["notStarted", "cancelled"] as const)("%s: counts nothing", (kind) => {
      const script = new Script({ maxTaskFailures: 1 }).slots(1);
      script.submit(1, stage("a", 1));
      for (let i = 0; i < 5; i++) script.fail(script.running[0]!, kind);
      script.finish(script.running[0]!, "at last");
      expect(script.end(1)).toMatchObject({ results: ["at last"] });
    });

    it("are counted per task, not per stage", () => {
      const script = new Script({ maxTaskFailures: 2 }).slots(1);
      script.submit(1, stage("a", 3));
      for (let i = 0; i < 3; i++) script.fail(script.running[0]!);
      expect(script.end(1)).toBeUndefined();
      for (let i = 0; i < 3; i++) script.finish(script.running[0]!);
      expect(script.end(1)).toMatchObject({ type: "jobSucceeded", results: [0, 1, 2] });
    });

    it("cancel what else runs of the job, which ends when that has ended", () => {
      const script = new Script().slots(3);
      script.submit(1, stage("a", 3));
      const [first, second, third] = script.running;
      script.fail(first!);
      expect(script.all("cancelTask").map(({ launch }) => launch)).toEqual([second, third]);
      expect(script.end(1)).toBeUndefined();
      script.finish(second!);
      expect(script.end(1)).toBeUndefined();
      script.fail(third!, "userError", "a later one");
      expect(script.end(1)).toMatchObject({ type: "jobFailed", failure: { details: { partition: 0 } } });
    });

    it("leave other jobs alone", () => {
      const script = new Script().slots(2);
      script.submit(1, stage("a", 1));
      script.submit(2, stage("b", 1));
      script.fail(script.running[0]!);
      script.finish(script.running[0]!, "fine");
      expect(script.end(2)).toMatchObject({ results: ["fine"] });
    });
  });

  describe("slots", () => {
    it("that are lost fail their own task only, and not one that had not started", () => {
      const script = new Script({ maxTaskFailures: 2 }).slots(2);
      script.submit(1, stage("a", 2));
      const [first, second] = script.running;
      script.start(first!);
      script.send({ type: "slotRemoved", host: 0, slot: 2, failure: failure("threadDied") });
      expect(script.runningTasks).toEqual(["0/0"]);
      expect(script.state.jobs.get(1)!.stages[0]!.tasks[1]!.failures).toEqual([]);
      script.send({ type: "slotRemoved", host: 0, slot: 1, failure: failure("threadDied") });
      expect(script.state.jobs.get(1)!.stages[0]!.tasks[0]!.failures).toHaveLength(1);
      script.send({ type: "slotAdded", slot: 3, host: 0 });
      expect(script.running.map(({ slot, partition, attempt }) => [slot, partition, attempt])).toEqual([[3, 1, 1]]);
      script.finish(second!, "too late");
      expect(script.end(1)).toBeUndefined();
    });

    it("that stay away fail all jobs after the grace, and not before", () => {
      const script = new Script({ noHostGraceMs: 100 });
      script.submit(1, stage("a", 1));
      expect(script.all("wakeAt").at(-1)).toEqual({ type: "wakeAt", time: 100 });
      script.at(99);
      expect(script.end(1)).toBeUndefined();
      script.at(100);
      expect(script.end(1)).toMatchObject({ type: "jobFailed", failure: { code: "HOST_LOST" } });
    });

    it("that come within the grace are used, and the clock starts anew", () => {
      const script = new Script({ noHostGraceMs: 100 });
      script.submit(1, stage("a", 1));
      script.now = 50;
      script.slots(1);
      script.at(500);
      expect(script.end(1)).toBeUndefined();
      script.finish(script.running[0]!);
      expect(script.end(1)).toMatchObject({ type: "jobSucceeded" });
    });
  });

  describe("cancelRequested", () => {
    const cancelled = { code: "CANCELLED", message: "enough", details: {} } as const;

    it("ends a job that waits at once, and one that runs when its tasks have ended, with no result accepted", () => {
      const script = new Script().slots(1);
      script.submit(1, stage("a", 2));
      script.submit(2, stage("b", 1));
      script.send({ type: "cancelRequested", jobId: 2, failure: cancelled });
      expect(script.end(2)).toMatchObject({ type: "jobFailed", failure: cancelled });
      const [launch] = script.running;
      script.send({ type: "cancelRequested", jobId: 1, failure: cancelled });
      expect(script.all("cancelTask").map(({ launch: { id } }) => id)).toEqual([launch!.id]);
      script.finish(launch!);
      expect(script.end(1)).toMatchObject({ type: "jobFailed", failure: cancelled });
      expect(script.all("resultAccepted")).toEqual([]);
      expect(script.all("launchTask")).toHaveLength(1);
    });

    it("of a job that has ended, or is not known, changes nothing", () => {
      const script = new Script().slots(1);
      script.submit(1, stage("a", 1));
      script.finish(script.running[0]!);
      expect(script.send({ type: "cancelRequested", jobId: 1, failure: cancelled })).toEqual([]);
      expect(script.send({ type: "cancelRequested", jobId: 9, failure: cancelled })).toEqual([]);
    });
  });

  it("ignores a second end of an attempt", () => {
    const script = new Script().slots(2);
    script.submit(1, stage("a", 2));
    const [first] = script.running;
    script.finish(first!, "first");
    expect(script.finish(first!, "second")).toEqual([]);
    expect(script.fail(first!)).toEqual([]);
    script.finish(script.running[0]!, "other");
    expect(script.end(1)).toMatchObject({ results: ["first", "other"] });
  });

  describe("contributions", () => {
    it("count once per partition, in order of stage and partition", () => {
      const script = new Script({ maxTaskFailures: 2 }).slots(2);
      script.submit(1, stage("map", 2, [], 1), stage("reduce", 2, [0]));
      script.fail(script.running[0]!); // what a failed attempt added does not count
      script.finish(script.running[0]!, 0, [add(1, "map 1")]);
      script.finish(script.running[0]!, 0, [add(1, "map 0")]);
      script.finish(script.running[1]!, 0, [add(2, "reduce 1")]);
      script.finish(script.running[0]!, 0, [add(1, "reduce 0"), add(2, "too")]);
      expect(script.end(1)!.contributions).toEqual([
        add(1, "map 0"),
        add(1, "map 1"),
        add(1, "reduce 0"),
        add(2, "too"),
        add(2, "reduce 1"),
      ]);
    });

    it("of a map output that is written again replace those of before", () => {
      const script = new Script({ resubmitDelayMs: 0 }).slots(2);
      script.submit(1, stage("map", 2, [], 1), stage("reduce", 1, [0]));
      script.finish(script.running[0]!, 0, [add(1, "old 0")]);
      script.finish(script.running[0]!, 0, [add(1, "old 1")]);
      script.failFetch(script.running[0]!, 1, 1);
      script.finish(script.running[0]!, 0, [add(1, "new 1")]);
      script.finish(script.running[0]!, 0);
      expect(script.end(1)!.contributions).toEqual([add(1, "old 0"), add(1, "new 1")]);
    });

    it("of a map stage count in the job that wrote it, not again where lost outputs are written by another", () => {
      const script = new Script({ resubmitDelayMs: 0 }).slots(2);
      const stages = [stage("map", 1, [], 1), stage("reduce", 1, [0])];
      script.submit(1, ...stages);
      script.finish(script.running[0]!, 0, [add(1, "once")]);
      script.finish(script.running[0]!);
      script.submit(2, ...stages);
      script.failFetch(script.running[0]!, 1, 0);
      script.finish(script.running[0]!, 0, [add(1, "twice")]);
      script.finish(script.running[0]!);
      expect(script.end(1)!.contributions).toEqual([add(1, "once")]);
      expect(script.end(2)!.contributions).toEqual([]);
    });

    it("of a job that fails count for the stages that ended", () => {
      const script = new Script().slots(1);
      script.submit(1, stage("map", 1, [], 1), stage("reduce", 2, [0]));
      script.finish(script.running[0]!, 0, [add(1, "map")]);
      script.finish(script.running[0]!, 0, [add(1, "reduce 0")]);
      script.fail(script.running[0]!);
      expect(script.end(1)).toMatchObject({ type: "jobFailed", contributions: [add(1, "map")] });
    });
  });

  it("tells what happened only when someone listens", () => {
    const play = (isObserved: boolean): string[] => {
      const script = new Script({}, isObserved).slots(1);
      script.submit(1, stage("map", 1, [], 1), stage("reduce", 1, [0]));
      script.now = 5;
      script.finish(script.running[0]!);
      script.finish(script.running[0]!);
      return script.all("emit").map(({ event }) => event.type);
    };
    expect(play(false)).toEqual([]);
    expect(play(true)).toEqual([
      "job.start",
      "stage.start",
      "task.start",
      "task.end",
      "stage.end",
      "stage.start",
      "task.start",
      "task.end",
      "stage.end",
      "job.end",
    ]);
  });
});
