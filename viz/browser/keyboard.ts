/**
 * The whole page without a mouse.
 */
import { nearestTowards, type Direction } from "../view/nearest.ts";
import { announce, describeNode } from "./announce.ts";
import type { PageGraph } from "./pageGraph.ts";
import type { Picture } from "./picture.ts";
import type { Stage } from "./stage.ts";
import type { Store } from "./store.ts";

/** What keys do that is not a matter of the picture. */
export interface KeyActions {
  readonly openSearch: () => void;
  readonly toggleLayout: () => void;
  readonly toggleHelp: () => void;
  readonly toggleTable: () => void;
  readonly toggleTheme: () => void;
  /** Closes whatever is open on top; false if nothing was. */
  readonly closeTop: () => boolean;
}

const arrows: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

export function listenToKeyboard(
  picture: Picture,
  graph: PageGraph,
  stage: Stage,
  store: Store,
  actions: KeyActions,
): void {
  /** Moves the cursor to a neighbour in that direction; with `any`, or where there is none, to any node there. */
  const walk = (direction: Direction, any: boolean): void => {
    const { cursor, selected } = store.state;
    const from = cursor >= 0 ? cursor : selected;
    const nodes = Array.from(picture.radii.keys()).filter((node) => picture.isShown(node));
    if (from < 0) {
      visit(nodes[0] ?? -1);
      return;
    }
    const neighbours = graph.neighbours(from).map(({ node }) => node);
    const linked = neighbours.filter((node) => picture.isShown(node));
    const next = any ? -1 : nearestTowards(picture.positions, from, direction, linked);
    visit(next >= 0 ? next : nearestTowards(picture.positions, from, direction, nodes));
  };

  const visit = (node: number): void => {
    if (node < 0) {
      announce("Nothing further in that direction");
      return;
    }
    store.update({ cursor: node, hover: -1 });
    stage.reveal(node);
    announce(describeNode(node, store.state, picture, graph));
  };

  stage.overlay.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = arrows[event.key];
    if (direction !== undefined) walk(direction, event.shiftKey);
    else if (event.key === "Enter") {
      const { cursor } = store.state;
      if (cursor >= 0) store.update({ selected: cursor });
    } else if (event.key === " ") actions.toggleLayout();
    else return;
    event.preventDefault();
  });

  const anywhere: Readonly<Record<string, () => void>> = {
    "/": actions.openSearch,
    f: () => stage.fit(),
    "+": () => stage.zoomBy(1.4),
    "=": () => stage.zoomBy(1.4),
    "-": () => stage.zoomBy(1 / 1.4),
    t: actions.toggleTable,
    d: actions.toggleTheme,
    "?": actions.toggleHelp,
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (!actions.closeTop()) store.update({ selected: -1, cursor: -1, hover: -1 });
      return;
    }
    const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
    const action = anywhere[event.key];
    if (isTyping || action === undefined) return;
    event.preventDefault();
    action();
  });
}
