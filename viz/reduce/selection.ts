/**
 * Which vertices of a result graph are still in: one byte a vertex, 1 if so.
 */
export type Selection = Uint8Array;

/** The chosen vertices, ascending. */
export function* selected(selection: Selection): Generator<number> {
  for (let vertex = 0; vertex < selection.length; vertex++) if (selection[vertex] === 1) yield vertex;
}

/** The selection of just these vertices. */
export function selectionOf(numVertices: number, vertices: Iterable<number>): Selection {
  const selection = new Uint8Array(numVertices);
  for (const vertex of vertices) selection[vertex] = 1;
  return selection;
}

/** How many vertices are chosen. */
export function countSelected(selection: Selection): number {
  let count = 0;
  for (let vertex = 0; vertex < selection.length; vertex++) count += selection[vertex]!;
  return count;
}
