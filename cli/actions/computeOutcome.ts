/**
 * What each algorithm of `superstep run` computes, as a table with the columns that help promises.
 */
import type { Json } from "../../core/errors.ts";
import { landmarkDistances } from "../../graph/algorithms/shortestPaths.ts";
import { vertexTable } from "../../graph/graphTables.ts";
import { stringReader, valueReader, type Table, type TableColumn } from "../../graph/load/table/table.ts";
import type { AlgorithmName } from "../algorithms.ts";
import { counted } from "../counted.ts";
import type { RunRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { vertexIdOf, vertexNamed, type CommandGraph } from "./engine.ts";
import { jsonValue, type Outcome } from "./presentResult.ts";

/** Runs the algorithm that is asked for. */
export function computeOutcome(request: RunRequest, loaded: CommandGraph, session: Session): Promise<Outcome> {
  return algorithms[request.algorithm](request, loaded, session);
}

type Compute = (request: RunRequest, loaded: CommandGraph, session: Session) => Promise<Outcome>;

const algorithms: Readonly<Record<AlgorithmName, Compute>> = {
  pagerank,
  components,
  sssp,
  bfs,
  triangles,
  "shortest-paths": shortestPaths,
};

async function pagerank({ parameters }: RunRequest, loaded: CommandGraph): Promise<Outcome> {
  const { iterations, tolerance = 1e-6, resetProb = 0.15, scale = "n", source: sourceText } = parameters;
  const until = iterations === undefined ? { tolerance, ...limitOf(parameters) } : { iterations };
  const source = sourceText === undefined ? undefined : await vertexNamed("run", "--source", sourceText, loaded);
  const { graph, supersteps, converged, residual } = await loaded.graph.pageRank({
    ...until,
    ...weightOf(loaded),
    ...(source !== undefined && { source }),
    resetProbability: resetProb,
    scale: scale === "probability" ? "probability" : "graphx",
  });
  return {
    table: await vertexTable(graph, { vertex: "rank" }),
    order: { by: "rank", order: "descending" },
    supersteps,
    converged,
    residual,
    parameters: {
      ...until,
      resetProb,
      scale,
      ...(source !== undefined && { source: jsonValue(source) }),
      ...weightOf(loaded),
    },
  };
}

async function components({ parameters }: RunRequest, { graph }: CommandGraph): Promise<Outcome> {
  const result = await graph.connectedComponents(limitOf(parameters));
  const table = await vertexTable(result.graph, { vertex: "component" });
  const [ids, labels] = table.columns as [TableColumn, TableColumn];
  const whole = { ...table, columns: [ids, likeIds(labels, ids, table.numRows)] };
  const sizes = componentSizes(whole);
  const largest = Array.from({ length: Math.min(10, sizes.numRows) }, (_none, row) =>
    Object.fromEntries(sizes.columns.map((column) => [column.name, jsonValue(valueReader(column)(row))])),
  );
  return {
    table: whole,
    supersteps: result.supersteps,
    converged: result.converged,
    method: result.method,
    parameters: limitOf(parameters),
    more: { components: sizes.numRows, largest },
    summary: {
      headline: `${counted(sizes.numRows, "component")}${sizes.numRows === 0 ? "" : ", by size:"}`,
      table: sizes,
    },
  };
}

async function sssp({ parameters }: RunRequest, loaded: CommandGraph): Promise<Outcome> {
  const { direction = "out" } = parameters;
  const source = await vertexNamed("run", "--source", parameters.source!, loaded);
  const options = { source, direction, ...weightOf(loaded), ...limitOf(parameters) };
  const { graph, supersteps, converged, method } = await loaded.graph.sssp(options);
  return {
    table: await vertexTable(graph, { vertex: "distance" }),
    order: { by: "distance", order: "ascending" },
    supersteps,
    converged,
    method,
    parameters: { ...options, source: jsonValue(source) },
  };
}

async function bfs({ parameters }: RunRequest, loaded: CommandGraph): Promise<Outcome> {
  const { direction = "out" } = parameters;
  const source = await vertexNamed("run", "--source", parameters.source!, loaded);
  const options = { source, direction, ...limitOf(parameters) };
  const { graph, supersteps, converged, method } = await loaded.graph.bfs(options);
  return {
    table: missingWhereInfinite(await vertexTable(graph, { vertex: "depth" })),
    order: { by: "depth", order: "ascending" },
    supersteps,
    converged,
    method,
    parameters: { ...options, source: jsonValue(source) },
  };
}

async function triangles(_request: RunRequest, loaded: CommandGraph): Promise<Outcome> {
  const { graph, total, supersteps, converged, method } = await loaded.graph.triangleCount();
  const { columns, numRows } = await vertexTable(graph, { vertex: "triangles" });
  const [ids, counts] = columns as [TableColumn, TableColumn];
  const table = { numRows, columns: [ids, likeIds(counts, ids, numRows)] };
  return {
    table,
    order: { by: "triangles", order: "descending" },
    supersteps,
    converged,
    method,
    parameters: {},
    more: { triangles: total },
  };
}

async function shortestPaths({ parameters }: RunRequest, loaded: CommandGraph, session: Session): Promise<Outcome> {
  const { direction = "out" } = parameters;
  const asked = parameters.landmarks!.map((text) => vertexIdOf("run", "--landmarks", text, loaded.report));
  const landmarks = [...new Set(asked)];
  const options = { direction, ...weightOf(loaded), ...limitOf(parameters) };
  const { graph, known, unknown, supersteps, converged } = await landmarkDistances(loaded.graph, {
    landmarks,
    ...options,
  });
  if (unknown.length > 0) {
    session.warn("UNKNOWN_LANDMARK", `no vertex of the graph: ${unknown.join(", ")}; nothing reaches it`);
  }
  const { columns, numRows } = missingWhereInfinite(await vertexTable(graph));
  const named = landmarks.map((id): TableColumn => {
    const column = columns[1 + known.indexOf(id)]!;
    const name = id === "id" ? "id (landmark)" : String(id);
    return known.includes(id) ? { ...column, name } : missingColumn(name, numRows);
  });
  return {
    table: { numRows, columns: [columns[0]!, ...named] },
    supersteps,
    converged,
    parameters: { landmarks: landmarks.map(jsonValue), ...options },
    more: unknown.length > 0 ? { unknownLandmarks: unknown.map(jsonValue) } : {},
  };
}

/** The limit, if one was asked for; there is none by default. */
function limitOf({ maxSupersteps }: RunRequest["parameters"]): { readonly maxSupersteps?: number } {
  return maxSupersteps === undefined ? {} : { maxSupersteps };
}

function weightOf({ weight }: CommandGraph): { readonly weight?: string } {
  return weight === undefined ? {} : { weight };
}

/** A column of ids in the type that ids have: whole numbers, 64-bit integers, or strings. */
function likeIds(column: TableColumn, ids: TableColumn, numRows: number): TableColumn {
  if (column.type === "number") return { ...column, integer: true };
  if (column.type !== "string" || ids.type !== "bigint") return column;
  const textOf = stringReader(column.values);
  const values = BigInt64Array.from({ length: numRows }, (_none, row) => BigInt(textOf(row)));
  return { name: column.name, type: "bigint", values };
}

/** Hops and distances to landmarks are left empty where there is no path, and are whole numbers if all of them are. */
function missingWhereInfinite(table: Table): Table {
  const columns = table.columns.map((column, at): TableColumn => {
    if (at === 0 || column.type !== "number") return column;
    const { name, values } = column;
    const validity = Uint8Array.from(values, (value) => (value === Infinity ? 0 : 1));
    const present = Float64Array.from(values, (value) => (value === Infinity ? 0 : value));
    const integer = present.every((value) => Number.isSafeInteger(value));
    return { name, type: "number", values: present, integer, ...(validity.includes(0) && { validity }) };
  });
  return { ...table, columns };
}

function missingColumn(name: string, numRows: number): TableColumn {
  return { name, type: "number", integer: true, values: new Float64Array(numRows), validity: new Uint8Array(numRows) };
}

/** How many vertices each component has, the largest first; of equal ones that of the lowest id. */
function componentSizes({ columns, numRows }: Table): Table {
  const column = columns[1]!;
  const read = valueReader(column);
  const sizes = new Map<Json | bigint, { row: number; size: number }>();
  for (let row = 0; row < numRows; row++) {
    const component = read(row);
    const entry = sizes.get(component);
    if (entry === undefined) sizes.set(component, { row, size: 1 });
    else entry.size++;
  }
  const largest = [...sizes.values()].sort((a, b) => b.size - a.size); // stable: rows are by id
  const rows = largest.map(({ row }) => row);
  const vertices = Float64Array.from(largest, ({ size }) => size);
  return {
    numRows: rows.length,
    columns: [rowsOf(column, rows), { name: "vertices", type: "number", integer: true, values: vertices }],
  };
}

function rowsOf(column: TableColumn, rows: readonly number[]): TableColumn {
  const { name } = column;
  const read = valueReader(column);
  if (column.type === "bigint")
    return { name, type: "bigint", values: BigInt64Array.from(rows, (row) => read(row) as bigint) };
  if (column.type === "string") return { name, type: "string", values: rows.map((row) => String(read(row))) };
  return { name, type: "number", integer: true, values: Float64Array.from(rows, (row) => Number(read(row))) };
}
