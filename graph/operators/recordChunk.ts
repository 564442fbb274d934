/**
 * Records of an RDD as columns: ids typed, the rest encoded. What graphs are made of when they are not read from files.
 */
import { encodeValues } from "../../core/column/codec.ts";
import { schemaOf, widen } from "../../core/column/schema.ts";
import type { Schema } from "../../core/column/types.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { operatorRef, type OperatorRef } from "../../core/host/task.ts";
import type { RDD } from "../../core/rdd/rdd.ts";
import { runAction } from "../../core/rdd/runAction.ts";
import type { IdValues } from "../load/edgeChunk.ts";
import type { Edge, VertexId } from "../types.ts";

/** Records of one partition, in order. `keys`: one id column for vertices, two (src, dst) for edges. */
export interface RecordChunk {
  readonly numRecords: number;
  readonly keys: readonly IdValues[];
  /** The attributes, as written by `encodeValues`. */
  readonly attrs: Uint8Array;
  /** What the first attribute is, nullable where later ones lack a value; absent without records. */
  readonly schema?: Schema;
}

const vertexChunkRef: OperatorRef = operatorRef(import.meta.url, "vertexChunk");
const edgeChunkRef: OperatorRef = operatorRef(import.meta.url, "edgeChunk");

/**
 * The partitions of an RDD of [id, attr], as chunks with the same kind of ids.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an id is no integer or string, or integers and strings are mixed.
 */
export async function collectVertices<VD>(
  operation: string,
  rdd: RDD<readonly [VertexId, VD]>,
): Promise<RecordChunk[]> {
  return collectChunks(operation, rdd, vertexChunkRef);
}

/** The partitions of an RDD of edges, as chunks with the same kind of ids. Errors as `collectVertices`. */
export async function collectEdges<ED>(operation: string, rdd: RDD<Edge<ED>>): Promise<RecordChunk[]> {
  return collectChunks(operation, rdd, edgeChunkRef);
}

async function collectChunks<T>(operation: string, rdd: RDD<T>, operator: OperatorRef): Promise<RecordChunk[]> {
  const chunks = (await runAction<RecordChunk>(rdd, { name: operation, operator, params: { operation } })).flat();
  return unifyKinds(operation, chunks);
}

/** Integer ids become 64-bit everywhere if they are anywhere; strings and integers do not mix. */
export function unifyKinds(operation: string, chunks: readonly RecordChunk[]): RecordChunk[] {
  const kinds = new Set(
    chunks.filter((chunk) => chunk.numRecords > 0).flatMap(({ keys }) => keys.map(({ kind }) => kind)),
  );
  if (kinds.has("string") && kinds.size > 1) {
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${operation}: vertex ids must all be integers or all be strings, got both`,
    );
  }
  const target = kinds.has("string") ? "string" : kinds.has("int64") ? "int64" : "uint32";
  return chunks.map((chunk) => ({ ...chunk, keys: chunk.keys.map((key) => convert(key, target)) }));
}

function convert(key: IdValues, kind: IdValues["kind"]): IdValues {
  if (key.kind === kind) return key;
  if (kind === "int64" && key.kind === "uint32") return { kind, values: shared64(Array.from(key.values, BigInt)) };
  return packIds("", []); // an empty chunk of another kind
}

/** Task half of `collectVertices`. */
export function vertexChunk(
  { operation }: { operation: string },
  records: Iterable<readonly [VertexId, unknown]>,
): RecordChunk[] {
  const ids: VertexId[] = [];
  const attrs: unknown[] = [];
  for (const [id, attr] of records) {
    ids.push(id);
    attrs.push(attr);
  }
  return [pack(operation, [ids], attrs)];
}

/** Task half of `collectEdges`. */
export function edgeChunk({ operation }: { operation: string }, records: Iterable<Edge<unknown>>): RecordChunk[] {
  const sources: VertexId[] = [];
  const targets: VertexId[] = [];
  const attrs: unknown[] = [];
  for (const { srcId, dstId, attr } of records) {
    sources.push(srcId);
    targets.push(dstId);
    attrs.push(attr);
  }
  return [pack(operation, [sources, targets], attrs)];
}

function pack(operation: string, keys: readonly VertexId[][], attrs: readonly unknown[]): RecordChunk {
  const packed = keys.map((ids) => packIds(operation, ids));
  const chunk = { numRecords: attrs.length, keys: packed, attrs: encodeValues(attrs) };
  if (attrs.length === 0) return chunk;
  let schema = schemaOf(attrs[0]);
  for (const attr of attrs) schema = widen(schema, attr) ?? schema;
  return { ...chunk, schema };
}

/**
 * Ids as a typed column: 32-bit if all fit, else 64-bit; or codes into distinct strings.
 *
 * @throws SuperstepError INVALID_ARGUMENT if one is no integer of 64 bits and no well-formed string, or both kinds occur.
 */
export function packIds(operation: string, ids: readonly VertexId[]): IdValues {
  let areSmall = true;
  let strings = 0;
  for (const id of ids) {
    if (typeof id === "string") strings++;
    else if (!isIntegerId(id)) {
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        `${operation}: a vertex id must be an integer or a string, got ${excerpt(id)}`,
      );
    } else if (typeof id === "bigint" ? id < 0n || id > 0xffff_ffffn : id < 0 || id > 0xffff_ffff) areSmall = false;
  }
  if (strings > 0 && strings < ids.length) {
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${operation}: vertex ids must all be integers or all be strings, got both`,
    );
  }
  if (strings > 0) return packStrings(operation, ids as readonly string[]);
  if (!areSmall) return { kind: "int64", values: shared64(ids.map(BigInt)) };
  const values = new Uint32Array(new SharedArrayBuffer(ids.length * 4));
  ids.forEach((id, at) => (values[at] = Number(id)));
  return { kind: "uint32", values };
}

function isIntegerId(id: unknown): id is number | bigint {
  if (typeof id === "bigint") return BigInt.asIntN(64, id) === id;
  return Number.isSafeInteger(id);
}

/** What UTF-8 cannot say. */
const loneSurrogate = /\p{Surrogate}/u;

function packStrings(operation: string, ids: readonly string[]): IdValues {
  const codeOf = new Map<string, number>();
  const codes = new Uint32Array(new SharedArrayBuffer(ids.length * 4));
  ids.forEach((id, at) => {
    let code = codeOf.get(id);
    if (code === undefined) codeOf.set(id, (code = codeOf.size));
    codes[at] = code;
  });
  const encoded = Array.from(codeOf.keys(), (id) => {
    if (!loneSurrogate.test(id)) return Buffer.from(id, "utf8");
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${operation}: a vertex id must be well-formed text, got ${excerpt(id)}, which has half of a surrogate pair`,
    );
  });
  const offsets = new Uint32Array(new SharedArrayBuffer((encoded.length + 1) * 4));
  encoded.forEach((bytes, at) => (offsets[at + 1] = offsets[at]! + bytes.length));
  const bytes = new Uint8Array(new SharedArrayBuffer(offsets[encoded.length]!));
  encoded.forEach((each, at) => bytes.set(each, offsets[at]));
  return { kind: "string", codes, dictionary: { offsets, bytes } };
}

function shared64(values: readonly bigint[]): BigInt64Array {
  const array = new BigInt64Array(new SharedArrayBuffer(values.length * 8));
  array.set(values);
  return array;
}
