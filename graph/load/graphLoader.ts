/**
 * From files to graphs: edges read and put in order, and a table of vertices laid beside them.
 */
import { freeColumns } from "../../core/column/columnSet.ts";
import type { ColumnSet } from "../../core/column/types.ts";
import type { Context } from "../../core/context.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { Graph } from "../graph.ts";
import type { IdValues, VertexChunk } from "./edgeChunk.ts";
import { jointParts, type MadeParts } from "../parts.ts";
import { buildTopology, type BuiltTopology } from "../partition/buildTopology.ts";
import { gatherVertices } from "../partition/gatherVertices.ts";
import { idReader } from "../partition/idColumn.ts";
import { Shape } from "../shape.ts";
import { readEdges, type EdgeInput, type ReadEdgesOptions } from "./readEdges.ts";
import { readVertices, type ReadVerticesOptions, type VertexInput } from "./readVertices.ts";
import { orientEdges, withReversedEdges } from "./reverseChunks.ts";

/** Attributes as read: a record of columns. */
export type Row = Readonly<Record<string, number | bigint | boolean | string | null>>;

/** What to load, and how. */
export interface LoadOptions extends ReadEdgesOptions {
  /** A table of vertices: files, and how to read them. */
  readonly vertices?: { readonly paths: string | readonly string[]; readonly options?: ReadVerticesOptions };
  /** Lets edges end at vertices that the table lacks: their columns are missing. Default false: that is an error. */
  readonly defaultVertex?: boolean;
  /** Each edge is added in the other direction too, self-loops not. Default false. */
  readonly undirected?: boolean;
  /** 1 to 65536. Default: by the number of edges alone. */
  readonly numPartitions?: number | undefined;
}

/** What was read, and how long it took. */
export interface LoadReport {
  readonly edges: Omit<EdgeInput, "chunks">;
  readonly vertices?: Omit<VertexInput, "chunks">;
  /** Rows of the table of vertices whose id had occurred before; the first counts. */
  readonly numDuplicateVertices: number;
  readonly readMs: number;
  readonly buildMs: number;
}

/** A graph, and what was found while it was read. */
export interface LoadedGraph {
  readonly graph: Graph<Row, Row>;
  readonly report: LoadReport;
}

interface Loaded extends MadeParts {
  readonly report: LoadReport;
}

/** Loads graphs from files. */
export const GraphLoader = {
  /**
   * The graph of an edge list: two columns of ids, plain, gzip or zstd, empty lines and `#` lines skipped, further columns ignored.
   * All attributes are 1. `canonicalOrientation`: every edge leads from the lower id to the higher; nothing is merged.
   *
   * Eager. Memory: 4 bytes an edge, 8 to 12 a vertex; attributes only when they are read.
   *
   * @throws SuperstepError INVALID_INPUT with file, line and column for the first bad line.
   */
  async edgeListFile(
    ctx: Context,
    paths: string | readonly string[],
    options: EdgeListOptions = {},
  ): Promise<Graph<number, number>> {
    const reading = { format: "edgeList", comments: "#", numPartitions: options.partitions } as const;
    const { graph } = await loadGraph(ctx, paths, reading, options.canonicalOrientation);
    return graph.mapVertices(() => 1).mapEdges(() => 1);
  },

  /**
   * The graph of files of edges (edge list, CSV, TSV, Matrix Market, plain, gzip or zstd; Parquet, Arrow; directories, patterns),
   * columns as attributes, with a table of vertices if one is given. Eager.
   *
   * @throws SuperstepError INVALID_INPUT for bad input, and for an edge to a vertex that the table lacks, unless
   *         `defaultVertex`; INVALID_ARGUMENT for options.
   */
  load(ctx: Context, paths: string | readonly string[], options: LoadOptions = {}): Promise<LoadedGraph> {
    return loadGraph(ctx, paths, options, false);
  },
};

/** Options of `edgeListFile`. */
export interface EdgeListOptions {
  readonly canonicalOrientation?: boolean;
  /** 1 to 65536. Default: by the number of edges alone. */
  readonly partitions?: number;
}

/** From here on what a load leaves behind is worth collecting at once. */
const manyEdges = 1_000_000;

async function loadGraph(
  ctx: Context,
  paths: string | readonly string[],
  options: LoadOptions,
  isCanonical = false,
): Promise<LoadedGraph> {
  ctx.driver.startThreads(); // they start while the first rows are looked at
  const load = (): Promise<Loaded> => readAndBuild(ctx, paths, options, isCanonical);
  let first: Loaded | undefined = await load();
  const { report } = first;
  if (report.edges.numEdges >= manyEdges) ctx.driver.collectGarbage(); // what was read is several times what was built

  const parts = jointParts(ctx, first.shape.topology.partitions.length, [], async () => {
    const made = first ?? (await load()); // read again, should it be wanted after it was given up
    first = undefined;
    return made;
  });
  const graph = await new Graph<Row, Row>(parts).materialize();
  return { graph, report };
}

