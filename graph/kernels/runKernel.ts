/**
 * Driver half of every kernel: a crew on all threads, and once more if a thread of it dies.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { SuperstepError } from "../../core/errors.ts";
import type { OperatorRef } from "../../core/host/task.ts";
import type { Scratch } from "../partition/scratch.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import { controlLength, isBroken } from "./crew.ts";

/** A kernel to run. */
export interface KernelSpec {
  /** Shown to users. */
  readonly name: string;
  /** Calls `joinCrew` with the control column. */
  readonly operator: OperatorRef;
  /** What the operator gets, besides the control column. */
  readonly shared: object;
  readonly signal?: AbortSignal | undefined;
}

/** What an operator of a kernel gets besides its own input. */
export interface KernelShared {
  readonly control: ColumnRef<"int32">;
}

const maxRuns = 3;

/**
 * What the leader of the crew returned. An operator sets up by itself all that it reads: it may have run in part before.
 *
 * @throws SuperstepError HOST_LOST if a thread died in each of three runs. What tasks throw comes as of `runTasks`.
 */
export async function runKernel<R>(runner: TaskRunner, spec: KernelSpec, scratch: Scratch): Promise<R> {
  const { numThreads, arena } = runner;
  const control = scratch.allocate("int32", controlLength(numThreads));
  for (let run = 0; run < maxRuns; run++) {
    arena.view(control).fill(0);
    const results = await runner.runTasks<R | undefined>(
      {
        name: spec.name,
        operator: spec.operator,
        shared: { ...spec.shared, control },
        tasks: Array.from({ length: numThreads }, (_, member) => member),
      },
      { ...(spec.signal && { signal: spec.signal }) },
    );
    const result = results.find((value) => value !== undefined);
    if (!isBroken(arena.view(control)) && result !== undefined) {
      scratch.free(control);
      return result;
    }
  }
  throw new SuperstepError("HOST_LOST", `${spec.name}: a thread died in each of ${maxRuns} runs. Run it again.`);
}
