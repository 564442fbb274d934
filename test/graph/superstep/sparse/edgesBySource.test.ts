import { describe, expect, it } from "vitest";
import { Arena } from "../../../../core/column/arena.ts";
import type { ColumnRef, ColumnSet, FixedType } from "../../../../core/column/types.ts";
import type { TaskContext } from "../../../../core/host/task.ts";
import type { FlatRows } from "../../../../graph/kernels/flatRows.ts";
import type { TaskSet } from "../../../../graph/partition/taskRunner.ts";
import { Scratch } from "../../../../graph/partition/scratch.ts";
import type { CarrierSpec } from "../../../../graph/superstep/carrier.ts";
import { copyBySource, edgesBySource } from "../../../../graph/superstep/sparse/edgesBySource.ts";

const field = (name: string, type: "number" | "bigint", nullable = false) => ({ name, type, nullable });

/** Edge columns of several types, and rows by source that have them in the order `order`. */
function edgesIn(arena: Arena, order: readonly number[]): { edges: ColumnSet; rows: FlatRows } {
  const { length } = order;
  const column = (type: FixedType, valueOf: (at: number) => number): ColumnRef => {
    const ref = arena.allocate(type, length, "test");
    const view = arena.view(ref);
    for (let at = 0; at < length; at++) view[at] = (type === "int64" ? BigInt(valueOf(at)) : valueOf(at)) as never;
    return ref;
  };
  const positions = column("uint32", (at) => order[at]!);
  const edges: ColumnSet = {
    schema: { kind: "record", fields: [field("a", "number"), field("b", "bigint"), field("c", "number", true)] },
    length,
    columns: [
      { kind: "fixed", data: column("float64", (at) => at / 8) },
      { kind: "fixed", data: column("int64", (at) => -at) },
      {
        kind: "fixed",
        data: column("float32", (at) => at + 0.5),
        validity: column("uint8", (at) => at % 2) as ColumnRef<"uint8">,
      },
    ],
  };
  const rows = { positions: positions.offset, numEdges: length } as FlatRows;
  return { edges, rows };
}

/** Runs tasks here, one after the other. */
function specOver(arena: Arena, edges: ColumnSet, numThreads: number): CarrierSpec {
  const task = { arena, throwIfCancelled: () => undefined } as unknown as TaskContext;
  const runTasks = ({ shared, tasks }: TaskSet): Promise<void[]> =>
    Promise.resolve(
      (tasks as { from: number; to: number }[]).map((range) => copyBySource(shared as never, range, task)),
    );
  return { driver: { arena, numThreads, runTasks }, edges, operation: "test" } as unknown as CarrierSpec;
}

describe("edgesBySource", () => {
  it.each([1, 3])("copies the columns that are read, and no others, by %i tasks", async (numThreads) => {
    const arena = Arena.create({ capacityBytes: 1 << 20 });
    const order = [3, 0, 4, 1, 6, 2, 5];
    const { edges, rows } = edgesIn(arena, order);
    const used = arena.usedBytes;
    const scratch = new Scratch(arena, "test");
    const copied = await edgesBySource(specOver(arena, edges, numThreads), rows, [0, 2], scratch);
    const [a, b, c] = copied!.columns;
    expect(b).toBe(edges.columns[1]);
    const values = (ref: ColumnRef): unknown[] => Array.from(arena.view(ref) as Float64Array);
    if (a?.kind !== "fixed" || c?.kind !== "fixed") throw new Error("columns of fixed width are expected");
    expect(values(a.data)).toEqual(order.map((at) => at / 8));
    expect(values(c.data)).toEqual(order.map((at) => at + 0.5));
    expect(values(c.validity!)).toEqual(order.map((at) => at % 2));
    scratch.freeAll();
    expect(arena.usedBytes).toBe(used);
  });

  it("gives up where there is no room for all of them, and keeps none", async () => {
    const length = 20_000;
    const arena = Arena.create({ capacityBytes: 1 << 20 });
    const { edges, rows } = edgesIn(
      arena,
      Array.from({ length }, (_, at) => at),
    );
    const used = arena.usedBytes;
    const rest = arena.allocate("uint8", 220_000, "test");
    const scratch = new Scratch(arena, "test");
    expect(await edgesBySource(specOver(arena, edges, 1), rows, [0, 1, 2], scratch)).toBeUndefined();
    arena.free(rest);
    expect(arena.usedBytes).toBe(used);
  });
});
