/**
 * A column from text fields: its type follows from them, so that no digit is lost.
 */
import { fieldText } from "./delimitedFields.ts";
import { type TableColumn, wholeNumberColumn } from "./table.ts";

const quote = 34;

/**
 * The column `column` of fields as `findFields` gives them; row 0 of the bounds is the header.
 *
 * Type: the first of these that all fields present fit, else string.
 *   number   integers within 2^53 and decimals (`1.5`, `.5`, `2e-7`, `NaN`, `Infinity`); an integer of more than 15
 *            digits beside decimals only if a number prints back to it
 *   bigint   integers within 64 bits, some beyond 2^53
 *   boolean  `true` and `false`
 * A quoted empty field is missing, but in a column of strings it is the empty string.
 * A leading zero (`007`) or a plus sign makes strings: as numbers they would not come back.
 */
export function inferColumn(
  name: string,
  bytes: Buffer,
  bounds: Uint32Array,
  column: number,
  numColumns: number,
  numRows: number,
): TableColumn {
  const starts = new Uint32Array(numRows);
  const ends = new Uint32Array(numRows);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < numRows; row++) {
    const field = 2 * ((row + 1) * numColumns + column);
    starts[row] = bounds[field]!;
    ends[row] = bounds[field + 1]!;
    if (starts[row] === ends[row]) (validity ??= new Uint8Array(numRows).fill(1))[row] = 0;
  }
  const fields: ColumnFields = { name, bytes, starts, ends, validity };
  const filled = withoutQuotedEmpties(fields);
  return numberColumn(filled) ?? booleanColumn(filled) ?? stringColumn(fields);
}

interface ColumnFields {
  readonly name: string;
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly validity: Uint8Array | undefined;
}

function withoutQuotedEmpties(fields: ColumnFields): ColumnFields {
  const { bytes, starts, ends } = fields;
  let { validity } = fields;
  for (let row = 0; row < starts.length; row++) {
    if (ends[row]! - starts[row]! !== 2 || bytes[starts[row]!] !== quote) continue;
    if (validity === fields.validity) validity = validity?.slice() ?? new Uint8Array(starts.length).fill(1);
    validity![row] = 0;
  }
  return { ...fields, validity };
}

const decimal = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const integer = /^-?(?:0|[1-9]\d*)$/;

function numberColumn({ name, bytes, starts, ends, validity }: ColumnFields): TableColumn | undefined {
  const values = new Float64Array(starts.length);
  const long: { row: number; text: string }[] = [];
  let isWhole = true;
  let count = 0;
  for (let row = 0; row < starts.length; row++) {
    if (validity?.[row] === 0) continue;
    count++;
    const start = starts[row]!;
    const end = ends[row]!;
    const short = shortInteger(bytes, start, end);
    if (short === short) {
      values[row] = short;
      continue;
    }
    const text = bytes[start] === quote ? fieldText(bytes, start, end) : bytes.toString("latin1", start, end);
    if (integer.test(text) && text !== "-0") {
      if (text.length > 15) long.push({ row, text });
    } else {
      if (!decimal.test(text) && text !== "NaN" && text !== "Infinity" && text !== "-Infinity") return undefined;
      isWhole = false;
    }
    values[row] = Number(text);
  }
  if (count === 0) return undefined;
  const rest = validity === undefined ? { name } : { name, validity };
  if (isWhole && long.length === 0) return { ...rest, type: "number", integer: true, values };
  if (isWhole && long.every(({ text }) => BigInt.asIntN(64, BigInt(text)) === BigInt(text))) {
    const exact = BigInt64Array.from(values, (value) => BigInt(value));
    for (const { row, text } of long) exact[row] = BigInt(text);
    return wholeNumberColumn(name, exact, validity);
  }
  const areExact = long.every(({ row, text }) => String(values[row]!) === text);
  return areExact ? { ...rest, type: "number", values } : undefined;
}

/** The integer of at most 15 digits in [start, end), unquoted, without leading zero; NaN for anything else. */
function shortInteger(bytes: Buffer, start: number, end: number): number {
  const isNegative = bytes[start] === 45;
  const first = isNegative ? start + 1 : start;
  const length = end - first;
  if (length < 1 || length > 15 || (bytes[first] === 48 && (length > 1 || isNegative))) return NaN;
  let value = 0;
  for (let position = first; position < end; position++) {
    const digit = bytes[position]! - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

function booleanColumn({ name, bytes, starts, ends, validity }: ColumnFields): TableColumn | undefined {
  const values = new Uint8Array(starts.length);
  let count = 0;
  for (let row = 0; row < starts.length; row++) {
    if (validity?.[row] === 0) continue;
    count++;
    const text = ends[row]! - starts[row]! > 7 ? "" : fieldText(bytes, starts[row]!, ends[row]!);
    if (text === "true") values[row] = 1;
    else if (text !== "false") return undefined;
  }
  if (count === 0) return undefined;
  return validity === undefined ? { name, type: "boolean", values } : { name, type: "boolean", values, validity };
}

function stringColumn({ name, bytes, starts, ends, validity }: ColumnFields): TableColumn {
  const values = (row: number): string => fieldText(bytes, starts[row]!, ends[row]!);
  return validity === undefined ? { name, type: "string", values } : { name, type: "string", values, validity };
}
