/**
 * Which values can travel as bytes, and how to say which one cannot.
 */
import { isArrayBuffer, isDate, isMap, isNativeError, isRegExp, isSet } from "node:util/types";
import { excerpt, SuperstepError } from "../errors.ts";
import { maxDepth, viewTypes } from "./blockFormat.ts";

/** What a value is on its way: `object` is a plain one, `refused` cannot travel. */
export type Form =
  | "primitive"
  | "array"
  | "object"
  | "bareObject"
  | "map"
  | "set"
  | "date"
  | "regExp"
  | "typedArray"
  | "arrayBuffer"
  | "error"
  | "refused";

/**
 * How a value travels. An instance of a class whose prototypes hold nothing but their constructor is plain data. Errors
 * of any class travel; of the other built-in objects, only direct instances.
 */
export function formOf(value: unknown): Form {
  if (typeof value !== "object")
    return typeof value === "function" || typeof value === "symbol" ? "refused" : "primitive";
  if (value === null) return "primitive";
  if (Array.isArray(value)) return "array";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return "object";
  if (prototype === null) return "bareObject";
  if (isNativeError(value) || value instanceof Error) return "error";
  if (ArrayBuffer.isView(value)) return viewTypeOf(value) >= 0 ? "typedArray" : "refused";
  for (const { name, holds, form } of builtIns) {
    if (holds(value)) return builtInName(prototype as object) === name ? form : "refused";
  }
  return hasBehaviour(prototype as object) ? "refused" : "object";
}

const viewNames = viewTypes.map((type) => type.name);
const builtIns: readonly { name: string; holds: (value: object) => boolean; form: Form }[] = [
  { name: "Map", holds: isMap, form: "map" },
  { name: "Set", holds: isSet, form: "set" },
  { name: "Date", holds: isDate, form: "date" },
  { name: "RegExp", holds: isRegExp, form: "regExp" },
  { name: "ArrayBuffer", holds: isArrayBuffer, form: "arrayBuffer" },
];
const ownPrototypes: ReadonlyMap<object, string> = new Map(
  [Object, Map, Set, Date, RegExp, ArrayBuffer].map((builtIn) => [builtIn.prototype as object, builtIn.name]),
);

/** Index in `viewTypes` of the type of a view, a Buffer being a Uint8Array; -1 if it cannot travel. */
export function viewTypeOf(value: ArrayBufferView): number {
  return viewNames.indexOf((value as ArrayBufferView & { [Symbol.toStringTag]: string })[Symbol.toStringTag]);
}

/** True if all own enumerable properties of a plain object are values under string keys. */
export function hasPlainProperties(value: object, keys: readonly string[]): boolean {
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || property.get !== undefined || property.set !== undefined) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
}

/** The NOT_SHIPPABLE error for the first value among `values` that cannot travel, by path; undefined if all can. */
export function findUnshippable(values: readonly unknown[]): SuperstepError | undefined {
  const search = new Search();
  for (let i = 0; i < values.length; i++) {
    const found = search.visit(values[i], `[${i}]`);
    if (found) {
      return new SuperstepError("NOT_SHIPPABLE", `${found.path}: ${found.problem}`, {
        details: { path: found.path, index: i },
      });
    }
  }
  return undefined;
}

interface Finding {
  readonly path: string;
  readonly problem: string;
}

/** A walk in the order of writing. Shared objects are walked again only where they lie deeper. */
class Search {
  readonly #depthOf = new Map<object, number>();
  readonly #open: object[] = [];

  visit(value: unknown, path: string): Finding | undefined {
    const form = formOf(value);
    if (form === "refused") return { path, problem: refusal(value) };
    if (form === "primitive" || form === "error") return undefined;
    const container = value as object;
    if (this.#open.includes(container)) return { path, problem: "refers back to itself: a cycle cannot travel" };
    if (this.#open.length >= maxDepth) return { path, problem: `lies more than ${maxDepth} containers deep` };
    if ((this.#depthOf.get(container) ?? -1) >= this.#open.length) return undefined;
    this.#open.push(container);
    const found = this.#visitParts(container, form, path);
    this.#open.pop();
    this.#depthOf.set(container, this.#open.length);
    return found;
  }

  #visitParts(container: object, form: Form, path: string): Finding | undefined {
    switch (form) {
      case "array":
      case "set":
        return this.#first([...(container as Iterable<unknown>)].map((item, i) => [item, `${path}[${i}]`]));
      case "map":
        return this.#first(
          [...(container as Map<unknown, unknown>)].flatMap(([key, item]) => [
            [key, `${path}.keys(${excerpt(key, 40)})`],
            [item, `${path}.get(${excerpt(key, 40)})`],
          ]),
        );
      case "object":
      case "bareObject":
        return this.#visitProperties(container, path);
      default:
        return undefined;
    }
  }

  #visitProperties(container: object, path: string): Finding | undefined {
    for (const key of Object.keys(container)) {
      const at = `${path}${/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${excerpt(key, 40)}]`}`;
      const property = Object.getOwnPropertyDescriptor(container, key);
      if (property === undefined || property.get !== undefined || property.set !== undefined) {
        return {
          path: at,
          problem: "is a getter or setter, which cannot travel. Copy its value into a plain property.",
        };
      }
      const found = this.visit(property.value, at);
      if (found) return found;
    }
    const [symbol] = Object.getOwnPropertySymbols(container);
    if (symbol === undefined) return undefined;
    return { path: `${path}[${excerpt(symbol, 40)}]`, problem: "has a symbol as its key, which cannot travel" };
  }

  #first(parts: [value: unknown, path: string][]): Finding | undefined {
    for (const [value, path] of parts) {
      const found = this.visit(value, path);
      if (found) return found;
    }
    return undefined;
  }
}

function refusal(value: unknown): string {
  if (typeof value === "function") return `${excerpt(value, 60)} cannot travel as data. Keep functions out of records.`;
  if (typeof value === "symbol") return `${excerpt(value, 60)} cannot travel. Use a string.`;
  if (value instanceof SharedArrayBuffer) return "a SharedArrayBuffer cannot travel. Copy what you need of it.";
  const name = excerpt(classNameOf(value as object), 60);
  return `an instance of ${name.slice(1, -1)} cannot travel, for its behaviour would be lost. Copy its data into a plain object.`;
}

function classNameOf(value: object): string {
  const constructor: unknown = Reflect.get(value, "constructor");
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "an unnamed class";
}

/** The name of the built-in class that a prototype belongs to, in any realm; "" if it is another's. */
function builtInName(prototype: object): string {
  const own = ownPrototypes.get(prototype);
  if (own !== undefined) return own;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (
    typeof constructor !== "function" ||
    !/\[native code\]\s*\}$/.test(Function.prototype.toString.call(constructor))
  ) {
    return "";
  }
  return constructor.name;
}

/** True if a prototype, or one above it, holds anything but its constructor. */
function hasBehaviour(prototype: object): boolean {
  for (
    let current: object | null = prototype;
    current !== null && builtInName(current) !== "Object";
    current = Object.getPrototypeOf(current) as object | null
  ) {
    if (Reflect.ownKeys(current).some((key) => key !== "constructor")) return true;
  }
  return false;
}
