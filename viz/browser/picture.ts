/**
 * The graph as the page shows it now: sizes, classes, labels, and who is visible, derived from data and choices.
 */
import { colourClasses, colourIn, type ColourClasses } from "../view/colourClasses.ts";
import type { Scene } from "../view/drawList.ts";
import { drawnLinks, type DrawnLinks } from "../view/drawnLinks.ts";
import { columnNamed, type PageData, type ViewColumn } from "../view/pageData.ts";
import { palettes } from "../view/palette.ts";
import { radiusOf, sizeNumber, sizeScale, type SizeScale, type SizeValue } from "../view/sizes.ts";
import { idText, shorten } from "../view/valueText.ts";
import type { Store, ViewState } from "./store.ts";

/** Characters of a label on the canvas. */
const maxLabel = 32;

export class Picture {
  readonly data: PageData;
  readonly links: DrawnLinks;
  readonly positions: Float32Array;
  readonly radii: Float32Array;
  readonly hollow: Uint8Array;
  labelColumn: ViewColumn;
  /** As drawn: one line, cut short. */
  labels: readonly string[] = [];
  sizeScale: SizeScale;
  colours: ColourClasses;
  readonly #store: Store;

  constructor(data: PageData, store: Store) {
    this.data = data;
    this.#store = store;
    const { model, numNodes } = data;
    const weights = data.linkColumns.find(({ name }) => name === model.weightBy)?.values;
    this.links = drawnLinks(numNodes, data.source, data.target, weights, model.directed);
    this.positions = data.positions ?? new Float32Array(2 * numNodes);
    this.radii = new Float32Array(numNodes);
    this.hollow = new Uint8Array(numNodes);
    this.labelColumn = data.ids;
    this.sizeScale = sizeScale([]);
    this.colours = colourClasses(undefined, numNodes);
    this.#derive(store.state, new Set(["sizeBy", "colourBy", "labelBy"]));
    store.onChange((state, changed) => this.#derive(state, changed));
  }

  /** The label of a node in full, or its id where it has none. */
  labelOf(node: number): string {
    return idText(this.labelColumn.values[node] ?? this.data.ids.values[node]);
  }

  isShown(node: number): boolean {
    return !this.#store.state.hiddenClasses.has(this.colours.classOf[node]!);
  }

  numShown(): number {
    let count = 0;
    for (let node = 0; node < this.data.numNodes; node++) if (this.isShown(node)) count++;
    return count;
  }

  /** For drawing. The arrays are the live ones. */
  scene(): Scene {
    const palette = palettes[this.#store.state.theme];
    const { classes, classOf } = this.colours;
    const numCategories = classes.filter(({ colour }) => colour.from === "categories").length;
    return {
      positions: this.positions,
      radii: this.radii,
      hollow: this.hollow,
      classOf,
      classColours: classes.map(({ colour }) => colourIn(palette, colour)),
      tintsLinks: Uint8Array.from(classes, ({ colour }) => (numCategories > 1 && colour.from === "categories" ? 1 : 0)),
      labels: this.labels,
      links: this.links,
      directed: this.data.model.directed,
      linkColour: palette.link,
      background: palette.background,
    };
  }

  #derive(state: ViewState, changed: ReadonlySet<keyof ViewState>): void {
    const { data } = this;
    if (changed.has("sizeBy")) {
      const values = columnNamed(data, state.sizeBy)?.values ?? [];
      const numbers: SizeValue[] = Array.from({ length: data.numNodes }, (_n, node) => {
        return values.length === 0 ? 1 : sizeNumber(numberOf(values[node]));
      });
      this.sizeScale = sizeScale(numbers);
      numbers.forEach((value, node) => {
        this.radii[node] = radiusOf(this.sizeScale, value);
        this.hollow[node] = Number.isNaN(value) ? 1 : 0;
      });
    }
    if (changed.has("colourBy")) this.colours = colourClasses(columnNamed(data, state.colourBy), data.numNodes);
    if (changed.has("labelBy")) {
      this.labelColumn = columnNamed(data, state.labelBy) ?? data.ids;
      this.labels = data.ids.values.map((_id, node) => shorten(this.labelOf(node), maxLabel));
    }
  }
}

/** A bigint's digits as a number. */
function numberOf(value: number | string | null | undefined): number {
  return value === null || value === undefined || value === "" ? NaN : Number(value);
}
