/**
 * Parts of a graph: by predicates, or by what another graph has.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../../core/function/ship.ts";
import { allOf, useParts, type GraphParts } from "../parts.ts";
import { selectTopology } from "../partition/filterRows.ts";
import type { EdgeTriplet, VertexId } from "../types.ts";
import { derivedParts } from "./derive.ts";
import { markShared } from "./markShared.ts";
import { testRows } from "./testRows.ts";

/** What stays. A predicate left out keeps everything. */
export interface SubgraphPredicates<VD, ED> {
  readonly vertex?: (id: VertexId, attr: VD) => boolean;
  readonly edge?: (triplet: EdgeTriplet<VD, ED>) => boolean;
}

/**
 * The vertices that hold, and the edges that hold and whose two ends do.
 *
 * @throws SuperstepError NOT_SHIPPABLE if a predicate captures something that cannot travel.
 */
export function subgraph<VD, ED>(parts: GraphParts, { vertex, edge }: SubgraphPredicates<VD, ED>): GraphParts {
  const vertexTest = vertex && shipTest(vertex as AnyFunction, "vertex");
  const edgeTest = edge && shipTest(edge as AnyFunction, "edge");
  const wanted = { vertices: vertex !== undefined || edge !== undefined, edges: edge !== undefined };
  const { driver } = parts.ctx;
  return derivedParts(parts, true, allOf(parts), () =>
    useParts(parts, wanted, async ({ shape: { topology }, vertices, edges }) => {
      const source = { ids: topology.ids, vertices, edges };
      const keep: Keep = {};
      try {
        if (vertexTest) {
          keep.keepVertices = await testRows(driver, topology, "subgraph", vertexTest, { kind: "vertex", ...source });
        }
        if (edgeTest) {
          keep.keepEdges = await testRows(driver, topology, "subgraph", edgeTest, { kind: "triplet", ...source });
        }
        return await selectTopology(driver, topology, keep);
      } finally {
        freeKeep(driver, keep);
      }
    }),
  );
}

/** The vertices and edges whose ids, or ends, the other graph has too; attributes of this one. */
export function mask(parts: GraphParts, other: GraphParts): GraphParts {
  const { driver } = parts.ctx;
  return derivedParts(parts, true, [...allOf(parts), ...allOf(other)], () =>
    parts.shape.use(({ topology }) =>
      other.shape.use(async (otherShape) => {
        const keep: Keep = await markShared(driver, topology, otherShape.topology);
        try {
          return await selectTopology(driver, topology, keep);
        } finally {
          freeKeep(driver, keep);
        }
      }),
    ),
  );
}

/** One byte a row, 1 for those that stay. */
interface Keep {
  keepVertices?: ColumnRef<"boolean">;
  keepEdges?: ColumnRef<"boolean">;
}

function shipTest(predicate: AnyFunction, name: string): ShippedFunction<AnyFunction> {
  return ship(predicate, "subgraph", name) as unknown as ShippedFunction<AnyFunction>;
}

function freeKeep({ arena }: Driver, { keepVertices, keepEdges }: Keep): void {
  if (keepVertices) arena.free(keepVertices);
  if (keepEdges) arena.free(keepEdges);
}
