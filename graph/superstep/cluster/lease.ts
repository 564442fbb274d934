/**
 * The right to write to the columns of a run. What one host sent to another can arrive after its superstep was given up,
 * when the columns it was for hold something else: so each packet names a lease, and is dropped where it has ended.
 */
import { randomFillSync } from "node:crypto";
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef } from "../../../core/column/types.ts";

/** A lease holds on a host while its arena has `token` at `at`. */
export interface Lease {
  readonly at: ColumnRef<"uint32">;
  /** Random, so that bytes which another column leaves there are not taken for it. */
  readonly token: readonly number[];
}

const tokenLength = 4;

/** A column for the token of one lease after the other. The caller frees it. */
export function allocateLease(arena: Arena, owner: string): ColumnRef<"uint32"> {
  return arena.allocate("uint32", tokenLength, owner);
}

/** Ends the lease that was at `at` and starts the next: on each host once the column was copied there. */
export function renewLease(arena: Arena, at: ColumnRef<"uint32">): Lease {
  const token = randomFillSync(new Uint32Array(tokenLength));
  arena.view(at).set(token);
  return { at, token: Array.from(token) };
}

/** True if the lease holds on the host of this arena. */
export function holds({ at, token }: Lease, arena: Arena): boolean {
  const found = arena.view(at);
  return token.every((word, index) => found[index] === word);
}
