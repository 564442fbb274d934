/**
 * Where kernels run, and their results as columns of a graph.
 */
import type { Context } from "../../core/context.ts";
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { Deferred } from "../deferred.ts";
import { makeRoom } from "../makeRoom.ts";
import { readyColumns, type GraphParts } from "../parts.ts";
import { pickCheckpoints, type CheckpointOptions } from "../superstep/checkpoint/checkpointOptions.ts";

/**
 * True where an algorithm that has a kernel runs it rather than its vertex program: on the threads of this process, over
 * its arena. With executors the program runs, spread over them; with checkpoints too, since a kernel writes none.
 */
export function runsKernel(context: Context, options: CheckpointOptions = {}): boolean {
  if (!context.driver.isLocal) return false;
  return (
    context.checkpointDir === undefined &&
    Object.values(pickCheckpoints(options)).every((value) => value === undefined || value === false)
  );
}

/** One number a vertex. */
export function numberColumns(data: ColumnRef<"float64">): ColumnSet {
  const field = { name: "", type: "number", nullable: false } as const;
  return { schema: { kind: "scalar", field }, length: data.length, columns: [{ kind: "fixed", data }] };
}

/**
 * The vertex columns that `run` computes now, and again if they are wanted after they were freed; and what it returned.
 * Undefined if `run` says so.
 */
export async function computedColumns<R extends Computed | undefined>(
  { ctx: { driver } }: GraphParts,
  run: () => Promise<R>,
): Promise<{ readonly vertices: Deferred<ColumnSet>; readonly result: NonNullable<R> } | Extract<R, undefined>> {
  const compute = (): Promise<R> => makeRoom(driver, run);
  const result = await compute();
  if (result === undefined) return undefined as Extract<R, undefined>;
  const again = async (): Promise<ColumnSet> => numberColumns(((await compute()) as Computed).data);
  return { vertices: readyColumns(driver, numberColumns(result.data), again), result };
}

interface Computed {
  readonly data: ColumnRef<"float64">;
}
