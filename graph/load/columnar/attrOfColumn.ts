/**
 * A column of a table as an attribute.
 */
import type { RawColumn } from "../edgeChunk.ts";
import { stringReader, type TableColumn } from "../table/table.ts";
import type { AttrColumn } from "./columnarPlan.ts";
import { valueFault, type PartFaults } from "./partFaults.ts";
import { StringCodes } from "./stringCodes.ts";

/** The column in shared memory. `index`: among the plan's ids and attributes. Weights are checked, and never missing. */
export function attrOfColumn(
  column: TableColumn,
  { name, isWeight }: AttrColumn,
  index: number,
  numRows: number,
  faults: PartFaults,
): RawColumn {
  const { type } = column;
  if (isWeight && (type === "number" || type === "bigint")) {
    return { name, type: "number", values: weights(column, index, numRows, faults) };
  }
  const validity = column.validity && { validity: shared(Uint8Array, column.validity) };
  const isMissing = (row: number): boolean => column.validity?.[row] === 0;
  switch (type) {
    case "number": {
      const values = shared(Float64Array, column.values);
      for (let row = 0; row < numRows; row++) if (isMissing(row)) values[row] = NaN;
      return { name, ...validity, type, values };
    }
    case "bigint":
      return { name, ...validity, type, values: shared(BigInt64Array, column.values) };
    case "boolean":
      return { name, ...validity, type, values: shared(Uint8Array, column.values) };
    case "string": {
      const strings = new StringCodes();
      const read = stringReader(column.values);
      const codes = new Uint32Array(new SharedArrayBuffer(4 * numRows));
      for (let row = 0; row < numRows; row++) codes[row] = strings.codeOf(isMissing(row) ? "" : read(row));
      return { name, ...validity, type, codes, dictionary: strings.finish() };
    }
  }
}

/** Integers as 64-bit ones: what a column is in all parts if one of them needs it. */
export function widenAttr(column: RawColumn): RawColumn {
  if (column.type !== "number") return column;
  const { name, validity, values } = column;
  const wide = new BigInt64Array(new SharedArrayBuffer(8 * values.length));
  for (let row = 0; row < wide.length; row++) if (validity?.[row] !== 0) wide[row] = BigInt(values[row]!);
  return { name, ...(validity && { validity }), type: "bigint", values: wide };
}

function weights(
  { values, validity }: TableColumn & { type: "number" | "bigint" },
  index: number,
  numRows: number,
  faults: PartFaults,
): Float64Array {
  const all = new Float64Array(new SharedArrayBuffer(8 * numRows));
  for (let row = 0; row < numRows; row++) {
    const weight = Number(values[row]!);
    if (validity?.[row] === 0) faults.add(row, index, valueFault.missing);
    else if (!Number.isFinite(weight)) faults.add(row, index, valueFault.notFinite);
    else all[row] = weight;
  }
  return all;
}

type Values = Uint8Array | Float64Array | BigInt64Array;

/** A copy of `from` in shared memory. */
function shared<A extends Values>(
  Type: { readonly BYTES_PER_ELEMENT: number; new (buffer: SharedArrayBuffer): A },
  from: ArrayLike<number> | ArrayLike<bigint>,
): A {
  const copy = new Type(new SharedArrayBuffer(from.length * Type.BYTES_PER_ELEMENT));
  copy.set(from as never);
  return copy;
}
