/**
 * Apply: the vertex program gives each vertex that received a message its new attribute; the others keep theirs.
 */
import { ExactSum } from "../../core/exactSum.ts";
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import { excerpt } from "../../core/errors.ts";
import type { TaskContext } from "../../core/host/task.ts";
import { bindReaders, readExpression, type Bindings } from "../columns/accessors.ts";
import { RowOutput, writeStatements, type WrittenRows } from "../columns/output.ts";
import { idReader } from "../partition/idColumn.ts";
import type { IdColumn } from "../partition/topology.ts";
import type { ApplyProgram } from "./program.ts";
import type { SentColumns } from "./scan.ts";

/** What an apply reads and writes: the same for all partitions of a stage. */
export interface ApplyInput {
  readonly operation: string;
  readonly program: ApplyProgram;
  readonly ids: IdColumn;
  /** Attributes before. */
  readonly vertices: ColumnSet;
  /** Attributes after: columns of the same schema, allocated; every row is written. */
  readonly output: ColumnSet;
  /** One byte a vertex, written: 1 for those that received a message. */
  readonly received: ColumnRef<"uint8">;
  /** Where each vertex whose program runs writes what it will send: only a compiled superstep does. See `SentMessages`. */
  readonly nextSent?: SentColumns;
  /** Results of the aggregators of the superstep before. */
  readonly globals: Readonly<Record<string, number>>;
}

/** What one partition's apply reports. */
export interface ApplyReport {
  readonly received: number;
  readonly rows: WrittenRows;
  /** An aggregator's share: the partials of an exact sum, or one maximum. */
  readonly aggregates: Readonly<Record<string, readonly number[]>>;
}

/** The rows [from, to) of an apply: binds what `applyText` names, and reports at the end. */
export class ApplyRows {
  readonly #input: ApplyInput;
  readonly #output: RowOutput;
  readonly #counts = { received: 0 };
  readonly #sums: Record<string, ExactSum> = {};
  readonly #maxima: Record<string, { value: number }> = {};

  constructor(input: ApplyInput, from: number, to: number) {
    this.#input = input;
    this.#output = new RowOutput(input.output, from, to);
  }

  async bind(bindings: Bindings, from: number, to: number, task: TaskContext): Promise<void> {
    const { arena } = task;
    const { program, ids, vertices, operation, globals } = this.#input;
    const idOf = idReader(ids, arena);
    bindings["vertexProgram"] = await task.revive(program.vertexProgram);
    bindings["idOf"] = idOf;
    bindings["globals"] = globals;
    bindings["noMessage"] = program.noMessage;
    bindings["applyCounts"] = this.#counts;
    bindings["received"] = arena.view(this.#input.received);
    bindReaders(bindings, "before", vertices, arena);
    this.#output.bind(bindings, "after", arena, (index) => `vertex ${excerpt(idOf(index))}`, operation);
    this.start(from, to, arena);
    for (const [at, [name, aggregator]] of Object.entries(program.aggregators).entries()) {
      bindings[`aggregator${at}`] = await task.revive(aggregator.of);
      if (aggregator.kind === "sum") bindings[`total${at}`] = this.#sums[name] = new ExactSum();
      else bindings[`total${at}`] = this.#maxima[name] = { value: -Infinity };
    }
  }

  /** Vertices [from, to) have received nothing yet, and are what they were. Done by `bind` for those that it is given. */
  start(from: number, to: number, arena: Arena): void {
    const { program, vertices, output, received } = this.#input;
    arena.view(arena.slice(received, from, to)).fill(0);
    // Where the program runs on all vertices, it writes all rows itself.
    if (program.applyTo === "received") copyFixed(arena, vertices, output, from, to);
    copyPlaces(arena, vertices, output, from, to);
  }

  report(): ApplyReport {
    const aggregates: Record<string, readonly number[]> = {};
    for (const [name, sum] of Object.entries(this.#sums)) aggregates[name] = sum.partials();
    for (const [name, maximum] of Object.entries(this.#maxima)) aggregates[name] = [maximum.value];
    return { received: this.#counts.received, rows: this.#output.finish(), aggregates };
  }
}

/** Text that applies the program to vertex `t`, given `has` and, if it is true, the expression `message`. */
export function applyText(input: ApplyInput, message: string): string {
  const { program, vertices, output } = input;
  const before = readExpression(vertices, "before", "t");
  const aggregate = Object.values(program.aggregators)
    .map(({ kind }, at) => {
      const value = `aggregator${at}(${before}, value)`;
      return kind === "sum"
        ? `total${at}.add(${value});`
        : `{ const candidate = ${value}; if (candidate > total${at}.value) total${at}.value = candidate; }`;
    })
    .join("\n");
  const run = (text: string): string => `
  const value = vertexProgram(idOf(t), ${before}, ${text}, globals);
  ${writeStatements(output, "after", "t", "value")}
  ${aggregate}`;
  const mark = "applyCounts.received++; received[t] = 1;";
  if (program.applyTo === "all") return `if (has) { ${mark} } { ${run(`has ? ${message} : noMessage`)} }`;
  return `if (has) { ${mark} ${run(message)} } ${keepText(input)}`;
}

/** Text that keeps what vertex `t` had, for columns that are gathered; those of fixed width, and places, were copied whole. */
function keepText({ vertices, output }: ApplyInput): string {
  if (vertices.schema.kind !== output.schema.kind) {
    return `else { after0[t - afterBase] = ${readExpression(vertices, "before", "t")}; }`;
  }
  const keep = vertices.columns.flatMap((column, at) =>
    column.kind === "encoded" && column.placed === undefined ? [`after${at}[t - afterBase] = before${at}[t];`] : [],
  );
  return keep.length > 0 ? `else { ${keep.join(" ")} }` : "";
}

function copyFixed(arena: Arena, from: ColumnSet, to: ColumnSet, start: number, end: number): void {
  if (from.schema.kind !== to.schema.kind) return;
  from.columns.forEach((column, at) => {
    const target = to.columns[at]!;
    if (column.kind !== "fixed" || target.kind !== "fixed") return;
    copyRange(arena, column.data, target.data, start, end);
    if (target.validity === undefined) return;
    if (column.validity) copyRange(arena, column.validity, target.validity, start, end);
    else arena.view(target.validity).fill(1, start, end);
  });
}

/** Also where all rows are written: a value that is what it was keeps its place. */
function copyPlaces(arena: Arena, from: ColumnSet, to: ColumnSet, start: number, end: number): void {
  from.columns.forEach((column, at) => {
    const target = to.columns[at];
    if (column.kind !== "encoded" || target?.kind !== "encoded") return;
    if (column.placed && target.placed) copyRange(arena, column.placed.places, target.placed.places, start, end);
  });
}

function copyRange(arena: Arena, from: ColumnRef, to: ColumnRef, start: number, end: number): void {
  const source = arena.view(from) as Float64Array;
  (arena.view(to) as Float64Array).set(source.subarray(start, end), start);
}
