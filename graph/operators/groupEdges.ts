/**
 * Parallel edges made one.
 */
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../../core/function/ship.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { bindReaders, readExpression, type Bindings } from "../columns/accessors.ts";
import { RowOutput, writeStatements, type WrittenRows } from "../columns/output.ts";
import { writeColumns, writeRows } from "../columns/writeColumns.ts";
import { Deferred, partOf } from "../deferred.ts";
import { makeRoom } from "../makeRoom.ts";
import { allOf, deferredColumns, type GraphParts } from "../parts.ts";
import { groupParallelEdges, type GroupedTopology } from "../partition/filterRows.ts";
import { rowRange } from "./mapRows.ts";
import type { TopologyPartition } from "../partition/topology.ts";
import { Shape } from "../shape.ts";

interface Grouped extends GroupedTopology {
  readonly shape: Shape;
}

interface MergeInput {
  readonly merge: ShippedFunction<AnyFunction>;
  readonly edges: ColumnSet;
  readonly runStarts: ColumnRef<"uint32">;
  readonly output: ColumnSet;
}

const mergeRunsRef: OperatorRef = operatorRef(import.meta.url, "mergeRuns");

/** Each set of edges with equal ends as one edge, attributes merged left to right in input order. */
export function groupEdges<ED>(parts: GraphParts, merge: (a: ED, b: ED) => ED): GraphParts {
  const shipped = ship(merge, "groupEdges", "merge") as unknown as ShippedFunction<AnyFunction>;
  const { driver } = parts.ctx;
  const grouped = new Deferred<Grouped>(
    () =>
      parts.shape.use(async ({ topology }) => {
        const made = await makeRoom(driver, () => groupParallelEdges(driver, topology));
        return { ...made, shape: new Shape(driver, made.topology) };
      }),
    async ({ shape, runStarts }) => {
      await shape.free();
      driver.arena.free(runStarts);
    },
    allOf(parts),
  );
  const edges = deferredColumns(driver, [...allOf(parts), grouped], () =>
    grouped.use((made) => parts.edges.use((old) => mergeAttributes(driver, made, old, shipped))),
  );
  return { ...parts, numEdgePartitions: parts.numPartitions, shape: partOf(grouped, ({ shape }) => shape), edges };
}

function mergeAttributes(
  driver: Driver,
  { topology, runStarts }: GroupedTopology,
  edges: ColumnSet,
  merge: ShippedFunction<AnyFunction>,
): Promise<ColumnSet> {
  return writeColumns(driver, "groupEdges", edges.schema, topology.numEdges, (output) => {
    const shared: MergeInput = { merge, edges, runStarts, output };
    const spec = { name: "groupEdges", operator: mergeRunsRef, shared, tasks: topology.partitions };
    return driver.runTasks<WrittenRows>(spec);
  });
}

/** Task: merges the runs of one partition's edges. */
export async function mergeRuns(
  { merge, edges, runStarts, output }: MergeInput,
  partition: TopologyPartition,
  task: TaskContext,
): Promise<WrittenRows> {
  const { from, to } = rowRange("edge", partition);
  const rows = new RowOutput(output, from, to);
  const starts = task.arena.view(runStarts);
  const bindings: Bindings = { from, to, starts, merge: await task.revive(merge) };
  bindReaders(bindings, "edge", edges, task.arena);
  rows.bind(bindings, "out", task.arena, (row) => `merged edge ${row + 1}`, "groupEdges");
  const body = `
for (let r = from; r < to; r++) {
  let value = ${readExpression(edges, "edge", "starts[r]")};
  for (let e = starts[r] + 1, end = starts[r + 1]; e < end; e++) value = merge(value, ${readExpression(edges, "edge", "e")});
  ${writeStatements(output, "out", "r", "value")}
}`;
  return writeRows(rows, bindings, body, task);
}
