/**
 * Partitions of a superstep as a table of words: threads are sent it anew for each superstep, and records would take
 * longer to copy than some supersteps take.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { TileRows } from "../partition/tiles.ts";
import type { EdgeRows } from "../partition/topology.ts";
import type { ScanRows } from "./scan.ts";
import type { SuperstepPartition } from "./superstep.ts";

/** One record of `recordWords` words a partition. */
export type PartitionTable = Uint32Array;

/** Of rows: whether there are any, EdgeRows' fields, columns by their offsets; positions are 0 if there are none. */
const sideWords = 7;
const tileWords = 5;
const recordWords = 2 + 2 * sideWords + tileWords;

/** The table of partitions in the default layout: rows of consecutive vertices. */
export function tableOfPartitions(partitions: readonly SuperstepPartition[]): PartitionTable {
  const table = new Uint32Array(partitions.length * recordWords);
  partitions.forEach(({ from, to, rows }, at) => {
    const record = [from, to, ...wordsOf(rows.inRows), ...wordsOf(rows.outRows), ...wordsOfTiles(rows.tiles)];
    table.set(record, at * recordWords);
  });
  return table;
}

/** How many partitions a table has. */
export function numPartitionsOf(table: PartitionTable): number {
  return table.length / recordWords;
}

/** One partition of a table. */
export function partitionAt(table: PartitionTable, at: number): SuperstepPartition {
  const record = table.subarray(at * recordWords, (at + 1) * recordWords);
  const inRows = rowsOf(record.subarray(2, 2 + sideWords));
  const outRows = rowsOf(record.subarray(2 + sideWords, 2 + 2 * sideWords));
  const tiles = tilesOf(record.subarray(2 + 2 * sideWords), record[1]! - record[0]!);
  const rows: ScanRows = { ...(inRows && { inRows }), ...(outRows && { outRows }), ...(tiles && { tiles }) };
  return { from: record[0]!, to: record[1]!, rows };
}

function wordsOf(rows: EdgeRows | undefined): readonly number[] {
  if (rows === undefined) return [0, 0, 0, 0, 0, 0, 0];
  const { numRows, firstRow, offsets, neighbours, positions, firstEdge } = rows;
  const columns = [offsets.offset, neighbours.offset, neighbours.length, positions?.offset ?? 0];
  return [numRows + 1, firstRow, ...columns, firstEdge];
}

function rowsOf(words: Uint32Array): EdgeRows | undefined {
  const [numOffsets, firstRow, offsets, neighbours, length, positions, firstEdge] = words as unknown as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (numOffsets === 0) return undefined;
  return {
    numRows: numOffsets - 1,
    firstRow,
    offsets: column(offsets, numOffsets),
    neighbours: column(neighbours, length),
    ...(positions !== 0 && { positions: column(positions, length) }),
    firstEdge,
  };
}

function wordsOfTiles(tiles: TileRows | undefined): readonly number[] {
  if (tiles === undefined) return [0, 0, 0, 0, 0];
  const { starts, entries, slots } = tiles;
  return [starts.length, starts.offset, entries.offset, entries.length, slots.offset];
}

function tilesOf(words: Uint32Array, numRows: number): TileRows | undefined {
  const [numStarts, starts, entries, numEntries, slots] = words as unknown as readonly [
    number,
    number,
    number,
    number,
    number,
  ];
  if (numStarts === 0) return undefined;
  return { starts: column(starts, numStarts), entries: column(entries, numEntries), slots: column(slots, numRows) };
}

function column(offset: number, length: number): ColumnRef<"uint32"> {
  return { type: "uint32", offset, length };
}
