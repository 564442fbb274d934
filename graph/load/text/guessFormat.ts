/**
 * Which text format an input has, from its name and first lines, and why.
 */
import { SuperstepError, invalidArgument } from "../../../core/errors.ts";
import { inputError } from "../inputError.ts";
import { sampleLines } from "./sample.ts";
import type { TextHead } from "./textHead.ts";

/** Text formats by name, as a user sets them. */
export type TextFormatName = "edgeList" | "csv" | "tsv" | "mtx";

/** A format, and the reason why it was taken for that. */
export interface TextFormat {
  readonly kind: "edgeList" | "csv" | "mtx";
  /** The byte between columns; 32 for runs of blanks. */
  readonly delimiter: number;
  /** First bytes of comment lines. */
  readonly comments: readonly number[];
  /** Shown to users: "CSV by its suffix, columns separated by ;". */
  readonly why: string;
}

/** What a user can set. */
export interface FormatOptions {
  /** Default: guessed. */
  readonly format?: TextFormatName | undefined;
  /** One ASCII character between columns, or "tab"; makes the input CSV. Default: guessed. */
  readonly delimiter?: string | undefined;
  /** Characters that start a comment line. Default: "#%" in edge lists, none in CSV. */
  readonly comments?: string | undefined;
}

/**
 * The format of an input, from the head of its first file with text.
 *
 * @throws SuperstepError INVALID_INPUT if it is a graph format that is not read here; INVALID_ARGUMENT for options.
 */
export function guessFormat(head: TextHead, options: FormatOptions): TextFormat {
  const suffix = suffixOf(head.source.name);
  const comments = options.comments === undefined ? undefined : [...Buffer.from(options.comments)];
  const csv = (delimiter: number, why: string): TextFormat => ({
    kind: "csv",
    delimiter,
    comments: comments ?? [],
    why: `CSV ${why}, columns separated by ${delimiterName(delimiter)}`,
  });
  const edgeList = (why: string): TextFormat => ({
    kind: "edgeList",
    delimiter: 32,
    comments: comments ?? edgeListComments,
    why: `edge list ${why}, columns separated by blanks`,
  });
  const mtx = (why: string): TextFormat => ({
    kind: "mtx",
    delimiter: 32,
    comments: [37],
    why: `Matrix Market ${why}`,
  });

  const { format } = options;
  const delimiter = options.delimiter === undefined ? undefined : delimiterByte(options.delimiter);
  if (format !== undefined && !["edgeList", "csv", "tsv", "mtx"].includes(format)) {
    throw invalidArgument("read", "format", "edgeList, csv, tsv or mtx", format);
  }
  if (format === "mtx") return mtx("as asked");
  if (format === "edgeList") {
    if (delimiter === undefined) return edgeList("as asked");
    throw new SuperstepError("INVALID_ARGUMENT", "read: an edge list is separated by blanks; drop delimiter or format");
  }
  if (format === "tsv") return csv(delimiter ?? 9, "as asked");
  if (delimiter !== undefined) return csv(delimiter, "as asked");

  const lines = sampleLines(head, comments ?? (suffix === "csv" || format === "csv" ? [] : edgeListComments));
  if (format === "csv") return csv(guessDelimiter(lines, ",;\t|") ?? 44, "as asked");
  const start = head.bytes.toString("utf8", 0, 4096);
  if (/^%%MatrixMarket\b/i.test(start)) return mtx("by its banner");
  if (suffix === "mtx") return mtx("by its suffix");
  refuseOtherFormat(head.source.name, suffix, start);
  if (suffix === "csv") {
    const found = guessDelimiter(lines, ",;\t|");
    if (found !== undefined || !lines.some((line) => /\S[ \t]+\S/.test(line))) return csv(found ?? 44, "by its suffix");
    return edgeList("in spite of its suffix");
  }
  if (suffix === "tsv" || suffix === "tab") return csv(9, "by its suffix");
  const numPairs = lines.filter((line) => /^-?\d+[ \t]+-?\d+(\s|$)/.test(line)).length;
  if (suffix !== "el" && suffix !== "wel" && numPairs * 2 < lines.length) {
    const found = guessDelimiter(lines, ",;|");
    if (found !== undefined) return csv(found, "by its first lines");
  }
  return edgeList(suffix === "el" || suffix === "wel" ? "by its suffix" : "by its first lines");
}

/** The suffix of a name, in lower case, without .gz or .zst and the dot. */
export function suffixOf(name: string): string {
  return /\.([a-z0-9]+)(?:\.(?:gz|zst))?$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** The one byte that `delimiter` names. */
function delimiterByte(delimiter: string): number {
  const text = delimiter === "tab" || delimiter === "\\t" ? "\t" : delimiter;
  if (/^[\t -~]$/.test(text) && !/["0-9A-Za-z.+-]/.test(text)) return text.charCodeAt(0);
  throw invalidArgument(
    "read",
    "delimiter",
    "one ASCII character that is no letter, digit, quote, point or sign",
    delimiter,
  );
}

function delimiterName(delimiter: number): string {
  if (delimiter === 9) return "tabs";
  return delimiter === 32 ? "single spaces" : `"${String.fromCharCode(delimiter)}"`;
}

/**
 * The candidate found as often as in the first line, and at least once, in most lines, and at least half of them; of two
 * such the one found more often: `1;2;0,5` has semicolons.
 */
function guessDelimiter(lines: readonly string[], candidates: string): number | undefined {
  let best: { delimiter: string; numLines: number; perLine: number } | undefined;
  for (const delimiter of candidates) {
    const counts = lines.map((line) => line.replace(/"[^"]*"?/g, "").split(delimiter).length - 1);
    const perLine = counts[0] ?? 0;
    const numLines = counts.filter((count) => count === perLine).length;
    if (perLine === 0 || numLines * 2 < lines.length) continue;
    const isBetter =
      best === undefined || numLines > best.numLines || (numLines === best.numLines && perLine > best.perLine);
    if (isBetter) best = { delimiter, numLines, perLine };
  }
  return best?.delimiter.charCodeAt(0);
}

const otherSuffixes: Readonly<Record<string, string>> = {
  json: "JSON",
  jsonl: "JSON lines",
  ndjson: "JSON lines",
  graphml: "GraphML",
  gexf: "GEXF",
  xml: "XML",
  gml: "GML",
  dot: "DOT",
  gv: "DOT",
  net: "Pajek",
  graph: "METIS",
  metis: "METIS",
  gr: "DIMACS",
  sg: "a GAP binary graph",
};

/** Refuses graph formats whose lines could pass for edges, or that give nothing but bad rows. */
function refuseOtherFormat(name: string, suffix: string, start: string): void {
  let found = otherSuffixes[suffix];
  if (/^\s*<(\?xml|graphml|gexf)/.test(start)) found ??= "XML";
  if (/^\s*[{[]\s*["{[\]}]/.test(start)) found ??= "JSON";
  if (/^(c( .*)?\r?\n)*p (sp|edge|col|max|aux) /.test(start)) found ??= "DIMACS";
  if (/^\s*(strict\s+)?(di)?graph\s*("[^"]*"|\w*)\s*[{[]/.test(start)) found ??= "DOT or GML";
  if (/^\*vertices\b/i.test(start)) found ??= "Pajek";
  if (found === undefined) return;
  throw inputError({
    file: name,
    reason: `${found}, which is not read`,
    expected: "an edge list, CSV or Matrix Market",
    got: found,
    hint: "convert it, or say what it is by --from edgeList or --from csv",
  });
}

const edgeListComments: readonly number[] = [35, 37];
