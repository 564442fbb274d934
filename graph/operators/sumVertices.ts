/**
 * The exact sum of a numeric attribute over all vertices: the same bits for any number of partitions.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { assert } from "../../core/errors.ts";
import { ExactSum } from "../../core/exactSum.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { useParts, type GraphParts } from "../parts.ts";
import type { TopologyPartition } from "../partition/topology.ts";

const sumRangeRef: OperatorRef = operatorRef(import.meta.url, "sumRange");

/** The sum of the attributes of all vertices, which must be numbers. */
export function sumVertices(parts: GraphParts): Promise<number> {
  return useParts(parts, { vertices: true, edges: false }, async ({ shape, vertices }) => {
    const column = vertices.columns[0];
    assert(column?.kind === "fixed" && column.data.type === "float64", "sumVertices needs a column of numbers");
    const spec = { name: "sum", operator: sumRangeRef, shared: column.data, tasks: shape.topology.partitions };
    const sum = new ExactSum();
    for (const partials of await parts.ctx.driver.runTasks<number[]>(spec)) sum.merge(partials);
    return sum.value();
  });
}

/** Task: the partials of one partition's sum. */
export function sumRange(
  values: ColumnRef<"float64">,
  { from, to }: TopologyPartition,
  task: TaskContext,
): readonly number[] {
  const sum = new ExactSum();
  sum.addAll(task.arena.view(values), from, to);
  return sum.partials();
}
