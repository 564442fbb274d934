/**
 * Attributes from attributes: a function over each vertex, each edge or each triplet of a graph, as new columns.
 *
 * Narrow: partition i reads partition i (and, for triplets, the attributes of the edges' ends).
 * Memory: the new columns. The function runs once more, for the first row, to see what it returns.
 */
import { schemaOf } from "../../core/column/schema.ts";
import type { ColumnSet, Schema } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { excerpt } from "../../core/errors.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import { memberReads } from "../../core/function/memberReads.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { bindReaders, readExpression, type Bindings } from "../columns/accessors.ts";
import { runLoop } from "../columns/loop.ts";
import { isRefusal, notAsked } from "../../core/compile/refused.ts";
import { compiledMap, mapPaths, runCompiledMap } from "../compile/compiledMap.ts";
import { RowOutput, throwMissing, writeStatements, type WrittenRows } from "../columns/output.ts";
import { writeColumns, writeRows, writtenRows } from "../columns/writeColumns.ts";
import { tellFunctions } from "../functionLog.ts";
import { idReader } from "../partition/idColumn.ts";
import type { IdColumn, Topology, TopologyPartition } from "../partition/topology.ts";
import type { EdgeTriplet } from "../types.ts";
import type { VertexTable } from "../superstep/messagesToColumns.ts";

/** What rows are mapped: vertices (id, attr), vertices with a table's value (id, attr, value), edges, or triplets. */
export type RowKind = "vertex" | "joined" | "edge" | "triplet";

/** What a row function reads. */
export interface RowSource {
  readonly kind: RowKind;
  readonly ids: IdColumn;
  readonly vertices: ColumnSet;
  readonly edges: ColumnSet;
  /** For joined rows. `keepsAbsent`: vertices that the table lacks keep their attribute, else `fn` gets undefined. */
  readonly table?: VertexTable & { readonly keepsAbsent: boolean };
}

/** True for rows that are vertices. */
export function isVertexKind(kind: RowKind): boolean {
  return kind === "vertex" || kind === "joined";
}

/** What all partitions of a map share. */
export interface MapInput {
  readonly operation: string;
  readonly fn: ShippedFunction<AnyFunction>;
  readonly source: RowSource;
  readonly output: ColumnSet;
  /** True if nothing is to be compiled. */
  readonly asJavaScript?: boolean;
}

const mapPartitionRef: OperatorRef = operatorRef(import.meta.url, "mapPartition");
export const probeRef: OperatorRef = operatorRef(import.meta.url, "probe");

/** New columns, one row for each of the source's: what `fn` returns for it. */
export async function mapRows(
  driver: Driver,
  topology: Topology,
  operation: string,
  fn: ShippedFunction<AnyFunction>,
  source: RowSource,
): Promise<ColumnSet> {
  const length = isVertexKind(source.kind) ? topology.numVertices : topology.numEdges;
  const schema = await schemaOfFirst(driver, topology, operation, fn, source, length);
  return writeColumns(driver, operation, schema, length, async (output) => {
    const shared: MapInput = { operation, fn, source, output, asJavaScript: driver.config.compile === 0 };
    const tasks = topology.partitions;
    const written = await driver.runTasks<WrittenRows>({ name: operation, operator: mapPartitionRef, shared, tasks });
    const { functions } = written[0] ?? {};
    if (functions) tellFunctions(driver, operation, functions);
    return written;
  });
}

/** What `fn` returns for the first row; without rows, any schema will do. */
async function schemaOfFirst(
  driver: Driver,
  topology: Topology,
  operation: string,
  fn: ShippedFunction<AnyFunction>,
  source: RowSource,
  length: number,
): Promise<Schema> {
  const first = topology.partitions.find(({ from, to, inRows }) =>
    isVertexKind(source.kind) ? to > from : inRows.neighbours.length > 0,
  );
  if (length === 0 || first === undefined)
    return { kind: "scalar", field: { name: "", type: "number", nullable: false } };
  const spec = { name: `${operation}: first value`, operator: probeRef, shared: { fn, source }, tasks: [first] };
  const [schema] = await driver.runTasks<Schema>(spec);
  return schema!;
}

/** Task: what kind of value `fn` returns for the first row of a partition. */
export async function probe(
  { fn, source }: { fn: ShippedFunction<AnyFunction>; source: RowSource },
  partition: TopologyPartition,
  task: TaskContext,
): Promise<Schema> {
  const found: { value?: unknown } = {};
  const bindings: Bindings = { fn: await task.revive(fn), found };
  bindSource(bindings, source, partition, task);
  runLoop(bindings, { declarations: "", body: rowLoop(source, fn, "found.value = value; return;") }, task);
  return schemaOf(found.value);
}

/** Task: maps the rows of one partition, compiled where the function allows it. */
export async function mapPartition(
  input: MapInput,
  partition: TopologyPartition,
  task: TaskContext,
): Promise<WrittenRows> {
  const { fn, source, output, asJavaScript } = input;
  const map = asJavaScript === true ? notAsked : compiledMap(fn, source, output, task);
  const functions = task.partition === 0 ? { functions: mapPaths(fn, map) } : {};
  if (isRefusal(map)) return { ...(await mapPartitionAsJavaScript(input, partition, task)), ...functions };
  const { from, to } = rowRange(source.kind, partition);
  const rows = new RowOutput(output, from, to);
  const run = (): void => runCompiledMap(map, source, output, partition, throwMissing, task);
  return { ...writtenRows(rows, run), ...functions };
}

