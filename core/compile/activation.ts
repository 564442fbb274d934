/**
 * One call of a function that is being written out: its variables, and what the compiler as a whole offers it.
 */
import type { Builder } from "./builder.ts";
import type { Frame, FunctionSource, ProgramSource } from "./functionSource.ts";
import type { Data, Value } from "./value.ts";

/** How a value is wanted: as one, or not at all, for its effects alone. */
export type Mode = "value" | "effect";

/** What all calls of one compilation share. */
export interface Compilation {
  readonly builder: Builder;
  /** Writes out a call; `undefined` as a value in mode "effect". */
  call(fn: FunctionSource, args: readonly Value[], mode: Mode, depth: number): Value;
  /** Sends a message, whatever that is. `evaluate` reads it, and need not be called if it goes nowhere. */
  send(to: "src" | "dst", evaluate: () => Data): void;
}

export interface Activation {
  readonly compilation: Compilation;
  readonly program: ProgramSource;
  readonly frame: Frame;
}

export const undefinedValue: Value = { kind: "missing", as: "undefined" };
