import { describe, expect, it } from "vitest";
import { anywhere, pinned, Script, stage } from "./scriptedEvents.ts";

describe("taskDeadlineMs", () => {
  it("ends a task that runs too long, which counts and is tried again; the job fails in the end and says so", () => {
    const script = new Script({ taskDeadlineMs: 100, maxTaskFailures: 2 }).slots(1);
    script.submit(1, stage("slow", 1));
    const [first] = script.running;
    script.at(500);
    expect(script.all("cancelTask")).toEqual([]); // it has not started
    script.start(first!);
    expect(script.all("wakeAt").at(-1)!.time).toBe(600);
    script.at(599);
    expect(script.all("cancelTask")).toEqual([]);
    script.at(600);
    script.at(601);
    expect(script.all("cancelTask")).toHaveLength(1);
    script.fail(first!, "cancelled");
    const [second] = script.running;
    expect(second).toMatchObject({ partition: 0, attempt: 1 });
    script.start(second!);
    script.at(701);
    script.fail(second!, "threadDied", "terminated");
    const end = JSON.stringify(script.end(1));
    expect(end).toMatch(/TASK_FAILED/);
    expect(end).toMatch(/longer than taskDeadlineMs, 100 ms/);
    expect(end).toMatch(/failed 2 times/);
  });

  it("takes a result that comes after all", () => {
    const script = new Script({ taskDeadlineMs: 100 }).slots(1);
    script.submit(1, stage("slow", 1));
    script.start(script.running[0]!);
    script.at(100);
    script.finish(script.running[0]!, "just so");
    expect(script.end(1)).toMatchObject({ results: ["just so"] });
  });

  it("leaves tasks alone that run shorter, and all if it is 0", () => {
    const script = new Script({ taskDeadlineMs: 0 }).slots(1);
    script.submit(1, stage("slow", 1));
    script.start(script.running[0]!);
    script.at(1e9);
    expect(script.all("cancelTask")).toEqual([]);
  });
});

describe("the time to stop", () => {
  it("being over, a cancelled task's host is to be killed, once; its loss ends the job", () => {
    const script = new Script({ cancelGraceMs: 10, abandonMs: 20 }).host(1, "blocks", 2);
    script.submit(1, anywhere(stage("stuck", 2)));
    const failure = { code: "CANCELLED", message: "enough", details: {} } as const;
    script.now = 1000;
    script.send({ type: "cancelRequested", jobId: 1, failure });
    const time = script.all("wakeAt").at(-1)!.time;
    expect(time).toBe(1000 + 10 + 20 + 5000);
    script.at(time - 1);
    expect(script.all("killHost")).toEqual([]);
    script.at(time);
    script.at(time + 1);
    expect(script.all("killHost")).toMatchObject([{ host: 1, reason: expect.stringContaining("did not end") }]);
    expect(script.end(1)).toBeUndefined();
    script.loseHost(1);
    expect(script.end(1)).toMatchObject({ failure });
  });
});

describe("maxResultBytes", () => {
  const sized = (script: Script, task: string, resultBytes: number): void => {
    const launch = script.launchOf(task).id;
    script.send({ type: "taskFinished", launch, result: "x", resultBytes, contributions: [] });
  };

  it("fails a job whose results are too much together, before they are brought", () => {
    const script = new Script({ maxResultBytes: 100 }).slots(3);
    script.submit(1, stage("collect", 3));
    sized(script, "0/0", 60);
    script.send({ type: "resultComing", launch: script.launchOf("0/1").id, resultBytes: 40 });
    expect(script.all("cancelTask")).toEqual([]);
    script.send({ type: "resultComing", launch: script.launchOf("0/2").id, resultBytes: 1 });
    expect(script.all("cancelTask")).toHaveLength(2);
    for (const launch of script.running) script.fail(launch, "cancelled");
    expect(script.end(1)).toMatchObject({
      failure: { code: "RESULT_TOO_LARGE", message: expect.stringMatching(/100 bytes in all, got 101/) },
    });
  });

  it("counts an attempt's result once, and not if it did not arrive", () => {
    const script = new Script({ maxResultBytes: 100, maxTaskFailures: 3 }).slots(1);
    script.submit(1, stage("collect", 1));
    for (let i = 0; i < 2; i++) {
      script.send({ type: "resultComing", launch: script.launchOf("0/0").id, resultBytes: 80 });
      script.fail(script.launchOf("0/0"));
    }
    script.send({ type: "resultComing", launch: script.launchOf("0/0").id, resultBytes: 80 });
    sized(script, "0/0", 80);
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded" });
  });

  it("is of one job, not of all", () => {
    const script = new Script({ maxResultBytes: 100 }).slots(2);
    for (const jobId of [1, 2]) {
      script.submit(jobId, stage("collect", 1));
      sized(script, "0/0", 100);
      expect(script.end(jobId)).toMatchObject({ type: "jobSucceeded" });
    }
  });
});

