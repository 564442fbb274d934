/**
 * The page: builds its parts around one store, and binds them.
 */
import { decodeModel } from "../view/pageData.ts";
import type { PageModel } from "../view/pageModel.ts";
import type { ThemeName } from "../view/palette.ts";
import { announce } from "./announce.ts";
import { byId } from "./element.ts";
import { focusOf } from "./focus.ts";
import { listenToKeyboard } from "./keyboard.ts";
import { LayoutClient } from "./layout/client.ts";
import { Inspector } from "./panels/inspector.ts";
import { Legend } from "./panels/legend.ts";
import { SearchBox } from "./panels/search.ts";
import { NodeTable } from "./panels/table.ts";
import { PageGraph } from "./pageGraph.ts";
import { Picture } from "./picture.ts";
import { listenToPointer, type Mover } from "./pointer.ts";
import { Stage } from "./stage.ts";
import { Store } from "./store.ts";

/** Starts the page with its data. `script`: text of the page's own script, for the layout worker. */
export function startApp(model: PageModel, script: string): void {
  const data = decodeModel(model);
  const store = new Store({
    theme: initialTheme(model),
    sizeBy: model.sizeBy,
    colourBy: model.colourBy,
    labelBy: model.labelBy,
    hiddenClasses: new Set(),
    hover: -1,
    cursor: -1,
    selected: -1,
    hits: null,
    isRunning: false,
    held: new Set(),
  });
  const graph = new PageGraph(data);
  const picture = new Picture(data, store);
  const stage = new Stage(picture, store, () => focusOf(store.state, picture, graph));
  const mover = new LayoutBinding(script, picture, stage, store);
  const select = (node: number): void => {
    store.update({ selected: node, cursor: -1, hover: -1 });
    stage.flyTo(node);
  };

  fillTexts(model);
  new Legend(picture, store);
  new Inspector(picture, graph, store, { flyTo: (node) => stage.flyTo(node), release: (node) => mover.release(node) });
  const search = new SearchBox(picture, store, select);
  const table = new NodeTable(picture, store, select);
  const help = byId<HTMLDialogElement>("help");
  const toggleHelp = (): void => (help.open ? help.close() : help.showModal());
  const toggleTheme = (): void => store.update({ theme: store.state.theme === "dark" ? "light" : "dark" });
  const toggleLayout = (): void => mover.toggle();
  const toggleTable = (): void => table.toggle();
  const closeTop = (): boolean => {
    if (table.isOpen) table.toggle();
    else return help.open; // the dialog closes itself
    return true;
  };

  listenToPointer(picture, stage, store, mover);
  stage.listen();
  const openSearch = (): void => search.focus();
  listenToKeyboard(picture, graph, stage, store, {
    openSearch,
    toggleLayout,
    toggleHelp,
    toggleTable,
    toggleTheme,
    closeTop,
  });
  const buttons: Readonly<Record<string, () => void>> = {
    fit: () => stage.fit(),
    "zoom-in": () => stage.zoomBy(1.4),
    "zoom-out": () => stage.zoomBy(1 / 1.4),
    "toggle-layout": toggleLayout,
    "toggle-theme": toggleTheme,
    "toggle-table": toggleTable,
    "toggle-help": toggleHelp,
    "close-help": toggleHelp,
  };
  for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener("click", action);

  store.onChange((state, changed) => {
    if (changed.has("theme")) applyTheme(state.theme);
    if (changed.has("isRunning")) showLayoutState(state.isRunning);
    if (changed.has("hiddenClasses") && state.selected >= 0 && !picture.isShown(state.selected)) {
      store.update({ selected: -1 });
    }
  });
  if (model.theme === "system") {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
      store.update({ theme: matches ? "dark" : "light" });
    });
  }
  applyTheme(store.state.theme);
  showLayoutState(false);
  stage.fit(false);
  mover.start();
}

/** Keeps the layout worker, the positions and the store in step. */
class LayoutBinding implements Mover {
  readonly #script: string;
  readonly #picture: Picture;
  readonly #stage: Stage;
  readonly #store: Store;
  readonly #isGiven: boolean;
  #client: LayoutClient | undefined;
  #dragged: { readonly node: number; readonly x: number; readonly y: number } | undefined;

  constructor(script: string, picture: Picture, stage: Stage, store: Store) {
    this.#script = script;
    this.#picture = picture;
    this.#stage = stage;
    this.#store = store;
    this.#isGiven = picture.data.model.layout === "given";
  }

  /** Lays the graph out if its data holds no positions. */
  start(): void {
    if (this.#picture.data.positions === undefined) this.#connect(true);
  }

  toggle(): void {
    if (this.#client?.isRunning) {
      this.#client.pause();
      announce("Layout paused");
    } else {
      this.#connect(false).run();
      announce("Layout running");
    }
    this.#store.update({ isRunning: this.#client?.isRunning ?? false });
  }

  move(node: number, x: number, y: number): void {
    this.#dragged = { node, x, y };
    this.#stage.stay();
    this.#place(node, x, y);
    // Places that the data gives stay, until the user lets the layout run.
    if (!this.#isGiven || this.#client !== undefined) {
      this.#connect(false).hold(node, x, y);
      this.#store.update({ isRunning: true });
    }
    this.#stage.redraw();
  }

  drop(node: number): void {
    if (this.#dragged === undefined) return;
    this.#dragged = undefined;
    this.#client?.drop();
    this.#store.update({ held: new Set(this.#store.state.held).add(node) });
  }

  release(node: number): void {
    const held = new Set(this.#store.state.held);
    held.delete(node);
    this.#store.update({ held });
    if (this.#client === undefined) return;
    this.#client.release(node);
    this.#store.update({ isRunning: true });
  }

  #connect(run: boolean): LayoutClient {
    const { data, radii, positions } = this.#picture;
    const { numNodes, source, target } = data;
    const input = { numNodes, source, target, radii, positions: run ? undefined : positions };
    const untilRest = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#client ??= new LayoutClient(this.#script, { input, run, untilRest }, (message) => {
      positions.set(message.positions);
      if (this.#dragged !== undefined) this.#place(this.#dragged.node, this.#dragged.x, this.#dragged.y);
      this.#store.update({ isRunning: message.running });
      this.#stage.redraw();
    });
    if (run) this.#store.update({ isRunning: true });
    return this.#client;
  }

  #place(node: number, x: number, y: number): void {
    this.#picture.positions[2 * node] = x;
    this.#picture.positions[2 * node + 1] = y;
  }
}

function initialTheme(model: PageModel): ThemeName {
  if (model.theme !== "system") return model.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function applyTheme(theme: ThemeName): void {
  document.documentElement.dataset["theme"] = theme;
  byId("toggle-theme").setAttribute("aria-pressed", String(theme === "dark"));
}

function showLayoutState(isRunning: boolean): void {
  const button = byId("toggle-layout");
  button.classList.toggle("running", isRunning);
  const name = isRunning ? "Pause the layout" : "Run the layout";
  button.setAttribute("aria-label", name);
  button.setAttribute("title", `${name} (Space)`);
  byId("status").textContent = isRunning ? "layout running" : "";
}

function fillTexts(model: PageModel): void {
  document.title = model.title;
  byId("title").textContent = model.title;
  byId("banner").textContent = model.banner;
  const count = `${model.numNodes.toLocaleString("en-US")} nodes, ${model.numLinks.toLocaleString("en-US")} links`;
  byId("overlay").setAttribute(
    "aria-label",
    `Graph of ${count}. Arrow keys walk, Enter selects, question mark for help.`,
  );
}
