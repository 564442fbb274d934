import { describe, expect, it } from "vitest";
import { connectedComponents, componentsByProgram } from "../../../graph/algorithms/connectedComponents.ts";
import { GraphGenerators } from "../../../graph/load/graphGenerators.ts";
import { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import type { TaskContext } from "../../../core/host/task.ts";
import { controlLength, isBroken, joinCrew } from "../../../graph/kernels/crew.ts";
import { useContext } from "../../support/context.ts";
import { attrsOf } from "../../support/graphs.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

describe("joinCrew", () => {
  const arena = Arena.create({ capacityBytes: 65536 });
  const newControl = (numTasks: number): ColumnRef<"int32"> => arena.allocate("int32", controlLength(numTasks));
  const taskOf = (partition: number, throwIfCancelled = (): void => {}): TaskContext =>
    ({ arena, partition, throwIfCancelled }) as unknown as TaskContext;

  it("lets the first task lead, alone if nobody else comes, through every chunk of every phase", () => {
    const control = newControl(2);
    const done: string[] = [];
    const phases = {
      one: (chunk: number) => void done.push(`one ${chunk}`),
      two: (chunk: number, member: number, [a, b]: Float64Array) => void done.push(`two ${chunk} ${member} ${a} ${b}`),
    };
    const result = joinCrew(control, taskOf(1), phases, (run) => {
      run("two", 2, 7, -0.5);
      run("one", 1);
      run("one", 0);
      return "led";
    });
    expect(result).toBe("led");
    expect(done).toEqual(["two 0 0 7 -0.5", "two 1 0 7 -0.5", "one 0"]);
    expect(joinCrew(control, taskOf(0), phases, () => "again")).toBeUndefined();
    expect(isBroken(arena.view(control))).toBe(false);
  });

  it("breaks up when a task comes a second time while nobody has finished", () => {
    const control = newControl(2);
    const phases = { only: () => {} };
    joinCrew(control, taskOf(0), phases, () => {
      expect(joinCrew(control, taskOf(0), phases, () => "again")).toBeUndefined();
      return "led";
    });
    expect(isBroken(arena.view(control))).toBe(true);
  });

  it("passes on what the leader throws, and sends the others home", () => {
    const control = newControl(2);
    const phases = { only: () => {} };
    const lead = (): never => {
      throw new TypeError("no good");
    };
    expect(() => joinCrew(control, taskOf(0), phases, lead)).toThrow("no good");
    expect(isBroken(arena.view(control))).toBe(true);
    expect(joinCrew(control, taskOf(1), phases, lead)).toBeUndefined();
  });

  it("stops between chunks when its task is cancelled", () => {
    let chunks = 0;
    const cancelled = taskOf(0, () => {
      if (chunks === 3) throw new Error("cancelled");
    });
    const phases = { only: () => void chunks++ };
    expect(() => joinCrew(newControl(1), cancelled, phases, (run) => run("only", 10))).toThrow("cancelled");
    expect(chunks).toBe(3);
  });
});

describe("a crew on threads", () => {
  const one = useContext("local[1]");
  const three = useContext("local[3]");
  const options = { vertices: 40_000, edges: 300_000, seed: 9 };

  it("gives the result of one thread, and of the program, with several crews at once", async () => {
    const expected = await attrsOf((await componentsByProgram(await GraphGenerators.rmat(one, options))).graph);
    expect(await attrsOf((await connectedComponents(await GraphGenerators.rmat(one, options))).graph)).toEqual(
      expected,
    );
    const graph = await GraphGenerators.rmat(three, options);
    const runs = await Promise.all(Array.from({ length: 8 }, () => connectedComponents(graph)));
    for (const run of runs) expect(await attrsOf(run.graph)).toEqual(expected);
  });

  it("fails with CANCELLED, and leaves nothing in the arena", async () => {
    const graph = await GraphGenerators.rmat(three, options);
    const { arena } = three.driver;
    const before = await usedAfterGarbage(three);
    const abort = new AbortController();
    const unsubscribe = three.driver.events.subscribe(({ type }) => {
      if (type === "task.start") abort.abort();
    });
    await expect(connectedComponents(graph, { signal: abort.signal })).rejects.toMatchObject({ code: "CANCELLED" });
    unsubscribe();
    expect(arena.usedBytes).toBe(before);
  });
});