async function readAndBuild(
  ctx: Context,
  paths: string | readonly string[],
  options: LoadOptions,
  isCanonical: boolean,
): Promise<Loaded> {
  const { vertices, defaultVertex = false, undirected = false, numPartitions, ...reading } = options;
  const { driver } = ctx;
  const started = performance.now();
  const { chunks, ...edgeInput } = await readEdges(driver, paths, reading);
  const table = vertices && (await readTableOfVertices(ctx, vertices, kindOf(edgeInput)));
  const readAt = performance.now();
  const oriented = isCanonical ? orientEdges(chunks) : undirected ? withReversedEdges(chunks) : chunks;
  const vertexIds = table?.rows.map(({ ids }) => ids) ?? declaredIds(edgeInput);
  const built = await buildTopology(driver, {
    chunks: oriented,
    ...(vertexIds && { vertexIds }),
    numPartitions,
    scalar: "", // columns stay fields, also if there is only one
  });
  const shape = new Shape(driver, built.topology);
  try {
    const rows = await vertexColumns(ctx, built, table, defaultVertex);
    const numKnown = built.topology.numVertices - (built.vertexRows?.numWithoutRow ?? 0);
    const report: LoadReport = {
      edges: edgeInput,
      ...(table && { vertices: table.input }),
      numDuplicateVertices: table ? table.input.numVertices - numKnown : 0,
      readMs: readAt - started,
      buildMs: performance.now() - readAt,
    };
    return { shape, vertices: rows, edges: built.edgeAttrs, report };
  } catch (error) {
    await shape.free();
    freeColumns(driver.arena, built.edgeAttrs);
    throw error;
  }
}

/** A table of vertices: its rows, which are let go once the graph is built, and what is known of it. */
interface VertexRowsRead {
  readonly rows: readonly VertexChunk[];
  readonly input: Omit<VertexInput, "chunks">;
}

async function readTableOfVertices(
  { driver }: Context,
  { paths, options }: NonNullable<LoadOptions["vertices"]>,
  ids: "auto" | "int" | "string",
): Promise<VertexRowsRead> {
  const { chunks: rows, ...input } = await readVertices(driver, paths, { ids, ...options });
  return { rows, input };
}

/** Ids that exist even without an edge, where the format says how many there are. A table of vertices knows better. */
function declaredIds({ numDeclaredVertices }: Omit<EdgeInput, "chunks">): IdValues[] | undefined {
  if (numDeclaredVertices === undefined) return undefined;
  const values = new Uint32Array(new SharedArrayBuffer(4 * numDeclaredVertices));
  for (let row = 0; row < numDeclaredVertices; row++) values[row] = row + 1;
  return [{ kind: "uint32", values }];
}

function kindOf({ idType, numEdges }: { idType: "integer" | "string"; numEdges: number }): "auto" | "int" | "string" {
  return numEdges === 0 ? "auto" : idType === "integer" ? "int" : "string";
}

async function vertexColumns(
  { driver }: Context,
  { topology, vertexRows }: BuiltTopology,
  table: VertexRowsRead | undefined,
  defaultVertex: boolean,
): Promise<ColumnSet> {
  const { numVertices } = topology;
  const noFields: ColumnSet = { schema: { kind: "record", fields: [] }, length: numVertices, columns: [] };
  if (vertexRows === undefined) return noFields;
  try {
    if (table === undefined) return noFields;
    if (vertexRows.firstWithoutRow !== undefined && !defaultVertex) {
      const id = idReader(topology.ids, driver.arena)(vertexRows.firstWithoutRow);
      throw new SuperstepError(
        "INVALID_INPUT",
        `${table.input.files[0]?.name ?? "vertices"}: vertex ${excerpt(id)} occurs in an edge and not in the table of vertices ` +
          `(${vertexRows.numWithoutRow} such vertices). Add it, or allow such vertices with a default (--default-vertex).`,
        { details: { id: String(id), missing: vertexRows.numWithoutRow } },
      );
    }
    return await gatherVertices(driver, table.rows, vertexRows.rows, numVertices);
  } finally {
    driver.arena.free(vertexRows.vertices);
    driver.arena.free(vertexRows.rows);
  }
}
