import { describe, expect, it } from "vitest";
import { showProgress } from "../../cli/progress.ts";
import type { ProgressMode } from "../../cli/progressModes.ts";
import { grouped } from "../../cli/counted.ts";
import { advance, duration, noProgress, progressLine } from "../../cli/progressState.ts";
import { styleFor } from "../../cli/style.ts";
import type { EventBody, SuperstepEvent } from "../../core/schedule/events.ts";

let seq = 0;
const at = (time: number, body: EventBody): SuperstepEvent => ({ v: 1, seq: seq++, time, ...body }) as SuperstepEvent;
const read = (time: number, done: number, total = 27_000_000): SuperstepEvent =>
  at(time, { job: null, type: "phase", phase: "read", done, total, unit: "bytes" });
const superstep = (time: number, n: number, delta?: number): SuperstepEvent =>
  at(time, {
    job: 1,
    type: "superstep",
    n,
    active: 12_345,
    messages: 6_789_012,
    ms: 100,
    ...(delta === undefined ? {} : { delta }),
  });

describe("progressLine", () => {
  const lineAfter = (now: number, ...events: SuperstepEvent[]): string =>
    progressLine(events.reduce(advance, noProgress).phase!, now);

  it("has bar, share, amounts, rate and time left of a phase whose end is known", () => {
    expect(lineAfter(2000, read(0, 0), read(2000, 9_000_000))).toBe(
      "read       [#######-------------]   33%  9.0 MB of 27 MB  4.5 MB/s  4.0 s left",
    );
  });

  it("has amount, rate and time taken of one whose end is not known", () => {
    const event = at(0, { job: null, type: "phase", phase: "write", done: 0, total: 0, unit: "rows" });
    const later = at(4000, { job: null, type: "phase", phase: "write", done: 10_000, total: 0, unit: "rows" });
    expect(lineAfter(4000, event, later)).toBe("write      10,000 rows  2,500 rows/s  4.0 s");
  });

  it("has superstep, active vertices, messages, delta and time since the first of them", () => {
    expect(lineAfter(10_000, superstep(1100, 0), superstep(9000, 12, 3.14159e-5))).toBe(
      "compute    superstep 12  12,345 active  6,789,012 messages  delta 0.0000314  9.0 s",
    );
  });

  it("does not divide by a time of zero", () => {
    expect(lineAfter(0, read(0, 5000))).not.toMatch(/NaN|Infinity/);
  });
});

describe("advance", () => {
  it("says which phase has ended when another begins, once", () => {
    const reading = [read(0, 5), read(900, 27_000_000)].reduce(advance, noProgress);
    expect(reading.ended).toBeUndefined();
    const computing = advance(reading, superstep(1000, 0));
    expect(computing.ended).toMatchObject({ name: "read", done: 27_000_000, startedAt: 0 });
    const job = at(1001, { job: 1, type: "job.start", name: "x" });
    expect(advance(computing, job)).toMatchObject({ ended: undefined, phase: { name: "compute" } });
  });
});

describe("showProgress", () => {
  function show(mode: ProgressMode, { isTTY = true, env = {} as NodeJS.ProcessEnv, columns = 200 } = {}) {
    const clock = { now: 0 };
    const written: string[] = [];
    const timers: { ms: number; call: () => void }[] = [];
    const stream = { isTTY, columns, write: (text: string) => written.push(text) };
    const progress = showProgress({
      mode,
      stream,
      style: styleFor(stream, { NO_COLOR: "1" }),
      env,
      now: () => clock.now,
      every: (ms, call) => {
        const timer = { ms, call };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    });
    const tick = (now: number): void => {
      clock.now = now;
      for (const { call } of timers) call();
    };
    return { progress, written, timers, tick };
  }

  it("is a bar on a terminal, and lines elsewhere or on a dumb one", () => {
    expect(show("auto").timers[0]!.ms).toBe(100);
    expect(show("auto", { isTTY: false }).timers[0]!.ms).toBe(10_000);
    expect(show("auto", { env: { TERM: "dumb" } }).timers[0]!.ms).toBe(10_000);
  });

  it("says nothing about a run shorter than a second", () => {
    const { progress, written, tick, timers } = show("bar");
    progress.listener(read(10, 27_000_000));
    tick(500);
    tick(999);
    progress.stop();
    expect(written).toEqual([]);
    expect(timers).toEqual([]);
  });

  it("draws one line in place, and keeps one for each phase", () => {
    const { progress, written, tick } = show("bar", { columns: 40 });
    progress.listener(read(0, 1_000_000));
    tick(1500);
    progress.listener(read(1600, 27_000_000));
    progress.listener(superstep(1700, 0));
    tick(2000);
    progress.stop();
    expect(written).toHaveLength(4);
    expect(written.map((text) => text.at(0))).toEqual(["\r", "\r", "\r", "\r"]);
    expect(written.map((text) => text.endsWith("\n"))).toEqual([false, true, false, true]);
    expect(written[1]).toContain("100%");
    for (const text of written) expect(text.replace("\u001b[K", "").trim().length).toBeLessThan(40);
  });

  it("puts messages and warnings on lines of their own", () => {
    const { progress, written, tick } = show("bar");
    progress.listener(read(0, 1));
    tick(1500);
    written.length = 0;
    progress.say("interrupted");
    progress.listener(at(1600, { job: null, type: "warning", code: "SKEW", text: "one\npartition" }));
    expect(written).toEqual(["\r\u001b[K", "interrupted\n", "warning[SKEW] one\\x0apartition\n"]);
  });

  it("writes a plain line at each tick, without escapes", () => {
    const { progress, written, tick } = show("plain");
    progress.listener(superstep(9900, 3));
    tick(10_000);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^compute {4}superstep 3 [ -~]*\n$/);
    progress.stop();
  });

  it("writes each event as JSON, with names for numbers that JSON lacks", () => {
    const { progress, written } = show("json");
    progress.listener(superstep(5, 0, Infinity));
    expect(JSON.parse(written[0]!)).toMatchObject({ v: 1, type: "superstep", n: 0, delta: "Infinity" });
    expect(written[0]!.endsWith("}\n")).toBe(true);
  });

  it("shows warnings alone when there is to be none", () => {
    const { progress, written, timers } = show("none");
    progress.listener(read(0, 1));
    progress.listener(at(1, { job: null, type: "warning", code: "ROWS", text: "3 set aside" }));
    progress.stop();
    expect(written).toEqual(["warning[ROWS] 3 set aside\n"]);
    expect(timers).toEqual([]);
  });
});

describe("numbers for human eyes", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [1234567, "1,234,567"],
  ])("groups %i", (count, text) => expect(grouped(count)).toBe(text));

  it.each([
    [0.44, "0.4 s"],
    [9.96, "10 s"],
    [59.6, "1 min 0 s"],
    [185, "3 min 5 s"],
    [7800, "2 h 10 min"],
  ])("says %d seconds", (seconds, text) => expect(duration(seconds)).toBe(text));
});
