import { describe, expect, it } from "vitest";
import { copyColumns, hostCopies } from "../../../../graph/superstep/cluster/fleet.ts";
import { SimulatedFleet } from "../../../support/simulatedFleet.ts";

describe("copyColumns", () => {
  it("copies any number of slices, a few thousand a call, and no empty one", async () => {
    const fleet = new SimulatedFleet([1]);
    const column = fleet.arena.allocate("uint32", 9000);
    fleet.arena.view(column).forEach((_value, at, values) => (values[at] = at));
    const calls: number[] = [];
    const copyToHost = fleet.copyToHost.bind(fleet);
    fleet.copyToHost = (host, columns) => {
      calls.push(columns.length);
      return copyToHost(host, columns);
    };
    const slices = Array.from({ length: 9000 }, (_, at) => fleet.arena.slice(column, at, at + 1));
    await copyColumns(fleet, 1, [fleet.arena.slice(column, 5, 5), ...slices]);
    expect(calls).toEqual([4096, 4096, 808]);
    expect([...fleet.executors[0]!.arena.view(column)]).toEqual([...fleet.arena.view(column)]);
  });
});

describe("HostCopies", () => {
  it("copies each part once to each host, and again after a copy that failed", async () => {
    const fleet = new SimulatedFleet([1, 1]);
    const column = fleet.arena.allocate("float64", 10);
    const whole = { key: column, columns: [column] };
    const part = { key: column, part: 3, columns: [fleet.arena.slice(column, 0, 5)] };
    const copiedBy = async (work: () => Promise<void>): Promise<number> => {
      const before = fleet.copied;
      await work();
      return fleet.copied - before;
    };
    const copies = hostCopies(fleet);
    expect(hostCopies(fleet)).toBe(copies);
    expect(await copiedBy(() => copies.provide(1, [whole, part]))).toBe(120);
    expect(await copiedBy(() => copies.provide(1, [part, whole]))).toBe(0);
    fleet.onWork = ({ host }) => [host];
    await expect(copies.provide(2, [whole])).rejects.toMatchObject({ code: "HOST_LOST" });
    fleet.onWork = () => [];
    fleet.join(1);
    expect(await copiedBy(() => copies.provide(3, [whole]))).toBe(80);
    // another column, though with the same bytes at the same place
    expect(await copiedBy(() => copies.provide(1, [{ ...whole, key: { ...column } }]))).toBe(80);
  });
});
