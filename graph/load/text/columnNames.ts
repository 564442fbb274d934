/**
 * Names by which columns are known, and the search for a column that the user named.
 */

/** Pairs of names for source and target, in the order in which they are looked for; compared without case. */
export const edgeColumnNames: readonly (readonly [src: string, dst: string])[] = [
  ["src", "dst"],
  ["source", "target"],
  ["from", "to"],
  ["fromnodeid", "tonodeid"],
  ["u", "v"],
  [":start_id", ":end_id"],
  ["srcid", "dstid"],
  ["src_id", "dst_id"],
  ["source_id", "target_id"],
  ["from_id", "to_id"],
  ["origin", "destination"],
];

/** Names of the id column of a vertex table, in the order in which they are looked for. */
export const vertexColumnNames: readonly string[] = ["id", ":id", "vertex_id", "vertexid", "node_id", "nodeid"];

/** A header's name as it is compared: no case, no Neo4j id space, no blanks round it. */
export function normalName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^[^:]*(:(?:start_|end_)?id)(\(.*\))?$/, "$1");
}

/** True if two names are one of the known pairs. */
export function isEdgeHeader(src: string, dst: string): boolean {
  const [a, b] = [normalName(src), normalName(dst)];
  return edgeColumnNames.some(([first, second]) => (a === first && b === second) || (a === second && b === first));
}

/** The first known pair that the header has, as columns from 0. */
export function findEdgeColumns(header: readonly string[]): readonly [src: number, dst: number] | undefined {
  const names = header.map(normalName);
  for (const [src, dst] of edgeColumnNames) {
    if (names.includes(src) && names.includes(dst)) return [names.indexOf(src), names.indexOf(dst)];
  }
  return undefined;
}

/** The column of a vertex table that holds ids, from 0. */
export function findVertexColumn(header: readonly string[]): number | undefined {
  const names = header.map(normalName);
  const known = vertexColumnNames.find((name) => names.includes(name));
  return known === undefined ? undefined : names.indexOf(known);
}

/** The name nearest to `name`, if near enough to be meant. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const wanted = name.toLowerCase().slice(0, 100);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of names.slice(0, 1000)) {
    const distance = editDistance(wanted, candidate.toLowerCase().slice(0, 100));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance: insertions, deletions and replacements from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
