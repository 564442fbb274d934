import { afterEach, describe, expect, it, vi } from "vitest";
import { InterruptGate } from "../../core/interruptGate.ts";

afterEach(() => void vi.useRealTimers());

describe("InterruptGate", () => {
  it("passes the end on at once if nobody holds it back", () => {
    const outer = new AbortController();
    const { signal } = new InterruptGate(outer.signal);
    expect(signal.aborted).toBe(false);
    outer.abort("why");
    expect([signal.aborted, signal.reason]).toEqual([true, "why"]);
  });

  it("has ended if the outer signal has", () => {
    expect(new InterruptGate(AbortSignal.abort()).signal.aborted).toBe(true);
  });

  it("waits for the last of several holders, and says meanwhile that it is closing", () => {
    const outer = new AbortController();
    const gate = new InterruptGate(outer.signal);
    const [first, second] = [gate.hold(), gate.hold()];
    expect(gate.isClosing).toBe(false);
    outer.abort();
    expect([gate.isClosing, gate.signal.aborted]).toEqual([true, false]);
    first();
    first();
    expect(gate.signal.aborted).toBe(false);
    second();
    expect(gate.signal.aborted).toBe(true);
  });

  it("stays open when holders let go before the end is asked for", () => {
    const outer = new AbortController();
    const gate = new InterruptGate(outer.signal);
    gate.hold()();
    expect(gate.signal.aborted).toBe(false);
    outer.abort();
    expect(gate.signal.aborted).toBe(true);
  });

  it("hears no more once it is disposed of", () => {
    const outer = new AbortController();
    const gate = new InterruptGate(outer.signal);
    gate.dispose();
    outer.abort();
    expect(gate.signal.aborted).toBe(false);
  });

  it("passes over a holder that does not let go within a minute", () => {
    vi.useFakeTimers();
    const outer = new AbortController();
    const gate = new InterruptGate(outer.signal);
    gate.hold();
    outer.abort();
    vi.advanceTimersByTime(59_999);
    expect(gate.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(gate.signal.aborted).toBe(true);
  });
});
