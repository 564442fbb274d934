/**
 * One column of an Arrow table, checked and copied into the arena. Knows Arrow's types by number, so that it needs no
 * library.
 */
import type * as Arrow from "apache-arrow";
import { escapeControls, excerpt, SuperstepError } from "../errors.ts";
import type { Arena } from "./arena.ts";
import { allocateColumns } from "./columnSet.ts";
import { encodeValues } from "./codec.ts";
import type { Field, FieldType, StoredColumn } from "./types.ts";

/** Values of `Arrow.Type` that are understood. */
const arrowType = { int: 2, float: 3, utf8: 5, bool: 6, largeUtf8: 20, dictionary: -1 } as const;

type Data = Arrow.Data;
type FixedView = Float64Array | BigInt64Array | Uint8Array;

/** Reads a column that comes in parts, one a batch, with `length` rows in all. */
export function readArrowColumn(
  name: string,
  type: Arrow.DataType,
  parts: readonly Data[],
  length: number,
  arena: Arena,
  owner: string,
): { field: Field; column: StoredColumn } {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  if (total !== length) throw contradiction(name, `must have ${length} rows, got ${total}`);
  const fieldType = fieldTypeOf(name, type);
  const valid = parts.map((part) => validityOf(name, part));
  const field = { name, type: fieldType, nullable: valid.some((bytes) => bytes !== undefined) };
  if (fieldType === "string") return { field, column: readStrings(name, type, parts, valid) };
  const [column] = allocateColumns(arena, { kind: "scalar", field }, length, owner);
  if (column?.kind !== "fixed") throw new Error("internal error: a column of numbers has a place in the arena");
  try {
    const values = arena.view(column.data) as FixedView;
    const validity = column.validity && arena.view(column.validity);
    let row = 0;
    parts.forEach((part, index) => {
      copyValues(name, type, part, values.subarray(row, row + part.length), valid[index]);
      const present = valid[index];
      if (validity && present) validity.set(present, row);
      else validity?.fill(1, row, row + part.length);
      row += part.length;
    });
  } catch (error) {
    arena.free(column.data);
    if (column.validity) arena.free(column.validity);
    throw error;
  }
  return { field, column };
}

function fieldTypeOf(name: string, type: Arrow.DataType): FieldType {
  switch (type.typeId as number) {
    case arrowType.int:
      return (type as Arrow.Int).bitWidth === 64 ? "bigint" : "number";
    case arrowType.float:
      if ((type as Arrow.Float).precision !== 0) return "number";
      break; // 16 bits
    case arrowType.bool:
      return "boolean";
    case arrowType.utf8:
    case arrowType.largeUtf8:
      return "string";
    case arrowType.dictionary: {
      const { typeId } = (type as Arrow.Dictionary).dictionary as Arrow.DataType;
      if ((typeId as number) === arrowType.utf8 || (typeId as number) === arrowType.largeUtf8) return "string";
    }
  }
  const typeName = (type as { readonly toString: () => string }).toString();
  throw new SuperstepError(
    "TYPE_MISMATCH",
    `arrow: column ${excerpt(name)} must be of numbers, booleans or strings, got ${escapeControls(typeName)}. ` +
      "Cast it where the table is made, or leave it out.",
    { details: { column: name, type: typeName } },
  );
}

/** One byte a row, 1 where there is a value; undefined if none is missing. */
function validityOf(name: string, { nullBitmap, offset, length }: Data): Uint8Array | undefined {
  const bits = nullBitmap as Uint8Array | undefined;
  if (bits === undefined || bits.length === 0) return undefined;
  if (bits.length * 8 < offset + length) throw contradiction(name, "must say of each row whether it has a value");
  const validity = fromBits(bits, offset, length);
  return validity.includes(0) ? validity : undefined;
}

/** Bits [offset, offset + length), low bits first, as a byte of 0 or 1 each. */
function fromBits(bits: Uint8Array, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (bits[(offset + i) >>> 3]! >>> ((offset + i) & 7)) & 1;
  return bytes;
}

