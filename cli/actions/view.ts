/**
 * `superstep view`: a result and its edges as a picture, in the browser or in one file.
 */
import { spawn } from "node:child_process";
import { Buffer } from "node:buffer";
import path from "node:path";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { graphTables } from "../../graph/graphTables.ts";
import { openOutput } from "../../graph/load/table/output.ts";
import { readTable } from "../../graph/load/table/readTable.ts";
import { valueReader, type Table, type TableColumn } from "../../graph/load/table/table.ts";
import type { VertexId } from "../../graph/types.ts";
import { exportHtml } from "../../viz/export.ts";
import { reduce, type ReductionStep } from "../../viz/reduce.ts";
import type { ResultColumn, ResultGraph } from "../../viz/resultGraph.ts";
import { serve } from "../../viz/serve.ts";
import { exitCodes } from "../exitCodes.ts";
import type { ViewRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { loadGraph, throwIfInterrupted, withContext } from "./engine.ts";
import { checkFiles } from "./resultFile.ts";

/** Shows or exports; resolves to the exit code. */
export async function view(request: ViewRequest, session: Session): Promise<number> {
  const { export: file, force } = request;
  const { edges } = request;
  await checkFiles({ output: file, force }, { ...edges, paths: [...edges.paths, request.result] }, false);
  const result = await readTable(request.result);
  const graph = await withContext({}, session, (ctx) => resultGraph(ctx, request, result, session));
  const by = request.by ?? firstNumber(result);
  const weightBy = request.edges.weight === undefined ? undefined : [...graph.edgeColumns.keys()][0];
  const reduced = reduce(graph, steps(request, graph), { by, weightBy });
  const options = {
    title: `${path.basename(request.result)}: ${path.basename(request.edges.paths[0] ?? "")}`,
    ...(weightBy !== undefined && { weightBy }),
  };
  session.note(reduced.banner);
  throwIfInterrupted(session);
  if (file === undefined) return show(request, session, await serve(reduced, { ...options, port: request.port }));
  const output = await openOutput(file, { force });
  try {
    await output.write(Buffer.from(exportHtml(reduced, options)));
    await output.commit();
  } catch (error) {
    await output.abort();
    throw error;
  }
  session.note(`wrote ${file}: open it in a browser`);
  return exitCodes.ok;
}

/** Serves until interrupted. The link is data: it goes to stdout. */
async function show(
  { open }: ViewRequest,
  session: Session,
  served: { readonly url: string; close(): Promise<void> },
): Promise<number> {
  session.print(`${served.url}\n`);
  session.ending = "closing the page";
  session.note("serving until Ctrl-C");
  if (open) openBrowser(served.url);
  await new Promise<void>((resolve) => session.signal.addEventListener("abort", () => resolve(), { once: true }));
  await served.close();
  return exitCodes.ok;
}

/** Hands a URL to the desktop. A machine without one has been told the link. */
function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["explorer"] : ["xdg-open"];
  const opener = spawn(command!, [...args, url], { stdio: "ignore", detached: true });
  opener.on("error", () => {});
  opener.unref();
}

function firstNumber({ columns }: Table): string | undefined {
  return columns.slice(1).find(({ type, name }) => type === "number" && !/^(component|community|cluster)$/.test(name))
    ?.name;
}

function steps({ top, ego, hops, by }: ViewRequest, graph: ResultGraph): ReductionStep[] {
  const found: ReductionStep[] = [];
  if (ego !== undefined) found.push({ kind: "ego", id: ego, ...(hops !== undefined && { hops }), ...(by && { by }) });
  if (top !== undefined) found.push({ kind: "top", k: Math.min(top, Math.max(1, graph.numVertices)) });
  return found;
}

/** The graph of the edges, each vertex with its row of the result. */
async function resultGraph(
  ctx: Parameters<typeof loadGraph>[0],
  { edges, result: file }: ViewRequest,
  result: Table,
  session: Session,
): Promise<ResultGraph> {
  const { graph } = await loadGraph(ctx, { ...edges, undirected: false }, {}, session); // each edge is drawn once
  const tables = await graphTables(graph);
  const idColumn = result.columns.find(({ name }) => name === "id") ?? result.columns[0];
  if (idColumn === undefined) throw new SuperstepError("INVALID_INPUT", `${file}: the table has no columns`);
  const idOf = valueReader(tables.vertices.columns[0]!);
  const rows = rowsById(idColumn, result.numRows);
  const rowOf = Int32Array.from({ length: tables.vertices.numRows }, (_, index) => rows.get(String(idOf(index))) ?? -1);
  if (result.numRows > 0 && rowOf.every((row) => row < 0)) {
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `view: no id of ${excerpt(file)} (column ${excerpt(idColumn.name)}) occurs in the edges; are they of the same graph?`,
    );
  }
  const columns = result.columns
    .filter((column) => column !== idColumn)
    .map((column): [string, ResultColumn] => {
      const read = valueReader(column);
      return [column.name, Array.from(rowOf, (row) => (row < 0 ? null : read(row)))];
    });
  return {
    numVertices: tables.vertices.numRows,
    numEdges: tables.edges.numRows,
    directed: !edges.undirected,
    vertexId: (index) => idOf(index) as VertexId,
    vertexColumns: new Map(columns),
    src: tables.src,
    dst: tables.dst,
    edgeColumns: new Map(
      tables.edges.columns.map((column): [string, ResultColumn] => {
        const read = valueReader(column);
        return [column.name, Array.from({ length: tables.edges.numRows }, (_, edge) => read(edge))];
      }),
    ),
  };
}

function rowsById(column: TableColumn, numRows: number): Map<string, number> {
  const read = valueReader(column);
  const rows = new Map<string, number>();
  for (let row = 0; row < numRows; row++) rows.set(String(read(row)), row);
  return rows;
}
