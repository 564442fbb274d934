import { describe, expect, it } from "vitest";
import { once } from "../../../graph/partition/once.ts";

describe("once", () => {
  it("does a piece once, however often it is asked", () => {
    const progress = new Uint8Array(2);
    let runs = 0;
    for (let attempt = 0; attempt < 3; attempt++) once(progress, 1, () => runs++);
    expect(runs).toBe(1);
    once(progress, 0, () => runs++);
    expect(runs).toBe(2);
  });

  it("refuses a piece that an earlier attempt left half done", () => {
    const progress = new Uint8Array(1);
    expect(() => once(progress, 0, () => { throw new Error("thread lost"); })).toThrow("thread lost"); // prettier-ignore
    expect(() => once(progress, 0, () => {})).toThrow(expect.objectContaining({ code: "HOST_LOST" }));
  });
});
