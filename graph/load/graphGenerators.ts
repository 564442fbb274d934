/**
 * Made-up graphs, the same for the same seed.
 */
import type { Context } from "../../core/context.ts";
import { Graph } from "../graph.ts";
import { jointParts, type MadeParts } from "../parts.ts";
import { buildTopology } from "../partition/buildTopology.ts";
import { gatherVertices } from "../partition/gatherVertices.ts";
import { Shape } from "../shape.ts";
import type { GeneratedGraph } from "./generators/generatedGraph.ts";
import { complete } from "./generators/complete.ts";
import { grid } from "./generators/grid.ts";
import { kronecker, type KroneckerOptions } from "./generators/kronecker.ts";
import { logNormal, type LogNormalOptions } from "./generators/logNormal.ts";
import { path } from "./generators/path.ts";
import { rmat, type RmatOptions } from "./generators/rmat.ts";
import { star } from "./generators/star.ts";
import { uniform, type UniformOptions } from "./generators/uniform.ts";
import type { Row } from "./graphLoader.ts";

/** Makes graphs up. Vertex attributes are records of what the generator defines; edge attributes are empty records. */
export const GraphGenerators = {
  /** R-MAT; see `generators/rmat.ts`. Eager. */
  rmat: (ctx: Context, options: RmatOptions): Promise<Graph<Row, Row>> => made(ctx, () => rmat(ctx.driver, options)),
  /** Kronecker, as in the GAP benchmark; see `generators/kronecker.ts`. Eager. */
  kronecker: (ctx: Context, options: KroneckerOptions): Promise<Graph<Row, Row>> =>
    made(ctx, () => kronecker(ctx.driver, options)),
  /** Log-normal out-degrees; see `generators/logNormal.ts`. Eager. */
  logNormal: (ctx: Context, options: LogNormalOptions): Promise<Graph<Row, Row>> =>
    made(ctx, () => logNormal(ctx.driver, options)),
  /** `rows` x `cols` vertices, row by row, attribute `{ row, col }`; edges right and down. Eager. */
  grid: (ctx: Context, rows: number, cols: number): Promise<Graph<Row, Row>> =>
    made(ctx, () => grid(ctx.driver, rows, cols)),
  /** As many edges as asked for, ends at random; see `generators/uniform.ts`. Eager. */
  uniform: (ctx: Context, options: UniformOptions): Promise<Graph<Row, Row>> =>
    made(ctx, () => uniform(ctx.driver, options)),
  /** Edges from each of n vertices to the next. Eager. */
  path: (ctx: Context, n: number): Promise<Graph<Row, Row>> => made(ctx, () => path(ctx.driver, n)),
  /** Edges between all pairs of n vertices. Eager. */
  complete: (ctx: Context, n: number): Promise<Graph<Row, Row>> => made(ctx, () => complete(ctx.driver, n)),
  /** Edges from 1 … n - 1 to 0. Eager. */
  star: (ctx: Context, n: number): Promise<Graph<Row, Row>> => made(ctx, () => star(ctx.driver, n)),
};

async function made(ctx: Context, generate: () => Promise<GeneratedGraph>): Promise<Graph<Row, Row>> {
  let first: MadeParts | undefined = await build(ctx, await generate());
  const numPartitions = first.shape.topology.partitions.length;
  const parts = jointParts(ctx, numPartitions, [], async () => {
    const parts = first ?? (await build(ctx, await generate()));
    first = undefined;
    return parts;
  });
  return new Graph<Row, Row>(parts).materialize();
}

async function build({ driver }: Context, { edges, vertices }: GeneratedGraph): Promise<MadeParts> {
  const vertexIds = vertices.map(({ ids }) => ids);
  const built = await buildTopology(driver, { chunks: edges, vertexIds, scalar: "" });
  const { numVertices } = built.topology;
  const columns = await gatherVertices(driver, vertices, built.vertexRows!.rows, numVertices);
  driver.arena.free(built.vertexRows!.rows);
  driver.arena.free(built.vertexRows!.vertices);
  return { shape: new Shape(driver, built.topology), vertices: columns, edges: built.edgeAttrs };
}
