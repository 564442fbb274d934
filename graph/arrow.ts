/**
 * The vertices of a graph as an Arrow table over the graph's own columns.
 */
import type { Table } from "apache-arrow";
import type { Arena } from "../core/column/arena.ts";
import { toArrowTable } from "../core/column/arrow.ts";
import { encodeValues } from "../core/column/codec.ts";
import { fieldsOf } from "../core/column/schema.ts";
import type { ColumnSet, FieldType } from "../core/column/types.ts";
import { sharedCopy } from "./columns/output.ts";
import { idReader } from "./partition/idColumn.ts";
import type { Topology } from "./partition/topology.ts";
import type { VertexRDD } from "./vertexRDD.ts";

/**
 * Lends a table of all vertices of a graph: "id", and a column a field, or "value" for attributes that are one value.
 * Numbers are views of the graph's columns, not copies, so the table is valid only until `use` has ended. Rows of which
 * a VertexRDD has no value are in it too.
 *
 * @throws SuperstepError TYPE_MISMATCH if an attribute is no number, boolean, bigint or string.
 */
export function useArrow<VD, R>(vertices: VertexRDD<VD>, use: (table: Table) => Promise<R> | R): Promise<R> {
  const { arena } = vertices.context.driver;
  return vertices.useRows(async ({ shape, columns }) => {
    const byName: Record<string, ColumnSet> = { id: idColumns(arena, shape.topology) };
    fieldsOf(columns.schema).forEach((field, at) => {
      const name = columns.schema.kind === "scalar" ? "value" : field.name;
      const schema = { kind: "scalar", field } as const;
      byName[name] = { schema, length: columns.length, columns: [columns.columns[at]!] };
    });
    return use(await toArrowTable(byName, arena));
  });
}

function idColumns(arena: Arena, { ids, numVertices: length }: Topology): ColumnSet {
  const schemaFor = (type: FieldType): ColumnSet["schema"] => ({
    kind: "scalar",
    field: { name: "", type, nullable: false },
  });
  if (ids.kind !== "string") {
    const type = ids.kind === "uint32" ? "number" : "bigint";
    return { schema: schemaFor(type), length, columns: [{ kind: "fixed", data: ids.ids }] };
  }
  const idOf = idReader(ids, arena);
  const values = Array.from({ length }, (_, index) => idOf(index));
  const chunks = [{ from: 0, to: length, bytes: sharedCopy(encodeValues(values)) }];
  return { schema: schemaFor("string"), length, columns: [{ kind: "encoded", chunks }] };
}
