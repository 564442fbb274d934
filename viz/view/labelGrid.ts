/**
 * Boxes on screen, and whether another one would overlap any. They are filed under the cells of a grid they touch, so that
 * a request looks at its surroundings only.
 */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

const cellWidth = 96;
const cellHeight = 24;

export class LabelGrid {
  readonly #cells: Map<string, Box[]> = new Map();

  /** True if the box overlaps none that was marked. Edges that touch do not overlap. */
  isFree(box: Box): boolean {
    return cellsOf(box).every((cell) => this.#cells.get(cell)?.some((other) => overlap(box, other)) !== true);
  }

  mark(box: Box): void {
    for (const cell of cellsOf(box)) {
      const boxes = this.#cells.get(cell);
      if (boxes === undefined) this.#cells.set(cell, [box]);
      else boxes.push(box);
    }
  }
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
}

function cellsOf([left, top, right, bottom]: Box): string[] {
  const cells: string[] = [];
  for (let row = Math.floor(top / cellHeight); row <= Math.floor(bottom / cellHeight); row++) {
    for (let column = Math.floor(left / cellWidth); column <= Math.floor(right / cellWidth); column++) {
      cells.push(`${column} ${row}`);
    }
  }
  return cells;
}
