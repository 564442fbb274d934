/**
 * Vertices whose program did not run: what they send is what they sent before.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import type { ApplyInput } from "./apply.ts";
import type { ApplyProgram, ScanProgram } from "./program.ts";
import type { ScanInput, SentColumns, SentSide } from "./scan.ts";

/** The columns of messages, and of marks who sends. */
export function sentRefs(sent: SentColumns | undefined): ColumnRef[] {
  const ofSide = (side: SentSide | undefined): ColumnRef[] =>
    side === undefined ? [] : [...side.columns, ...(side.sends === undefined ? [] : [side.sends])];
  return [...ofSide(sent?.in), ...ofSide(sent?.out)];
}

/** True if a scan can read of a vertex, from another one's row, though its program did not run in the superstep before. */
export function readsInactive(
  { activeDirection, sendsTo }: Pick<ScanProgram, "activeDirection" | "sendsTo">,
  { applyTo }: Pick<ApplyProgram, "applyTo">,
): boolean {
  if (applyTo === "all") return false;
  switch (activeDirection) {
    case "out": // rows by target ask whether the source is active; rows by source do not ask for the target
      return sendsTo.src;
    case "in":
      return sendsTo.dst || !sendsTo.src;
    case "either":
      return true;
    case "both":
      return false;
  }
}

/** Copies what vertices [from, to) send, where the superstep writes down messages and the next one may read such a vertex. */
export function carryInactive(scan: ScanInput, apply: ApplyInput, from: number, to: number, arena: Arena): void {
  if (apply.nextSent === undefined || scan.sent === undefined || !readsInactive(scan.program, apply.program)) return;
  carrySent(arena, scan.sent, apply.nextSent, from, to);
}

/** Copies the messages of vertices [from, to). */
function carrySent(arena: Arena, before: SentColumns, after: SentColumns, from: number, to: number): void {
  const targets = sentRefs(after);
  for (const [at, column] of sentRefs(before).entries()) {
    const source = arena.view(arena.slice(column, from, to)) as Float64Array;
    (arena.view(arena.slice(targets[at]!, from, to)) as Float64Array).set(source);
  }
}
