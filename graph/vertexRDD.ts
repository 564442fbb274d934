/**
 * The vertices of a graph, or values of some of them: an RDD of [id, attr] over columns.
 */
import { readerOf } from "../core/column/columnSet.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../core/function/ship.ts";
import { RDD } from "../core/rdd/rdd.ts";
import { Deferred } from "./deferred.ts";
import { makeRoom } from "./makeRoom.ts";
import { collectVertices } from "./operators/recordChunk.ts";
import { tableOf } from "./operators/tableOf.ts";
import { allOf, useParts, type GraphParts } from "./parts.ts";
import { indexOf } from "./partition/idColumn.ts";
import { vertexPlan, type UseVertexRows, type VertexRows } from "./rowPlans.ts";
import { freeTable, type VertexTable } from "./superstep/messagesToColumns.ts";
import type { VertexId } from "./types.ts";

/**
 * Pairs [id, attr], by ascending index, partitioned in ranges of it. Records are read from columns, which are made when
 * they are needed; those of a graph stay with the graph, those of a table (degrees, merged messages) are made again for
 * each action unless the RDD is persisted.
 */
export class VertexRDD<VD> extends RDD<[VertexId, VD]> {
  /** Lends the columns over all vertices of the graph, and which rows count; for the layers that build on it. */
  readonly useRows: UseVertexRows;
  readonly #parts: GraphParts;
  readonly #table: Deferred<VertexTable> | undefined;

  private constructor(
    name: string,
    parts: GraphParts,
    table: Deferred<VertexTable> | undefined,
    useRows: UseVertexRows,
  ) {
    super(parts.ctx, vertexPlan<VD>(name, useRows, parts.numPartitions));
    this.#parts = parts;
    this.#table = table;
    this.useRows = useRows;
  }

  /** All vertices of a graph, which lives as long as this RDD does. */
  static ofGraph<VD>(graph: { readonly parts: GraphParts }): VertexRDD<VD> {
    const useRows: UseVertexRows = (borrow) =>
      useParts(graph.parts, { vertices: true, edges: false }, ({ shape, vertices }) =>
        borrow({ shape, columns: vertices }),
      );
    return new VertexRDD("vertices", graph.parts, undefined, useRows);
  }

  /** Values of some vertices of the graph made of `parts`. `name` is shown by toDebugString. */
  static ofTable<VD>(name: string, parts: GraphParts, table: Deferred<VertexTable>): VertexRDD<VD> {
    const useRows: UseVertexRows = (borrow) =>
      table.use(({ columns, present }) => parts.shape.use((shape) => borrow({ shape, columns, present })));
    return new VertexRDD(name, parts, table, useRows);
  }

  /** A table over a graph's vertices that is made when it is first needed. */
  static deferTable(parts: GraphParts, make: () => Promise<VertexTable>): Deferred<VertexTable> {
    const { driver } = parts.ctx;
    return new Deferred(
      () => makeRoom(driver, make),
      (table) => freeTable(driver, table),
      allOf(parts),
    );
  }

  /**
   * The values of `table` by the vertices of the graph made of `parts`; ids that are no vertices are left out, of several
   * values for one id the first counts. A table over the same shape is taken as it is.
   */
  static tableFor<U>(parts: GraphParts, operation: string, table: RDD<[VertexId, U]>): Deferred<VertexTable> {
    if (table instanceof VertexRDD && table.#table !== undefined && table.#parts.shape === parts.shape) {
      return table.#table;
    }
    const keepFirst = ship((first: unknown) => first, operation, "table") as unknown as ShippedFunction<AnyFunction>;
    return VertexRDD.deferTable(parts, async () => {
      const chunks = await collectVertices(operation, table);
      return parts.shape.use(({ topology }) => tableOf(parts.ctx.driver, topology, operation, chunks, keepFirst));
    });
  }

  /** True if there is a value for this id. Eager; binary search. */
  async has(id: VertexId): Promise<boolean> {
    return this.useRows(async (rows) => this.#rowOf(rows, id) >= 0);
  }

  /** The value of one id, undefined if there is none. Eager; binary search. */
  async get(id: VertexId): Promise<VD | undefined> {
    return this.useRows(async (rows) => {
      const row = this.#rowOf(rows, id);
      return row < 0 ? undefined : readerOf<VD>(rows.columns, this.#parts.ctx.driver.arena).get(row);
    });
  }

  #rowOf({ shape, present }: VertexRows, id: VertexId): number {
    const { arena } = this.#parts.ctx.driver;
    const row = indexOf(shape.topology.ids, arena, id);
    return row >= 0 && present !== undefined && arena.view(present)[row] === 0 ? -1 : row;
  }
}
