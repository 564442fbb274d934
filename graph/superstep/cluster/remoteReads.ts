/**
 * What a program reads of vertices that may live on another executor: only that is shipped.
 */
import { fieldsOf } from "../../../core/column/schema.ts";
import type { ColumnSet } from "../../../core/column/types.ts";
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

/**
 * Indices of the vertex columns that a scan reads of vertices that may live elsewhere: of the one at the other end of a row's
 * edges; over an explicit vertex cut, of those at both ends.
 */
export function columnsRead(scan: ScanProgram, vertices: ColumnSet, isCut: boolean): number[] {
  const { inRows, outRows } = rowsWalked(scan);
  const { src, dst, srcFields, dstFields } = scan.reads;
  const sides = [...((inRows || isCut) && src ? [srcFields] : []), ...((outRows || isCut) && dst ? [dstFields] : [])];
  const isScalar = vertices.schema.kind === "scalar";
  return fieldsOf(vertices.schema).flatMap(({ name }, at) =>
    sides.some((fields) => isScalar || fields === undefined || fields.has(name)) ? [at] : [],
  );
}

/** True if a scan asks of such a vertex whether it received a message. */
export function readsMarks(scan: ScanProgram, { applyTo }: ApplyProgram, isCut: boolean): boolean {
  if (applyTo === "all") return false;
  if (isCut) return true;
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
