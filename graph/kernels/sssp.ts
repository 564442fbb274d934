/**
 * Shortest distances from one source over weights >= 0: a relaxation, see `relax.ts`.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { TaskRunner } from "../partition/taskRunner.ts";
import type { SearchableRows } from "./bfs.ts";
import { relax, type Relaxed } from "./relax.ts";

/** From where, along which edges. */
export interface DistanceOptions {
  /** By index. */
  readonly source: number;
  readonly direction: "out" | "in" | "either";
  /** By edge position. */
  readonly weights: ColumnRef<"float64">;
  readonly signal?: AbortSignal | undefined;
}

/** The distances; undefined if a weight is not a finite number >= 0. Builds rows by source, unless against edges. */
export function shortestDistances(
  runner: TaskRunner,
  shape: SearchableRows,
  { source, direction, weights, signal }: DistanceOptions,
): Promise<Relaxed | undefined> {
  const lengths = { kind: "add", column: weights } as const;
  return relax(runner, shape, {
    name: "sssp",
    start: { source },
    ...(direction !== "in" && { out: lengths }),
    ...(direction !== "out" && { in: lengths }),
    signal,
  });
}
