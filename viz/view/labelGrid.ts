/**
 * Keeps labels apart: who asks first gets the place. Boxes are filed under the cells of a grid they touch, so a request
 * looks at its surroundings only.
 */
export class LabelGrid {
  readonly #cellWidth = 96;
  readonly #cellHeight = 24;
  readonly #cells: Map<string, number[][]> = new Map();

  /** Takes the box if it overlaps none taken before. Edges that touch do not overlap. */
  take(left: number, top: number, right: number, bottom: number): boolean {
    const cells: string[] = [];
    for (let row = Math.floor(top / this.#cellHeight); row <= Math.floor(bottom / this.#cellHeight); row++) {
      for (let column = Math.floor(left / this.#cellWidth); column <= Math.floor(right / this.#cellWidth); column++) {
        cells.push(`${column} ${row}`);
      }
    }
    for (const cell of cells) {
      for (const [l, t, r, b] of this.#cells.get(cell) ?? []) {
        if (left < r! && right > l! && top < b! && bottom > t!) return false;
      }
    }
    const box = [left, top, right, bottom];
    for (const cell of cells) {
      const boxes = this.#cells.get(cell);
      if (boxes === undefined) this.#cells.set(cell, [box]);
      else boxes.push(box);
    }
    return true;
  }
}
