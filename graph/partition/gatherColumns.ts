/**
 * Columns as readers make them, chunk by chunk, into one column set in another order of rows.
 */
import { uncleared } from "../../core/column/arena.ts";
import { encodeValues } from "../../core/column/codec.ts";
import type { ColumnRef, ColumnSet, EncodedChunk, Field, FixedType, StoredColumn } from "../../core/column/types.ts";
import { assert } from "../../core/errors.ts";
import { operatorRef, type TaskContext } from "../../core/host/task.ts";
import type { RawColumn } from "../load/edgeChunk.ts";
import { gatherWhole, type FixedValues, type WholeColumn } from "./gatherWhole.ts";
import type { Scratch } from "./scratch.ts";
import type { TaskRunner } from "./taskRunner.ts";
import { noIndex } from "./topology.ts";

/** A chunk of rows: edges or vertices without their ids. */
export interface RowChunk {
  readonly numRows: number;
  readonly attrs: readonly RawColumn[];
}

/** What `gatherColumns` gathers. */
export interface GatherInput {
  /** All with the same names and types of columns. Rows are counted over all of them. */
  readonly sources: readonly RowChunk[];
  /** For each row of the result, the row it takes, or `noIndex`: a missing value. Absent: the same order. */
  readonly order?: ColumnRef<"uint32"> | undefined;
  /** Rows of the result. */
  readonly numRows: number;
  /** No entry of `order` is `noIndex`. Default false. */
  readonly isTotal?: boolean;
  /** If this is the only column, its values are the attributes, not fields of records. */
  readonly scalar?: string | undefined;
}

interface Shared {
  readonly sources: readonly RowChunk[];
  readonly order: ColumnRef<"uint32"> | undefined;
  readonly numRows: number;
  readonly outputs: readonly Output[];
}

/** Where a field goes: strings are returned by tasks. `validity`: there may be missing values. */
interface Output {
  readonly data: ColumnRef | undefined;
  readonly validity: ColumnRef<"uint8"> | undefined;
}

/** Of one block of rows, a value a field: how many are missing, and strings as encoded. */
interface Gathered {
  readonly missing: readonly number[];
  readonly encoded: readonly (EncodedChunk | undefined)[];
}

/** Rows a task, and an encoded chunk: fixed, so that the bytes of strings do not depend on threads. */
const blockRows = 65536;

const fixedTypes = { number: "float64", bigint: "int64", boolean: "boolean" } as const;

/**
 * Gathers columns. A field is nullable if a value in the result is missing. Numbers become float64, booleans bytes,
 * bigints int64, strings encoded chunks. Columns of the scratch.
 *
 * @throws SuperstepError OUT_OF_MEMORY if the arena is full.
 */
export async function gatherColumns(runner: TaskRunner, input: GatherInput, scratch: Scratch): Promise<ColumnSet> {
  const { order, numRows, scalar, isTotal = false } = input;
  const sources = input.sources.filter((source) => source.numRows > 0);
  const columns = (sources[0] ?? input.sources[0])?.attrs ?? [];
  if (columns.length === 0) return { schema: { kind: "record", fields: [] }, length: numRows, columns: [] };
  for (const source of sources) checkSameColumns(columns, source);

  const canMiss = columns.map((_, field) => sources.some(({ attrs }) => attrs[field]!.validity !== undefined));
  const outputs = columns.map(({ type }, field): Output => {
    if (type === "string") return { data: undefined, validity: undefined };
    const isWhole = !canMiss[field] && (isTotal || order === undefined);
    return {
      data: scratch.allocate(fixedTypes[type] as FixedType, numRows, isWhole ? uncleared : {}),
      validity: isWhole ? undefined : scratch.allocate("uint8", numRows),
    };
  });
  const isRest = outputs.map(({ data, validity }) => data === undefined || validity !== undefined);
  const whole = outputs.flatMap(({ data }, field): WholeColumn[] => {
    if (isRest[field]) return [];
    return [{ inputs: sources.map(({ attrs }) => (attrs[field] as { values: FixedValues }).values), output: data! }];
  });
  await gatherWhole(runner, whole, order, numRows);
  const blocks = await gatherRest(runner, { sources, order, numRows, outputs }, isRest);
  const missing = columns.map((_, field) => blocks.reduce((sum, block) => sum + block.missing[field]!, 0));
  const isNullable = missing.map((count) => count > 0);
  const stored = outputs.map(({ data, validity }, field): StoredColumn => {
    if (!data) return { kind: "encoded", chunks: blocks.map(({ encoded }) => encoded[field]!) };
    if (validity && isNullable[field]) return { kind: "fixed", data, validity };
    if (validity) scratch.free(validity);
    return { kind: "fixed", data };
  });
  const fields = columns.map(({ name, type }, field): Field => ({ name, type, nullable: isNullable[field]! }));
  const isScalar = fields.length === 1 && fields[0]!.name === scalar;
  const schema = isScalar ? ({ kind: "scalar", field: fields[0]! } as const) : ({ kind: "record", fields } as const);
  return { schema, length: numRows, columns: stored };
}

