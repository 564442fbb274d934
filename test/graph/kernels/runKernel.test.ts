import { describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import type { TaskContext } from "../../../core/host/task.ts";
import { joinCrew } from "../../../graph/kernels/crew.ts";
import { runKernel, type KernelShared } from "../../../graph/kernels/runKernel.ts";
import { Scratch } from "../../../graph/partition/scratch.ts";
import type { TaskRunner } from "../../../graph/partition/taskRunner.ts";

/** A runner of one crew of two tasks whose helper dies at work in the first `deaths` runs, and comes again. */
function dyingRunner(deaths: number): { runner: TaskRunner; runs: () => number; arena: Arena } {
  const arena = Arena.create({ capacityBytes: 65536 });
  let runs = 0;
  const runner: TaskRunner = {
    numThreads: 2,
    arena,
    async runTasks<R>({ shared, tasks }: Parameters<TaskRunner["runTasks"]>[0]): Promise<R[]> {
      expect(tasks).toEqual([0, 1]);
      const { control } = shared as KernelShared;
      const dies = runs++ < deaths;
      const task = (partition: number): TaskContext =>
        ({ arena, partition, throwIfCancelled: () => {} }) as unknown as TaskContext;
      const phases = {
        work: (): void => {
          if (!dies) return;
          // what a thread that took a chunk and died leaves: its task has joined, its chunk is never done
          arena.view(control)[32 + 1] = 1;
          arena.view(control)[7]!--;
          joinCrew(control, task(1), phases, () => "again");
        },
      };
      const result = joinCrew(control, task(0), phases, (run) => {
        run("work", 2);
        return `run ${runs}`;
      });
      return [result, undefined] as R[];
    },
  };
  return { runner, runs: () => runs, arena };
}

const spec = { name: "a kernel", operator: { module: "none", name: "none" }, shared: {} };

describe("runKernel", () => {
  it("runs again when a thread of the crew died, and frees the control column", async () => {
    const { runner, arena } = dyingRunner(2);
    expect(await runKernel(runner, spec, new Scratch(arena, "test"))).toBe("run 3");
    expect(arena.usedBytes).toBe(0);
  });

  it("gives up after three runs", async () => {
    const { runner, runs, arena } = dyingRunner(5);
    await expect(runKernel(runner, spec, new Scratch(arena, "test"))).rejects.toMatchObject({ code: "HOST_LOST" });
    expect(runs()).toBe(3);
  });
});
