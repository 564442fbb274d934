import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateShuffle } from "../../../core/schedule/blockLocations.ts";
import type { Placement, StageSpec } from "../../../core/schedule/job.ts";
import type { Launch, SchedulerCommand, Serves } from "../../../core/schedule/protocol.ts";
import { failure, Script, stage } from "./scriptedEvents.ts";

/** A job: for each stage its number of tasks, which earlier stages it reads, what it writes and where it can run. */
const jobs = fc.array(
  fc.array(
    fc.record({
      tasks: fc.nat(3),
      parents: fc.array(fc.nat(3), { maxLength: 2 }),
      isShuffle: fc.boolean(),
      where: fc.constantFrom("arena", "anywhere", "anywhere", "near", "pinned"),
    }),
    { minLength: 1, maxLength: 4 },
  ),
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
      "drainHost",
      "addSlot",
      "addSlot",
      "store",
      "drop",
      "cancel",
      "submit",
      "submit",
      "tick",
      "longTick",
    ),
    which: fc.nat(20),
  }),
  { maxLength: 60 },
);

/** What the hosts of the test are for: at most one of each at a time, which returns under a new number. */
const services: readonly Serves[] = ["arena", "blocks", "blocks", "both"];

/** Watches the commands, and keeps books of its own. */
class Watch {
  readonly script: Script;
  readonly isSpeculative: boolean;
  readonly specs: Map<number, readonly StageSpec[]> = new Map();
  readonly ended: Set<number> = new Set();
  /** "job/partition" of accepted results. */
  readonly accepted: Set<string> = new Set();
  /** Launches that have not ended. */
  readonly live: Map<number, Launch> = new Map();
  /** Those of them whose partition has its result. */
  readonly beaten: Set<number> = new Set();
  /** Map outputs that were reported written and not lost since: "shuffle/map" and the host. */
  readonly written: Map<string, number> = new Map();
  /** Hosts that are there, with their slots. */
  readonly hosts: Map<number, { serves: Serves; slots: Set<number> }> = new Map();

  constructor(script: Script, isSpeculative: boolean) {
    this.script = script;
    this.isSpeculative = isSpeculative;
  }