/** Gathers the columns `isRest` of the outputs, block by block; what is told of the others is nothing. */
async function gatherRest(
  runner: TaskRunner,
  shared: Shared,
  isRest: readonly boolean[],
): Promise<readonly Gathered[]> {
  if (!isRest.includes(true)) return [];
  const { sources, outputs, numRows } = shared;
  const pick = <T>(values: readonly T[]): T[] => values.filter((_, field) => isRest[field]);
  const blocks = await runner.runTasks<Gathered>({
    name: "order attributes",
    operator: operatorRef(import.meta.url, "gatherBlock"),
    shared: {
      ...shared,
      sources: sources.map((source) => ({ ...source, attrs: pick(source.attrs) })),
      outputs: pick(outputs),
    } satisfies Shared,
    tasks: Array.from({ length: Math.ceil(numRows / blockRows) }, (_, block) => block * blockRows),
  });
  const places = isRest.map((is, field) => (is ? isRest.slice(0, field).filter(Boolean).length : -1));
  return blocks.map(({ missing, encoded }) => ({
    missing: places.map((place) => missing[place] ?? 0),
    encoded: places.map((place) => encoded[place]),
  }));
}

/** Hands the columns to the caller. */
export function keepColumns(scratch: Scratch, set: ColumnSet): ColumnSet {
  for (const column of set.columns) {
    if (column.kind === "encoded") continue;
    scratch.keep(column.data);
    if (column.validity) scratch.keep(column.validity);
  }
  return set;
}

/** Operator: gathers the block of rows that starts at `from`. */
export function gatherBlock(shared: Shared, from: number, task: TaskContext): Gathered {
  task.throwIfCancelled();
  const { sources, outputs } = shared;
  const to = Math.min(shared.numRows, from + blockRows);
  const order = shared.order && task.arena.view(shared.order);
  const places = locateRows(sources, order, from, to);
  const missing: number[] = [];
  const encoded: (EncodedChunk | undefined)[] = [];
  outputs.forEach(({ data, validity }, field) => {
    const columns = sources.map(({ attrs }) => attrs[field]!);
    const isValid = new Uint8Array(to - from);
    missing.push(to - from - markValid(columns, places, isValid));
    if (validity) task.arena.view(validity).set(isValid, from);
    if (data) gatherFixed(columns, places, isValid, task.arena.view(data) as FixedValues, from);
    encoded.push(data ? undefined : gatherStrings(columns, places, isValid, from, to));
  });
  return { missing, encoded };
}

/** Where the rows of a block are: source, and row in the source; source `noIndex` where there is none. */
interface Places {
  readonly source: Uint32Array;
  readonly row: Uint32Array;
}

