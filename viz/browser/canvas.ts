/**
 * Renders a draw list on a 2D canvas: a stroke per batch of links, a fill per circle, a halo under each text.
 */
import type { DrawList, LinkBatch } from "../view/drawList.ts";
import type { Palette } from "../view/palette.ts";

const fontFamily = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** A canvas font. */
export function fontOf(size: number, weight: number): string {
  return `${weight} ${size}px ${fontFamily}`;
}

/** Clears the context, whose unit is a CSS px, and draws. */
export function renderDrawList(context: CanvasRenderingContext2D, list: DrawList, palette: Palette): void {
  for (const batch of list.links) renderLinks(context, batch);
  context.globalAlpha = 1;
  for (const { x, y, radius, colour, hollow } of list.circles) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = hollow ? palette.background : colour;
    context.fill();
    if (radius < 2 && !hollow) continue;
    context.strokeStyle = hollow ? colour : palette.background;
    context.lineWidth = hollow ? 1.5 : radius < 5 ? 0.75 : 1.25;
    context.stroke();
  }
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.direction = "ltr";
  context.strokeStyle = palette.background;
  context.fillStyle = palette.text;
  context.lineWidth = 3;
  for (const { x, y, text, size, weight } of list.texts) {
    context.font = fontOf(size, weight);
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }
}

/** A ring around a circle. */
export function renderRing(
  context: CanvasRenderingContext2D,
  ring: { readonly x: number; readonly y: number; readonly radius: number; readonly dashed: boolean },
  colour: string,
): void {
  context.beginPath();
  context.arc(ring.x, ring.y, ring.radius, 0, 2 * Math.PI);
  context.setLineDash(ring.dashed ? [4, 3] : []);
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
  context.setLineDash([]);
}

function renderLinks(context: CanvasRenderingContext2D, batch: LinkBatch): void {
  const { segments, curves, triangles, loops } = batch;
  context.globalAlpha = batch.alpha;
  context.strokeStyle = batch.colour;
  context.lineWidth = batch.width;
  context.beginPath();
  for (let i = 0; i < segments.length; i += 4) {
    context.moveTo(segments[i]!, segments[i + 1]!);
    context.lineTo(segments[i + 2]!, segments[i + 3]!);
  }
  for (let i = 0; i < curves.length; i += 6) {
    context.moveTo(curves[i]!, curves[i + 1]!);
    context.quadraticCurveTo(curves[i + 2]!, curves[i + 3]!, curves[i + 4]!, curves[i + 5]!);
  }
  for (let i = 0; i < loops.length; i += 3) {
    context.moveTo(loops[i]! + loops[i + 2]!, loops[i + 1]!);
    context.arc(loops[i]!, loops[i + 1]!, loops[i + 2]!, 0, 2 * Math.PI);
  }
  context.stroke();
  if (triangles.length === 0) return;
  context.fillStyle = batch.colour;
  context.beginPath();
  for (let i = 0; i < triangles.length; i += 6) {
    context.moveTo(triangles[i]!, triangles[i + 1]!);
    context.lineTo(triangles[i + 2]!, triangles[i + 3]!);
    context.lineTo(triangles[i + 4]!, triangles[i + 5]!);
    context.closePath();
  }
  context.fill();
}
