/**
 * All about the node that was clicked: its attributes, its degrees, its neighbours.
 */
import type { ViewColumn } from "../../view/pageData.ts";
import { countText, idText, shorten, valueText } from "../../view/valueText.ts";
import { announce, describeNode } from "../announce.ts";
import { byId, element } from "../element.ts";
import type { Neighbour, PageGraph } from "../pageGraph.ts";
import type { Picture } from "../picture.ts";
import type { Store, ViewState } from "../store.ts";

/** Neighbours listed at first. */
const pageSize = 50;

export interface InspectorActions {
  readonly flyTo: (node: number) => void;
  /** Lets a node that was dragged move again. */
  readonly release: (node: number) => void;
}

export class Inspector {
  readonly #panel: HTMLElement = byId("inspector");
  readonly #picture: Picture;
  readonly #graph: PageGraph;
  readonly #store: Store;
  readonly #actions: InspectorActions;
  readonly #weights: ViewColumn | undefined;
  #numListed = pageSize;

  constructor(picture: Picture, graph: PageGraph, store: Store, actions: InspectorActions) {
    this.#picture = picture;
    this.#graph = graph;
    this.#store = store;
    this.#actions = actions;
    this.#weights = picture.data.linkColumns.find(({ name }) => name === picture.data.model.weightBy);
    store.onChange((state, changed) => {
      if (changed.has("selected")) {
        this.#numListed = pageSize;
        if (state.selected >= 0) announce(`Selected ${describeNode(state.selected, state, picture, graph)}`);
      }
      const keys = ["selected", "labelBy", "colourBy", "theme", "held"] as const;
      if (keys.some((key) => changed.has(key))) this.#render(state);
    });
  }

  #render(state: ViewState): void {
    const { selected } = state;
    this.#panel.hidden = selected < 0;
    if (selected < 0) {
      this.#panel.replaceChildren();
      return;
    }
    this.#panel.replaceChildren(
      this.#header(selected),
      element("div", { class: "scroll" }, ...this.#facts(selected), ...this.#neighbours(selected)),
    );
  }

  #header(node: number): HTMLElement {
    const label = this.#picture.labelOf(node);
    const id = idText(this.#picture.data.ids.values[node]);
    const close = element(
      "button",
      { type: "button", class: "icon", "aria-label": "Close", title: "Close (Esc)" },
      "✕",
    );
    close.addEventListener("click", () => {
      this.#store.update({ selected: -1, cursor: -1 });
      byId("overlay").focus();
    });
    const fly = element("button", { type: "button", class: "text" }, "Fly there");
    fly.addEventListener("click", () => this.#actions.flyTo(node));
    const release = element("button", { type: "button", class: "text" }, "Let it move again");
    release.addEventListener("click", () => this.#actions.release(node));
    const swatch = element("span", { class: "swatch" });
    const { classColours, classOf } = this.#picture.scene();
    swatch.style.backgroundColor = classColours[classOf[node]!]!;
    return element(
      "header",
      {},
      element(
        "div",
        { class: "title" },
        swatch,
        element("h2", { title: label.slice(0, 500) }, element("bdi", {}, label)),
        close,
      ),
      element(
        "p",
        { class: "sub" },
        label !== id && element("bdi", { class: "id" }, id),
        fly,
        this.#store.state.held.has(node) && release,
      ),
    );
  }

  #facts(node: number): HTMLElement[] {
    const { data } = this.#picture;
    const shown = this.#graph.degrees(node);
    const rows = data.columns.map(({ name, values }) => fact(name, valueText(values[node])));
    const degree = (count: number, whole: number): string =>
      count === whole ? whole.toLocaleString("en-US") : `${whole.toLocaleString("en-US")}, ${count} shown`;
    const wholeIn = data.inDegree[node]!;
    const wholeOut = data.outDegree[node]!;
    const degrees = data.model.directed
      ? [fact("edges in", degree(shown.in, wholeIn)), fact("edges out", degree(shown.out, wholeOut))]
      : [fact("edges", degree(shown.in, wholeIn + wholeOut))];
    return [element("dl", {}, ...rows), element("dl", { class: "degrees" }, ...degrees)];
  }

  #neighbours(node: number): HTMLElement[] {
    const all = this.#graph.neighbours(node);
    const listed = all.slice(0, this.#numListed);
    const { directed } = this.#picture.data.model;
    const weightName = this.#weights?.name ?? "";
    const { inDegree, outDegree } = this.#picture.data;
    const shown = this.#graph.degrees(node);
    const numShown = directed ? shown.in + shown.out : shown.in;
    const isPartly = numShown < inDegree[node]! + outDegree[node]!;
    const heading = element(
      "h3",
      {},
      `${countText(all.length, "neighbour")}${isPartly ? " shown" : ""}`,
      element("bdi", { class: "count" }, shorten(weightName, 24)),
    );
    const list = element(
      "ul",
      { class: "neighbours" },
      ...listed.map((neighbour) => element("li", {}, this.#neighbour(neighbour, directed))),
    );
    if (listed.length === all.length) return [heading, list];
    const more = element(
      "button",
      { type: "button", class: "text" },
      `Show more of ${all.length.toLocaleString("en-US")}`,
    );
    more.addEventListener("click", () => {
      this.#numListed += 4 * pageSize;
      this.#render(this.#store.state);
    });
    return [heading, list, more];
  }

  #neighbour({ node, linksTo, linksFrom }: Neighbour, directed: boolean): HTMLButtonElement {
    const way = !directed ? "–" : linksTo.length === 0 ? "←" : linksFrom.length === 0 ? "→" : "↔";
    const words = { "–": "linked with", "←": "from", "→": "to", "↔": "to and from" }[way];
    const links = [...linksTo, ...linksFrom];
    const parallel = Math.max(linksTo.length, linksFrom.length);
    const weight = this.#weights === undefined ? "" : valueText(sumOf(this.#weights, links));
    const swatch = element("span", { class: "swatch" });
    const { classColours, classOf } = this.#picture.scene();
    swatch.style.backgroundColor = classColours[classOf[node]!]!;
    const button = element(
      "button",
      { type: "button", class: "neighbour" },
      element("span", { class: "way", "aria-label": words }, way),
      swatch,
      element("bdi", { class: "name" }, this.#picture.labels[node]!),
      element("span", { class: "count" }, weight || (parallel > 1 ? `×${parallel}` : "")),
    );
    button.addEventListener("click", () => {
      this.#store.update({ selected: node, cursor: -1, hover: -1 });
      this.#actions.flyTo(node);
    });
    button.addEventListener("pointerenter", () => this.#store.update({ cursor: node }));
    button.addEventListener("pointerleave", () => this.#store.update({ cursor: -1 }));
    return button;
  }
}

function fact(name: string, value: string): HTMLElement {
  return element("div", {}, element("dt", {}, element("bdi", {}, name)), element("dd", {}, element("bdi", {}, value)));
}

/** The sum of the numbers among the values of `links`; missing if there is none. */
function sumOf({ values }: ViewColumn, links: readonly number[]): number | null {
  const numbers = links.map((link) => values[link]).filter((value) => typeof value === "number");
  return numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0);
}
