/**
 * Runs tasks one after the other in this thread, with nothing but copies of what they are sent.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Arena } from "../../../core/column/arena.ts";
import { revive } from "../../../core/function/revive.ts";
import type { ShippedFunction } from "../../../core/function/ship.ts";
import type { Operator, TaskContext } from "../../../core/host/task.ts";
import type { TaskRunner } from "../../../graph/partition/taskRunner.ts";

/** A runner that cuts work as if it had `numThreads` threads, and starts every task's number at 0. */
export function serialRunner(numThreads: number, capacityBytes = 64 * 1048576): TaskRunner {
  const arena = Arena.create({ capacityBytes });
  return {
    numThreads,
    arena,
    async runTasks<R>({ operator, shared, tasks }: Parameters<TaskRunner["runTasks"]>[0]): Promise<R[]> {
      const file = path.resolve(import.meta.dirname, "../../../dist", `${operator.module}.js`);
      const module = (await import(pathToFileURL(file).href)) as Record<string, Operator<unknown, unknown, R>>;
      const view = Arena.over(arena.memory);
      const results: R[] = [];
      for (const [partition, params] of tasks.entries()) {
        const context = {
          jobId: 0,
          stageId: 0,
          partition,
          attempt: 0,
          arena: view,
          revive: (fn: ShippedFunction) => revive(fn, { importModule: (url) => import(url) as never }),
          throwIfCancelled: () => {},
          memo: <T>(_key: string, make: () => T): T => make(),
        } as unknown as TaskContext;
        const result = await module[operator.name]!(structuredClone(shared), structuredClone(params), context);
        results.push(structuredClone(result));
      }
      return results;
    },
  };
}
