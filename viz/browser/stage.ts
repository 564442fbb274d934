/**
 * The two canvases and where they look. The lower one holds the whole picture and is dimmed as a whole; the upper one
 * what is in focus. Drawn on demand; while the view moves faster than it can be drawn, the last bitmap is moved.
 */
import { select, zoom, zoomIdentity, type D3ZoomEvent, type Selection, type Transition, type ZoomBehavior } from "d3";
import { fitCamera, screenRadius, zoomExtent, type Camera } from "../view/camera.ts";
import { buildDrawList, type DrawOptions } from "../view/drawList.ts";
import { palettes } from "../view/palette.ts";
import { fontOf, renderDrawList, renderRing } from "./canvas.ts";
import { byId } from "./element.ts";
import type { Picture } from "./picture.ts";
import type { Store } from "./store.ts";

type Target = Selection<HTMLCanvasElement, unknown, null, undefined>;

/** What is in focus: these nodes and links are drawn again above the dimmed rest. */
export interface Focus {
  readonly nodes: ReadonlySet<number>;
  readonly isLinkShown: (link: number) => boolean;
  /** Always labelled. */
  readonly labelled: readonly number[];
  readonly ringed: readonly { readonly node: number; readonly dashed: boolean }[];
}

/**
 * A picture of more links, or that takes longer to list, is not drawn anew for every event: rasterising links is the
 * cost, and goes on after the script is done.
 */
const smoothLinks = 1_200;
const smoothMs = 12;
/** While the view moves on and on, the picture is drawn sharp this often at least. */
const refreshMs = 400;
/** Quiet after the last event before the picture is drawn sharp. */
const settleMs = 90;
const flightMs = 450;

export class Stage {
  readonly overlay: HTMLCanvasElement = byId("overlay");
  readonly #base: HTMLCanvasElement = byId("base");
  readonly #picture: Picture;
  readonly #store: Store;
  readonly #focus: () => Focus | undefined;
  readonly #target: Target;
  readonly #zoom: ZoomBehavior<HTMLCanvasElement, unknown>;
  readonly #widths = new Map<string, number>();
  readonly #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  #camera: Camera = { k: 1, x: 0, y: 0, width: 1, height: 1 };
  /** The camera the bitmaps were drawn with. */
  #drawn: Camera = this.#camera;
  #drawnAt = 0;
  #isSlow = false;
  #pending = { base: false, overlay: false };
  #frame = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #isMoving = false;
  /** True until the user moves the view: it then follows the layout and the window. */
  #follows = true;

