import { describe, expect, it } from "vitest";
import { EventBus, type EventBody, type SuperstepEvent } from "../../../core/schedule/events.ts";

const warning = (text: string): EventBody => ({ type: "warning", job: null, code: "TEST", text });
const phase = (done: number, total = 100, name = "read"): EventBody => {
  return { type: "phase", job: 1, phase: name, done, total, unit: "rows" };
};

describe("EventBus", () => {
  it("gives each event an envelope, and numbers them without gaps", () => {
    let time = 1000;
    const bus = new EventBus(() => time++);
    const events: SuperstepEvent[] = [];
    bus.subscribe((event) => events.push(event));
    bus.emit(warning("a"));
    bus.emit(warning("b"));
    expect(events).toEqual([
      { v: 1, seq: 0, time: 1000, job: null, type: "warning", code: "TEST", text: "a" },
      { v: 1, seq: 1, time: 1001, job: null, type: "warning", code: "TEST", text: "b" },
    ]);
  });

  it("calls listeners in order, each until it is unsubscribed, and one that was added twice twice", () => {
    const bus = new EventBus();
    const calls: string[] = [];
    const first = (): unknown => calls.push("first");
    const stop = bus.subscribe(first);
    bus.subscribe(() => calls.push("second"));
    bus.subscribe(first);
    bus.emit(warning(""));
    stop();
    stop();
    bus.emit(warning(""));
    expect(calls).toEqual(["first", "second", "first", "second", "first"]);
  });

  it("goes on when a listener throws, or tries to change the event", () => {
    const bus = new EventBus();
    const texts: unknown[] = [];
    bus.subscribe(() => {
      throw new Error("listener");
    });
    bus.subscribe((event) => ((event as { text: string }).text = "changed"));
    bus.subscribe((event) => texts.push(event.type === "warning" && event.text));
    bus.emit(warning("kept"));
    expect(texts).toEqual(["kept"]);
  });

  it("does nothing without a listener: the first event that is heard has number 0", () => {
    let asked = 0;
    const bus = new EventBus(() => ++asked);
    bus.emit(warning("unheard"));
    expect([asked, bus.hasListeners]).toEqual([0, false]);
    const events: SuperstepEvent[] = [];
    const stop = bus.subscribe((event) => events.push(event));
    expect(bus.hasListeners).toBe(true);
    bus.emit(warning("heard"));
    expect(events[0]!.seq).toBe(0);
    stop();
    expect(bus.hasListeners).toBe(false);
  });

  it("passes at most ten events a second of each phase, and always its last", () => {
    let time = 0;
    const bus = new EventBus(() => time);
    const passed: string[] = [];
    bus.subscribe((event) => event.type === "phase" && passed.push(`${event.phase} ${event.done} at ${time}`));
    for (; time < 250; time += 10) bus.emit(phase(time / 10));
    bus.emit(phase(26, 0, "another"));
    bus.emit(phase(100));
    bus.emit(phase(1));
    expect(passed).toEqual([
      "read 0 at 0",
      "read 10 at 100",
      "read 20 at 200",
      "another 26 at 250",
      "read 100 at 250",
      "read 1 at 250",
    ]);
  });
});