  check(commands: readonly SchedulerCommand[]): void {
    for (const command of commands) {
      if (command.type === "launchTask") this.#launched(command);
      if (command.type === "cancelTask") expect(this.live.has(command.launch.id), "what is cancelled runs").toBe(true);
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

  /** An attempt has its result. The books are written first: what follows may be launched in the same step. */
  finished(launch: Launch, { shuffleId }: StageSpec): void {
    this.live.delete(launch.id);
    if (this.beaten.delete(launch.id) || this.script.state.jobs.get(launch.jobId)!.ending !== undefined) return;
    if (shuffleId !== undefined) this.written.set(`${shuffleId}/${launch.partition}`, launch.host);
    for (const other of this.live.values()) if (isSameTask(other, launch)) this.beaten.add(other.id);
  }

  lost(host: number, slot?: number): void {
    for (const launch of this.live.values()) {
      if (launch.host === host && (slot === undefined || launch.slot === slot)) this.live.delete(launch.id);
    }
    if (slot === undefined) {
      this.hosts.delete(host);
      for (const [key, at] of this.written) if (at === host) this.written.delete(key);
    } else this.hosts.get(host)?.slots.delete(slot);
  }

  #launched({ launch, stage: spec }: SchedulerCommand & { type: "launchTask" }): void {
    const host = this.hosts.get(launch.host);
    expect(host?.slots.has(launch.slot), "the slot is there").toBe(true);
    const { kind, hosts } = { hosts: [] as readonly number[], kind: "arena", ...spec.placement };
    if (kind === "arena") expect(host!.serves, "it views the arena").not.toBe("blocks");
    if (kind === "anywhere") expect(host!.serves, "it reads blocks").not.toBe("arena");
    if (kind === "pinned") expect(launch.host, "it is pinned").toBe(hosts[launch.partition]);
    let numAttempts = 1;
    for (const other of this.live.values()) {
      expect(other.host === launch.host && other.slot === launch.slot, "a slot runs one task at a time").toBe(false);
      if (isSameTask(other, launch) && !this.beaten.has(other.id)) numAttempts++;
    }
    expect(numAttempts, "attempts of a task at a time").toBeLessThanOrEqual(this.isSpeculative ? 2 : 1);
    this.live.set(launch.id, launch);
    expect(this.ended.has(launch.jobId), "nothing is launched after the end").toBe(false);
    const stages = this.specs.get(launch.jobId)!;
    for (const parent of spec.parents) {
      const { shuffleId, tasks } = stages[parent]!;
      if (shuffleId === undefined) continue;
      const { hosts: located } = locateShuffle(this.script.state, shuffleId);
      for (let map = 0; map < tasks.length; map++) {
        const at = this.written.get(`${shuffleId}/${map}`);
        expect(at, "no stage runs with a missing parent").toBeDefined();
        expect(located[map], "map outputs are said to be where they are").toBe(at);
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

const isSameTask = (a: Launch, b: Launch): boolean => a.stageId === b.stageId && a.partition === b.partition;

describe("schedule, whatever happens", () => {
  it("accepts each partition once, where it may run, with its parents there, and is empty after the jobs", () => {
    fc.assert(
      fc.property(
        jobs,
        steps,
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        (plans, events, maxTaskFailures, isFast) => {
          const script = new Script({
            maxTaskFailures,
            resubmitDelayMs: 10,
            maxStageAttempts: 3,
            noHostGraceMs: 50,
            localityWaitMs: 20,
            taskDeadlineMs: isFast ? 4000 : 0,
            speculation: isFast ? 1 : 0,
          });
          const watch = new Watch(script, isFast);
          const present: (number | undefined)[] = services.map(() => undefined);
          let lastJob = 0;
          let lastHost = 0;
          let lastSlot = 0;
          let numLost = 0;
          const pick = <T>(items: readonly T[], which: number): T | undefined => items[which % items.length];
          const specOf = (launch: Launch): StageSpec => watch.specs.get(launch.jobId)![script.stageIndex(launch)]!;

          const finish = (launch = script.running[0]): void => {
            if (launch === undefined) return;
            const spec = specOf(launch);
            watch.finished(launch, spec);
            const started = script.send({ type: "taskStarted", launch: launch.id });
            const result = `${spec.name}/${launch.partition}`;
            const ended = script.send({ type: "taskFinished", launch: launch.id, result, contributions: [] });
            watch.check([...started, ...ended]);
          };
          const lose = (which: number, kind: "hostLost" | "hostDrained"): void => {
            const host = present[which % services.length];
            if (host === undefined) return;
            present[which % services.length] = undefined;
            watch.lost(host);
            numLost++;
            watch.check(script.loseHost(host, kind));
          };

          const act = (what: string, which: number): void => {
            script.now += 3;
            const launch = pick(script.running, which);
            const block = { kind: "rdd", rdd: which % 2, partition: which % 3 } as const;
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
                watch.live.delete(launch.id);
                return watch.check(script.fail(launch));
              case "fetchFailed": {
                const stages = launch && watch.specs.get(launch.jobId)!;
                const parent = launch && stages![pick(stages![script.stageIndex(launch)]!.parents, which) ?? -1];
                if (launch === undefined || parent?.shuffleId === undefined || parent.tasks.length === 0) return;
                const map = which % parent.tasks.length;
                const key = `${parent.shuffleId}/${map}`;
                watch.live.delete(launch.id);
                const holder = which % 3 === 0 ? 1000 : watch.written.get(key); // 1000: the output has moved since
                const run = script.state.jobs.get(launch.jobId)!;
                const isRepeated = run.ending === undefined && run.stages[script.stageIndex(launch)]!.lostInARow > 0;
                const isUnreachable = which % 2 === 0;
                if (holder !== 1000) {
                  for (const [other, at] of watch.written) {
                    const isOfShuffle = other.startsWith(`${parent.shuffleId}/`);
                    if (other === key || ((isUnreachable || isRepeated) && isOfShuffle && at === holder))
                      watch.written.delete(other);
                  }
                }
                const from = { isUnreachable, ...(holder === undefined ? {} : { holder }) };
                return watch.check(script.failFetch(launch, parent.shuffleId, map, from));
              }
              case "addSlot": {
                const at = which % services.length;
                const serves = services[at]!;
                if (present[at] === undefined) {
                  present[at] = ++lastHost;
                  watch.hosts.set(lastHost, { serves, slots: new Set() });
                  watch.check(script.send({ type: "hostAdded", host: lastHost, serves }));
                }
                const host = present[at]!;
                watch.hosts.get(host)!.slots.add(++lastSlot % 5);
                return watch.check(script.send({ type: "slotAdded", slot: lastSlot % 5, host }));
              }
              case "loseSlot": {
                const all = [...watch.hosts].flatMap(([host, { slots }]) => [...slots].map((slot) => ({ host, slot })));
                const lost = pick(all, which);
                if (lost === undefined) return;
                watch.lost(lost.host, lost.slot);
                return watch.check(script.send({ type: "slotRemoved", ...lost, failure: failure("threadDied") }));
              }
              case "loseHost":
                return lose(which, "hostLost");
              case "drainHost":
                return lose(which, "hostDrained");
              case "store":
                return watch.check(
                  script.send({ type: "blockStored", host: pick([...watch.hosts.keys()], which) ?? 0, id: block }),
                );
              case "drop":
                return watch.check(
                  script.send({ type: "blockDropped", host: pick([...watch.hosts.keys()], which) ?? 0, id: block }),
                );
              case "cancel": {
                const jobId = pick([...script.state.jobs.keys()], which);
                if (jobId === undefined) return;
                const reason = { code: "CANCELLED", message: "cancelled", details: {} } as const;
                return watch.check(script.send({ type: "cancelRequested", jobId, failure: reason }));
              }
              case "submit": {
                const plan = pick(plans, which)!;
                const planIndex = which % plans.length;
                const stages = plan.map(({ tasks, parents, isShuffle, where }, index): StageSpec => {
                  const earlier = [...new Set(parents.filter((parent) => parent < index))];
                  const shuffleId = isShuffle ? planIndex * 10 + index : undefined; // the same plan, the same shuffles
                  const spec = stage(`plan ${planIndex} stage ${index}`, tasks, earlier, shuffleId);
                  const there = [...watch.hosts.keys()];
                  const hosts = spec.tasks.map((_, partition) => pick(there, partition) ?? 0);
                  const placements: Record<typeof where, Placement> = {
                    arena: { kind: "arena" },
                    anywhere: { kind: "anywhere" },
                    near: { kind: "anywhere", prefers: [0, 1] },
                    pinned: { kind: "pinned", hosts },
                  };
                  return { ...spec, placement: placements[where] };
                });
                watch.specs.set(++lastJob, stages);
                return watch.check(script.submit(lastJob, ...stages));
              }
              case "longTick":
                script.now += 1500;
                return watch.check(script.send({ type: "timer" }));
              default:
                return watch.check(script.send({ type: "timer" }));
            }
          };

          act("submit", 0);
          for (const { what, which } of events) act(what, which);
          // from here on all goes well: everything must end
          services.forEach((_, which) => act("addSlot", which));
          for (let turn = 0; script.state.jobs.size > 0; turn++) {
            expect(turn, "jobs end").toBeLessThan(1000);
            script.now += 20;
            act("tick", 0);
            finish();
          }
          expect(watch.ended.size).toBe(lastJob);
          expect(script.state.launches.size).toBe(0);
          expect(watch.live.size).toBe(0);
          for (const { freeSlots, slots } of script.state.hosts.values()) {
            expect(freeSlots).toEqual([...slots.keys()].sort((a, b) => a - b));
          }
          const hadNoFault = numLost === 0 && !events.some(({ what }) => what === "fetchFailed");
          for (const shuffle of script.state.shuffles.values()) {
            expect(shuffle.builder).toBeUndefined();
            if (hadNoFault) expect(shuffle.missing.size).toBe(0);
          }
        },
      ),
      { numRuns: 1500, seed: 20240229 },
    );
  });
});
