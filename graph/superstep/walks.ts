/**
 * Which rows a sparse superstep walks: those of its active vertices, and no others.
 */
import type { ScanProgram } from "./program.ts";

/** A walk along the rows of all active vertices, in ascending order. */
export interface Walk {
  /** The rows: by destination or by source. */
  readonly side: "in" | "out";
  /** Pull: messages to the vertex that a row belongs to. Push: to the other ends of its edges. */
  readonly way: "pull" | "push";
  /** Edges that are scanned, by their other end. */
  readonly others: "any" | "active" | "inactive";
}

/**
 * The walks that scan each edge next to active vertices as often as a scan of all rows would, in the order in which
 * messages to one vertex are merged: whoever is active takes all messages of a row at once, and each other vertex has
 * them pushed by ascending neighbour; nobody has both.
 */
export function walksOf({ sendsTo, activeDirection }: Pick<ScanProgram, "sendsTo" | "activeDirection">): Walk[] {
  const ends = [
    { isWalked: sendsTo.dst || !sendsTo.src, own: "in", other: "out" },
    { isWalked: sendsTo.src, own: "out", other: "in" },
  ] as const;
  return ends.flatMap(({ isWalked, own, other }): Walk[] => {
    if (!isWalked) return [];
    switch (activeDirection) {
      case "both":
        return [{ side: own, way: "pull", others: "active" }];
      case "either":
        return [
          { side: own, way: "pull", others: "any" },
          { side: other, way: "push", others: "inactive" },
        ];
      default:
        if (activeDirection === own) return [{ side: own, way: "pull", others: "any" }];
        return [{ side: other, way: "push", others: "any" }];
    }
  });
}
