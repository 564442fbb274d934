/**
 * The known name that a mistyped one may stand for.
 */

/** The name closest to `given`, if at most 2 letters, and no more than half of it, are to be changed; else undefined. */
export function didYouMean(given: string, names: Iterable<string>): string | undefined {
  const word = given.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.floor(word.length / 2)) + 1;
  for (const name of names) {
    const distance = editDistance(word, name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Letters to insert, drop, replace, or swap with their neighbour, to make `b` of `a` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_none, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let distance = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + cost);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) distance = Math.min(distance, before[column - 2]! + 1);
      current.push(distance);
    }
    [before, above] = [above, current];
  }
  return above[b.length]!;
}