  constructor(picture: Picture, store: Store, focus: () => Focus | undefined) {
    this.#picture = picture;
    this.#store = store;
    this.#focus = focus;
    const isFramed = window.top !== window.self;
    this.#zoom = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([...zoomExtent])
      .clickDistance(4)
      .filter((event: MouseEvent) => {
        if (event.type === "wheel") return !isFramed || event.ctrlKey || event.metaKey;
        return !event.ctrlKey && event.button === 0;
      })
      .on("zoom", (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        if (event.sourceEvent !== null) this.stay();
        this.#camera = { ...this.#camera, k: event.transform.k, x: event.transform.x, y: event.transform.y };
        this.#move();
      });
    this.#target = select(this.overlay);
    new ResizeObserver(() => this.#resize()).observe(this.overlay.parentElement!);
    this.#resize();
    store.onChange((_state, changed) => this.#onChange(changed));
  }

  get camera(): Camera {
    return this.#camera;
  }

  /** Lets wheel, drag and pinch move the view. After whatever else listens to the same events. */
  listen(): void {
    this.#target.call(this.#zoom);
  }

  /** Leaves the view where it is, whatever the layout does. */
  stay(): void {
    this.#follows = false;
  }

  /** Positions changed. */
  redraw(): void {
    if (this.#follows) this.fit(false);
    this.#request("base", "overlay");
  }

  /** Shows all visible nodes; from then on the view follows the layout until the user moves it. */
  fit(animated: boolean = true): void {
    const { width, height } = this.#camera;
    const isShown = (node: number): boolean => this.#picture.isShown(node);
    const camera = fitCamera(this.#picture.positions, isShown, width, height, this.#coveredLeft());
    this.#go(camera, animated);
    this.#follows = true;
  }

  /** Brings a node to the middle, and near. */
  flyTo(node: number): void {
    const { width, height, k: from } = this.#camera;
    const k = Math.max(from, 1.2);
    const { positions } = this.#picture;
    const { hidden, offsetLeft, offsetTop } = byId("inspector");
    const isBeside = offsetLeft > width / 2;
    const right = !hidden && isBeside ? offsetLeft : width;
    const bottom = !hidden && !isBeside ? offsetTop : height;
    const x = (this.#coveredLeft() + right) / 2 - k * positions[2 * node]!;
    this.#go({ ...this.#camera, k, x, y: bottom / 2 - k * positions[2 * node + 1]! }, true);
  }

  /** Moves the view just so far that a node is in sight. */
  reveal(node: number): void {
    const { x, y } = this.toScreen(node);
    const { width, height } = this.#camera;
    const margin = 60;
    const dx = Math.max(0, margin - x) - Math.max(0, x - (width - margin));
    const dy = Math.max(0, margin - y) - Math.max(0, y - (height - margin));
    if (dx !== 0 || dy !== 0) {
      this.#go({ ...this.#camera, x: this.#camera.x + dx, y: this.#camera.y + dy }, true);
    }
  }

  zoomBy(factor: number): void {
    this.stay();
    this.#zoom.scaleBy(this.#animated(true), factor);
  }

  toScreen(node: number): { readonly x: number; readonly y: number; readonly radius: number } {
    const { k, x, y } = this.#camera;
    const { positions, radii } = this.#picture;
    return {
      x: k * positions[2 * node]! + x,
      y: k * positions[2 * node + 1]! + y,
      radius: screenRadius(radii[node]!, k),
    };
  }

  /** A point of the canvas as a point of the picture. */
  toPicture(x: number, y: number): readonly [number, number] {
    return [(x - this.#camera.x) / this.#camera.k, (y - this.#camera.y) / this.#camera.k];
  }

  /** What the legend covers, where there is room beside it. */
  #coveredLeft(): number {
    const legend = byId<HTMLDetailsElement>("legend");
    const edge = legend.offsetLeft + legend.offsetWidth;
    return legend.open && edge < this.#camera.width / 3 ? edge : 0;
  }

  #go(camera: Camera, animated: boolean): void {
    this.stay();
    const transform = zoomIdentity.translate(camera.x, camera.y).scale(camera.k);
    this.#zoom.transform(this.#animated(animated), transform);
  }

  /** The canvas, or a transition of it where movement is wanted. */
  #animated(animated: boolean): Target | Transition<HTMLCanvasElement, unknown, null, undefined> {
    this.#target.interrupt();
    if (!animated || this.#reducedMotion.matches) return this.#target;
    return this.#target.transition().duration(flightMs);
  }

  #onChange(changed: ReadonlySet<string>): void {
    const looks = ["theme", "sizeBy", "colourBy", "labelBy", "hiddenClasses"];
    if (looks.some((key) => changed.has(key))) this.#request("base", "overlay");
    else this.#request("overlay");
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.overlay.parentElement!;
    if (width === this.#camera.width && height === this.#camera.height) return;
    this.#camera = { ...this.#camera, width, height };
    if (this.#follows) this.fit(false);
    this.#request("base", "overlay");
  }

  #move(): void {
    if (!this.#isSlow || performance.now() - this.#drawnAt > refreshMs) {
      this.#isMoving = false;
      this.#request("base", "overlay");
      return;
    }
    const { k, x, y } = this.#camera;
    const scale = k / this.#drawn.k;
    const transform = `matrix(${scale}, 0, 0, ${scale}, ${x - this.#drawn.x * scale}, ${y - this.#drawn.y * scale})`;
    this.#base.style.transform = transform;
    this.#isMoving = true;
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      this.#isMoving = false;
      this.#request("base", "overlay");
    }, settleMs);
    this.#request("overlay");
  }

  #request(...layers: ("base" | "overlay")[]): void {
    for (const layer of layers) this.#pending[layer] = true;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const focus = this.#focus();
    const options = {
      isShown: (node: number) => this.#picture.isShown(node),
      measure: (text: string, size: number, weight: number) => this.#measure(text, size, weight),
    };
    if (this.#pending.base && !this.#isMoving) {
      const start = performance.now();
      this.#paint(this.#base, options);
      this.#base.style.transform = "";
      this.#drawn = this.#camera;
      this.#drawnAt = performance.now();
      this.#isSlow = this.#picture.links.count > smoothLinks || this.#drawnAt - start > smoothMs;
      this.#pending.base = false;
    }
    this.#base.classList.toggle("dimmed", focus !== undefined);
    if (this.#pending.overlay) {
      this.#pending.overlay = false;
      this.#paintFocus(focus, options);
    }
    this.overlay.dataset["drawn"] = String(Number(this.overlay.dataset["drawn"] ?? 0) + 1);
  }

  #paintFocus(focus: Focus | undefined, options: DrawOptions): void {
    if (focus === undefined) {
      this.#cleared(this.overlay);
      return;
    }
    const context = this.#paint(this.overlay, {
      ...options,
      isShown: (node) => focus.nodes.has(node) && options.isShown(node),
      isLinkShown: focus.isLinkShown,
      linkAlpha: 0.75,
      labelFirst: focus.labelled,
    });
    for (const { node, dashed } of focus.ringed) {
      const { x, y, radius } = this.toScreen(node);
      renderRing(context, { x, y, radius: radius + 3, dashed }, palettes[this.#store.state.theme].accent);
    }
  }

  #paint(canvas: HTMLCanvasElement, options: DrawOptions): CanvasRenderingContext2D {
    const context = this.#cleared(canvas);
    const list = buildDrawList(this.#picture.scene(), this.#camera, options);
    renderDrawList(context, list, palettes[this.#store.state.theme]);
    return context;
  }

  /** The canvas in its right size, empty. Sharp up to two device px a CSS px; one while a slow picture moves. */
  #cleared(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
    const { width, height } = this.#camera;
    const isHurried = this.#isSlow && this.#store.state.isRunning;
    const ratio = isHurried ? 1 : Math.min(2, devicePixelRatio);
    const deviceWidth = Math.max(1, Math.round(width * ratio));
    const deviceHeight = Math.max(1, Math.round(height * ratio));
    if (canvas.width !== deviceWidth || canvas.height !== deviceHeight) {
      canvas.width = deviceWidth;
      canvas.height = deviceHeight;
    }
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  #measure(text: string, size: number, weight: number): number {
    const key = `${size} ${weight} ${text}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      const context = this.#base.getContext("2d")!;
      context.font = fontOf(size, weight);
      width = context.measureText(text).width;
      this.#widths.set(key, width);
    }
    return width;
  }
}