function copyValues(
  name: string,
  type: Arrow.DataType,
  part: Data,
  target: FixedView,
  present: Uint8Array | undefined,
): void {
  const values = part.values as Uint8Array | Float64Array | BigInt64Array | BigUint64Array;
  if ((type.typeId as number) === arrowType.bool) {
    if (values.length * 8 < part.offset + part.length) throw tooFew(name);
    target.set(fromBits(values as Uint8Array, part.offset, part.length) as never);
  } else {
    if (values.length < part.length) throw tooFew(name);
    const source = values.subarray(0, part.length);
    if (source instanceof BigUint64Array && source.some((value) => value >= 2n ** 63n)) {
      throw new SuperstepError(
        "TYPE_MISMATCH",
        `arrow: column ${excerpt(name)} holds an integer beyond signed 64 bits`,
        {
          details: { column: name },
        },
      );
    }
    target.set(source as never);
    if (target instanceof Float64Array) unifyNaNs(target);
  }
  if (present)
    for (let i = 0; i < present.length; i++) if (present[i] === 0) target.fill(zeroOf(target) as never, i, i + 1);
}

/** What stands at missing values has no meaning: make it 0, so that equal columns have equal bytes. */
function zeroOf(target: FixedView): number | bigint {
  return target instanceof BigInt64Array ? 0n : 0;
}

function unifyNaNs(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = NaN;
}

function readStrings(
  name: string,
  type: Arrow.DataType,
  parts: readonly Data[],
  valid: readonly (Uint8Array | undefined)[],
): StoredColumn {
  const dictionaries = new Map<unknown, (string | null)[]>();
  let row = 0;
  const chunks = parts.map((part, index) => {
    const values =
      (type.typeId as number) === arrowType.dictionary
        ? codedStrings(name, part, valid[index], dictionaries)
        : plainStrings(name, part, valid[index]);
    const from = row;
    row += part.length;
    return { from, to: row, bytes: encodeValues(values).buffer };
  });
  return { kind: "encoded", chunks };
}

function plainStrings(name: string, part: Data, present: Uint8Array | undefined): (string | null)[] {
  const source = part.values as Uint8Array | undefined;
  const bytes = source ? Buffer.from(source.buffer, source.byteOffset, source.byteLength) : Buffer.alloc(0);
  const offsets = part.valueOffsets as unknown as ArrayLike<number | bigint> | undefined;
  const values: (string | null)[] = [];
  if (part.length > 0 && (offsets === undefined || offsets.length <= part.length)) throw tooFew(name);
  for (let i = 0; i < part.length; i++) {
    const from = Number(offsets![i]!);
    const to = Number(offsets![i + 1]!);
    if (!(from >= 0 && from <= to && to <= bytes.length))
      throw contradiction(name, "must have ascending offsets within its bytes");
    values.push(present?.[i] === 0 ? null : bytes.toString("utf8", from, to));
  }
  return values;
}

function codedStrings(
  name: string,
  part: Data,
  present: Uint8Array | undefined,
  dictionaries: Map<unknown, (string | null)[]>,
): (string | null)[] {
  let distinct = dictionaries.get(part.dictionary);
  if (distinct === undefined) {
    distinct = (part.dictionary?.data ?? []).flatMap((each) =>
      plainStrings(name, each as Data, validityOf(name, each as Data)),
    );
    dictionaries.set(part.dictionary, distinct);
  }
  const codes = part.values as ArrayLike<number | bigint>;
  if (codes.length < part.length) throw tooFew(name);
  const values: (string | null)[] = [];
  for (let i = 0; i < part.length; i++) {
    if (present?.[i] === 0) {
      values.push(null);
      continue;
    }
    const code = Number(codes[i]!);
    if (!(code >= 0 && code < distinct.length)) throw contradiction(name, "must have codes within its dictionary");
    values.push(distinct[code]!);
  }
  return values;
}

function tooFew(name: string): SuperstepError {
  return contradiction(name, "must hold as many values as it has rows");
}

function contradiction(name: string, rule: string): SuperstepError {
  return new SuperstepError("INVALID_INPUT", `arrow: column ${excerpt(name)} ${rule}. The table is damaged.`, {
    details: { column: name },
  });
}
