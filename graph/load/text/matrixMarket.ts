/**
 * Matrix Market coordinate files as graphs: entry (i, j) is an edge from vertex i to vertex j, counted from 1.
 */
import { inputError, quoteBytes } from "../inputError.ts";
import type { TextHead } from "./textHead.ts";
import type { TextPlan } from "./textPlan.ts";

/** The header of a Matrix Market file. */
export interface MatrixHeader {
  /** Vertices are 1 to this, also those without an edge. */
  readonly numVertices: number;
  /** Entries that follow. */
  readonly numEntries: number;
  /** Entries have a value in their third column. */
  readonly hasWeights: boolean;
  /** Each entry off the diagonal stands for its mirror image too. */
  readonly mirror?: "same" | "negated";
  /** Where the entries begin, in bytes after a byte-order mark, and the number of lines before. */
  readonly dataFrom: number;
  readonly numLines: number;
  readonly numComments: number;
  /** The banner's words: "coordinate pattern general". */
  readonly kind: string;
}

/**
 * Reads banner, comments and size line.
 *
 * @throws SuperstepError INVALID_INPUT if one is missing or wrong, or the matrix is dense, complex, or not square.
 */
export function readMatrixHeader({ source, bytes }: TextHead): MatrixHeader {
  const file = source.name;
  const text = bytes.toString("latin1");
  const lines = text.split("\n", maxHeaderLines);
  const banner = lines[0]!.trim();
  const at = (line: number) => ({ file, line, column: 1, byteOffset: lineStart(lines, line) });
  const words = /^%%MatrixMarket\s+matrix\s+(\w+)\s+(\w+)\s+([\w-]+)$/i
    .exec(banner)
    ?.slice(1)
    .map((word) => word.toLowerCase());
  if (words === undefined) {
    throw inputError({
      ...at(1),
      reason: "the Matrix Market banner is missing",
      expected: "the banner %%MatrixMarket matrix coordinate …",
      got: quoteBytes(bytes, 0, Math.max(0, bytes.indexOf(10))),
      hint: "--from edgeList reads lines of two ids",
    });
  }
  const [layout, field, symmetry] = words as [string, string, string];
  const isKnown =
    layout === "coordinate" &&
    ["pattern", "integer", "real"].includes(field) &&
    ["general", "symmetric", "skew-symmetric"].includes(symmetry);
  if (!isKnown) {
    throw inputError({
      ...at(1),
      reason: "another kind of matrix",
      expected: "a coordinate matrix: pattern, integer or real; general, symmetric or skew-symmetric",
      got: words.join(" "),
      hint: "",
    });
  }
  const sizeIndex = lines.findIndex((line, index) => index > 0 && !line.startsWith("%") && line.trim() !== "");
  const size = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/
    .exec(lines[sizeIndex] ?? "")
    ?.slice(1)
    .map(Number);
  if (size === undefined || size.some((number) => !Number.isSafeInteger(number))) {
    throw inputError({
      ...at(sizeIndex < 0 ? lines.length : sizeIndex + 1),
      reason: "the size line is missing",
      expected: "a size line: rows, columns, entries",
      got: JSON.stringify((lines[sizeIndex] ?? "").trim().slice(0, 60)),
      hint: "",
    });
  }
  const [rows, columns, numEntries] = size as [number, number, number];
  if (rows !== columns || rows > 0xffffffff) {
    throw inputError({
      ...at(sizeIndex + 1),
      reason: "the matrix is not square",
      expected: "as many rows as columns, below 2^32",
      got: `${rows} rows and ${columns} columns`,
      hint: "a graph's matrix has a row and a column for each vertex",
    });
  }
  const mirror = symmetry === "symmetric" ? "same" : symmetry === "skew-symmetric" ? "negated" : undefined;
  return {
    numVertices: rows,
    numEntries,
    hasWeights: field !== "pattern",
    ...(mirror === undefined ? {} : { mirror }),
    dataFrom: Math.min(lineStart(lines, sizeIndex + 2), bytes.length),
    numLines: sizeIndex + 1,
    numComments: lines.slice(0, sizeIndex).filter((line) => line.startsWith("%")).length,
    kind: words.join(" "),
  };
}

const maxHeaderLines = 100_000;

/** Where line `line`, from 1, starts; lines are Latin-1, a character a byte. */
function lineStart(lines: readonly string[], line: number): number {
  return lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
}

/** The columns of the entries, and what their indices must be. */
export function matrixColumns({
  hasWeights,
  numVertices,
  mirror,
}: MatrixHeader): Pick<TextPlan, "idType" | "idColumns" | "attrs" | "maxColumns" | "maxIndex" | "mirror"> {
  return {
    idType: "integer",
    idColumns: [
      { role: "src", column: 0 },
      { role: "dst", column: 1 },
    ],
    attrs: hasWeights ? [{ name: "weight", column: 2, type: "number", isWeight: true }] : [],
    maxColumns: hasWeights ? 3 : 2,
    maxIndex: numVertices,
    ...(mirror === undefined ? {} : { mirror }),
  };
}

/** @throws SuperstepError INVALID_INPUT if the file does not hold as many entries as its size line says. */
export function checkEntries(file: string, { numEntries }: MatrixHeader, numFound: number): void {
  if (numFound === numEntries) return;
  throw inputError({
    file,
    reason: "not as many entries as the size line says",
    expected: `${numEntries} entries, as the size line says`,
    got: String(numFound),
    hint: numFound < numEntries ? "is the file cut short?" : "",
  });
}
