/**
 * Loops generated as text: one function for each program and shape of columns, so that V8 sees one kind of array, one
 * kind of edge and one user function at each place, and compiles the loop as if it were written by hand.
 */
import type { TaskContext } from "../../core/host/task.ts";
import type { Bindings } from "./accessors.ts";

/** The text of a loop: what is made once, and what runs for each partition. */
export interface LoopText {
  readonly declarations: string;
  readonly body: string;
}

/**
 * Runs a loop over its bindings. A thread compiles the same text once and keeps it, with its declared classes: were
 * they made afresh for each partition, the call sites inside the user's functions would see ever new shapes.
 */
export function runLoop(bindings: Bindings, { declarations, body }: LoopText, task: TaskContext): void {
  const names = Object.keys(bindings).toSorted().join(", ");
  const text = `"use strict";
let ${names};
${declarations}
return (bindings) => {
({ ${names} } = bindings);
${body}
};`;
  // The text is ours: it is put together from column numbers and JSON-quoted field names alone.
  // oxlint-disable-next-line typescript/no-implied-eval
  const loop = task.memo(`loop ${text}`, () => (new Function(text) as () => (bindings: Bindings) => void)());
  loop(bindings);
}