function locateRows(sources: readonly RowChunk[], order: Uint32Array | undefined, from: number, to: number): Places {
  const starts = new Float64Array(sources.length + 1);
  sources.forEach(({ numRows }, source) => (starts[source + 1] = starts[source]! + numRows));
  const total = starts[sources.length]!;
  // A row's source is looked up in a table of granules, then walked to.
  const granule = Math.max(1, Math.ceil(total / 4096));
  const firstSource = new Uint32Array(4097);
  for (let entry = 0, source = 0; entry * granule < total; entry++) {
    while (starts[source + 1]! <= entry * granule) source++;
    firstSource[entry] = source;
  }
  const places = { source: new Uint32Array(to - from), row: new Uint32Array(to - from) };
  for (let at = from; at < to; at++) {
    const wanted = order ? order[at]! : at;
    if (wanted === noIndex) {
      places.source[at - from] = noIndex;
      continue;
    }
    let source = firstSource[Math.floor(wanted / granule)]!;
    while (starts[source + 1]! <= wanted) source++;
    places.source[at - from] = source;
    places.row[at - from] = wanted - starts[source]!;
  }
  return places;
}

/** Writes 1 for each row that has a value; returns their number. */
function markValid(columns: readonly RawColumn[], { source, row }: Places, isValid: Uint8Array): number {
  const validities = columns.map(({ validity }) => validity);
  let count = 0;
  for (let at = 0; at < isValid.length; at++) {
    if (source[at] === noIndex) continue;
    const validity = validities[source[at]!];
    if (validity && validity[row[at]!] === 0) continue;
    isValid[at] = 1;
    count++;
  }
  return count;
}

/** Copies values to `output` from `from` on; missing ones stay zero. */
function gatherFixed(
  columns: readonly RawColumn[],
  { source, row }: Places,
  isValid: Uint8Array,
  output: FixedValues,
  from: number,
): void {
  const inputs = columns.map((column) => (column.type === "string" ? undefined : column.values));
  if (output instanceof Float64Array) {
    const values = inputs as Float64Array[];
    for (let at = 0; at < isValid.length; at++) {
      if (isValid[at] === 1) output[from + at] = values[source[at]!]![row[at]!]!;
    }
  } else if (output instanceof BigInt64Array) {
    const values = inputs as BigInt64Array[];
    for (let at = 0; at < isValid.length; at++) {
      if (isValid[at] === 1) output[from + at] = values[source[at]!]![row[at]!]!;
    }
  } else {
    const values = inputs as Uint8Array[];
    for (let at = 0; at < isValid.length; at++) {
      if (isValid[at] === 1) output[from + at] = values[source[at]!]![row[at]!]! === 0 ? 0 : 1;
    }
  }
}

/** Strings of a block, null where missing. A dictionary entry is decoded once a block. */
function gatherStrings(
  columns: readonly RawColumn[],
  { source, row }: Places,
  isValid: Uint8Array,
  from: number,
  to: number,
): EncodedChunk {
  const decoded = columns.map(() => new Map<number, string>());
  const values = Array.from(isValid, (valid, at): string | null => {
    const column = columns[source[at]!];
    if (valid === 0 || column?.type !== "string") return null;
    const code = column.codes[row[at]!]!;
    const cache = decoded[source[at]!]!;
    let text = cache.get(code);
    if (text === undefined) {
      const { offsets, bytes } = column.dictionary;
      text = Buffer.from(bytes.buffer, bytes.byteOffset).toString("utf8", offsets[code]!, offsets[code + 1]!);
      cache.set(code, text);
    }
    return text;
  });
  const bytes = encodeValues(values);
  return { from, to, bytes: exactBuffer(bytes) };
}

/** The shared buffer of exactly these bytes. */
function exactBuffer(bytes: Uint8Array): SharedArrayBuffer {
  const { buffer } = bytes;
  if (buffer instanceof SharedArrayBuffer && buffer.byteLength === bytes.byteLength) return buffer;
  const copy = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}

function checkSameColumns(columns: readonly RawColumn[], { attrs }: RowChunk): void {
  const describe = (row: readonly RawColumn[]): string => row.map(({ name, type }) => `${name}: ${type}`).join(", ");
  assert(describe(columns) === describe(attrs), `chunks with columns ${describe(columns)} and ${describe(attrs)}`);
}
