import { describe, expect, it } from "vitest";
import { RecoveryLog } from "../../cli/recoveryLog.ts";
import { EventBus, type EventBody } from "../../core/schedule/events.ts";

function linesAfter(...bodies: EventBody[]): string[] {
  const log = new RecoveryLog();
  const events = new EventBus();
  events.subscribe((event) => log.hear(event));
  for (const body of bodies) events.emit(body);
  return log.lines();
}

const host = (what: "joined" | "lost", id: number, text?: string): EventBody => {
  return { type: "host", job: null, what, host: id, ...(text !== undefined && { text }) };
};
const started = (attempt: number): EventBody => {
  return { type: "task.start", job: 1, stage: 2, partition: 0, attempt, host: 1, thread: 1 };
};
const recovery = (fromSuperstep: number, toSuperstep: number): EventBody => {
  return { type: "recovery", job: null, host: 1, fromSuperstep, toSuperstep, text: "" };
};

describe("RecoveryLog", () => {
  it("says nothing of a run that lost nothing", () => {
    expect(linesAfter(host("joined", 1), host("joined", 2), started(0), started(0))).toEqual([]);
  });

  it("says which executors were lost and why, how many came, and what was done again", () => {
    const lost = host("lost", 2, "SuperstepError: executor 2 (process 7) was lost: killed");
    expect(
      linesAfter(host("joined", 1), host("joined", 2), lost, host("joined", 3), started(1), recovery(5, 7), started(2)),
    ).toEqual(["executor 2 (process 7) was lost: killed", "done again: 3 supersteps and 2 tasks; 1 executor joined"]);
  });

  it("says so if nothing had to be done again", () => {
    expect(linesAfter(host("lost", 2), recovery(6, 5))).toEqual(["executor 2 was lost", "done again: nothing"]);
  });

  it("counts threads, and executors past the fifth", () => {
    const thread: EventBody = { type: "host", job: null, what: "replaced", host: 0, thread: 3, text: "ended" };
    const many = Array.from({ length: 7 }, (_none, at) => host("lost", at + 1));
    expect(linesAfter(thread, started(1))).toEqual(["1 thread was lost and replaced", "done again: 1 task"]);
    expect(linesAfter(...many, thread, thread).slice(4)).toEqual([
      "executor 5 was lost",
      "2 more executors were lost",
      "2 threads were lost and replaced",
      "done again: nothing",
    ]);
  });
});
