/**
 * Task half of compiled functions over rows.
 */
import type { ColumnSet } from "../../core/column/types.ts";
import type { CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { compiledPaths, refusedPaths, type FunctionPath } from "../../core/compile/functionPath.ts";
import { isRefusal, type Refusal } from "../../core/compile/refused.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import type { TaskContext } from "../../core/host/task.ts";
import type { RowSource } from "../operators/mapRows.ts";
import type { TopologyPartition } from "../partition/topology.ts";
import { columnsKey } from "./columnsKey.ts";
import { compileMap } from "./compileMap.ts";
import { putColumns, putIds, putRows, type LoopValues } from "./loopOffsets.ts";
import { runnableLoop, runRounds } from "./rounds.ts";

/** The compiled form of a function over rows, or why it has none. Kept by the thread. */
export function compiledMap(
  fn: ShippedFunction<AnyFunction>,
  source: RowSource,
  output: ColumnSet,
  task: TaskContext,
): CompiledLoop | Refusal {
  const { kind, ids, vertices, edges, table } = source;
  const ofTable = table && [columnsKey(table.columns), table.keepsAbsent];
  const key = JSON.stringify([
    fn.id,
    kind,
    ids.kind,
    columnsKey(vertices),
    columnsKey(edges),
    ofTable,
    columnsKey(output),
  ]);
  return task.memo(`map ${key}`, () => compileMap(fn, source, output));
}

/** How a function over rows runs. */
export function mapPaths(
  { argument }: ShippedFunction<AnyFunction>,
  loop: CompiledLoop | Refusal,
): readonly FunctionPath[] {
  return isRefusal(loop) ? refusedPaths([argument], loop) : compiledPaths([argument]);
}

/** Runs it over a partition. `missing` is called where a value is missing that there is no room for, and must throw. */
export function runCompiledMap(
  loop: CompiledLoop,
  source: RowSource,
  output: ColumnSet,
  { from, to, inRows }: TopologyPartition,
  missing: () => never,
  task: TaskContext,
): void {
  const { kind, ids, vertices, edges, table } = source;
  const values: LoopValues = { first: from };
  putIds(values, ids);
  putColumns(values, "vertex", vertices);
  putColumns(values, "edge", edges);
  putColumns(values, "out", output);
  putRows(values, "in", inRows);
  if (table) {
    putColumns(values, "table", table.columns);
    values["present"] = table.present.offset;
  }
  const walksEdges = kind === "edge" || kind === "triplet";
  const offsets = walksEdges ? [task.arena.view(inRows.offsets)] : [];
  runRounds(runnableLoop(loop, task), to - from, offsets, values, [], { missing }, task);
}
