import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { listenForInterrupt } from "../../cli/interrupt.ts";

function listen() {
  const source = new EventEmitter();
  const said: string[] = [];
  const exits: number[] = [];
  const interrupt = listenForInterrupt({
    source: source as unknown as NodeJS.Process,
    say: (line) => said.push(line),
    ending: () => "ending soon",
    exit: (code) => exits.push(code),
  });
  return { source, said, exits, interrupt };
}

describe("listenForInterrupt", () => {
  it("says what happens and aborts at the first Ctrl-C, and goes on", () => {
    const { source, said, exits, interrupt } = listen();
    expect([interrupt.signal.aborted, interrupt.exitCode]).toEqual([false, undefined]);
    source.emit("SIGINT", "SIGINT");
    expect(said).toEqual(["interrupted: ending soon; Ctrl-C again ends at once"]);
    expect([interrupt.signal.aborted, interrupt.exitCode]).toEqual([true, 130]);
    expect(exits).toEqual([]);
  });

  it("ends the process at the second", () => {
    const { source, said, exits } = listen();
    source.emit("SIGINT", "SIGINT");
    source.emit("SIGINT", "SIGINT");
    expect(exits).toEqual([130]);
    expect(said).toHaveLength(1);
  });

  it("gives SIGTERM its own code", () => {
    const { source, exits, interrupt } = listen();
    source.emit("SIGTERM", "SIGTERM");
    expect([interrupt.signal.aborted, interrupt.exitCode]).toEqual([true, 143]);
    source.emit("SIGTERM", "SIGTERM");
    expect(exits).toEqual([143]);
  });

  it("hears nothing any more once disposed", () => {
    const { source, interrupt } = listen();
    interrupt.dispose();
    expect(source.listenerCount("SIGINT") + source.listenerCount("SIGTERM")).toBe(0);
  });
});
