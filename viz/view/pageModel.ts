/**
 * What the page receives: one JSON object of columns. Here a vertex becomes a node, and an edge a link.
 *
 * Numbers travel as base64 of little-endian typed arrays; repeated texts once, with a code for each value.
 */

/** Element types that travel. */
export type PackedType = "uint8" | "uint16" | "uint32" | "int32" | "float32" | "float64";

/** Numbers, in the narrowest type that holds them all exactly. */
export interface PackedNumbers {
  readonly as: PackedType;
  /** Base64, little endian. */
  readonly data: string;
}

/** A column of attributes, one value a node or link. */
export type PageColumn = { readonly name: string } & (
  | {
      readonly type: "number";
      readonly numbers: PackedNumbers;
      /** Ascending positions of missing values, if any. */
      readonly missing?: PackedNumbers;
    }
  | {
      /** A bigint is its decimal digits; a boolean is "true" or "false". */
      readonly type: "string" | "bigint" | "boolean";
      /** Distinct values in order of first appearance. */
      readonly values: readonly string[];
      /** For each row, 0 where the value is missing, else 1 + its position in `values`. */
      readonly codes: PackedNumbers;
    }
);

/** Everything the page needs. Fields are added, not renamed; `v` counts breaks. */
export interface PageModel {
  readonly v: 1;
  readonly title: string;
  readonly banner: string;
  readonly directed: boolean;
  /** Counts before the reduction. */
  readonly totals: { readonly vertices: number; readonly edges: number };
  /** Edges among the shown vertices, drawn or not. */
  readonly edgesAmong: number;
  readonly numNodes: number;
  readonly numLinks: number;
  /** Named "id"; numbers, bigints or strings. */
  readonly ids: PageColumn;
  readonly nodeColumns: readonly PageColumn[];
  /** In the whole graph. */
  readonly inDegree: PackedNumbers;
  readonly outDegree: PackedNumbers;
  readonly source: PackedNumbers;
  readonly target: PackedNumbers;
  readonly linkColumns: readonly PageColumn[];
  /** Names of columns, or "degree"; null for none. */
  readonly sizeBy: string | null;
  readonly colourBy: string | null;
  readonly labelBy: string | null;
  readonly weightBy: string | null;
  /** x and y of each node in turn, float32; null: the page lays the graph out while it is looked at. */
  readonly positions: PackedNumbers | null;
  /** "given": the positions are the data's own (a map), and nothing moves unless asked to. */
  readonly layout: "force" | "given";
  readonly theme: "system" | "light" | "dark";
}
