/**
 * A table laid over a graph's vertices: the values of an RDD of [id, value] by vertex index.
 */
import { decodeValues, encodeValues } from "../../core/column/codec.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { sharedCopy } from "../columns/output.ts";
import { indexOf } from "../partition/idColumn.ts";
import type { IdColumn, Topology } from "../partition/topology.ts";
import type { PartMessages } from "../superstep/combine.ts";
import { messagesToColumns, type VertexTable } from "../superstep/messagesToColumns.ts";
import { idValueReader } from "./idValueReader.ts";
import type { RecordChunk } from "./recordChunk.ts";

const indexChunkRef: OperatorRef = operatorRef(import.meta.url, "indexChunk");

/** The values of `chunks` by vertex; of several for one vertex, what `merge` makes of them from left to right. */
export async function tableOf(
  driver: Driver,
  topology: Topology,
  operation: string,
  chunks: readonly RecordChunk[],
  merge: ShippedFunction<AnyFunction>,
): Promise<VertexTable> {
  const shared = { ids: topology.ids, merge };
  const spec = { name: `${operation}: index`, operator: indexChunkRef, shared, tasks: chunks };
  const parts = await driver.runTasks<PartMessages>(spec);
  return messagesToColumns(driver, topology, operation, merge, parts);
}

/** Task: the values of one chunk by vertex index, ascending; ids that are no vertices are left out. */
export async function indexChunk(
  { ids, merge }: { ids: IdColumn; merge: ShippedFunction<AnyFunction> },
  chunk: RecordChunk,
  task: TaskContext,
): Promise<PartMessages> {
  const mergeValues = (await task.revive(merge)) as (a: unknown, b: unknown) => unknown;
  const idAt = idValueReader(chunk.keys[0]!);
  const values = decodeValues(chunk.attrs);
  const byIndex = new Map<number, unknown>();
  for (let i = 0; i < chunk.numRecords; i++) {
    const index = indexOf(ids, task.arena, idAt(i));
    if (index < 0) continue;
    byIndex.set(index, byIndex.has(index) ? mergeValues(byIndex.get(index), values[i]) : values[i]);
  }
  const targets = new Uint32Array(new SharedArrayBuffer(byIndex.size * 4));
  targets.set([...byIndex.keys()]);
  targets.sort();
  const found = sharedCopy(encodeValues(Array.from(targets, (index) => byIndex.get(index))));
  const isEmpty = chunk.schema === undefined || targets.length === 0;
  return { targets, values: found, ...(!isEmpty && { schema: chunk.schema! }) };
}
