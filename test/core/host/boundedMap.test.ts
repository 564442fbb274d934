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
});