/** Task: maps the rows of one partition in its clear form, with which the compiled one agrees to the bit. */
export async function mapPartitionAsJavaScript(
  { operation, fn, source, output }: MapInput,
  partition: TopologyPartition,
  task: TaskContext,
): Promise<WrittenRows> {
  const { from, to } = rowRange(source.kind, partition);
  const rows = new RowOutput(output, from, to);
  const bindings: Bindings = { fn: await task.revive(fn) };
  const describe = bindSource(bindings, source, partition, task);
  rows.bind(bindings, "out", task.arena, describe, operation);
  return writeRows(rows, bindings, rowLoop(source, fn, writeStatements(output, "out", "r", "value")), task);
}

/** The rows of a partition: vertex indices, or edge positions. */
export function rowRange(kind: RowKind, { from, to, inRows }: TopologyPartition): { from: number; to: number } {
  return isVertexKind(kind)
    ? { from, to }
    : { from: inRows.firstEdge, to: inRows.firstEdge + inRows.neighbours.length };
}

/** Binds what `rowLoop` names; returns how to name a row in an error. */
export function bindSource(
  bindings: Bindings,
  source: RowSource,
  { from, to, inRows }: TopologyPartition,
  task: TaskContext,
): (row: number) => string {
  const { arena } = task;
  const idOf = idReader(source.ids, arena);
  const offsets = arena.view(inRows.offsets);
  const neighbours = arena.view(inRows.neighbours);
  Object.assign(bindings, { idOf, from, to, offsets, neighbours, firstEdge: inRows.firstEdge });
  bindings["throwIfCancelled"] = () => task.throwIfCancelled();
  if (source.kind !== "edge") bindReaders(bindings, "vertex", source.vertices, arena);
  if (!isVertexKind(source.kind)) bindReaders(bindings, "edge", source.edges, arena);
  if (source.table !== undefined) {
    bindReaders(bindings, "table", source.table.columns, arena);
    bindings["present"] = arena.view(source.table.present);
  }
  if (isVertexKind(source.kind)) return (row) => `vertex ${excerpt(idOf(row))}`;
  return (position) => {
    const entry = position - inRows.firstEdge;
    let row = 0;
    while (offsets[row + 1]! <= entry) row++;
    return `edge ${excerpt(idOf(neighbours[entry]!))} -> ${excerpt(idOf(from + row))}`;
  };
}

/** Members of the edge or triplet that a function is seen to read: all of them if it cannot be told. */
export function membersRead(fn: ShippedFunction<AnyFunction>): (name: keyof EdgeTriplet<unknown, unknown>) => boolean {
  const paths = memberReads(fn, 0);
  if (paths === "all") return () => true;
  const names = new Set(Array.from(paths, (path) => path.split(".", 1)[0]!));
  return (name) => names.has(name);
}

/**
 * Text that runs `onValue` for each row `r` with `value`, what `fn` returned. Objects passed to `fn` are its own, and hold
 * what it is seen to read.
 */
export function rowLoop(source: RowSource, fn: ShippedFunction<AnyFunction>, onValue: string): string {
  const cancel = "if ((t & 4095) === 0) throwIfCancelled();";
  if (isVertexKind(source.kind)) {
    return `
for (let t = from; t < to; t++) {
  ${cancel}
  const r = t;
  const value = ${vertexCall(source)};
  ${onValue}
}`;
  }
  const isTriplet = source.kind === "triplet";
  const isRead = membersRead(fn);
  const members = [
    ...(isRead("srcId") ? ["srcId: idOf(n)"] : []),
    ...(isRead("dstId") ? ["dstId: idOf(t)"] : []),
    ...(isRead("attr") ? [`attr: ${readExpression(source.edges, "edge", "r")}`] : []),
    ...(isTriplet && isRead("srcAttr") ? [`srcAttr: ${readExpression(source.vertices, "vertex", "n")}`] : []),
    ...(isTriplet && isRead("dstAttr") ? [`dstAttr: ${readExpression(source.vertices, "vertex", "t")}`] : []),
  ];
  return `
for (let t = from; t < to; t++) {
  ${cancel}
  for (let k = offsets[t - from], end = offsets[t - from + 1]; k < end; k++) {
    const n = neighbours[k];
    const r = firstEdge + k;
    const value = fn({ ${members.join(", ")} });
    ${onValue}
  }
}`;
}

function vertexCall({ vertices, table }: RowSource): string {
  const attr = readExpression(vertices, "vertex", "t");
  if (table === undefined) return `fn(idOf(t), ${attr})`;
  const value = readExpression(table.columns, "table", "t");
  if (table.keepsAbsent) return `present[t] !== 0 ? fn(idOf(t), ${attr}, ${value}) : (${attr})`;
  return `fn(idOf(t), ${attr}, present[t] !== 0 ? ${value} : undefined)`;
}
