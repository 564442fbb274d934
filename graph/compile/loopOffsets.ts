/**
 * Where the columns that compiled loops name begin, as their parameters.
 */
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import type { TileRows } from "../partition/tiles.ts";
import type { EdgeRows, IdColumn } from "../partition/topology.ts";
import type { SentColumns } from "../superstep/scan.ts";

/** Parameters of a compiled loop, by name. */
export type LoopValues = Record<string, number>;

/** The columns of a set as `${name}0`, `${name}0v`, …. */
export function putColumns(values: LoopValues, name: string, { columns }: ColumnSet): void {
  columns.forEach((column, at) => {
    if (column.kind === "encoded") return;
    values[`${name}${at}`] = column.data.offset;
    if (column.validity) values[`${name}${at}v`] = column.validity.offset;
  });
}

/** Rows of edges as "inOffsets", "inNeighbours", …. */
export function putRows(values: LoopValues, side: "in" | "out", rows: EdgeRows): void {
  values[`${side}First`] = rows.firstRow;
  values[`${side}FirstEdge`] = rows.firstEdge;
  values[`${side}Offsets`] = rows.offsets.offset;
  values[`${side}Neighbours`] = rows.neighbours.offset;
  if (rows.positions) values[`${side}Positions`] = rows.positions.offset;
}

/** Tiles as "starts", "entries" and "slots"; "sums", by slot, where what they merge to goes. */
export function putTiles(values: LoopValues, { starts, entries, slots }: TileRows, sums: ColumnRef): void {
  values["starts"] = starts.offset;
  values["entries"] = entries.offset;
  values["slots"] = slots.offset;
  values["sums"] = sums.offset;
}

/** Ids that are numbers as "ids". */
export function putIds(values: LoopValues, ids: IdColumn): void {
  if (ids.kind !== "string") values["ids"] = ids.ids.offset;
}

/** Messages that are written down as "inSent0", …, "inSends", "outSent0", …; those of the next superstep as "inNextSent0", …. */
export function putSent(values: LoopValues, sent: SentColumns | undefined, which: "" | "Next" = ""): void {
  for (const side of ["in", "out"] as const) {
    const { columns = [], sends } = sent?.[side] ?? {};
    columns.forEach((column, at) => (values[`${side}${which}Sent${at}`] = column.offset));
    if (sends) values[`${side}${which}Sends`] = sends.offset;
  }
}
