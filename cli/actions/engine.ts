/**
 * A context for a command, and the graph it works on.
 */
import { Context } from "../../core/context.ts";
import { SuperstepError, invalidArgument } from "../../core/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { GraphLoader, type LoadReport, type Row } from "../../graph/load/graphLoader.ts";
import type { ReadEdgesOptions } from "../../graph/load/readEdges.ts";
import type { PartitionStrategy } from "../../graph/partition/strategy.ts";
import type { VertexId } from "../../graph/types.ts";
import type { EngineRequest, InputRequest } from "../requests.ts";
import type { Session } from "../session.ts";

/** Runs `use` with a context that ends with it, and whose events are the session's. */
export async function withContext<R>(
  { master }: EngineRequest,
  session: Session,
  use: (ctx: Context) => Promise<R>,
): Promise<R> {
  const ctx = await Context.create({ master, signal: session.signal });
  ctx.driver.startThreads(); // while the input is looked at
  const unsubscribe = ctx.on(session.progress.listener);
  try {
    return await use(ctx);
  } finally {
    unsubscribe();
    await ctx.stop();
  }
}

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
  const { paths, vertices, undirected } = input;
  const { graph: loaded, report } = await GraphLoader.load(ctx, paths, {
    ...readingOptions(input, session, ctx),
    attributes,
    undirected,
    ...(vertices !== undefined && { vertices: { paths: vertices } }),
    numPartitions: partitions,
  });
  session.note(`${paths.join(", ")}: ${report.edges.format}`);
  noteWhatWasLeftOut(report, session);
  const graph = strategy === undefined ? loaded : loaded.partitionBy(strategy as PartitionStrategy, partitions);
  return { graph, report, weight: report.edges.weight };
}

/** How edges are read, as a request says. */
export function readingOptions(input: InputRequest, session: Session, ctx: Context): ReadEdgesOptions {
  const { badRows, ids, maxErrors } = input;
  return {
    ids,
    ...picked(input, ["src", "dst", "weight", "delimiter"]),
    ...(maxErrors !== undefined && { maxErrors }),
    ...(badRows !== undefined && { badRowsFile: badRows }),
    signal: session.signal,
    onProgress: (done, total) =>
      ctx.driver.events.emit({ type: "phase", job: null, phase: "read", done, total, unit: "bytes" }),
  };
}

function noteWhatWasLeftOut({ edges, vertices, numDuplicateVertices }: LoadReport, session: Session): void {
  for (const [what, badRows] of [
    ["edges", edges.badRows],
    ["vertices", vertices?.badRows],
  ] as const) {
    if (badRows === undefined || badRows.total === 0) continue;
    session.note(`${badRows.total} bad rows among the ${what} were set aside:`);
    for (const { reason, count } of badRows.byReason.slice(0, 10)) session.note(`  ${count} x ${reason}`);
  }
  if (numDuplicateVertices > 0) {
    session.note(`${numDuplicateVertices} vertices are listed again in the table; the first row of each counts`);
  }
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
 * @throws SuperstepError INVALID_ARGUMENT if ids are integers and this is none.
 */
export function vertexIdOf(option: string, text: string, { edges }: LoadReport): VertexId {
  if (edges.idType === "string") return text;
  if (!/^-?\d+$/.test(text))
    throw invalidArgument(option, "its value", "an integer, as the ids of this graph are", text);
  return BigInt(text);
}

/** @throws SuperstepError CANCELLED if the session was interrupted: nothing is written after that. */
export function throwIfInterrupted(session: Session): void {
  if (session.signal.aborted) throw new SuperstepError("CANCELLED", "interrupted before the result was written");
}
