/**
 * The page's columns, unpacked: what every part of the page reads.
 */
import { unpackNumbers } from "./pack.ts";
import type { PageColumn, PageModel } from "./pageModel.ts";

/** A value as the page holds it; a bigint is its digits, a boolean "true" or "false". null: missing. */
export type ViewValue = number | string | null;

/** A column, one value a node or link. */
export interface ViewColumn {
  readonly name: string;
  readonly type: "number" | "string" | "bigint" | "boolean";
  readonly values: readonly ViewValue[];
}

export interface PageData {
  readonly model: PageModel;
  readonly numNodes: number;
  readonly numLinks: number;
  readonly ids: ViewColumn;
  /** Attributes, in the order of the data. */
  readonly columns: readonly ViewColumn[];
  readonly linkColumns: readonly ViewColumn[];
  /** Edges in the whole graph. */
  readonly inDegree: ArrayLike<number>;
  readonly outDegree: ArrayLike<number>;
  readonly source: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  /** A copy the page may change; undefined if the page lays the graph out. */
  readonly positions: Float32Array | undefined;
}

/**
 * Unpacks `model`.
 *
 * @throws Error if it is of another version.
 */
export function decodeModel(model: PageModel): PageData {
  if (model.v !== 1) throw new Error(`this page reads data of version 1, and got version ${String(model.v)}`);
  return {
    model,
    numNodes: model.numNodes,
    numLinks: model.numLinks,
    ids: decodeColumn(model.ids),
    columns: model.nodeColumns.map(decodeColumn),
    linkColumns: model.linkColumns.map(decodeColumn),
    inDegree: unpackNumbers(model.inDegree),
    outDegree: unpackNumbers(model.outDegree),
    source: unpackNumbers(model.source),
    target: unpackNumbers(model.target),
    positions: model.positions === null ? undefined : Float32Array.from(unpackNumbers(model.positions)),
  };
}

/** The column called `name`: an attribute, "degree", or "id"; undefined if there is none. */
export function columnNamed(data: PageData, name: string | null): ViewColumn | undefined {
  if (name === null) return undefined;
  const attribute = data.columns.find((column) => column.name === name);
  if (attribute !== undefined) return attribute;
  if (name === "id") return data.ids;
  if (name !== "degree") return undefined;
  const values = Array.from(data.inDegree, (degree, node) => degree + data.outDegree[node]!);
  return { name, type: "number", values };
}

function decodeColumn(column: PageColumn): ViewColumn {
  const { name, type } = column;
  if (column.type === "number") {
    const values: ViewValue[] = Array.from(unpackNumbers(column.numbers));
    if (column.missing !== undefined) for (const row of unpackNumbers(column.missing)) values[row] = null;
    return { name, type, values };
  }
  const { values } = column;
  return {
    name,
    type,
    values: Array.from(unpackNumbers(column.codes), (code) => (code === 0 ? null : values[code - 1]!)),
  };
}
