import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StageSpec } from "../../../core/schedule/job.ts";
import type { SchedulerCommand } from "../../../core/schedule/protocol.ts";
import { failure, Script, stage } from "./scriptedEvents.ts";

/** A job: for each stage its number of tasks, which earlier stages it reads, and whether it writes a shuffle. */
const jobs = fc.array(
  fc.array(fc.record({ tasks: fc.nat(3), parents: fc.array(fc.nat(3), { maxLength: 2 }), isShuffle: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  { minLength: 1, maxLength: 3 },
);
/** What happens next, and to which of the things that it could happen to. */
const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      "finish",
      "finish",
      "finish",
      "start",
      "fail",
      "finishTwice",
      "fetchFailed",
      "loseSlot",
      "loseHost",
      "addSlot",
      "addSlot",
      "cancel",
      "submit",
      "submit",
      "tick",
    ),
    which: fc.nat(20),
  }),
  { maxLength: 60 },
);

/** Watches the commands, and keeps books of its own. */
class Watch {
  readonly script: Script;
  readonly specs: Map<number, readonly StageSpec[]> = new Map();
  readonly ended: Set<number> = new Set();
  /** "job/partition" of accepted results. */
  readonly accepted: Set<string> = new Set();
  /** Slots that run something, by launch. */
  readonly busy: Map<number, number> = new Map();
  /** Shuffles whose every output was reported written and not lost since: "shuffle/map". */
  readonly written: Set<string> = new Set();

  constructor(script: Script) {
    this.script = script;
  }

  check(commands: readonly SchedulerCommand[]): void {
    for (const command of commands) {
      if (command.type === "launchTask") this.#launched(command);
      if (command.type === "resultAccepted") {
        const key = `${command.jobId}/${command.partition}`;
        expect(this.accepted.has(key), `partition ${key} is accepted once`).toBe(false);
        this.accepted.add(key);
      }
      if (command.type === "jobSucceeded" || command.type === "jobFailed") {
        expect(this.ended.has(command.jobId), "a job ends once").toBe(false);
        this.ended.add(command.jobId);
        const running = this.script.running.filter(({ jobId }) => jobId === command.jobId);
        expect(running, "nothing of a job runs after its end").toEqual([]);
      }
      if (command.type === "jobSucceeded") this.#succeeded(command.jobId, command.results);
    }
  }

  #launched({ launch, stage: spec }: SchedulerCommand & { type: "launchTask" }): void {
    expect([...this.busy.values()], "a slot runs one task at a time").not.toContain(launch.slot);
    this.busy.set(launch.id, launch.slot);
    expect(this.ended.has(launch.jobId), "nothing is launched after the end").toBe(false);
    const stages = this.specs.get(launch.jobId)!;
    for (const parent of spec.parents) {
      const { shuffleId, tasks } = stages[parent]!;
      if (shuffleId === undefined) continue;
      for (let map = 0; map < tasks.length; map++) {
        expect(this.written.has(`${shuffleId}/${map}`), "no stage runs with a missing parent").toBe(true);
      }
    }
  }

  #succeeded(jobId: number, results: readonly unknown[]): void {
    const last = this.specs.get(jobId)!.at(-1)!;
    if (last.shuffleId !== undefined && results.length === 0) return; // it was written before
    const expected = last.tasks.map((_, partition) => `${last.name}/${partition}`);
    if (last.shuffleId === undefined) expect(results).toEqual(expected);
  }
}

