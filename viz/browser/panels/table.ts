/**
 * The nodes as a table: sortable, paged, bound to the selection; the picture's alternative in text.
 */
import { compareValues } from "../../view/compareValues.ts";
import type { ViewColumn } from "../../view/pageData.ts";
import { countText, idText, shorten, valueText } from "../../view/valueText.ts";
import { byId, element } from "../element.ts";
import type { Picture } from "../picture.ts";
import type { Store } from "../store.ts";

const pageSize = 50;

export class NodeTable {
  readonly #panel: HTMLElement = byId("table");
  readonly #picture: Picture;
  readonly #store: Store;
  readonly #choose: (node: number) => void;
  readonly #columns: readonly ViewColumn[];
  /** Position in `#columns`; -1 for the order of importance. */
  #sortedBy = -1;
  #descending = true;
  #page = 0;
  #order: readonly number[] = [];

  /** `choose` is called with the node of a row that was taken. */
  constructor(picture: Picture, store: Store, choose: (node: number) => void) {
    this.#picture = picture;
    this.#store = store;
    this.#choose = choose;
    const { data } = picture;
    const degree = (name: string, values: ArrayLike<number>): ViewColumn => ({
      name,
      type: "number",
      values: Array.from(values),
    });
    this.#columns = [
      data.ids,
      ...data.columns.filter(({ name }) => name !== "id"),
      degree("edges in", data.inDegree),
      degree("edges out", data.outDegree),
    ];
    store.onChange((state, changed) => {
      if (this.#panel.hidden) return;
      if (changed.has("selected")) this.#turnTo(state.selected);
      const keys = ["selected", "hiddenClasses", "colourBy"] as const;
      if (keys.some((key) => changed.has(key))) this.#render();
    });
  }

  get isOpen(): boolean {
    return !this.#panel.hidden;
  }

  /** Opens or closes; focus goes in, or back to the picture. */
  toggle(): void {
    this.#panel.hidden = !this.#panel.hidden;
    byId("toggle-table").setAttribute("aria-expanded", String(!this.#panel.hidden));
    if (this.#panel.hidden) {
      this.#panel.replaceChildren();
      byId("overlay").focus();
      return;
    }
    this.#render();
    this.#turnTo(this.#store.state.selected);
    this.#render();
    this.#panel.querySelector("button")?.focus();
  }

  /** The page that holds the selected node. */
  #turnTo(node: number): void {
    const position = this.#order.indexOf(node);
    if (position >= 0) this.#page = Math.floor(position / pageSize);
  }

  #render(): void {
    this.#order = this.#ordered();
    const numPages = Math.max(1, Math.ceil(this.#order.length / pageSize));
    this.#page = Math.max(0, Math.min(this.#page, numPages - 1));
    const from = this.#page * pageSize;
    const rows = this.#order.slice(from, from + pageSize).map((node) => this.#row(node));
    const head = element("tr", {}, ...this.#columns.map((column, position) => this.#heading(column, position)));
    const focused = document.activeElement?.getAttribute("data-key");
    const scroll = this.#panel.querySelector(".scroll");
    const [left, top] = [scroll?.scrollLeft ?? 0, scroll?.scrollTop ?? 0];
    this.#panel.replaceChildren(
      this.#header(from, numPages),
      element(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "Rows" },
        element(
          "table",
          {},
          element("caption", { class: "visually-hidden" }, "Vertices shown"),
          element("thead", {}, head),
          element("tbody", {}, ...rows),
        ),
      ),
    );
    this.#panel.querySelector(".scroll")!.scrollTo(left, top);
    if (focused) this.#panel.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #header(from: number, numPages: number): HTMLElement {
    const to = Math.min(from + pageSize, this.#order.length);
    const turn = (name: string, text: string, step: number, enabled: boolean): HTMLButtonElement => {
      const button = element("button", { type: "button", class: "icon", "aria-label": name, "data-key": name }, text);
      button.disabled = !enabled;
      button.addEventListener("click", () => {
        this.#page += step;
        this.#render();
      });
      return button;
    };
    const close = element(
      "button",
      { type: "button", class: "icon", "aria-label": "Close the table", title: "Close (t)" },
      "✕",
    );
    close.addEventListener("click", () => this.toggle());
    const range = this.#order.length === 0 ? "" : `${from + 1}–${to} of `;
    return element(
      "header",
      {},
      element("h2", {}, "Vertices"),
      element("span", { class: "range" }, `${range}${countText(this.#order.length, "row")}`),
      turn("Previous page", "‹", -1, this.#page > 0),
      turn("Next page", "›", 1, this.#page < numPages - 1),
      close,
    );
  }

  #heading(column: ViewColumn, position: number): HTMLTableCellElement {
    const isSorted = this.#sortedBy === position;
    const mark = isSorted ? (this.#descending ? " ↓" : " ↑") : "";
    const key = `sort ${position}`;
    const button = element(
      "button",
      { type: "button", "data-key": key },
      element("bdi", {}, shorten(column.name, 40)),
      mark,
    );
    button.addEventListener("click", () => {
      this.#descending = isSorted ? !this.#descending : column.type === "number";
      this.#sortedBy = position;
      this.#page = 0;
      this.#render();
    });
    const sort = isSorted ? (this.#descending ? "descending" : "ascending") : "none";
    const numeric = column.type === "number" || column.type === "bigint";
    return element("th", { scope: "col", "aria-sort": sort, class: numeric && "number" }, button);
  }

  #row(node: number): HTMLTableRowElement {
    const cells = this.#columns.map((column, position) => {
      const value = column.values[node];
      if (position > 0) {
        const numeric = column.type === "number" || column.type === "bigint";
        return element("td", { class: numeric && "number" }, element("bdi", {}, shorten(valueText(value), 60)));
      }
      const button = element(
        "button",
        { type: "button", class: "text", "data-key": `row ${node}` },
        element("bdi", {}, shorten(idText(value), 40)),
      );
      button.addEventListener("click", () => this.#choose(node));
      return element("th", { scope: "row" }, button);
    });
    return element("tr", { "aria-selected": String(node === this.#store.state.selected) }, ...cells);
  }

  #ordered(): readonly number[] {
    const nodes = Array.from(this.#picture.radii.keys()).filter((node) => this.#picture.isShown(node));
    const column = this.#columns[this.#sortedBy];
    if (column === undefined) return nodes;
    const sign = this.#descending ? -1 : 1;
    return nodes.sort((a, b) => compareValues(column, a, b, sign) || a - b);
  }
}
