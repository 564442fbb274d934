import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Chaos, type ChaosTarget } from "../../core/chaos.ts";
import { parseChaos } from "../../core/chaosPlan.ts";
import { Context } from "../../core/context.ts";
import { EventBus, type EventBody } from "../../core/schedule/events.ts";

const fault = (action: string, at: string, number: number) => ({ action, at, number });

describe("parseChaos", () => {
  it.each([
    ["kill-host@superstep=5", [fault("kill-host", "superstep", 5)], 0],
    ["freeze-host@stage=2#seed=7", [fault("freeze-host", "stage", 2)], 7],
    [
      "kill-thread@superstep=3, kill-host@superstep=3,kill-host@stage=1#seed=0",
      [fault("kill-thread", "superstep", 3), fault("kill-host", "superstep", 3), fault("kill-host", "stage", 1)],
      0,
    ],
  ])("reads %s", (text, faults, seed) => {
    expect(parseChaos(text)).toEqual({ faults, seed });
  });

  it.each([
    "",
    "kill-host",
    "kill-host@superstep",
    "kill-host@superstep=0",
    "kill-host@superstep=-1",
    "kill-host@superstep=1.5",
    "kill-host@superstep=5,",
    "kill-host@superstep=5;kill-host@superstep=6",
    "kill-all@superstep=5",
    "kill-host@task=5",
    "kill-host@superstep=5#seed=x",
    "#seed=7",
    "kill-host@superstep=5#seed=7,kill-host@superstep=6",
    "KILL-HOST@superstep=5",
    "kill-host@superstep=12345678901",
  ])("refuses %j, saying the form", (text) => {
    expect(() => parseChaos(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(/^chaos: .* must be ACTION@superstep=N or .*kill-thread, got "/) as string,
      }),
    );
  });

  it("refuses a fault named twice, and more than 100", () => {
    expect(() => parseChaos("kill-host@stage=2,kill-host@stage=02")).toThrow(/named once, got "kill-host@stage=2"/);
    const many = Array.from({ length: 101 }, (_none, at) => `kill-host@stage=${at + 1}`).join(",");
    expect(() => parseChaos(many)).toThrow(/at most 100, got 101/);
  });
});

/** A target that notes what is done to it. */
function targetOf({ master = "local-cluster[3,1]", executors = [2, 1, 3], maxTaskFailures = 4, canKill = true } = {}) {
  const events = new EventBus();
  const done: string[] = [];
  const warnings: string[] = [];
  events.subscribe((event) => event.type === "warning" && warnings.push(`${event.code} ${event.text}`));
  const target: ChaosTarget = {
    master,
    events,
    config: { maxTaskFailures },
    executors: executors.map((id) => ({ id })),
    killHost(host, manner) {
      if (canKill) done.push(`${manner} ${host}`);
      return canKill;
    },
    endThread(host, slot) {
      done.push(`end ${host}/${slot}`);
    },
  };
  const emit = (...bodies: EventBody[]): void => {
    for (const body of bodies) events.emit(body);
  };
  return { target, done, warnings, emit };
}

const superstepStart = (n: number): EventBody => ({ type: "superstep.start", job: null, n });
const stageStart = (): EventBody => ({ type: "stage.start", job: 1, stage: 9, name: "s", tasks: 1 });
const taskPlace = { job: 1, stage: 9, partition: 0, attempt: 0, host: 3, thread: 5 };
const taskStart = (): EventBody => ({ type: "task.start", ...taskPlace });