describe("speculation", () => {
  /** Ten tasks on two executors; all but the last have ended after 500 ms. */
  const straggling = (settings: ConstructorParameters<typeof Script>[0] = {}, isObserved = false): Script => {
    const script = new Script({ speculation: 1, maxTaskFailures: 4, ...settings }, isObserved)
      .host(1, "blocks", 5)
      .host(2, "blocks", 5);
    script.submit(1, anywhere(stage("work", 10, [], 5)), anywhere(stage("read", 1, [0])));
    for (const launch of script.running) script.start(launch);
    script.now = 500;
    for (const launch of script.running.slice(0, 9)) script.finish(launch);
    return script;
  };
  const add = { accumulator: 1, value: 1 };

  it("runs a second attempt on another host, at three times the median and not before", () => {
    const script = straggling();
    const [slow] = script.running;
    expect(slow).toMatchObject({ partition: 9, host: 2 });
    expect(script.all("wakeAt").at(-1)!.time).toBe(1500);
    script.at(1499);
    expect(script.running).toEqual([slow]);
    script.at(1500);
    expect(script.running[1]).toMatchObject({ partition: 9, attempt: 1, host: 1 });
    script.at(9000);
    expect(script.running).toHaveLength(2); // no third one
  });

  it("waits a second at least, and for nine tenths of the stage", () => {
    const script = new Script({ speculation: 1 }).host(1, "blocks", 20);
    script.submit(1, anywhere(stage("work", 10)));
    for (const launch of script.running) script.start(launch);
    script.now = 10;
    for (const launch of script.running.slice(0, 8)) script.finish(launch);
    script.at(5000);
    expect(script.running).toHaveLength(2);
    script.finish(script.running[0]!);
    expect(script.runningTasks).toEqual(["0/9", "0/9"]);
    const quick = new Script({ speculation: 1 }).host(1, "blocks", 20);
    quick.submit(1, anywhere(stage("work", 2)));
    for (const launch of quick.running) quick.start(launch);
    quick.now = 10;
    quick.finish(quick.running[0]!);
    quick.at(999);
    expect(quick.running).toHaveLength(1);
    quick.at(1000);
    expect(quick.running).toHaveLength(2);
  });

  it.each(["first", "second"])("takes the result of the %s attempt, cancels the other, and counts once", (winner) => {
    const script = straggling({}, true);
    script.at(1500);
    const [slow, twin] = script.running;
    const [won, lost] = winner === "first" ? [slow!, twin!] : [twin!, slow!];
    script.finish(won, "won", [add]);
    expect(script.all("cancelTask").map(({ launch }) => launch)).toEqual([lost]);
    expect(script.runningTasks).toContain("1/0"); // the next stage does not wait for the loser
    script.fail(lost, "userError", "interrupted");
    script.finish(script.launchOf("1/0"));
    expect(script.end(1)).toMatchObject({ type: "jobSucceeded", contributions: [add] });
    const ends = script.all("emit").flatMap(({ event }) => (event.type === "task.end" ? [event.status] : []));
    expect(ends.filter((status) => status === "cancelled")).toHaveLength(1);
    expect(ends).not.toContain("failed");
    expect(script.state.shuffles.get(5)!.locations[9]).toBe(won.host);
  });

  it("counts once when both end at the same time, or the loser's result comes late", () => {
    const script = straggling();
    script.at(1500);
    const [slow, twin] = script.running;
    script.finish(twin!, "twin", [add]);
    script.finish(slow!, "slow", [add]);
    script.finish(script.launchOf("1/0"));
    expect(script.end(1)!.contributions).toEqual([add]);
    expect(script.state.launches.size).toBe(0);
  });

  it("goes on with one attempt when the other fails, and tries again when both have", () => {
    const script = straggling();
    script.at(1500);
    const [slow, twin] = script.running;
    script.fail(twin!);
    expect(script.running).toEqual([slow]);
    script.loseHost(slow!.host);
    expect(script.running.some(({ partition }) => partition === 9)).toBe(true);
  });

  it("keeps an output whose twin is lost with its host", () => {
    const script = straggling();
    script.at(1500);
    const [slow, twin] = script.running;
    script.finish(twin!);
    const before = script.state.shuffles.get(5)!.locations[9];
    script.fail(slow!, "hostLost");
    expect([before, script.state.shuffles.get(5)!.missing.has(9)]).toEqual([twin!.host, false]);
  });

  it("is off by default, and never of tasks that write columns", () => {
    const off = straggling({ speculation: 0 });
    off.at(1e6);
    expect(off.running).toHaveLength(1);
    for (const spec of [stage("arena", 2), pinned("superstep", 1, 1)]) {
      const script = new Script({ speculation: 1 }).host(1, "both", 4);
      script.submit(1, spec);
      for (const launch of script.running) script.start(launch);
      script.finish(script.running[0]!);
      script.at(1e6);
      expect(script.running).toHaveLength(1);
    }
  });
});
