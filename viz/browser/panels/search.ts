/**
 * The search box: a combobox whose hits light up in the picture. Arrows walk the hits, Enter flies to one.
 */
import { SearchIndex, type Hit } from "../../view/searchIndex.ts";
import { columnNamed } from "../../view/pageData.ts";
import { idText, shorten, valueText } from "../../view/valueText.ts";
import { announce } from "../announce.ts";
import { byId, element } from "../element.ts";
import type { Picture } from "../picture.ts";
import type { Store } from "../store.ts";

/** Hits that get a line; all light up. */
const maxLines = 50;

export class SearchBox {
  readonly #input: HTMLInputElement = byId("query");
  readonly #list: HTMLUListElement = byId("hits");
  readonly #picture: Picture;
  readonly #store: Store;
  readonly #choose: (node: number) => void;
  #index: SearchIndex | undefined;
  #hits: readonly Hit[] = [];
  #active = -1;

  /** `choose` is called with the node of the hit that was taken. */
  constructor(picture: Picture, store: Store, choose: (node: number) => void) {
    this.#picture = picture;
    this.#store = store;
    this.#choose = choose;
    this.#input.addEventListener("input", () => this.#find());
    this.#input.addEventListener("focus", () => this.#find());
    this.#input.addEventListener("blur", () => this.#close());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("mousedown", (event) => event.preventDefault()); // the input keeps the focus
    store.onChange((_state, changed) => {
      if (changed.has("labelBy")) this.#index = undefined;
    });
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  #find(): void {
    const query = this.#input.value;
    if (query.trim() === "") {
      this.#close();
      return;
    }
    this.#index ??= new SearchIndex(this.#picture.data, this.#picture.labelColumn);
    this.#hits = this.#index.find(query);
    this.#active = -1;
    this.#render();
    this.#store.update({ hits: this.#hits.map(({ node }) => node), cursor: -1 });
    announce(this.#hits.length === 0 ? "No hits" : `${this.#hits.length} hits`);
  }

  #render(): void {
    const lines = this.#hits.slice(0, maxLines).map((hit, position) => this.#line(hit, position));
    const more = this.#hits.length - lines.length;
    const note =
      this.#hits.length === 0
        ? "Nothing found among the vertices shown"
        : more > 0
          ? `and ${more.toLocaleString("en-US")} more: they are lit in the picture`
          : "";
    this.#list.replaceChildren(
      ...lines,
      ...(note === "" ? [] : [element("li", { class: "note", role: "presentation" }, note)]),
    );
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    this.#input.removeAttribute("aria-activedescendant");
  }

  #line({ node, column }: Hit, position: number): HTMLLIElement {
    const { data, labelColumn } = this.#picture;
    const label = this.#picture.labelOf(node);
    const id = idText(data.ids.values[node]);
    const value = columnNamed(data, column)?.values[node];
    const isAttribute = column !== "id" && column !== labelColumn.name;
    const detail = isAttribute ? `${shorten(column, 24)}: ${shorten(valueText(value), 40)}` : label === id ? "" : id;
    const swatch = element("span", { class: "swatch" });
    const { classColours, classOf } = this.#picture.scene();
    swatch.style.backgroundColor = classColours[classOf[node]!]!;
    const line = element(
      "li",
      { id: `hit-${position}`, role: "option", "aria-selected": "false" },
      swatch,
      element("bdi", { class: "name" }, shorten(label, 80)),
      element("bdi", { class: "detail" }, shorten(detail, 60)),
    );
    line.addEventListener("click", () => this.#take(position));
    return line;
  }

  #onKey(event: KeyboardEvent): void {
    const last = Math.min(this.#hits.length, maxLines) - 1;
    if (event.key === "ArrowDown") this.#walk(this.#active >= last ? 0 : this.#active + 1);
    else if (event.key === "ArrowUp") this.#walk(this.#active <= 0 ? last : this.#active - 1);
    else if (event.key === "Enter") this.#take(Math.max(0, this.#active));
    else if (event.key === "Escape") {
      this.#input.value = "";
      this.#input.blur();
      byId("overlay").focus();
    } else return;
    event.preventDefault();
  }

  #walk(position: number): void {
    const hit = this.#hits[position];
    if (hit === undefined || this.#list.hidden) return;
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = position;
    const line = this.#list.children[position]!;
    line.setAttribute("aria-selected", "true");
    line.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", line.id);
    this.#store.update({ cursor: hit.node });
  }

  #take(position: number): void {
    const hit = this.#hits[position];
    if (hit === undefined) return;
    this.#close();
    byId("overlay").focus();
    this.#choose(hit.node);
  }

  #close(): void {
    this.#hits = [];
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
    this.#store.update({ hits: null, cursor: -1 });
  }
}
