/**
 * What a graph is made of: a shape and two column sets, each brought about on first use and shared between graphs.
 */
import { freeColumns } from "../core/column/columnSet.ts";
import type { ColumnSet } from "../core/column/types.ts";
import type { Driver } from "../core/cluster/driver.ts";
import type { Context } from "../core/context.ts";
import { Deferred, type Retainable } from "./deferred.ts";
import { makeRoom } from "./makeRoom.ts";
import type { Shape } from "./shape.ts";

/** The parts of a graph. Operators make new parts from old ones, and share those they leave alone. */
export interface GraphParts {
  readonly ctx: Context;
  /** Of the vertices; known before anything is made. */
  readonly numPartitions: number;
  /** Of the edges: as many, unless an explicit vertex cut says otherwise. */
  readonly numEdgePartitions: number;
  readonly shape: Deferred<Shape>;
  /** One row a vertex, by index. */
  readonly vertices: Deferred<ColumnSet>;
  /** One row an edge, by position. */
  readonly edges: Deferred<ColumnSet>;
}

/** Parts that exist. */
export interface MadeParts {
  readonly shape: Shape;
  readonly vertices: ColumnSet;
  readonly edges: ColumnSet;
}

/** Columns that `make` computes from `inputs`, given back to the arena when nobody retains them. */
export function deferredColumns(
  driver: Driver,
  inputs: readonly Retainable[],
  make: () => Promise<ColumnSet>,
): Deferred<ColumnSet> {
  return new Deferred(
    () => makeRoom(driver, make),
    (set) => freeColumns(driver.arena, set),
    inputs,
  );
}

/** All parts of a graph, as inputs of what is made from them. */
export function allOf({ shape, vertices, edges }: GraphParts): readonly Retainable[] {
  return [shape, vertices, edges];
}

/** Columns that exist already; `make` computes them again if they are wanted after they were freed. */
export function readyColumns(driver: Driver, columns: ColumnSet, make: () => Promise<ColumnSet>): Deferred<ColumnSet> {
  return Deferred.ready(columns, (set) => freeColumns(driver.arena, set), make);
}

/** A shape that `make` builds from `inputs`, freed when nobody retains it. */
export function deferredShape(
  driver: Driver,
  inputs: readonly Retainable[],
  make: () => Promise<Shape>,
): Deferred<Shape> {
  return new Deferred(
    () => makeRoom(driver, make),
    (shape) => shape.free(),
    inputs,
  );
}

/** Parts that can only be made together, from `inputs`: whichever is wanted first makes all three. */
export function jointParts(
  ctx: Context,
  numPartitions: number,
  inputs: readonly Retainable[],
  make: () => Promise<MadeParts>,
): GraphParts {
  const parts: GraphParts = {
    ctx,
    numPartitions,
    numEdgePartitions: numPartitions,
    shape: deferredShape(ctx.driver, inputs, async () => {
      const made = await make();
      await Promise.all([parts.vertices.offer(made.vertices), parts.edges.offer(made.edges)]);
      return made.shape;
    }),
    vertices: deferredColumns(ctx.driver, inputs, async () => {
      const made = await make();
      await Promise.all([parts.shape.offer(made.shape), parts.edges.offer(made.edges)]);
      return made.vertices;
    }),
    edges: deferredColumns(ctx.driver, inputs, async () => {
      const made = await make();
      await Promise.all([parts.shape.offer(made.shape), parts.vertices.offer(made.vertices)]);
      return made.edges;
    }),
  };
  return parts;
}

/** Columns without values, in place of those that are not read: every row reads as undefined. */
export const noColumns: ColumnSet = {
  schema: { kind: "scalar", field: { name: "", type: "object", nullable: false } },
  length: 0,
  columns: [{ kind: "encoded", chunks: [] }],
};

/**
 * Lends the shape, and the columns that are `wanted`; `noColumns` stand for the others. Parts that are made jointly are
 * made once.
 */
export async function useParts<R>(
  parts: GraphParts,
  wanted: { readonly vertices: boolean; readonly edges: boolean },
  borrow: (made: MadeParts) => Promise<R>,
): Promise<R> {
  parts.vertices.retain();
  parts.edges.retain();
  try {
    return await parts.shape.use(async (shape) => {
      const withEdges = (vertices: ColumnSet): Promise<R> =>
        wanted.edges
          ? parts.edges.use((edges) => borrow({ shape, vertices, edges }))
          : borrow({ shape, vertices, edges: noColumns });
      return wanted.vertices ? parts.vertices.use(withEdges) : withEdges(noColumns);
    });
  } finally {
    await Promise.all([parts.vertices.release(), parts.edges.release()]);
  }
}

/** Both columns are wanted. */
export const everything: { readonly vertices: true; readonly edges: true } = { vertices: true, edges: true };
