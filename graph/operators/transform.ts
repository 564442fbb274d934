/**
 * Operators that make new attributes over the same shape. Driver half; the loops are in `mapRows`.
 */
import { ship, type AnyFunction, type ShippedFunction } from "../../core/function/ship.ts";
import { expectFunctions } from "./expectFunctions.ts";
import { allOf, deferredColumns, useParts, type GraphParts } from "../parts.ts";
import type { VertexTable } from "../superstep/messagesToColumns.ts";
import { mapRows, membersRead, type RowKind } from "./mapRows.ts";
import type { Deferred } from "../deferred.ts";

/**
 * `fn` over each vertex: (id, attr).
 *
 * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
 */
export function mapVertices(parts: GraphParts, operation: string, fn: AnyFunction): GraphParts {
  expectFunctions(parts.ctx.driver);
  return { ...parts, vertices: mapped(parts, operation, "vertex", ship(fn, operation, "fn")) };
}

/** `fn` over each edge, or each triplet. Errors as `mapVertices`. */
export function mapEdges(parts: GraphParts, operation: string, kind: "edge" | "triplet", fn: AnyFunction): GraphParts {
  expectFunctions(parts.ctx.driver);
  return { ...parts, edges: mapped(parts, operation, kind, ship(fn, operation, "fn")) };
}

/**
 * `fn` over each vertex and its value in `table`: (id, attr, value). Where there is none, the vertex keeps its
 * attribute, or `fn` gets undefined.
 */
export function joinTable(
  parts: GraphParts,
  operation: string,
  table: Deferred<VertexTable>,
  fn: ShippedFunction<AnyFunction>,
  keepsAbsent: boolean,
): GraphParts {
  const inputs = [...allOf(parts), table];
  const vertices = deferredColumns(parts.ctx.driver, inputs, () =>
    table.use((made) =>
      useParts(parts, { vertices: true, edges: false }, ({ shape, vertices, edges }) => {
        const { ids } = shape.topology;
        const source = { kind: "joined", ids, vertices, edges, table: { ...made, keepsAbsent } } as const;
        return mapRows(parts.ctx.driver, shape.topology, operation, fn, source);
      }),
    ),
  );
  return { ...parts, vertices };
}

function mapped(
  parts: GraphParts,
  operation: string,
  kind: RowKind,
  fn: ShippedFunction<AnyFunction>,
): ReturnType<typeof deferredColumns> {
  const isRead = membersRead(fn);
  const wanted =
    kind === "vertex"
      ? { vertices: true, edges: false }
      : { vertices: kind === "triplet" && (isRead("srcAttr") || isRead("dstAttr")), edges: isRead("attr") };
  return deferredColumns(parts.ctx.driver, allOf(parts), () =>
    useParts(parts, wanted, ({ shape, vertices, edges }) => {
      const source = { kind, ids: shape.topology.ids, vertices, edges };
      return mapRows(parts.ctx.driver, shape.topology, operation, fn, source);
    }),
  );
}
