/**
 * Indices instead of ids, and back: numbers compare and travel cheaper, and for sorted ids say the same.
 */
import type { ColumnSet, FieldType } from "../../core/column/types.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { bindReaders, type Bindings } from "../columns/accessors.ts";
import { RowOutput, writeStatements, type WrittenRows } from "../columns/output.ts";
import { writeColumns, writeRows } from "../columns/writeColumns.ts";
import { allOf, deferredColumns, type GraphParts } from "../parts.ts";
import { idReader } from "../partition/idColumn.ts";
import type { IdColumn, TopologyPartition } from "../partition/topology.ts";

interface IdsInput {
  readonly ids: IdColumn;
  readonly indices: ColumnSet;
  readonly output: ColumnSet;
}

const writeIdsRef: OperatorRef = operatorRef(import.meta.url, "writeIds");

/** The same graph, each vertex's attribute its index: a number that ascends with ids. */
export function indexColumns(parts: GraphParts): GraphParts {
  const { driver } = parts.ctx;
  const vertices = deferredColumns(driver, allOf(parts), () =>
    parts.shape.use(async ({ topology: { numVertices } }) => {
      const data = driver.arena.allocate("float64", numVertices, "indices");
      const values = driver.arena.view(data);
      for (let index = 0; index < numVertices; index++) values[index] = index;
      const schema = { kind: "scalar", field: { name: "", type: "number", nullable: false } } as const;
      return { schema, length: numVertices, columns: [{ kind: "fixed", data }] };
    }),
  );
  return { ...parts, vertices };
}

/** The same graph, each vertex's attribute the id of the index that it was. */
export function idsOfIndices(parts: GraphParts): GraphParts {
  const { driver } = parts.ctx;
  const vertices = deferredColumns(driver, allOf(parts), () =>
    parts.shape.use(({ topology: { ids, numVertices, partitions } }) =>
      parts.vertices.use(async (indices) => {
        const field = { name: "", type: idType(ids, driver.arena), nullable: false };
        const schema = { kind: "scalar", field } as const;
        return writeColumns(driver, "ids", schema, numVertices, (output) => {
          const shared: IdsInput = { ids, indices, output };
          return driver.runTasks<WrittenRows>({
            name: "ids of indices",
            operator: writeIdsRef,
            shared,
            tasks: partitions,
          });
        });
      }),
    ),
  );
  return { ...parts, vertices };
}

/** Numbers where all ids are; strings; any value where some are bigints, beyond 2^53, and some are numbers. */
export function idType(ids: IdColumn, arena: TaskContext["arena"]): FieldType {
  if (ids.kind === "string") return "string";
  if (ids.kind === "uint32") return "number";
  const { length } = ids.ids;
  const idOf = idReader(ids, arena);
  // Ids ascend, so the ends tell whether all are safe integers.
  return length === 0 || (typeof idOf(0) === "number" && typeof idOf(length - 1) === "number") ? "number" : "object";
}

/** Task: the ids of one partition. */
export function writeIds(
  { ids, indices, output }: IdsInput,
  { from, to }: TopologyPartition,
  task: TaskContext,
): WrittenRows {
  const rows = new RowOutput(output, from, to);
  const bindings: Bindings = { from, to, idOf: idReader(ids, task.arena) };
  bindReaders(bindings, "index", indices, task.arena);
  rows.bind(bindings, "out", task.arena, (row) => `vertex ${row}`, "ids of indices");
  const body = `
for (let t = from; t < to; t++) {
  const value = idOf(index0[t]);
  ${writeStatements(output, "out", "t", "value")}
}`;
  return writeRows(rows, bindings, body, task);
}
