/** What the tests of text readers share: files to read, a runner without threads, columns as plain values. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import type { EdgeChunk, IdValues, RawColumn, Utf8Values, VertexChunk } from "../../../../graph/load/edgeChunk.ts";
import type { TaskRunner } from "../../../../graph/load/text/taskRunner.ts";

/** The repository's root. */
export const root: string = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");

/** Real data beside the repository; it may not be there. */
export const sharedData: string = path.resolve(root, "../shared/data");

/** Runs tasks one after the other in this thread, each with its own copy of what a thread would be sent. */
export const runner: TaskRunner = {
  numThreads: 2,
  async runTasks<Result>(spec: Parameters<TaskRunner["runTasks"]>[0], options: Parameters<TaskRunner["runTasks"]>[1]) {
    const module = (await import(path.join(root, "dist", `${spec.operator.module}.js`))) as Record<string, unknown>;
    const operator = module[spec.operator.name] as (shared: unknown, params: unknown, task: unknown) => Promise<Result>;
    const results: Result[] = [];
    for (const [partition, params] of spec.tasks.entries()) {
      const task = { partition, throwIfCancelled: () => undefined };
      results.push(await operator(structuredClone(spec.shared), params, task));
      options?.onResult?.(partition, results.at(-1));
    }
    return results;
  },
};

/** A folder for the files of one test file; gone when its tests have ended. */
export function useFolder(): { path: string; write: (name: string, content: string | Uint8Array) => string } {
  const folder = mkdtempSync(path.join(os.tmpdir(), "superstep-text-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    path: folder,
    write(name, content) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
  };
}

/** Ids as numbers, bigints (where 64-bit) or strings. */
export function idsOf(chunks: readonly IdValues[]): (number | bigint | string)[] {
  return chunks.flatMap((ids): (number | bigint | string)[] =>
    ids.kind === "string" ? textsOf(ids.codes, ids.dictionary) : Array.from<number | bigint>(ids.values),
  );
}

/** Values of a column, null where missing. */
export function valuesOf(columns: readonly RawColumn[]): unknown[] {
  return columns.flatMap((column) => {
    let values: unknown[];
    if (column.type === "string") values = textsOf(column.codes, column.dictionary);
    else if (column.type === "boolean") values = Array.from(column.values, (value) => value === 1);
    else values = Array.from<unknown>(column.values);
    return values.map((value, row) => (column.validity?.[row] === 0 ? null : value));
  });
}

/** Edges as rows: src, dst, attributes. */
export function edgeRows(chunks: readonly EdgeChunk[]): unknown[][] {
  const columns = [idsOf(chunks.map(({ src }) => src)), idsOf(chunks.map(({ dst }) => dst)), ...attrColumns(chunks)];
  return transpose(columns);
}

/** Vertices as rows: id, attributes. */
export function vertexRows(chunks: readonly VertexChunk[]): unknown[][] {
  return transpose([idsOf(chunks.map(({ ids }) => ids)), ...attrColumns(chunks)]);
}

function attrColumns(chunks: readonly { attrs: readonly RawColumn[] }[]): unknown[][] {
  return (chunks[0]?.attrs ?? []).map((_, index) => valuesOf(chunks.map(({ attrs }) => attrs[index]!)));
}

function transpose(columns: readonly unknown[][]): unknown[][] {
  return columns[0]!.map((_, row) => columns.map((column) => column[row]));
}

function textsOf(codes: Uint32Array, { offsets, bytes }: Utf8Values): string[] {
  return Array.from(codes, (code) => Buffer.from(bytes.slice(offsets[code], offsets[code + 1])).toString("utf8"));
}
