/**
 * What a command shows of its result: the top rows or one JSON object on stdout, the whole table in a file.
 */
import type { Json } from "../../core/errors.ts";
import type { EventBus } from "../../core/schedule/events.ts";
import type { LoadReport } from "../../graph/load/graphLoader.ts";
import { valueReader, type Table } from "../../graph/load/table/table.ts";
import { writeTable } from "../../graph/load/table/writeTable.ts";
import { counted } from "../counted.ts";
import { printTable, shortNumber } from "../printTable.ts";
import type { ReportRequest, ResultRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { topRows, type RowOrder } from "./topRows.ts";

/** What an algorithm found. */
export interface Outcome {
  readonly table: Table;
  /** Which rows are shown first; default: the order of the table. */
  readonly order?: RowOrder;
  readonly supersteps: number;
  readonly converged: boolean;
  /** What ran; absent for a vertex program. */
  readonly method?: "program" | "kernel" | undefined;
  readonly residual?: number;
  /** Parameters as they were used, defaults included. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** What else JSON says of it. */
  readonly more?: Readonly<Record<string, Json>>;
  /** What is shown instead of the top rows, with a line above it. */
  readonly summary?: { readonly headline: string; readonly table: Table };
}

/** A result and how it came about. */
export interface PresentedResult extends Outcome {
  readonly algorithm: string;
  readonly report: LoadReport;
  readonly counts: GraphCounts;
  readonly computeMs: number;
  readonly events: EventBus;
}

/** How large a graph is. */
export interface GraphCounts {
  readonly vertices: number;
  /** Edges as they were given. */
  readonly edges: number;
  readonly directed: boolean;
}

/** Writes the table where the request says, then prints what is to be seen. */
export async function presentResult(
  request: ResultRequest & ReportRequest,
  session: Session,
  result: PresentedResult,
): Promise<void> {
  const { table, report, computeMs, events } = result;
  const { output, force, format } = request;
  const started = performance.now();
  if (output !== undefined) {
    const progress = { type: "phase", job: null, phase: "write", total: table.numRows, unit: "rows" } as const;
    events.emit({ ...progress, done: 0 });
    if (output === "-") session.progress.stop();
    await writeTable(table, output, { force, signal: session.signal, ...(format && { format }) });
    events.emit({ ...progress, done: table.numRows });
  }
  const timings: Timings = {
    read: rounded(report.readMs),
    build: rounded(report.buildMs),
    compute: rounded(computeMs),
    write: output === undefined ? 0 : rounded(performance.now() - started),
  };
  const rows = topRows(table, request.top, result.order);
  if (request.json) session.print(`${JSON.stringify(jsonOf(result, timings, rows))}\n`);
  else if (output !== "-" && request.top > 0) session.print(textOf(session, result, rows));
  session.progress.stop();
  session.note(endLine(result, timings, output));
}

interface Timings {
  readonly read: number;
  readonly build: number;
  readonly compute: number;
  readonly write: number;
}

function textOf({ style }: Session, { table, summary }: PresentedResult, rows: readonly number[]): string {
  if (summary === undefined) return printTable(table, { rows, style });
  const shown = Array.from({ length: Math.min(rows.length, summary.table.numRows) }, (_none, row) => row);
  return `${summary.headline}\n${shown.length > 0 ? printTable(summary.table, { rows: shown, style }) : ""}`;
}

function jsonOf(
  { algorithm, parameters, counts, supersteps, converged, method, residual, table, more }: PresentedResult,
  timings: Timings,
  rows: readonly number[],
): { readonly [name: string]: Json } {
  const readers = table.columns.map((column) => ({ name: column.name, read: valueReader(column) }));
  return {
    version: 1,
    algorithm,
    parameters,
    graph: { ...counts },
    supersteps,
    converged,
    method: method ?? "program",
    ...(residual !== undefined && { residual: jsonValue(residual) }),
    ...more,
    timings: { ...timings },
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    top: rows.map((row) => Object.fromEntries(readers.map(({ name, read }) => [name, jsonValue(read(row))]))),
  };
}

/** A value for JSON, which knows no infinities: they are strings there. Integers beyond 2^53 are digits in a string. */
export function jsonValue(value: unknown): Json {
  if (typeof value === "bigint") {
    const asNumber = Number(value);
    return Number.isSafeInteger(asNumber) ? asNumber : String(value);
  }
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value as Json;
}

function endLine(
  { algorithm, counts, supersteps, converged, method, residual }: PresentedResult,
  { read, build, compute, write }: Timings,
  output: string | undefined,
): string {
  const end = converged ? "converged" : "not converged";
  const change = residual === undefined ? "" : `, last change ${shortNumber(Number(residual.toPrecision(3)))}`;
  const size = `${counted(counts.vertices, "vertex", "vertices")}, ${counted(counts.edges, "edge")}`;
  const where = output === undefined || output === "-" ? "" : `; wrote ${output}`;
  return (
    `${algorithm}: ${rounds(supersteps, method)}, ${end}${change}; ${size}${counts.directed ? "" : ", undirected"}; ` +
    `read ${read} ms, build ${build} ms, compute ${compute} ms, write ${write} ms${where}`
  );
}

/** How many rounds a program or a kernel took; some kernels know none. */
function rounds(supersteps: number, method: Outcome["method"]): string {
  if (method !== "kernel") return counted(supersteps, "superstep");
  return supersteps === 0 ? "kernel" : `kernel, ${counted(supersteps, "round")}`;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
