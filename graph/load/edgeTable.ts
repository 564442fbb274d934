/**
 * Edges as they were read, as one table: source, destination, and their further columns.
 */
import { idValueReader } from "../operators/idValueReader.ts";
import type { EdgeChunk, IdValues, RawColumn } from "./edgeChunk.ts";
import type { Table, TableColumn } from "./table/table.ts";

/** What the columns of the ends are called. */
export interface EndNames {
  readonly src: string;
  readonly dst: string;
}

/** The edges of `chunks` in input order. Memory: a copy; strings as strings. */
export function edgeTable(chunks: readonly EdgeChunk[], { src, dst }: EndNames = { src: "src", dst: "dst" }): Table {
  const numRows = chunks.reduce((sum, { numEdges }) => sum + numEdges, 0);
  const attrs = (chunks[0]?.attrs ?? []).map((_column, at) =>
    joinColumns(
      chunks.map((chunk) => chunk.attrs[at]!),
      numRows,
    ),
  );
  const ends = [
    joinIds(
      src,
      chunks.map((chunk) => chunk.src),
      numRows,
    ),
    joinIds(
      dst,
      chunks.map((chunk) => chunk.dst),
      numRows,
    ),
  ];
  return { numRows, columns: [...ends, ...attrs] };
}

function joinIds(name: string, parts: readonly IdValues[], numRows: number): TableColumn {
  if (parts.every((part) => part.kind === "uint32")) {
    return {
      name,
      type: "number",
      values: joined(
        new Uint32Array(numRows),
        parts.map(({ values }) => values),
      ),
    };
  }
  if (parts.every((part) => part.kind === "int64")) {
    return {
      name,
      type: "bigint",
      values: joined(
        new BigInt64Array(numRows),
        parts.map(({ values }) => values),
      ),
    };
  }
  const values = parts.flatMap((part) => {
    const read = idValueReader(part);
    const length = part.kind === "string" ? part.codes.length : part.values.length;
    return Array.from({ length }, (_, row) => String(read(row)));
  });
  return { name, type: "string", values };
}

function joinColumns(parts: readonly RawColumn[], numRows: number): TableColumn {
  const { name, type } = parts[0]!;
  const lengthOf = (part: RawColumn): number => (part.type === "string" ? part.codes : part.values).length;
  const hasMissing = parts.some(({ validity }) => validity !== undefined);
  const validity = hasMissing && {
    validity: joined(
      new Uint8Array(numRows),
      parts.map((part) => part.validity ?? new Uint8Array(lengthOf(part)).fill(1)),
    ),
  };
  switch (type) {
    case "number":
      return {
        name,
        type,
        ...validity,
        values: joined(
          new Float64Array(numRows),
          parts.map((part) => (part as typeof part & { type: "number" }).values),
        ),
      };
    case "bigint":
      return {
        name,
        type,
        ...validity,
        values: joined(
          new BigInt64Array(numRows),
          parts.map((part) => (part as typeof part & { type: "bigint" }).values),
        ),
      };
    case "boolean":
      return {
        name,
        type,
        ...validity,
        values: joined(
          new Uint8Array(numRows),
          parts.map((part) => (part as typeof part & { type: "boolean" }).values),
        ),
      };
    case "string":
      return { name, type, ...validity, values: parts.flatMap(stringsOf) };
  }
}

function stringsOf(part: RawColumn): string[] {
  if (part.type !== "string") return [];
  const read = idValueReader({ kind: "string", codes: part.codes, dictionary: part.dictionary });
  return Array.from(part.codes, (_code, row) => String(read(row)));
}

function joined<A extends Uint8Array | Uint32Array | Float64Array | BigInt64Array>(into: A, parts: readonly A[]): A {
  let at = 0;
  for (const part of parts) {
    into.set(part as never, at);
    at += part.length;
  }
  return into;
}
