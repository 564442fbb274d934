import { describe, expect, it } from "vitest";
import { Arena } from "../../../../core/column/arena.ts";
import {
  addMirrored,
  controlLength,
  listed,
  markedIn,
  setListed,
  setUnderWay,
  type HostLists,
} from "../../../../graph/superstep/cluster/hostLists.ts";

function emptyLists(arena: Arena): HostLists {
  const list = () => arena.allocate("uint32", 10, "test");
  return {
    own: [list(), list()],
    mirrored: [list(), list()],
    control: arena.allocate("uint32", controlLength, "test"),
  };
}

describe("hostLists", () => {
  it("lists each mirror once, also when what a thread sent that died comes again", () => {
    const arena = Arena.create({ capacityBytes: 2 ** 20 });
    const lists = emptyLists(arena);
    const received = new Uint8Array(10);
    setListed(arena, lists, "mirrored", 1, 0);
    for (const packet of [
      [7, 8],
      [1, 3],
      [7, 8],
      [3, 9],
    ]) {
      addMirrored(arena, lists, 1, received, Uint32Array.from(packet));
    }
    expect(Array.from(listed(arena, lists, "mirrored", 1)!)).toEqual([7, 8, 1, 3, 9]);
    expect(Array.from(received)).toEqual([0, 1, 0, 1, 0, 0, 0, 1, 1, 1]);
    expect(listed(arena, lists, "mirrored", 0)).toBeUndefined();
    expect(listed(arena, lists, "own", 1)).toBeUndefined();
  });

  it("marks mirrors where there is no list, and makes none", () => {
    const arena = Arena.create({ capacityBytes: 2 ** 20 });
    const lists = emptyLists(arena);
    const received = new Uint8Array(4);
    addMirrored(arena, lists, 0, received, Uint32Array.from([2]));
    expect(Array.from(received)).toEqual([0, 0, 1, 0]);
    expect(listed(arena, lists, "mirrored", 0)).toBeUndefined();
  });

  it("tells an empty list from none, and whether a superstep was under way", () => {
    const arena = Arena.create({ capacityBytes: 2 ** 20 });
    const lists = emptyLists(arena);
    setListed(arena, lists, "own", 0, 0);
    expect(listed(arena, lists, "own", 0)).toHaveLength(0);
    setListed(arena, lists, "own", 0, undefined);
    expect(listed(arena, lists, "own", 0)).toBeUndefined();
    expect([true, true, false, false].map((isUnderWay) => setUnderWay(arena, lists, isUnderWay))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("reads marked vertices of a range off their marks", () => {
    const marks = Uint8Array.from([1, 0, 1, 1, 0, 0, 1, 1]);
    expect(Array.from(markedIn(marks, 1, 7))).toEqual([2, 3, 6]);
    expect(Array.from(markedIn(marks, 4, 6))).toEqual([]);
  });
});
