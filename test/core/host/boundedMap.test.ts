import { describe, expect, it } from "vitest";
import { BoundedMap } from "../../../core/host/boundedMap.ts";

describe("BoundedMap", () => {
  it("drops what was set or read longest ago", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.get("a");
    map.set("c", 3);
    expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
    map.set("a", 4);
    expect([map.get("a"), map.get("c")]).toEqual([4, 3]);
    map.delete("a");
    expect([map.get("a"), map.get("c")]).toEqual([undefined, 3]);
  });
});
