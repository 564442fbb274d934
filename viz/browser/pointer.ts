/**
 * Mouse and touch: hover, click, drag.
 */
import { drag, pointer, select, type D3DragEvent } from "d3";
import { screenRadius } from "../view/camera.ts";
import { nodeAt } from "../view/nearest.ts";
import type { Picture } from "./picture.ts";
import type { Stage } from "./stage.ts";
import type { Store } from "./store.ts";

/** Moves a node while it is dragged, in px of the picture; then lets go. */
export interface Mover {
  move(node: number, x: number, y: number): void;
  drop(node: number): void;
}

interface DragSubject {
  readonly node: number;
  readonly x: number;
  readonly y: number;
}

type NodeDrag = D3DragEvent<HTMLCanvasElement, unknown, DragSubject>;

/** How far beside a circle still counts, in px. */
const mouseSlack = 4;
const touchSlack = 14;

export function listenToPointer(picture: Picture, stage: Stage, store: Store, mover: Mover): void {
  const canvas = stage.overlay;
  const find = (x: number, y: number, slack: number): number => {
    const { k } = stage.camera;
    const [px, py] = stage.toPicture(x, y);
    const radiusOf = (node: number): number => screenRadius(picture.radii[node]!, k) / k;
    return nodeAt(picture.positions, radiusOf, (node) => picture.isShown(node), px, py, slack / k);
  };

  let dragged = -1;
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || event.buttons !== 0) return;
    const hover = find(event.offsetX, event.offsetY, mouseSlack);
    canvas.classList.toggle("over-node", hover >= 0);
    store.update({ hover });
  });
  canvas.addEventListener("pointerleave", () => {
    if (dragged < 0) store.update({ hover: -1 });
  });
  canvas.addEventListener("click", (event) => {
    const touch = event instanceof PointerEvent && event.pointerType === "touch";
    const selected = find(event.offsetX, event.offsetY, touch ? touchSlack : mouseSlack);
    store.update({ selected, cursor: -1 });
  });

  select(canvas).call(
    drag<HTMLCanvasElement, unknown>()
      .clickDistance(4)
      .subject((event: { sourceEvent: Event; x: number; y: number }): DragSubject | undefined => {
        const isTouch = event.sourceEvent.type.startsWith("touch");
        const node = find(event.x, event.y, isTouch ? touchSlack : mouseSlack);
        return node < 0 ? undefined : { node, ...stage.toScreen(node) };
      })
      .on("start", (event: NodeDrag) => {
        dragged = event.subject.node;
        canvas.classList.add("dragging");
      })
      .on("drag", (event: NodeDrag) => {
        const [x, y] = stage.toPicture(event.x, event.y);
        mover.move(event.subject.node, x, y);
      })
      .on("end", (event: NodeDrag) => {
        dragged = -1;
        canvas.classList.remove("dragging");
        mover.drop(event.subject.node);
        const source: unknown = event.sourceEvent;
        if (source instanceof MouseEvent) {
          const [x, y] = pointer(source, canvas);
          store.update({ hover: find(x, y, mouseSlack) });
        }
      }),
  );
}