describe("schedule, whatever happens", () => {
  it("accepts each partition once, runs no stage with a missing parent, and is empty after the jobs", () => {
    fc.assert(
      fc.property(jobs, steps, fc.integer({ min: 1, max: 3 }), (plans, events, maxTaskFailures) => {
        const script = new Script({ maxTaskFailures, resubmitDelayMs: 10, maxStageAttempts: 3, noHostGraceMs: 50 });
        const watch = new Watch(script);
        let lastJob = 0;
        let lastSlot = 0;
        let numLost = 0;
        const pick = <T>(items: readonly T[], which: number): T | undefined => items[which % items.length];

        const finish = (launch = script.running[0]): void => {
          if (launch === undefined) return;
          const spec = watch.specs.get(launch.jobId)![script.stageIndex(launch)]!;
          const isAlive = script.state.jobs.get(launch.jobId)!.ending === undefined;
          // the books are written first: what follows from an output may be launched in the same step
          if (spec.shuffleId !== undefined && isAlive) watch.written.add(`${spec.shuffleId}/${launch.partition}`);
          watch.busy.delete(launch.id);
          const started = script.send({ type: "taskStarted", launch: launch.id });
          const result = `${spec.name}/${launch.partition}`;
          const ended = script.send({ type: "taskFinished", launch: launch.id, result, contributions: [] });
          watch.check([...started, ...ended]);
        };
        const release = (slot: number): void => {
          for (const [launch, at] of watch.busy) if (at === slot) watch.busy.delete(launch);
        };

        const act = (what: string, which: number): void => {
          script.now += 3;
          const launch = pick(script.running, which);
          switch (what) {
            case "finish":
              return finish(launch);
            case "start":
              if (launch !== undefined) watch.check(script.send({ type: "taskStarted", launch: launch.id }));
              return;
            case "finishTwice":
              finish(launch);
              if (launch !== undefined) {
                expect(
                  script.send({ type: "taskFinished", launch: launch.id, result: "again", contributions: [] }),
                ).toEqual([]);
              }
              return;
            case "fail":
              if (launch === undefined) return;
              watch.busy.delete(launch.id);
              return watch.check(script.fail(launch));
            case "fetchFailed": {
              const stages = launch && watch.specs.get(launch.jobId)!;
              const parent = launch && stages![pick(stages![script.stageIndex(launch)]!.parents, which) ?? -1];
              if (launch === undefined || parent?.shuffleId === undefined || parent.tasks.length === 0) return;
              const map = which % parent.tasks.length;
              watch.busy.delete(launch.id);
              watch.written.delete(`${parent.shuffleId}/${map}`);
              return watch.check(script.failFetch(launch, parent.shuffleId, map));
            }
            case "addSlot":
              script.send({ type: "hostAdded", host: which % 2, serves: "both" });
              return watch.check(script.send({ type: "slotAdded", slot: ++lastSlot, host: which % 2 }));
            case "loseSlot": {
              const all = [...script.state.hosts.values()].flatMap(({ id, slots }) =>
                [...slots.keys()].map((slot) => ({ host: id, slot })),
              );
              const lost = pick(all, which);
              if (lost === undefined) return;
              release(lost.slot);
              return watch.check(script.send({ type: "slotRemoved", ...lost, failure: failure("threadDied") }));
            }
            case "loseHost": {
              const host = which % 2;
              for (const slot of script.state.hosts.get(host)?.slots.keys() ?? []) release(slot);
              for (const [shuffleId, { locations }] of script.state.shuffles) {
                locations.forEach((location, map) => {
                  if (location === host) watch.written.delete(`${shuffleId}/${map}`);
                });
              }
              numLost++;
              return watch.check(script.send({ type: "hostRemoved", host, failure: failure("hostLost") }));
            }
            case "cancel": {
              const jobId = pick([...script.state.jobs.keys()], which);
              if (jobId === undefined) return;
              const reason = { code: "CANCELLED", message: "cancelled", details: {} } as const;
              return watch.check(script.send({ type: "cancelRequested", jobId, failure: reason }));
            }
            case "submit": {
              const plan = pick(plans, which)!;
              const planIndex = which % plans.length;
              const stages = plan.map(({ tasks, parents, isShuffle }, index) => {
                const earlier = [...new Set(parents.filter((parent) => parent < index))];
                const shuffleId = isShuffle ? planIndex * 10 + index : undefined; // the same plan, the same shuffles
                return stage(`plan ${planIndex} stage ${index}`, tasks, earlier, shuffleId);
              });
              watch.specs.set(++lastJob, stages);
              return watch.check(script.submit(lastJob, ...stages));
            }
            default:
              return watch.check(script.send({ type: "timer" }));
          }
        };

        act("submit", 0);
        for (const { what, which } of events) act(what, which);
        // from here on all goes well: everything must end
        act("addSlot", 0);
        for (let turn = 0; script.state.jobs.size > 0; turn++) {
          expect(turn, "jobs end").toBeLessThan(1000);
          script.now += 20;
          act("tick", 0);
          finish();
        }
        expect(watch.ended.size).toBe(lastJob);
        expect(script.state.launches.size).toBe(0);
        expect(watch.busy.size).toBe(0);
        for (const { freeSlots, slots } of script.state.hosts.values()) {
          expect(freeSlots).toEqual([...slots.keys()].sort((a, b) => a - b));
        }
        for (const shuffle of script.state.shuffles.values()) {
          expect(shuffle.builder).toBeUndefined();
          if (numLost === 0 && !events.some(({ what }) => what === "fetchFailed")) expect(shuffle.missing.size).toBe(0);
        }
      }),
      { numRuns: 1500, seed: 20240229 },
    );
  });
});
