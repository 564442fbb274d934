/**
 * Partitions of random graphs in an arena, and one superstep over them without scheduler and threads.
 */
import { Arena } from "../../../core/column/arena.ts";
import { allocateColumns } from "../../../core/column/columnSet.ts";
import type { ColumnRef, ColumnSet, Schema } from "../../../core/column/types.ts";
import { revive } from "../../../core/function/revive.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../../../core/function/ship.ts";
import type { TaskContext } from "../../../core/host/task.ts";
import type { EdgeRows, IdColumn } from "../../../graph/partition/topology.ts";
import { shipRound, type MessageRound } from "../../../graph/superstep/aggregateMessages.ts";
import type { ApplyInput } from "../../../graph/superstep/apply.ts";
import type { Aggregator, ApplyProgram, ScanProgram } from "../../../graph/superstep/program.ts";
import type { ScanInput, ScanRows } from "../../../graph/superstep/scan.ts";
import type { SuperstepInput, SuperstepPartition } from "../../../graph/superstep/superstep.ts";
import { writerFor } from "../../reference/columnWriter.ts";
import { integersFrom } from "../../support/graphs.ts";

export const arena: Arena = Arena.create({ capacityBytes: 1 << 27 });

const environment = { importModule: (url: string) => import(url) as Promise<Record<string, unknown>> };
const functions = new Map<string, Promise<AnyFunction>>();
const memos = new Map<string, unknown>();

/** What a task sees in a thread of its own; `onRound` runs where it asks whether it was cancelled. */
export function taskContext(onRound: () => void = () => undefined): TaskContext {
  return {
    jobId: 1,
    stageId: 1,
    partition: 0,
    attempt: 0,
    arena,
    revive: <F extends AnyFunction>(fn: ShippedFunction<F>) => {
      const made = functions.get(fn.id) ?? revive<F>(fn, environment);
      functions.set(fn.id, made as Promise<AnyFunction>);
      return made as Promise<F>;
    },
    memo: <T>(key: string, make: () => T): T => {
      if (!memos.has(key)) memos.set(key, make());
      return memos.get(key) as T;
    },
    throwIfCancelled: onRound,
    fetchBlock: () => Promise.resolve(undefined),
    storeBlock: () => Promise.resolve(),
    deliver: () => undefined,
  };
}

/** A graph's vertices [from, to) with their edges by target and by source; neighbours are among all `numVertices`. */
export interface RandomPartition {
  readonly numVertices: number;
  readonly from: number;
  readonly to: number;
  readonly numEdges: number;
  readonly ids: IdColumn;
  readonly inRows: EdgeRows;
  readonly outRows: EdgeRows;
  readonly active: ColumnRef<"uint8">;
}

/** Frees what was allocated since `begin` was called. */
export function scoped<T>(run: (allocate: Allocate) => T): T {
  const refs: ColumnRef[] = [];
  const allocate: Allocate = (type, length) => {
    const ref = arena.allocate(type, length, "test");
    refs.push(ref);
    return ref;
  };
  const free = (): void => refs.splice(0).forEach((ref) => arena.free(ref));
  try {
    const result = run(allocate);
    if (result instanceof Promise) return result.finally(free) as T;
    free();
    return result;
  } catch (error) {
    free();
    throw error;
  }
}

export type Allocate = <T extends ColumnRef["type"]>(type: T, length: number) => ColumnRef<T>;

