/**
 * `superstep run`: load, compute, show, write.
 */
import { landmarkDistances } from "../../graph/algorithms/shortestPaths.ts";
import type { Graph } from "../../graph/graph.ts";
import { vertexTable } from "../../graph/graphTables.ts";
import { checkOutput } from "../../graph/load/table/output.ts";
import type { Table, TableColumn } from "../../graph/load/table/table.ts";
import type { Row } from "../../graph/load/graphLoader.ts";
import { explainGraph } from "../../graph/explain.ts";
import { exitCodes } from "../exitCodes.ts";
import type { RunRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { loadGraph, throwIfInterrupted, vertexIdOf, withContext, type CommandGraph } from "./engine.ts";
import { presentResult, type Outcome } from "./presentResult.ts";

/** Runs an algorithm over a graph; resolves to the exit code. */
export async function run(request: RunRequest, session: Session): Promise<number> {
  if (request.output !== undefined && request.output !== "-") await checkOutput(request.output, request);
  return withContext(request, session, async (ctx) => {
    const loaded = await loadGraph(ctx, request.input, request, session);
    if (request.explain) session.note(await explainGraph(loaded.graph));
    const started = performance.now();
    const outcome = await compute(request, loaded);
    const computeMs = performance.now() - started;
    throwIfInterrupted(session);
    await presentResult(request, session, {
      ...outcome,
      algorithm: request.algorithm,
      report: loaded.report,
      counts: await countsOf(loaded.graph, request, loaded),
      computeMs,
      events: ctx.driver.events,
    });
    return outcome.converged || !request.requireConvergence ? exitCodes.ok : exitCodes.notConverged;
  });
}

async function countsOf(
  graph: Graph<Row, Row>,
  { input }: RunRequest,
  { report }: CommandGraph,
): Promise<{ vertices: number; edges: number; directed: boolean; arcs?: number }> {
  const [vertices, arcs] = [await graph.numVertices(), await graph.numEdges()];
  if (!input.undirected) return { vertices, edges: arcs, directed: true };
  return { vertices, edges: report.edges.numEdges, directed: false, arcs };
}

async function compute(request: RunRequest, loaded: CommandGraph): Promise<Outcome> {
  const { graph, weight, report } = loaded;
  const { parameters } = request;
  const { maxSupersteps, direction } = parameters;
  const limits = { ...(maxSupersteps !== undefined && { maxSupersteps }) };
  const weighted = weight === undefined ? {} : { weight };
  const source = parameters.source === undefined ? undefined : vertexIdOf("--source", parameters.source, report);
  switch (request.algorithm) {
    case "pagerank": {
      const { iterations, tolerance, resetProb, scale } = parameters;
      const until = iterations === undefined ? { tolerance: tolerance ?? 1e-6 } : { iterations };
      const result = await graph.pageRank({
        ...until,
        ...limits,
        ...weighted,
        ...(resetProb !== undefined && { resetProbability: resetProb }),
        ...(source !== undefined && { source }),
        scale: scale === "probability" ? "probability" : "graphx",
      });
      const table = await vertexTable(result.graph, { vertex: "rank" });
      const { supersteps, converged, residual } = result;
      return {
        table,
        by: "rank",
        order: "descending",
        supersteps,
        converged,
        residual,
        used: { ...until, scale: scale ?? "n" },
      };
    }
    case "components": {
      const result = await graph.connectedComponents(limits);
      const table = asWhole(await vertexTable(result.graph, { vertex: "component" }), "component");
      return { ...result, table, summary: componentSizes(table) };
    }
    case "sssp": {
      const result = await graph.sssp({ source: source!, ...limits, ...weighted, ...(direction && { direction }) });
      return {
        ...result,
        table: await vertexTable(result.graph, { vertex: "distance" }),
        by: "distance",
        order: "ascending",
      };
    }
    case "bfs": {
      const result = await graph.bfs({ source: source!, ...limits, ...(direction && { direction }) });
      const table = missingWhereInfinite(await vertexTable(result.graph, { vertex: "depth" }));
      return { ...result, table, by: "depth", order: "ascending" };
    }
    case "shortest-paths": {
      const landmarks = parameters.landmarks!.map((text) => vertexIdOf("--landmarks", text, report));
      const result = await landmarkDistances(graph, {
        landmarks,
        ...limits,
        ...weighted,
        ...(direction && { direction }),
      });
      const { columns, numRows } = await vertexTable(result.graph);
      const named = columns.map((column, at) =>
        at === 0 ? column : { ...column, name: String(result.known[at - 1]) },
      );
      const notes = result.unknown.map((id) => `landmark ${String(id)} is no vertex of the graph: it has no column`);
      const table = missingWhereInfinite({ numRows, columns: named });
      return { ...result, table, notes };
    }
  }
}

/** Component ids are whole numbers where vertex ids are. */
function asWhole(table: Table, name: string): Table {
  const columns = table.columns.map((column): TableColumn =>
    column.name === name && column.type === "number" ? { ...column, integer: true } : column,
  );
  return { ...table, columns };
}

/** Hops and distances to landmarks are left empty where there is no path. */
function missingWhereInfinite(table: Table): Table {
  const columns = table.columns.map((column, at): TableColumn => {
    if (at === 0 || column.type !== "number") return column;
    const { values } = column;
    const validity = Uint8Array.from(values, (value) => (value === Infinity ? 0 : 1));
    const present = Float64Array.from(values, (value) => (value === Infinity ? 0 : value));
    const integer = present.every((value) => Number.isInteger(value));
    return { name: column.name, type: "number", values: present, integer, ...(validity.includes(0) && { validity }) };
  });
  return { ...table, columns };
}

/** How many components there are, and the largest ones. */
function componentSizes({ columns }: Table): NonNullable<Outcome["summary"]> {
  const column = columns[1]!;
  const sizes = new Map<unknown, number>();
  const add = (component: unknown): void => void sizes.set(component, (sizes.get(component) ?? 0) + 1);
  if (column.type === "string" && typeof column.values !== "function") column.values.forEach(add);
  else if (column.type !== "string") for (const value of column.values) add(value);
  const largest = [...sizes].toSorted((a, b) => b[1] - a[1]);
  return {
    components: largest.length,
    largest: largest.slice(0, 10).map(([component, size]) => ({ component: jsonId(component), size })),
  };
}

function jsonId(id: unknown): string | number {
  return typeof id === "number" ? id : String(id);
}
