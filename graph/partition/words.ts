/**
 * 32-bit words that tasks share: an array over shared memory as readers make it, or a column of the arena.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef } from "../../core/column/types.ts";

/** Plain data: it travels to threads, where `viewWords` reads it. */
export type Words = Uint32Array | ColumnRef<"uint32">;

/** The words as an array. */
export function viewWords(words: Words, arena: Arena): Uint32Array {
  return words instanceof Uint32Array ? words : arena.view(words);
}
