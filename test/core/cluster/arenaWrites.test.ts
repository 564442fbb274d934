import { describe, expect, it } from "vitest";
import { ArenaWrites } from "../../../core/cluster/executor/arenaWrites.ts";

const write = (number: number, since: number) => ({ host: 1, incarnation: "a", ranges: [], number, since });

describe("ArenaWrites", () => {
  it("begins each write once", () => {
    const writes = new ArenaWrites();
    expect([writes.begin(write(1, 1)), writes.begin(write(2, 1)), writes.begin(write(1, 1))]).toEqual([
      true,
      true,
      false,
    ]);
    writes.end(write(1, 1));
    expect(writes.begin(write(1, 1))).toBe(false);
  });

  it("refuses writes that were given up, also those that had begun", () => {
    const writes = new ArenaWrites();
    writes.begin(write(2, 1));
    expect(writes.begin(write(4, 3))).toBe(true);
    for (const number of [1, 2]) {
      expect(() => writes.begin(write(number, 1))).toThrow(expect.objectContaining({ code: "UNREACHABLE" }));
    }
    expect(writes.begin(write(3, 1))).toBe(true); // overtaken, but wanted
  });

  it("has a repeat wait for the end of what it repeats", async () => {
    const writes = new ArenaWrites();
    writes.begin(write(1, 1));
    let hasEnded = false;
    const ended = writes.ended(write(1, 1)).then(() => (hasEnded = true));
    await Promise.resolve();
    expect(hasEnded).toBe(false);
    writes.end(write(1, 1));
    await ended;
  });
});
