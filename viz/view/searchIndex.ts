/**
 * Finds nodes by id, label or any attribute.
 */
import type { PageData, ViewColumn } from "./pageData.ts";
import { idText, valueText } from "./valueText.ts";

/** The quality of an attribute that is just what was asked for: before an inside of a label, after its beginnings. */
const wholeAttribute = 2.5;

/** A node that was found, and the column whose text matched. */
export interface Hit {
  readonly node: number;
  readonly column: string;
}

interface SearchColumn {
  readonly name: string;
  readonly texts: readonly string[];
  /** Numbers match as a whole only: "1" should not find every rank with a 1 in it. */
  readonly whole: boolean;
}

/** Texts of all nodes, folded once: without case and accents. */
export class SearchIndex {
  readonly #numNodes: number;
  /** The label first, then the id, then the rest: the best match of a node is its first column's of equal quality. */
  readonly #columns: readonly SearchColumn[];

  constructor(data: PageData, label: ViewColumn) {
    this.#numNodes = data.numNodes;
    const rest = data.columns.filter((column) => column !== label);
    this.#columns = [
      { name: label.name, texts: label.values.map((value) => fold(idText(value))), whole: false },
      { name: "id", texts: data.ids.values.map((value) => fold(idText(value))), whole: false },
      ...rest.map((column) => ({
        name: column.name,
        texts: column.values.map((value) =>
          value === null ? "" : fold(column.type === "number" ? String(value) : valueText(value)),
        ),
        whole: column.type === "number",
      })),
    ];
  }

  /** All hits, the best first, ties by importance. Cost: one look at every text. */
  find(query: string): readonly Hit[] {
    const wanted = fold(query.trim());
    if (wanted === "") return [];
    const found: (Hit & { readonly quality: number })[] = [];
    for (let node = 0; node < this.#numNodes; node++) {
      let best: (Hit & { readonly quality: number }) | undefined;
      this.#columns.forEach(({ name, texts, whole }, position) => {
        const match = matchQuality(texts[node]!, wanted, whole);
        const quality = position <= 1 ? match : match === 0 ? wholeAttribute : match + 4;
        if (quality < (best?.quality ?? Infinity)) best = { node, column: name, quality };
      });
      if (best !== undefined) found.push(best);
    }
    return found.sort((a, b) => a.quality - b.quality || a.node - b.node);
  }
}

/** 0 the same, 1 a beginning, 2 the beginning of a word, 3 inside; Infinity if not at all. */
function matchQuality(text: string, wanted: string, whole: boolean): number {
  if (text === wanted) return 0;
  if (whole) return Infinity;
  const at = text.indexOf(wanted);
  if (at <= 0) return at === 0 ? 1 : Infinity;
  for (let from = at; from >= 0; from = text.indexOf(wanted, from + 1)) {
    if (!/[\p{L}\p{N}]/u.test(text[from - 1]!)) return 2;
  }
  return 3;
}

function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase();
}
