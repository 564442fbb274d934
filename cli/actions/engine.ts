/**
 * A context for a command, and the graph it works on.
 */
import { Context } from "../../core/context.ts";
import { SuperstepError, invalidArgument } from "../../core/errors.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";
import type { Graph } from "../../graph/graph.ts";
import { GraphLoader, type LoadReport, type Row } from "../../graph/load/graphLoader.ts";
import type { ReadEdgesOptions } from "../../graph/load/readEdges.ts";
import { writeBadRows } from "../../graph/load/text/badRowsFile.ts";
import type { PartitionStrategy } from "../../graph/partition/strategy.ts";
import type { VertexId } from "../../graph/types.ts";
import { counted, grouped } from "../counted.ts";
import { RecoveryLog } from "../recoveryLog.ts";
import type { EngineRequest, InputRequest, RecoveryRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import type { GraphCounts } from "./presentResult.ts";

/** Runs `use` with a context that ends with it, and whose events are the session's. Its threads start at once. */
export async function withContext<R>(
  request: EngineRequest & RecoveryRequest,
  session: Session,
  use: (ctx: Context) => Promise<R>,
): Promise<R> {
  const { master, cluster, chaos, checkpointDir, checkpointEvery: every } = request;
  const { resume, resumeOtherNode: resumeAcrossVersions } = request;
  const recovery = new RecoveryLog();
  const told = new Set<string>();
  const explain = (operation: string, argument: string, text: string): void => {
    const line = `function    ${argument} of ${operation}: ${text}`;
    if (!told.has(line)) session.note(line);
    told.add(line);
  };
  const listener = (event: SuperstepEvent): void => {
    session.progress.listener(event);
    recovery.hear(event);
    if ((request as { readonly explain?: boolean }).explain) {
      if (event.type === "order") explain(event.operation, "order", event.text);
      if (event.type === "functions") event.functions.forEach((fn) => explain(event.operation, fn.argument, fn.text));
    }
    if (event.type === "resumed") session.note(`${event.operation}: resumed after superstep ${event.superstep}`);
  };
  const { command = "view", algorithm } = request as { readonly command?: string; readonly algorithm?: string };
  const appName = ["superstep", command, ...(algorithm === undefined ? [] : [algorithm])].join(" ");
  const ctx = await Context.create({ master, cluster, appName, listener, chaos, signal: session.signal });
  try {
    if (checkpointDir !== undefined) {
      ctx.setCheckpointDir(checkpointDir, { every, resume, resumeAcrossVersions, keep: true });
      session.ending = "ending after this superstep, with a checkpoint";
    }
    ctx.driver.startThreads();
    const result = await use(ctx).catch((error: unknown) => {
      if (ctx.checkpoints.areKept) session.note(resumable);
      throw error;
    });
    await ctx.releaseCheckpoints(); // what was asked for is written
    return result;
  } finally {
    for (const line of recovery.lines()) session.note(line);
    await ctx.stop();
  }
}

const resumable = "the run is done, and its last checkpoint stays: the same command with --resume goes on from there";

/** A graph as a command asked for it. */
export interface CommandGraph {
  readonly graph: Graph<Row, Row>;
  readonly report: LoadReport;
  /** The name of the weight column, as the graph's edges have it. */
  readonly weight: string | undefined;
}

/** Loads the graph of a request: edges, vertices, direction, vertex cut. Says what the input was taken for. */
export async function loadGraph(
  ctx: Context,
  input: InputRequest,
  { partitions, strategy }: EngineRequest,
  session: Session,
  attributes: "all" | "none" = "none",
): Promise<CommandGraph> {
  const { paths, vertices, undirected, defaultVertex } = input;
  const { graph: loaded, report } = await GraphLoader.load(ctx, paths, {
    ...readingOptions(input, session, ctx),
    attributes,
    onProgress(done, total) {
      const { events } = ctx.driver;
      events.emit({ ...reading, done, total });
      if (done >= total) events.emit({ ...reading, phase: "build", done: 0, total: 0, unit: "edges" });
    },
    undirected,
    defaultVertex,
    ...(vertices !== undefined && { vertices: { paths: vertices, options: vertexOptions(input, session) } }),
    numPartitions: partitions,
  });
  noteInput(paths, report.edges.format, session);
  if (report.vertices !== undefined) noteInput([vertices!], report.vertices.format, session);
  if (input.badRows !== undefined && report.vertices !== undefined) {
    await writeBadRows(input.badRows, [...report.edges.badRows.kept, ...report.vertices.badRows.kept]);
  }
  noteBadRows("edges", report.edges.badRows, input, session);
  if (report.vertices !== undefined) noteBadRows("vertices", report.vertices.badRows, input, session);
  if (report.numDuplicateVertices > 0) {
    const rows = counted(report.numDuplicateVertices, "row");
    session.note(`${vertices!}: ${rows} with an id that had occurred before; the first row of each id counts`);
  }
  const graph = strategy === undefined ? loaded : loaded.partitionBy(strategy as PartitionStrategy, partitions);
  return { graph, report, weight: report.edges.weight };
}

/** How large the graph is; of an undirected one the edges as they were given, not the arcs. */
export async function countsOf({ graph, report }: CommandGraph, { undirected }: InputRequest): Promise<GraphCounts> {
  const [vertices, arcs] = [await graph.numVertices(), await graph.numEdges()];
  return { vertices, edges: undirected ? report.edges.numEdges : arcs, directed: !undirected };
}

const reading = { type: "phase", job: null, phase: "read", unit: "bytes" } as const;

/** How edges are read, as a request says. */
export function readingOptions(input: InputRequest, session: Session, ctx: Context): ReadEdgesOptions {
  const { badRows, ids, maxErrors, from } = input;
  return {
    ids,
    ...picked(input, ["src", "dst", "weight", "delimiter", "header"]),
    ...(from !== undefined && { format: from }),
    ...(maxErrors !== undefined && { maxErrors }),
    ...(badRows !== undefined && { badRowsFile: badRows }),
    signal: session.signal,
    onProgress: (done, total) => ctx.driver.events.emit({ ...reading, done, total }),
  };
}

/** How the table of vertices is read. Its bad rows go where those of the edges go. */
function vertexOptions(
  { id, maxErrors, badRows }: InputRequest,
  { signal }: Session,
): ReadEdgesOptions & { id?: string } {
  return {
    signal,
    ...(id !== undefined && { id }),
    ...(maxErrors !== undefined && { maxErrors }),
    ...(badRows !== undefined && { badRowsFile: badRows }),
  };
}

/** Says what an input was taken for. */
export function noteInput(paths: readonly string[], format: string, session: Session): void {
  const names = paths.length > 4 ? `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more` : paths.join(", ");
  session.note(`${names === "-" ? "<stdin>" : names}: ${format}`);
}

/** Says what was written, and where; of standard output nothing, which a reader may have left early. */
export function noteWritten(session: Session, what: string, output: string): void {
  if (output !== "-") session.note(`wrote ${what} to ${output}`);
}

/** Says how many rows were set aside, and why. */
export function noteBadRows(
  what: "edges" | "vertices",
  badRows: LoadReport["edges"]["badRows"],
  { badRows: file }: InputRequest,
  session: Session,
): void {
  const { total, byReason } = badRows;
  if (total === 0) return;
  session.note(`${counted(total, "bad row")} among the ${what} set aside${file === undefined ? "" : ` in ${file}`}:`);
  for (const { reason, count } of byReason.slice(0, 10)) session.note(`  ${grouped(count)} x ${reason}`);
  if (byReason.length > 10) session.note(`  and ${counted(byReason.length - 10, "more reason")}`);
}

function picked<T, K extends keyof T>(from: T, names: readonly K[]): { [P in K]?: Exclude<T[P], undefined> } {
  const found: { [P in K]?: Exclude<T[P], undefined> } = {};
  for (const name of names) {
    if (from[name] !== undefined) found[name] = from[name] as Exclude<T[K], undefined>;
  }
  return found;
}

/**
 * The vertex that the text of an option means.
 *
 * @throws SuperstepError INVALID_ARGUMENT if ids are integers and this is none, or it is no vertex of the graph.
 */
export async function vertexNamed(
  command: string,
  option: string,
  text: string,
  { graph, report }: CommandGraph,
): Promise<VertexId> {
  const id = vertexIdOf(command, option, text, report);
  if (await graph.hasVertex(id)) return id;
  throw new SuperstepError("INVALID_ARGUMENT", `${command}: ${option} ${text} is no vertex of the graph`);
}

/**
 * The id that the text of an option means.
 *
 * @throws SuperstepError INVALID_ARGUMENT if ids are integers and this is none.
 */
export function vertexIdOf(command: string, option: string, text: string, { edges }: LoadReport): VertexId {
  if (edges.idType === "string") return text;
  if (!/^-?\d+$/.test(text)) throw invalidArgument(command, option, "an integer, as the ids of this graph are", text);
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : BigInt(text);
}

/** @throws SuperstepError CANCELLED if the session was interrupted: nothing is written after that. */
export function throwIfInterrupted(session: Session): void {
  if (session.signal.aborted) throw new SuperstepError("CANCELLED", "interrupted before the result was written");
}
