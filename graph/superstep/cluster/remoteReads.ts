/**
 * What a program reads of vertices that may live on another executor: only that is shipped.
 */
import { fieldsOf } from "../../../core/column/schema.ts";
import type { ColumnSet } from "../../../core/column/types.ts";
import type { Shape } from "../../shape.ts";
import type { CarrierSpec } from "../carrier.ts";
import type { ApplyProgram, ScanProgram } from "../program.ts";

/** Which rows a scan walks. */
export interface RowsWalked {
  readonly inRows: boolean;
  readonly outRows: boolean;
}

/** Rows by the ends that are sent to, as `Shape.scanRows` picks them. */
export function rowsWalked({ sendsTo }: Pick<ScanProgram, "sendsTo">): RowsWalked {
  return { inRows: sendsTo.dst || !sendsTo.src, outRows: sendsTo.src };
}

/** Indices of the vertex columns that a scan reads of the vertex at the other end of a row's edges. */
export function columnsRead(scan: ScanProgram, vertices: ColumnSet): number[] {
  const { inRows, outRows } = rowsWalked(scan);
  const { src, dst, srcFields, dstFields } = scan.reads;
  const sides = [...(inRows && src ? [srcFields] : []), ...(outRows && dst ? [dstFields] : [])];
  const isScalar = vertices.schema.kind === "scalar";
  return fieldsOf(vertices.schema).flatMap(({ name }, at) =>
    sides.some((fields) => isScalar || fields === undefined || fields.has(name)) ? [at] : [],
  );
}

/** True if a scan asks whether the vertex at the other end received a message. */
export function readsMarks(scan: ScanProgram, { applyTo }: ApplyProgram): boolean {
  if (applyTo === "all") return false;
  const { inRows, outRows } = rowsWalked(scan);
  switch (scan.activeDirection) {
    case "out":
      return inRows;
    case "in":
      return outRows;
    case "either":
    case "both":
      return true;
  }
}

/** The columns of the edges that a scan reads. */
export function edgesRead({ edges, scan }: Pick<CarrierSpec, "edges" | "scan">): ColumnSet {
  const { schema, columns } = edges;
  const { edgeFields } = scan.reads;
  if (!scan.reads.edge || schema.kind === "scalar" || edgeFields === undefined) return edges;
  const isRead = schema.fields.map(({ name }) => edgeFields.has(name));
  return {
    ...edges,
    schema: { kind: "record", fields: schema.fields.filter((_field, at) => isRead[at]) },
    columns: columns.filter((_column, at) => isRead[at]),
  };
}

/** Why supersteps run on the driver's own threads though there are executors; undefined if they do not have to. */
export function whyAtHome({ cut }: Pick<Shape, "cut">): string | undefined {
  return cut === undefined ? undefined : "the graph has an explicit vertex cut";
}
