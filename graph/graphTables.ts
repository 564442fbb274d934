/**
 * A graph's vertices and edges as tables: copies of its columns, to be written in any format, or looked at.
 */
import type { Arena } from "../core/column/arena.ts";
import { readerOf } from "../core/column/columnSet.ts";
import { fieldsOf } from "../core/column/schema.ts";
import type { ColumnSet, Field, StoredColumn } from "../core/column/types.ts";
import { excerpt } from "../core/errors.ts";
import type { Graph } from "./graph.ts";
import type { Table, TableColumn } from "./load/table/table.ts";
import { everything, useParts } from "./parts.ts";
import { idReader } from "./partition/idColumn.ts";
import type { IdColumn, Topology } from "./partition/topology.ts";

/** A graph as tables. Edge i leads from row `src[i]` of the vertices to row `dst[i]`. */
export interface GraphTables {
  /** The ids, and a column a field; an attribute that is one value is a column of its own. */
  readonly vertices: Table;
  /** The columns of the attributes, without the ends. */
  readonly edges: Table;
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
}

/**
 * What columns are called: that of the ids, and those of attributes that are one value, not a record. A field of vertices
 * that is called like the ids' column is renamed: "id" to "id_attr".
 */
export interface TableNames {
  readonly id?: string;
  readonly vertex?: string;
  readonly edge?: string;
}

/** The vertices of a graph: a column of ids, then its attributes. Rows by ascending id. Memory: a copy. */
export function vertexTable<VD, ED>(
  graph: Graph<VD, ED>,
  { id = "id", vertex = "value" }: TableNames = {},
): Promise<Table> {
  return useParts(graph.parts, { vertices: true, edges: false }, async ({ shape, vertices }) =>
    tableOfVertices(graph.parts.ctx.driver.arena, shape.topology, vertices, id, vertex),
  );
}

/** Vertices and edges of a graph. Memory: a copy. */
export function graphTables<VD, ED>(
  graph: Graph<VD, ED>,
  { id = "id", vertex = "value", edge = "attr" }: TableNames = {},
): Promise<GraphTables> {
  const { arena } = graph.parts.ctx.driver;
  return useParts(graph.parts, everything, async ({ shape: { topology }, vertices, edges }) => {
    const src = new Uint32Array(topology.numEdges);
    const dst = new Uint32Array(topology.numEdges);
    for (const { inRows } of topology.partitions) {
      const offsets = arena.view(inRows.offsets);
      src.set(arena.view(inRows.neighbours), inRows.firstEdge);
      for (let row = 0; row < inRows.numRows; row++) {
        dst.fill(inRows.firstRow + row, inRows.firstEdge + offsets[row]!, inRows.firstEdge + offsets[row + 1]!);
      }
    }
    return {
      vertices: tableOfVertices(arena, topology, vertices, id, vertex),
      edges: { numRows: topology.numEdges, columns: columnsOf(arena, edges, edge) },
      src,
      dst,
    };
  });
}

function tableOfVertices(
  arena: Arena,
  { ids, numVertices }: Topology,
  vertices: ColumnSet,
  id: string,
  vertex: string,
): Table {
  const columns = columnsOf(arena, vertices, vertex);
  const names = new Set(columns.map(({ name }) => name));
  let instead = id;
  while (names.has(instead)) instead += "_attr";
  const distinct = columns.map((column) => (column.name === id ? { ...column, name: instead } : column));
  return { numRows: numVertices, columns: [idTableColumn(arena, ids, id), ...distinct] };
}

function idTableColumn(arena: Arena, ids: IdColumn, name: string): TableColumn {
  if (ids.kind === "uint32") return { name, type: "number", integer: true, values: arena.view(ids.ids).slice() };
  if (ids.kind === "int64") return { name, type: "bigint", values: arena.view(ids.ids).slice() };
  const idOf = idReader(ids, arena);
  return {
    name,
    type: "string",
    values: Array.from({ length: ids.offsets.length - 1 }, (_, row) => String(idOf(row))),
  };
}

function columnsOf(arena: Arena, set: ColumnSet, scalarName: string): TableColumn[] {
  const readers = readerOf(set, arena).fields;
  return fieldsOf(set.schema).map((field, at) => {
    const name = set.schema.kind === "scalar" ? scalarName : field.name;
    return columnOf(arena, name, field, set.columns[at]!, (row) => readers[at]!.read(row), set.length);
  });
}

function columnOf(
  arena: Arena,
  name: string,
  field: Field,
  stored: StoredColumn,
  read: (row: number) => unknown,
  numRows: number,
): TableColumn {
  if (stored.kind === "fixed") {
    const validity = stored.validity && { validity: arena.view(stored.validity).slice() };
    const values = arena.view(stored.data).slice();
    if (field.type === "boolean") return { name, ...validity, type: "boolean", values: values as Uint8Array };
    if (field.type === "bigint") return { name, ...validity, type: "bigint", values: values as BigInt64Array };
    return { name, ...validity, type: "number", values: values as Float64Array };
  }
  const texts: string[] = [];
  const validity = new Uint8Array(numRows);
  for (let row = 0; row < numRows; row++) {
    const value = read(row);
    validity[row] = value === null || value === undefined ? 0 : 1;
    texts.push(validity[row] === 0 ? "" : textOf(value));
  }
  return validity.includes(0)
    ? { name, validity, type: "string", values: texts }
    : { name, type: "string", values: texts };
}

/** Strings and numbers as they are, anything else as JSON. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" ? String(value) : excerpt(value, Infinity);
}
