/**
 * Captured values as plain data: a list of nodes that refer to each other by index, so that shared objects stay shared
 * and cycles stay cycles. Everything here is structured-cloneable and holds no function.
 */
import type { FunctionForm } from "./parseFunction.ts";

/** A primitive as it is, or the index of a node. */
export type Encoded = number | string | boolean | bigint | null | undefined | Ref;

/** Refers to `nodes[ref]`. */
export interface Ref {
  readonly ref: number;
}

/** One value and all that it leads to. */
export interface Heap {
  readonly nodes: readonly HeapNode[];
  readonly root: Encoded;
}

/** A variable that a function captures. */
export interface Capture {
  readonly name: string;
  /** A primitive stands here itself. */
  readonly value: Encoded;
}

/** A function: its source and what it captures. */
export interface FunctionNode {
  readonly kind: "function";
  readonly form: FunctionForm;
  /** An expression. A method shorthand has become a function expression; `import(…)` calls a captured importer. */
  readonly source: string;
  readonly name: string;
  /** True if `name` does not stand in the source. */
  readonly isAnonymous: boolean;
  /** URL of the file it was written in; "" if unknown. */
  readonly file: string;
  /** Where the source begins in the file, both from 0. The column may be negative, where the source was rewritten. */
  readonly line: number;
  readonly column: number;
  readonly captures: readonly Capture[];
  /** Those captured names that evaluating the source reads, before any call: what a class extends. */
  readonly atOnce: readonly string[];
  /** Properties that the program gave the function object. */
  readonly properties: readonly (readonly [string, Encoded])[];
}

/** A value that is no primitive. */
export type HeapNode =
  | FunctionNode
  | {
      readonly kind: "object";
      readonly hasPrototype: boolean;
      readonly entries: readonly (readonly [string, Encoded])[];
    }
  /** `items` keeps its holes. */
  | { readonly kind: "array"; readonly items: readonly Encoded[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Encoded, Encoded])[] }
  | { readonly kind: "set"; readonly items: readonly Encoded[] }
  | { readonly kind: "date"; readonly time: number }
  | { readonly kind: "regexp"; readonly source: string; readonly flags: string; readonly lastIndex: number }
  | { readonly kind: "buffer"; readonly bytes: ArrayBuffer | SharedArrayBuffer }
  /** A typed array or DataView by the name of its constructor, or a Buffer; `length` in elements, or bytes of a DataView. */
  | {
      readonly kind: "view";
      readonly type: string;
      readonly buffer: Ref;
      readonly byteOffset: number;
      readonly length: number;
    }
  /** An export of a module; all of the module if `name` is undefined. */
  | { readonly kind: "module"; readonly url: string; readonly name: string | undefined }
  /** An object that says itself how it is made again. */
  | { readonly kind: "made"; readonly module: string; readonly factory: string; readonly data: Heap }
  /** What stands for `import(…)` in a function of that file. */
  | { readonly kind: "importer"; readonly file: string }
  /** esbuild's helper that gives functions back their names. */
  | { readonly kind: "keepNames" };
