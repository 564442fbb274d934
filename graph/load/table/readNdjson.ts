/**
 * Tables from newline-delimited JSON.
 */
import { excerpt } from "../../../core/errors.ts";
import { type Table, type TableColumn, type TableValue, wholeNumberColumn } from "./table.ts";
import { readText } from "./tableBytes.ts";
import { type TableFault, errorAtByte, tableInputError } from "./tableInputError.ts";

/**
 * Reads one JSON object a line; empty lines are skipped. Columns are the keys in order of first appearance; a key that
 * a row lacks, and null, are missing values. Integers keep all digits up to 64 bits. The strings `"NaN"`, `"Infinity"`
 * and `"-Infinity"` are numbers in a column that has no other strings. Arrays and objects become their JSON text.
 *
 * @throws SuperstepError INVALID_INPUT, with the line, if a line is no JSON object, a column holds two types, or an
 *   integer is beyond 64 bits; as `readText` for the bytes.
 */
export async function readNdjson(file: string): Promise<Table> {
  const bytes = await readText(file);
  const columns = new Map<string, GatheredColumn>();
  let numRows = 0;
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(10, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.toString("utf8", start, end);
    if (line.trim() !== "") {
      const failAt = (fault: TableFault): Error => errorAtByte(file, bytes, [start, end - start], fault);
      gatherRow(columns, numRows++, line, failAt);
    }
    start = end + 1;
  }
  return { numRows, columns: [...columns].map(([name, column]) => toColumn(file, name, column, numRows)) };
}

type Kind = "number" | "boolean" | "string";

interface GatheredColumn {
  kind: Kind | undefined;
  /** By row; short or holed where values are missing. */
  readonly values: (TableValue | undefined)[];
  /** True once the name of a number that JSON lacks came before any other value. */
  hasNamedNumbers: boolean;
}

/** A run of digits that may be an integer which a double does not hold. */
const manyDigits = /\d{16}/;
const namedNumbers: ReadonlyMap<string, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

function gatherRow(
  columns: Map<string, GatheredColumn>,
  row: number,
  line: string,
  failAt: (fault: TableFault) => Error,
): void {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    throw failAt({ expected: "a JSON object", got: excerpt(line, 60) });
  }
  if (typeof record !== "object" || record === null || Array.isArray(record))
    throw failAt({ expected: "a JSON object", got: excerpt(line, 60) });
  const long = manyDigits.test(line) ? longIntegers(line) : undefined;
  for (const [name, parsed] of Object.entries(record as Record<string, unknown>)) {
    let column = columns.get(name);
    if (column === undefined) columns.set(name, (column = { kind: undefined, values: [], hasNamedNumbers: false }));
    if (parsed === null) continue;
    const exact = long?.get(name);
    if (exact !== undefined && BigInt.asIntN(64, exact) !== exact && String(parsed as number) !== exact.toString()) {
      throw failAt({ expected: `an integer of 64 bits in ${excerpt(name)}`, got: `${exact}` });
    }
    const value = gathered(parsed, exact);
    if (!fits(column, value)) {
      throw failAt({ expected: `a ${column.kind} in ${excerpt(name)}, as before`, got: excerpt(parsed, 60) });
    }
    column.values[row] = value;
  }
}

/** What is kept of a member: its exact integer if within 64 bits, the text of an array or object, else itself. */
function gathered(parsed: unknown, exact: bigint | undefined): TableValue {
  if (exact !== undefined && BigInt.asIntN(64, exact) === exact) return exact;
  return typeof parsed === "object" ? JSON.stringify(parsed) : (parsed as TableValue);
}

/** Whether `value` is of the column's kind, which the first value decides that is not the name of a number. */
function fits(column: GatheredColumn, value: TableValue): boolean {
  const kind: Kind = typeof value === "bigint" ? "number" : (typeof value as Kind);
  const isNamed = namedNumbers.has(value as string);
  if (column.kind !== undefined) return kind === column.kind || (isNamed && column.kind === "number");
  if (isNamed) column.hasNamedNumbers = true;
  else column.kind = kind;
  return !(kind === "boolean" && column.hasNamedNumbers);
}

/** The integers of 16 digits and more among the members of the object that `line` holds, exact. */
function longIntegers(line: string): Map<string, bigint> {
  const found = new Map<string, bigint>();
  let depth = 0;
  let key = "";
  let isValue = false;
  for (const [token] of line.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth !== 1) continue;
    else if (token === ":") isValue = true;
    else if (token === ",") isValue = false;
    else if (!isValue) key = JSON.parse(token) as string;
    else if (/^-?\d{16,}$/.test(token)) found.set(key, BigInt(token));
    else found.delete(key);
  }
  return found;
}

function toColumn(file: string, name: string, column: GatheredColumn, numRows: number): TableColumn {
  const { values } = column;
  const kind = column.kind ?? (column.hasNamedNumbers ? "number" : "string");
  let validity: Uint8Array | undefined;
  for (let row = 0; row < numRows; row++) {
    if (values[row] === undefined) (validity ??= new Uint8Array(numRows).fill(1))[row] = 0;
  }
  const rest = validity === undefined ? { name } : { name, validity };
  if (kind === "number") return numberColumn(file, rest, values, numRows);
  if (kind === "boolean") {
    const flags = Uint8Array.from({ length: numRows }, (_none, row) => (values[row] === true ? 1 : 0));
    return { ...rest, type: "boolean", values: flags };
  }
  return {
    ...rest,
    type: "string",
    values: Array.from({ length: numRows }, (_none, row) => String(values[row] ?? "")),
  };
}

function numberColumn(
  file: string,
  rest: { name: string; validity?: Uint8Array },
  values: readonly (TableValue | undefined)[],
  numRows: number,
): TableColumn {
  const numbers = new Float64Array(numRows);
  let isWhole = true;
  let hasLong = false;
  for (let row = 0; row < numRows; row++) {
    const value = values[row] ?? 0;
    const number = typeof value === "string" ? namedNumbers.get(value)! : Number(value);
    numbers[row] = number;
    if (typeof value === "bigint") hasLong = true;
    else if (!Number.isSafeInteger(number) || Object.is(number, -0)) isWhole = false;
  }
  const inexact = isWhole
    ? undefined
    : values.find((value) => typeof value === "bigint" && BigInt(Number(value)) !== value);
  if (inexact !== undefined) {
    throw tableInputError(file, {
      expected: `numbers in ${excerpt(rest.name)}, which has fractions`,
      got: `${inexact}, which no number is exactly`,
      hint: "write the integers as strings",
    });
  }
  if (isWhole && hasLong) {
    const exact = BigInt64Array.from({ length: numRows }, (_none, row) => BigInt(values[row] ?? 0));
    return wholeNumberColumn(rest.name, exact, rest.validity);
  }
  return isWhole
    ? { ...rest, type: "number", integer: true, values: numbers }
    : { ...rest, type: "number", values: numbers };
}
