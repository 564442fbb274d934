/**
 * Columns of a table as vertex ids.
 */
import type { IdValues } from "../edgeChunk.ts";
import { stringReader, type TableColumn } from "../table/table.ts";
import { valueFault, type PartFaults } from "./partFaults.ts";
import { StringCodes } from "./stringCodes.ts";

/** Integers: 32-bit if all of all columns fit, else 64-bit. Text is parsed. Rows at fault get any id. */
export function integerIds(columns: readonly TableColumn[], numRows: number, faults: PartFaults): IdValues[] {
  const narrow = columns.map((column, index) => narrowIds(column, index, numRows, faults));
  if (narrow.every((values) => values !== undefined)) return narrow.map((values) => ({ kind: "uint32", values }));
  return columns.map((column, index) => ({ kind: "int64", values: wideIds(column, index, numRows, faults) }));
}

/** Text: integers by their decimal digits. All columns share a dictionary. Rows at fault get any id. */
export function stringIds(columns: readonly TableColumn[], numRows: number, faults: PartFaults): IdValues[] {
  const strings = new StringCodes();
  const all = columns.map((column, index) => {
    const codes = new Uint32Array(new SharedArrayBuffer(4 * numRows));
    const read = textReader(column);
    for (let row = 0; row < numRows; row++) {
      const text = column.validity?.[row] === 0 ? "" : read(row);
      if (text === "") faults.add(row, index, valueFault.missing);
      codes[row] = strings.codeOf(text);
    }
    return codes;
  });
  const dictionary = strings.finish();
  return all.map((codes) => ({ kind: "string", codes, dictionary }));
}

/** Undefined if one does not fit. */
function narrowIds(column: TableColumn, index: number, numRows: number, faults: PartFaults): Uint32Array | undefined {
  if (column.type !== "number") return undefined;
  const { values, validity } = column;
  const ids = new Uint32Array(new SharedArrayBuffer(4 * numRows));
  for (let row = 0; row < numRows; row++) {
    const id = values[row]!;
    if (validity?.[row] === 0) faults.add(row, index, valueFault.missing);
    else if (id < 0 || id > 0xffff_ffff) return undefined;
    else ids[row] = id;
  }
  return ids;
}

function wideIds(column: TableColumn, index: number, numRows: number, faults: PartFaults): BigInt64Array {
  const ids = new BigInt64Array(new SharedArrayBuffer(8 * numRows));
  const parse = column.type === "string" ? stringReader(column.values) : undefined;
  for (let row = 0; row < numRows; row++) {
    if (column.validity?.[row] === 0) {
      faults.add(row, index, valueFault.missing);
    } else if (parse === undefined) {
      ids[row] = BigInt((column as TableColumn & { type: "number" | "bigint" }).values[row]!);
    } else {
      const text = parse(row);
      const isInteger = /^-?\d+$/.test(text);
      const id = isInteger ? BigInt(text) : 0n;
      if (text === "") faults.add(row, index, valueFault.missing);
      else if (!isInteger) faults.add(row, index, valueFault.notInteger);
      else if (BigInt.asIntN(64, id) !== id) faults.add(row, index, valueFault.outOfRange);
      else ids[row] = id;
    }
  }
  return ids;
}

function textReader(column: TableColumn): (row: number) => string {
  if (column.type === "string") return stringReader(column.values);
  return (row) => String(column.values[row]!);
}