/** Rows [from, to) of a random graph, of `perRow` edges each on the average, every fifth row a hub or empty. */
export function randomPartition(
  seed: number,
  numVertices: number,
  from: number,
  to: number,
  perRow: number,
  allocate: Allocate,
): RandomPartition {
  const next = integersFrom(seed);
  const numRows = to - from;
  let firstEdge = next(100);
  const rowsOf = (isOut: boolean): EdgeRows => {
    const degrees = Array.from({ length: numRows }, () =>
      next(5) === 0 ? next(2) * 4 * perRow : next(2 * perRow + 1),
    );
    const offsets = allocate("uint32", numRows + 1);
    const neighbours = allocate(
      "uint32",
      degrees.reduce((sum, degree) => sum + degree, 0),
    );
    const [ends, others] = [arena.view(offsets), arena.view(neighbours)];
    degrees.forEach((degree, row) => {
      ends[row + 1] = ends[row]! + degree;
      const sorted = Array.from({ length: degree }, () => next(numVertices)).sort((a, b) => a - b);
      others.set(sorted, ends[row]);
    });
    const rows = { numRows, firstRow: from, offsets, neighbours, firstEdge };
    if (!isOut) return rows;
    const positions = allocate("uint32", neighbours.length);
    arena
      .view(positions)
      .forEach((_, at, all) => (all[at] = next(Math.max(1, inRows.neighbours.length)) + inRows.firstEdge));
    return { ...rows, positions, firstEdge: 0 };
  };
  const inRows = rowsOf(false);
  const outRows = rowsOf(true);
  firstEdge += inRows.neighbours.length;
  const ids = allocate("uint32", numVertices);
  arena.view(ids).forEach((_, at, all) => (all[at] = at * 3 + (at > numVertices / 2 ? 4_000_000_000 : 0)));
  const active = allocate("uint8", numVertices);
  arena.view(active).forEach((_, at, all) => (all[at] = next(2)));
  return { numVertices, from, to, numEdges: firstEdge, ids: { kind: "uint32", ids }, inRows, outRows, active };
}

/** Columns of `length` rows, filled by `valueOf` if it is given. */
export function columns(
  schema: Schema,
  length: number,
  allocate: Allocate,
  valueOf?: (row: number) => unknown,
): ColumnSet {
  const stored = allocateColumns(arena, schema, length, "test");
  // Given to `allocate`, in effect: freed with the rest.
  const owned = stored.map((column) => {
    if (column.kind === "encoded") return column;
    arena.free(column.data);
    if (column.validity) arena.free(column.validity);
    return {
      kind: "fixed" as const,
      data: allocate(column.data.type, length),
      ...(column.validity && { validity: allocate("uint8", length) }),
    };
  });
  if (valueOf === undefined) return { schema, length, columns: owned };
  const writer = writerFor(schema, arena, owned, 0, length);
  for (let row = 0; row < length; row++) writer.set(row, valueOf(row));
  const chunks = writer.finish();
  return {
    schema,
    length,
    columns: owned.map((column, at) =>
      column.kind === "fixed" ? column : { kind: "encoded", chunks: chunks[at] ? [chunks[at]] : [] },
    ),
  };
}

/** A program as tests write it. */
export interface TestProgram extends MessageRound<never, never, never> {
  readonly vertexProgram: AnyFunction;
  readonly noMessage?: unknown;
  readonly messageType?: ScanProgram["messageType"];
  readonly activeDirection?: ScanProgram["activeDirection"];
  readonly aggregators?: Readonly<Record<string, { readonly kind: "sum" | "max"; readonly of: AnyFunction }>>;
  readonly globals?: Readonly<Record<string, number>>;
}

/** The input of a superstep over a partition. `isAllActive`: whatever the marks say. */
export function inputOf(
  program: TestProgram,
  partition: RandomPartition,
  vertices: ColumnSet,
  edges: ColumnSet,
  output: ColumnSet,
  received: ColumnRef<"uint8">,
  isAllActive: boolean,
): { input: SuperstepInput; partition: SuperstepPartition } {
  const { messageType, activeDirection = "either", aggregators = {}, globals = {} } = program;
  const scanProgram: ScanProgram = {
    ...shipRound("test", program),
    activeDirection,
    ...(messageType && { messageType }),
  };
  const apply: ApplyProgram = {
    vertexProgram: ship(program.vertexProgram, "test", "vertexProgram") as unknown as ApplyProgram["vertexProgram"],
    applyTo: "noMessage" in program ? "all" : "received",
    noMessage: program.noMessage,
    aggregators: Object.fromEntries(
      Object.entries(aggregators).map(([name, { kind, of }]) => [
        name,
        { kind, of: ship(of, "test", name) as unknown as Aggregator["of"] },
      ]),
    ),
  };
  const { ids, active, from, to, inRows, outRows } = partition;
  const scan: ScanInput = { program: scanProgram, ids, vertices, edges, ...(!isAllActive && { active }) };
  const applyInput: ApplyInput = { operation: "test", program: apply, ids, vertices, output, received, globals };
  const { src, dst } = scanProgram.sendsTo;
  const rows: ScanRows = { ...((dst || !src) && { inRows }), ...(src && { outRows }) };
  return { input: { scan, apply: applyInput }, partition: { from, to, rows } };
}
