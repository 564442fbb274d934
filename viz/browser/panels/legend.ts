/**
 * The legend, always there: what colour and size mean, which classes are on, and by which columns all that goes.
 */
import { radiusOf, sizeNumber, type SizeScale } from "../../view/sizes.ts";
import { countText, numberText, shorten } from "../../view/valueText.ts";
import { announce } from "../announce.ts";
import { byId, element, svgElement } from "../element.ts";
import type { Picture } from "../picture.ts";
import type { Store, ViewState } from "../store.ts";

type Choice = "colourBy" | "sizeBy" | "labelBy";

export class Legend {
  readonly #picture: Picture;
  readonly #store: Store;
  readonly #classes: HTMLUListElement = byId("classes");
  readonly #sizes: HTMLElement = byId("sizes");
  readonly #shown: HTMLElement = byId("shown");
  readonly #reset: HTMLButtonElement = byId("reset");

  constructor(picture: Picture, store: Store) {
    this.#picture = picture;
    this.#store = store;
    this.#fillChoices();
    this.#reset.addEventListener("click", () => store.update({ hiddenClasses: new Set() }));
    store.onChange((state, changed) => {
      if (changed.has("colourBy") && state.hiddenClasses.size > 0) store.update({ hiddenClasses: new Set() });
      if (changed.has("colourBy") || changed.has("theme")) this.#renderClasses();
      if (changed.has("sizeBy")) this.#renderSizes();
      if (changed.has("hiddenClasses") || changed.has("colourBy")) this.#renderState(state);
    });
    this.#renderClasses();
    this.#renderSizes();
    this.#renderState(store.state);
    const isSmall = matchMedia("(max-width: 720px)").matches;
    byId<HTMLDetailsElement>("legend").open = !isSmall;
  }

  #fillChoices(): void {
    const { columns } = this.#picture.data;
    const names = columns.map(({ name }) => name);
    const numeric = columns.filter(({ type }) => type === "number" || type === "bigint").map(({ name }) => name);
    const withDegree = numeric.includes("degree") ? numeric : [...numeric, "degree"];
    const choices: readonly (readonly [string, Choice, readonly string[], string])[] = [
      ["colour-by", "colourBy", names.includes("degree") ? names : [...names, "degree"], "one colour"],
      ["size-by", "sizeBy", withDegree, "one size"],
      ["label-by", "labelBy", names.filter((name) => name !== "id"), "id"],
    ];
    for (const [id, key, options, none] of choices) {
      const select = byId<HTMLSelectElement>(id);
      select.replaceChildren(
        ...options.map((name) => element("option", { value: name }, shorten(name, 40))),
        element("option", { value: "" }, none),
      );
      select.value = this.#store.state[key] ?? "";
      select.selectedIndex = select.selectedIndex < 0 ? options.length : select.selectedIndex;
      select.addEventListener("change", () => {
        const isNone = select.selectedIndex === options.length;
        this.#store.update({ [key]: isNone ? null : select.value });
      });
    }
  }

  #renderClasses(): void {
    const { classes } = this.#picture.colours;
    const { classColours } = this.#picture.scene();
    this.#classes.replaceChildren(
      ...classes.map(({ label, count }, position) => {
        const swatch = element("span", { class: "swatch" });
        swatch.style.backgroundColor = classColours[position]!;
        const button = element(
          "button",
          { type: "button", class: "class", title: `${label}: click to hide or show, Shift+click for this one alone` },
          swatch,
          element("bdi", { class: "name" }, label),
          element("span", { class: "count" }, count.toLocaleString("en-US")),
        );
        button.addEventListener("click", (event) => this.#toggle(position, event.shiftKey));
        return element("li", {}, button);
      }),
    );
    this.#renderState(this.#store.state);
  }

  #toggle(position: number, alone: boolean): void {
    const { classes } = this.#picture.colours;
    const hidden = new Set(this.#store.state.hiddenClasses);
    if (alone) {
      const others = classes.map((_class, other) => other).filter((other) => other !== position);
      const isAlone = !hidden.has(position) && others.every((other) => hidden.has(other));
      this.#store.update({ hiddenClasses: new Set(isAlone ? [] : others) });
    } else {
      if (!hidden.delete(position)) hidden.add(position);
      this.#store.update({ hiddenClasses: hidden });
    }
    announce(this.#shown.textContent ?? "");
  }

  #renderState(state: ViewState): void {
    const buttons = this.#classes.querySelectorAll("button");
    buttons.forEach((button, position) => {
      button.setAttribute("aria-pressed", String(!state.hiddenClasses.has(position)));
    });
    const { numNodes } = this.#picture.data;
    const numShown = this.#picture.numShown();
    this.#shown.textContent =
      numShown === numNodes
        ? countText(numNodes, "vertex", "vertices")
        : `${numShown.toLocaleString("en-US")} of ${numNodes.toLocaleString("en-US")} shown`;
    this.#reset.hidden = state.hiddenClasses.size === 0;
  }

  /** Three circles in the size they have at zoom 1, and what they stand for. */
  #renderSizes(): void {
    const { sizeScale, hollow } = this.#picture;
    const isSized = this.#store.state.sizeBy !== null && !Number.isNaN(sizeScale.high);
    const values = isSized ? sampleValues(sizeScale) : [];
    const items = values.map((value) => {
      const radius = radiusOf(sizeScale, value);
      const box = 2 * Math.ceil(radius) + 2;
      const circle = svgElement("circle", { cx: box / 2, cy: box / 2, r: radius });
      const picture = svgElement("svg", { width: box, height: box, "aria-hidden": "true" }, circle);
      return element("figure", {}, picture, element("figcaption", {}, numberText(value)));
    });
    const numHollow = isSized ? hollow.reduce((count, flag) => count + flag, 0) : 0;
    const note = numHollow > 0 && `ring: no finite number (${numHollow.toLocaleString("en-US")})`;
    this.#sizes.replaceChildren(...items, ...(note ? [element("p", { class: "note" }, note)] : []));
    this.#sizes.hidden = !isSized;
  }
}

/** Three readable values: near the top, a quarter, and a twentieth of the scale, rounded to one digit, each once. */
function sampleValues({ low, high }: SizeScale): number[] {
  const values = [0.04, 0.25, 1].map((part) => {
    const value = low + part * (high - low);
    return part === 1 ? Number(value.toPrecision(3)) : Number(value.toPrecision(1));
  });
  return [...new Set(values)].filter((value) => !Number.isNaN(sizeNumber(value)));
}
