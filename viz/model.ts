/**
 * Makes what the page receives from what a reduction kept.
 */
import { escapeControls, invalidArgument } from "../core/errors.ts";
import { layoutOf, type GivenLayout } from "./layout.ts";
import type { ReducedGraph } from "./reducedGraph.ts";
import { degreeName } from "./reduce/importance.ts";
import type { ResultColumn, ResultValue } from "./resultGraph.ts";
import { packNumbers } from "./view/pack.ts";
import type { PageColumn, PageModel } from "./view/pageModel.ts";

/** How a view looks when it opens; the page can change all but the title. */
export interface ViewOptions {
  readonly title: string;
  /** Vertex column, or "degree". Default: what the reduction chose by. */
  readonly sizeBy?: string | undefined;
  /** Vertex column. Default: the first of component, community, cluster, group, label that there is; else none. */
  readonly colourBy?: string | undefined;
  /** Vertex column, or "id". Default: the first of name, label, title that there is; else the id. */
  readonly labelBy?: string | undefined;
  /** Numeric edge column for the width of links. Default: what the reduction chose links by; else none. */
  readonly weightBy?: string | undefined;
  /**
   * "stored": 300 ticks of the force layout now, the same for the same input (1 to 3 s for 2,000 nodes). "live": the
   * page lays out while it is looked at. Two columns: those are the places, x to the right and y up, or degrees east
   * and north. Default: "stored".
   */
  readonly layout?: "stored" | "live" | GivenLayout | undefined;
  /** Default: "system". */
  readonly theme?: "system" | "light" | "dark" | undefined;
}

/**
 * The page's model of `reduced`.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option names a column that does not exist.
 */
export function pageModel(reduced: ReducedGraph, options: ViewOptions): PageModel {
  const { source, vertices, edges, src, dst } = reduced;
  const vertexNames = [...source.vertexColumns.keys()];
  const edgeNames = [...source.edgeColumns.keys()];
  const named = (what: string, name: string | undefined, names: readonly string[]): string | null => {
    if (name === undefined) return null;
    if (names.includes(name)) return name;
    throw invalidArgument("view", what, `one of ${names.join(", ") || "no columns"}`, name);
  };
  const firstOf = (names: readonly string[]): string | undefined =>
    names.find((name) => source.vertexColumns.has(name));

  const weightBy = named("weightBy", options.weightBy ?? reduced.weightBy, edgeNames);
  const labelBy = named("labelBy", options.labelBy ?? firstOf(["name", "label", "title"]) ?? "id", [
    "id",
    ...vertexNames,
  ]);
  const sizeBy = named("sizeBy", options.sizeBy ?? reduced.by, [...vertexNames, degreeName]) ?? degreeName;
  const layout = layoutOf(reduced, options.layout ?? "stored", sizeBy);
  return {
    v: 1,
    title: escapeControls(options.title),
    banner: reduced.banner,
    directed: source.directed ?? true,
    totals: reduced.totals,
    edgesAmong: reduced.edgesAmong,
    numNodes: vertices.length,
    numLinks: edges.length,
    ids: packColumn(
      "id",
      Array.from(vertices, (vertex) => source.vertexId(vertex)),
    ),
    nodeColumns: [...source.vertexColumns].map(([name, column]) => packColumn(name, pickRows(column, vertices))),
    inDegree: packNumbers(reduced.inDegree),
    outDegree: packNumbers(reduced.outDegree),
    source: packNumbers(src),
    target: packNumbers(dst),
    linkColumns: [...source.edgeColumns].map(([name, column]) => packColumn(name, pickRows(column, edges))),
    sizeBy,
    colourBy: named(
      "colourBy",
      options.colourBy ?? firstOf(["component", "community", "cluster", "group", "label"].filter((n) => n !== labelBy)),
      vertexNames,
    ),
    labelBy: labelBy === "id" && !source.vertexColumns.has("id") ? null : labelBy,
    weightBy,
    positions: layout === undefined ? null : packNumbers(layout, "float32"),
    layout: typeof options.layout === "object" ? "given" : "force",
    theme: options.theme ?? "system",
  };
}

function pickRows(column: ResultColumn, rows: Uint32Array): ResultValue[] {
  return Array.from(rows, (row) => column[row]);
}

/** Numbers as numbers, whatever else as text; a column of several kinds is text. */
function packColumn(name: string, values: readonly ResultValue[]): PageColumn {
  const kinds = new Set(values.filter((value) => value !== null && value !== undefined).map((value) => typeof value));
  if (kinds.size === 1 && kinds.has("number")) {
    const missing = [...values.keys()].filter((row) => values[row] === null || values[row] === undefined);
    const numbers = packNumbers(values.map((value) => (typeof value === "number" ? value : 0)));
    return { name, type: "number", numbers, ...(missing.length > 0 && { missing: packNumbers(missing) }) };
  }
  const positions = new Map<string, number>();
  const codes = values.map((value) => {
    if (value === null || value === undefined) return 0;
    const text = String(value);
    const position = positions.get(text) ?? positions.size;
    positions.set(text, position);
    return position + 1;
  });
  const kind = kinds.size === 1 ? [...kinds][0] : "string";
  const type = kind === "bigint" || kind === "boolean" ? kind : "string";
  return { name, type, values: [...positions.keys()], codes: packNumbers(codes) };
}
