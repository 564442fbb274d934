/**
 * What a command shows of its result: the top rows or one JSON object on stdout, the whole table in a file.
 */
import type { Json } from "../../core/errors.ts";
import type { EventBus } from "../../core/schedule/events.ts";
import type { LoadReport } from "../../graph/load/graphLoader.ts";
import { valueReader, type Table } from "../../graph/load/table/table.ts";
import { writeTable } from "../../graph/load/table/writeTable.ts";
import { printTable } from "../printTable.ts";
import type { AlgorithmParameters, ReportRequest, ResultRequest } from "../requests.ts";
import type { Session } from "../session.ts";

/** What an algorithm found. */
export interface Outcome {
  readonly table: Table;
  /** The column that orders the rows shown; default: the order of the table. */
  readonly by?: string;
  readonly order?: "ascending" | "descending";
  readonly supersteps: number;
  readonly converged: boolean;
  readonly residual?: number;
  /** Parameters as they were used, defaults included. */
  readonly used?: Readonly<Record<string, Json>>;
  /** What else is to be said of it, in JSON and in words. */
  readonly summary?: {
    readonly components: number;
    readonly largest: readonly { readonly component: Json; readonly size: number }[];
  };
  readonly notes?: readonly string[];
}

/** A result and how it came about. */
export interface PresentedResult extends Outcome {
  readonly algorithm: string;
  readonly report: LoadReport;
  readonly counts: {
    readonly vertices: number;
    readonly edges: number;
    readonly directed: boolean;
    readonly arcs?: number;
  };
  readonly computeMs: number;
  readonly events: EventBus;
}

type Presenting = ResultRequest & ReportRequest & { readonly parameters?: AlgorithmParameters };

/** Writes the table where the request says, then prints what is to be seen. */
export async function presentResult(request: Presenting, session: Session, result: PresentedResult): Promise<void> {
  const { table, report, computeMs, notes = [] } = result;
  const started = performance.now();
  if (request.output !== undefined) {
    const { numRows } = table;
    result.events.emit({ type: "phase", job: null, phase: "write", done: 0, total: numRows, unit: "rows" });
    await writeTable(table, request.output, {
      force: request.force,
      signal: session.signal,
      ...(request.format && { format: request.format }),
    });
    result.events.emit({ type: "phase", job: null, phase: "write", done: numRows, total: numRows, unit: "rows" });
  }
  const timings = {
    read: rounded(report.readMs),
    build: rounded(report.buildMs),
    compute: rounded(computeMs),
    write: rounded(performance.now() - started),
  };
  for (const note of notes) session.note(note);
  const rows = topRows(result, request.top);
  if (request.json) session.stdout.write(`${JSON.stringify(jsonOf(request, result, timings, rows))}\n`);
  else if (request.output !== "-") printText(session, result, rows);
  session.note(endLine(result, timings, request.output));
}

type Timings = { readonly read: number; readonly build: number; readonly compute: number; readonly write: number };

function printText(session: Session, { table, summary }: PresentedResult, rows: readonly number[]): void {
  if (summary !== undefined) {
    session.stdout.write(`${summary.components} components; the largest:\n`);
    for (const { component, size } of summary.largest.slice(0, Math.max(1, rows.length))) {
      session.stdout.write(`  ${String(component)}: ${size} vertices\n`);
    }
  } else if (rows.length > 0) session.stdout.write(printTable(table, { rows, style: session.style }));
}

function jsonOf(
  request: Presenting,
  { algorithm, counts, supersteps, converged, residual, table, used, summary }: PresentedResult,
  timings: Timings,
  rows: readonly number[],
): { readonly [name: string]: Json } {
  const readers = table.columns.map((column) => ({ name: column.name, read: valueReader(column) }));
  return {
    version: 1,
    algorithm,
    parameters: { ...(request.parameters as { readonly [name: string]: Json } | undefined), ...used },
    graph: counts as unknown as Json,
    supersteps,
    converged,
    ...(residual !== undefined && { residual: jsonValue(residual) }),
    ...(summary && { components: summary.components, largest: summary.largest as unknown as Json }),
    timings,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    top: rows.map((row) => Object.fromEntries(readers.map(({ name, read }) => [name, jsonValue(read(row))]))),
  };
}

/** JSON knows no infinities: they are strings there. Integers beyond 2^53 are digits in a string. */
function jsonValue(value: unknown): Json {
  if (typeof value === "bigint") {
    const asNumber = Number(value);
    return Number.isSafeInteger(asNumber) ? asNumber : String(value);
  }
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value as Json;
}

/** The rows to show, best first; of equal ones the lowest id, which comes first in the table. */
function topRows({ table, by, order }: Outcome, count: number): number[] {
  const column = table.columns.find(({ name }) => name === by);
  if (column === undefined || column.type !== "number") {
    return Array.from({ length: Math.min(count, table.numRows) }, (_, row) => row);
  }
  const { values, validity } = column;
  const sign = order === "descending" ? -1 : 1;
  const rows = Uint32Array.from({ length: table.numRows }, (_, row) => row);
  const key = (row: number): number => (validity?.[row] === 0 ? Infinity : sign * values[row]!);
  return Array.from(rows.toSorted((a, b) => compare(key(a), key(b)) || a - b).subarray(0, count));
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function endLine(
  { algorithm, counts, supersteps, converged, residual }: PresentedResult,
  { read, build, compute, write }: Timings,
  output: string | undefined,
): string {
  const end = converged ? "converged" : "stopped at the limit";
  const change = residual === undefined ? "" : `, last change ${Number(residual.toPrecision(3))}`;
  const arcs = counts.arcs === undefined ? "" : `, undirected: ${counts.arcs.toLocaleString("en")} arcs`;
  const where = output === undefined || output === "-" ? "" : `; wrote ${output}`;
  return (
    `${algorithm}: ${supersteps} supersteps, ${end}${change}; ${counts.vertices.toLocaleString("en")} vertices, ` +
    `${counts.edges.toLocaleString("en")} edges${arcs}; read ${read} ms, build ${build} ms, compute ${compute} ms, ` +
    `write ${write} ms${where}`
  );
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
