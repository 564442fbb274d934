import { describe, expect, it } from "vitest";
import { BoundedMap } from "../../../core/host/boundedMap.ts";

describe("BoundedMap", () => {
  it("drops what was set or read longest ago", () => {
    const [one, two, three, four] = [{}, {}, {}, {}];
    const map = new BoundedMap<string, object>(2);
    map.set("a", one);
    map.set("b", two);
    map.get("a");
    map.set("c", three);
    expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([one, undefined, three]);
    expect(map.get("a")).toBe(one);
    map.set("a", four);
    expect(map.get("a")).toBe(four);
    expect(map.get("c")).toBe(three);
    map.delete("a");
    expect([map.get("a"), map.get("c")]).toEqual([undefined, three]);
  });

  it("goes by weight, and keeps the newest entry though it be too heavy", () => {
    const map = new BoundedMap<string, object>(10);
    const kept = (): string[] => ["a", "b", "c", "d"].filter((key) => map.get(key) !== undefined);
    map.set("a", {}, 4);
    map.set("b", {}, 4);
    map.set("c", {}, 2);
    expect(kept()).toEqual(["a", "b", "c"]);
    map.set("d", {}, 5);
    expect(kept()).toEqual(["c", "d"]);
    map.set("c", {}, 5); // replaces the weight too
    expect(kept()).toEqual(["c", "d"]);
    map.set("a", {}, 11);
    expect(kept()).toEqual(["a"]);
    map.delete("a");
    map.set("b", {}, 10);
    expect(kept()).toEqual(["b"]);
  });
});