describe("Context.create", () => {
  it("refuses what cannot be done to its master before it looks for a cluster", async () => {
    const master = "superstep://127.0.0.1:1";
    await expect(Context.create({ master, chaos: "freeze-host@stage=1" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("freeze-host@stage=1") as string,
    });
  });
});

describe("Chaos", () => {
  it("does what it says as the superstep begins, once, also if that superstep begins again", () => {
    const { target, done, warnings, emit } = targetOf({ executors: [4] });
    const chaos = new Chaos(target, parseChaos("kill-host@superstep=2,freeze-host@superstep=3"));
    emit(superstepStart(1), stageStart(), stageStart());
    expect(done).toEqual([]);
    emit(superstepStart(2));
    expect(done).toEqual(["kill 4"]);
    emit(superstepStart(1), superstepStart(2), superstepStart(3), superstepStart(3));
    expect(done).toEqual(["kill 4", "freeze 4"]);
    chaos.stop();
    expect(warnings).toEqual([
      "CHAOS killed executor 4 as superstep 2 began",
      "CHAOS froze executor 4 as superstep 3 began",
    ]);
  });

  it("counts the stages of the program from 1", () => {
    const { target, done, emit } = targetOf({ executors: [4] });
    new Chaos(target, parseChaos("kill-host@stage=2"));
    emit(superstepStart(2), stageStart());
    expect(done).toEqual([]);
    emit(stageStart(), stageStart());
    expect(done).toEqual(["kill 4"]);
  });

  it("ends the thread of the first task that begins after that moment", () => {
    const { target, done, warnings, emit } = targetOf();
    new Chaos(target, parseChaos("kill-thread@superstep=2"));
    emit(taskStart(), superstepStart(1), taskStart(), superstepStart(2));
    expect(done).toEqual([]);
    emit(taskStart(), taskStart());
    expect(done).toEqual(["end 3/5"]);
    expect(warnings).toEqual(["CHAOS ended thread 5 of host 3 in its task as superstep 2 began"]);
  });

  it("picks the victim by the seed alone: the same one whatever the order of executors, any of them over all seeds", () => {
    const victimOf = (seed: number, executors: number[]): string => {
      const { target, done, emit } = targetOf({ executors });
      new Chaos(target, parseChaos(`kill-host@superstep=1#seed=${seed}`));
      emit(superstepStart(1));
      return done.join();
    };
    fc.assert(
      fc.property(fc.nat(), fc.shuffledSubarray([1, 2, 3], { minLength: 3 }), (seed, executors) => {
        expect(victimOf(seed, executors)).toBe(victimOf(seed, [1, 2, 3]));
      }),
    );
    const victims = new Set(Array.from({ length: 40 }, (_none, seed) => victimOf(seed, [1, 2, 3])));
    expect(victims).toEqual(new Set(["kill 1", "kill 2", "kill 3"]));
  });

  it("warns of what never fired, and of what found no executor to do it to", () => {
    const first = targetOf();
    const chaos = new Chaos(
      first.target,
      parseChaos("kill-host@superstep=9,kill-thread@superstep=1,kill-host@stage=3"),
    );
    first.emit(superstepStart(1), stageStart());
    chaos.stop();
    chaos.stop();
    first.emit(superstepStart(9), taskStart());
    expect(first.done).toEqual([]);
    expect(first.warnings).toEqual([
      "CHAOS_NOT_FIRED kill-host@superstep=9 never fired: there was no such superstep",
      "CHAOS_NOT_FIRED kill-host@stage=3 never fired: there was no such stage",
      "CHAOS_NOT_FIRED kill-thread@superstep=1 never fired: there was no such superstep",
    ]);
    for (const options of [{ executors: [] }, { canKill: false }]) {
      const { target, warnings, emit } = targetOf(options);
      new Chaos(target, parseChaos("kill-host@superstep=1"));
      emit(superstepStart(1));
      expect(warnings).toEqual(["CHAOS_NOT_FIRED kill-host@superstep=1 found no executor to do it to"]);
    }
  });

  it("refuses what the master has none of, or would not survive, and says what to use", () => {
    const refusal = (specification: string, options: Parameters<typeof targetOf>[0]) => {
      const { target } = targetOf(options);
      return () => new Chaos(target, parseChaos(specification));
    };
    const local = { master: "local[2]", executors: [], maxTaskFailures: 1 };
    for (const action of ["kill-host", "freeze-host"]) {
      expect(refusal(`${action}@superstep=1`, local)).toThrow(
        /needs executors.*"local-cluster\[2,1\]", or kill-thread/,
      );
    }
    expect(refusal("kill-thread@superstep=1", local)).toThrow(/set maxTaskFailures to 2 or more, or use the master/);
    expect(refusal("kill-thread@superstep=1", { ...local, maxTaskFailures: 2 })).not.toThrow();
    expect(refusal("kill-host@superstep=1", {})).not.toThrow();
    const standalone = { master: "superstep://127.0.0.1:7077" };
    expect(refusal("freeze-host@superstep=1", standalone)).toThrow(/of this machine alone.*use kill-host/);
    expect(refusal("kill-host@superstep=1,kill-thread@stage=1", standalone)).not.toThrow();
  });
});
