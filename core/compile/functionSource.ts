/**
 * Functions as the compiler meets them: a part of a syntax tree, and what the names in it mean.
 */
import type { ArrowFunctionExpression, FunctionDeclaration, FunctionExpression, Identifier } from "acorn";
import type { Encoded, FunctionNode, HeapNode } from "../function/heap.ts";
import { isParsed, parseFunction } from "../function/parseFunction.ts";
import type { Binding, Names } from "../function/resolveNames.ts";
import type { ShippedFunction } from "../function/ship.ts";
import { constantValue } from "./constantValue.ts";
import { globalValue } from "./mathFunctions.ts";
import { Refused, type SourcePlace } from "./refused.ts";
import type { Data, Value } from "./value.ts";

/** A function that can be written out where it is called. */
export interface FunctionSource {
  readonly node: ArrowFunctionExpression | FunctionExpression | FunctionDeclaration;
  readonly program: ProgramSource;
  /** Where it was made, if inside another one. */
  readonly around: Frame | undefined;
}

/** One shipped or captured function, with the functions inside it. */
export interface ProgramSource {
  readonly source: SourcePlace;
  readonly names: Names;
  /** The declaration that an identifier means. */
  readonly bindingOf: ReadonlyMap<Identifier, Binding>;
  /** The value of a name that is declared nowhere inside. */
  outside(name: string): Value;
}

/** A variable of a function that is being written out. */
export type Variable =
  | { readonly kind: "constant"; readonly value: Value }
  /** `held` are its locals. */
  | { readonly kind: "variable"; readonly held: Data };

/** The variables of one call. */
export class Frame {
  readonly #variables: Map<Binding, Variable> = new Map();
  readonly #around: Frame | undefined;
  readonly depth: number;

  constructor(around: Frame | undefined, depth: number) {
    this.#around = around;
    this.depth = depth;
  }

  define(binding: Binding, variable: Variable): void {
    this.#variables.set(binding, variable);
  }

  find(binding: Binding): Variable | undefined {
    return this.#variables.get(binding) ?? this.#around?.find(binding);
  }
}

/**
 * A shipped function.
 *
 * @throws Refused if it is async, a generator, a class, or cannot be read.
 */
export function sourceOfShipped({ nodes }: Pick<ShippedFunction, "nodes">): FunctionSource {
  const [own] = nodes;
  if (own?.kind !== "function") throw new Refused("it has no source");
  return sourceOf(own, nodes);
}

function sourceOf(fn: FunctionNode, nodes: readonly HeapNode[]): FunctionSource {
  const { source: text, file, line, column } = fn;
  const source = { text, file, line, column };
  const parsed = parseFunction(text);
  if (!isParsed(parsed)) throw new Refused(`it cannot be read: ${parsed.reason}`);
  const { node, names } = parsed;
  if (node.type === "ClassExpression") throw new Refused("classes do not compile", source, node);
  const captured = new Map<string, Value>();
  const outside = (name: string): Value => {
    let value = captured.get(name);
    if (value === undefined) {
      value = outsideValue(name, fn, nodes);
      captured.set(name, value);
    }
    return value;
  };
  return { node, program: { source, names, bindingOf: bindingsByUse(names), outside }, around: undefined };
}

function outsideValue(name: string, fn: FunctionNode, nodes: readonly HeapNode[]): Value {
  const capture = fn.captures.find((each) => each.name === name);
  if (capture !== undefined) return capturedValue(capture.value, nodes, new Set());
  return globalValue(name) ?? { kind: "refused", why: `the global \`${name}\` does not compile` };
}

function capturedValue(encoded: Encoded, nodes: readonly HeapNode[], within: ReadonlySet<number>): Value {
  if (typeof encoded !== "object" || encoded === null) return constantValue(encoded);
  return capturedNode(encoded.ref, nodes, within);
}

function capturedNode(ref: number, nodes: readonly HeapNode[], within: ReadonlySet<number>): Value {
  const node = nodes[ref]!;
  if (within.has(ref)) return { kind: "refused", why: "an object that leads back to itself does not compile" };
  switch (node.kind) {
    case "function":
      try {
        return { kind: "function", fn: sourceOf(node, nodes) };
      } catch (error) {
        if (error instanceof Refused) return { kind: "refused", why: error.message };
        throw error;
      }
    case "object": {
      const inside = new Set([...within, ref]);
      return {
        kind: "record",
        fields: new Map(node.entries.map(([key, item]) => [key, capturedValue(item, nodes, inside)] as const)),
      };
    }
    case "module":
      return { kind: "refused", why: "what is imported from a compiled module is not seen as source" };
    case "made":
      return { kind: "refused", why: "broadcasts and accumulators do not compile" };
    case "array":
    case "view":
    case "buffer":
      return { kind: "refused", why: "arrays do not compile" };
    default:
      return { kind: "refused", why: `a captured ${node.kind} does not compile` };
  }
}

function bindingsByUse(names: Names): ReadonlyMap<Identifier, Binding> {
  const known = byUse.get(names);
  if (known !== undefined) return known;
  const uses = new Map<Identifier, Binding>();
  for (const [declared, binding] of names.bindings) {
    uses.set(declared, binding);
    for (const reference of binding.references) uses.set(reference, binding);
  }
  byUse.set(names, uses);
  return uses;
}

const byUse = new WeakMap<Names, ReadonlyMap<Identifier, Binding>>();
