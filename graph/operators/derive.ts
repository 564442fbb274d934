/**
 * Graphs of a new shape made from another one: which rows of the old columns the new ones take.
 */
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import { Deferred, partOf, type Retainable } from "../deferred.ts";
import { makeRoom } from "../makeRoom.ts";
import { allOf, deferredColumns, type GraphParts } from "../parts.ts";
import type { Topology } from "../partition/topology.ts";
import { Shape } from "../shape.ts";
import { gatherRows } from "./gatherRows.ts";

/** A new topology, and for each of its rows the row of the old columns. Without a vertex map, vertices are the same. */
export interface Derivation {
  readonly topology: Topology;
  readonly vertexMap?: ColumnRef<"uint32"> | undefined;
  readonly edgeMap: ColumnRef<"uint32">;
}

/** A derivation whose topology is a shape. */
interface Derived extends Derivation {
  readonly shape: Shape;
}

/** The parts that `derive` makes, when they are first needed: attributes are gathered only where they are read. */
export function derivedParts(
  parts: GraphParts,
  changesVertices: boolean,
  inputs: readonly Retainable[],
  derive: () => Promise<Derivation>,
): GraphParts {
  const { driver } = parts.ctx;
  const derived = new Deferred<Derived>(
    async () => {
      const derivation = await makeRoom(driver, derive);
      return { ...derivation, shape: new Shape(driver, derivation.topology) };
    },
    async ({ shape, vertexMap, edgeMap }) => {
      await shape.free();
      driver.arena.free(edgeMap);
      if (vertexMap !== undefined) driver.arena.free(vertexMap);
    },
    inputs,
  );
  const whole = derived;
  const edges = deferredColumns(driver, [...allOf(parts), whole], () =>
    derived.use(({ edgeMap }) => parts.edges.use((set) => gatherRows(driver, set, edgeMap))),
  );
  // Not made where vertices stay the same: it would keep its inputs until the garbage is collected.
  const vertices = (): Deferred<ColumnSet> =>
    deferredColumns(driver, [...allOf(parts), whole], () =>
      derived.use(({ vertexMap }) => parts.vertices.use((set) => gatherRows(driver, set, vertexMap!))),
    );
  return {
    ctx: parts.ctx,
    numPartitions: parts.numPartitions,
    numEdgePartitions: parts.numPartitions,
    shape: partOf(derived, ({ shape }) => shape),
    vertices: changesVertices ? vertices() : parts.vertices,
    edges,
  };
}
