/**
 * Graphs from RDDs: records to chunks of columns, chunks to a shape, and attributes in the order of the shape.
 */
import { freeColumns } from "../core/column/columnSet.ts";
import { SuperstepError, excerpt } from "../core/errors.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../core/function/ship.ts";
import type { ColumnSet } from "../core/column/types.ts";
import type { RDD } from "../core/rdd/rdd.ts";
import type { Context } from "../core/context.ts";
import type { EdgeChunk } from "./load/edgeChunk.ts";
import { noColumns, jointParts, type GraphParts, type MadeParts } from "./parts.ts";
import { gatherRows } from "./operators/gatherRows.ts";
import { mapRows } from "./operators/mapRows.ts";
import { collectEdges, collectVertices, unifyKinds, type RecordChunk } from "./operators/recordChunk.ts";
import { recordColumns } from "./operators/recordColumns.ts";
import { tableOf } from "./operators/tableOf.ts";
import { buildTopology, type BuiltTopology } from "./partition/buildTopology.ts";
import { idReader } from "./partition/idColumn.ts";
import { Shape } from "./shape.ts";
import { freeTable } from "./superstep/messagesToColumns.ts";
import type { Edge, VertexId } from "./types.ts";

/** Where a graph comes from. */
export interface GraphSource<VD, ED> {
  readonly operation: string;
  /** Absent: every vertex is known from edges alone. */
  readonly vertices?: RDD<readonly [VertexId, VD]>;
  readonly edges: RDD<Edge<ED>>;
  /** Attribute of vertices known only from edges; without one, such a vertex is an error. */
  readonly defaultVertex?: { readonly value: VD };
  /** Decides between several attributes of one vertex; default: the first in input order. */
  readonly mergeVertices?: ShippedFunction<AnyFunction> | undefined;
  readonly numPartitions: number;
}

/** The parts of a graph that is built, when it is first used, from two RDDs. */
export function graphFromRDDs<VD, ED>(ctx: Context, source: GraphSource<VD, ED>): GraphParts {
  const { operation, defaultVertex } = source;
  const merge = source.mergeVertices ?? ship((first: unknown) => first, operation, "mergeVertices");
  const fill = defaultVertex && shipDefault(operation, defaultVertex.value);
  return jointParts(ctx, source.numPartitions, [], () => build(ctx, source, merge, fill));
}

/** A shipped function that gives vertices without a value the default one. */
export function shipDefault(operation: string, value: unknown): ShippedFunction<AnyFunction> {
  const fill = (_id: unknown, _attr: unknown, own: unknown): unknown => (own === undefined ? value : own);
  return ship(fill, operation, "defaultVertex") as unknown as ShippedFunction<AnyFunction>;
}

async function build<VD, ED>(
  ctx: Context,
  source: GraphSource<VD, ED>,
  merge: ShippedFunction<AnyFunction>,
  fill: ShippedFunction<AnyFunction> | undefined,
): Promise<MadeParts> {
  const { operation, numPartitions } = source;
  const { driver } = ctx;
  const edgeRecords = await collectEdges(operation, source.edges);
  const vertexRecords = source.vertices ? await collectVertices(operation, source.vertices) : [];
  const records = unifyKinds(operation, [...edgeRecords, ...vertexRecords]);
  const edgeChunks = records.slice(0, edgeRecords.length);
  const vertexChunks = records.slice(edgeRecords.length);
  const built = await buildTopology(driver, {
    chunks: edgeChunks.map(({ numRecords, keys }): EdgeChunk => ({
      numEdges: numRecords,
      src: keys[0]!,
      dst: keys[1]!,
      attrs: [],
    })),
    vertexIds: vertexChunks.map(({ keys }) => keys[0]!),
    numPartitions,
    orderOnly: true,
  });
  const shape = new Shape(driver, built.topology);
  releaseRows(ctx, built);
  let edges: ColumnSet | undefined;
  try {
    edges = await orderedEdges(ctx, operation, edgeChunks, built);
    return { shape, edges, vertices: await vertexColumns(ctx, source, shape, vertexChunks, merge, fill) };
  } catch (error) {
    if (edges !== undefined) freeColumns(driver.arena, edges);
    await shape.free();
    throw error;
  }
}

function releaseRows({ driver }: Context, { vertexRows }: BuiltTopology): void {
  if (vertexRows === undefined) return;
  driver.arena.free(vertexRows.vertices);
  driver.arena.free(vertexRows.rows);
}

async function orderedEdges(
  { driver }: Context,
  operation: string,
  chunks: readonly RecordChunk[],
  { edgeOrder }: BuiltTopology,
): Promise<ColumnSet> {
  try {
    const inInputOrder = await recordColumns(driver, operation, chunks);
    try {
      return await gatherRows(driver, inInputOrder, edgeOrder!);
    } finally {
      freeColumns(driver.arena, inInputOrder);
    }
  } finally {
    driver.arena.free(edgeOrder!);
  }
}

async function vertexColumns<VD, ED>(
  { driver }: Context,
  { operation }: GraphSource<VD, ED>,
  { topology }: Shape,
  chunks: readonly RecordChunk[],
  merge: ShippedFunction<AnyFunction>,
  fill: ShippedFunction<AnyFunction> | undefined,
): Promise<ColumnSet> {
  const table = await tableOf(driver, topology, operation, chunks, merge);
  const firstMissing = driver.arena.view(table.present).indexOf(0);
  if (firstMissing < 0) {
    driver.arena.free(table.present);
    return table.columns;
  }
  try {
    if (fill === undefined) throw unknownVertex(operation, idReader(topology.ids, driver.arena)(firstMissing));
    const source = { kind: "joined", ids: topology.ids, vertices: noColumns, edges: noColumns } as const;
    return await mapRows(driver, topology, operation, fill, { ...source, table: { ...table, keepsAbsent: false } });
  } finally {
    freeTable(driver, table);
  }
}

function unknownVertex(operation: string, id: VertexId): SuperstepError {
  return new SuperstepError(
    "INVALID_ARGUMENT",
    `${operation}: vertex ${excerpt(id)} occurs in an edge and not among the vertices. ` +
      "Add it, or give an attribute for such vertices with `defaultVertex`.",
    { details: { operation, id: String(id) } },
  );
}
