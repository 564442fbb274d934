/**
 * Takes values apart into a heap of plain data, now: later changes to the originals are not seen. Refuses, by name,
 * what cannot travel.
 */
import { types } from "node:util";
import { BufferCopies, viewTypeOf } from "./bufferCopies.ts";
import { builtinModule } from "./builtinModules.ts";
import { captureFunction } from "./captureFunction.ts";
import type { Encoded, Heap, HeapNode, Ref } from "./heap.ts";
import { isPlainObject } from "./isData.ts";
import { notShippableError, refusalOf, type Place, type Refusal, type ShipCall } from "./refusal.ts";
import type { AnyFunction } from "./ship.ts";
import { notShippable, shippable, type Recipe } from "./shippable.ts";

/**
 * Captures a value and all it leads to. Time and memory in proportion to that; no recursion, so depth is no limit.
 *
 * @throws SuperstepError NOT_SHIPPABLE naming the variable, if something cannot travel.
 */
export function capture(value: unknown, call: ShipCall): Heap {
  return new Capture(call, undefined, new Set()).take(value);
}

/** What capturing a function needs of the capture it is part of. */
export interface CaptureContext {
  /** Encodes a value met at a place. */
  encode(value: unknown, place: Place): Encoded;
  /** Encodes a node that no object stands behind. */
  add(node: HeapNode): Ref;
  /** Throws NOT_SHIPPABLE. */
  refuse(place: Place | undefined, refusal: Refusal): never;
}

class Capture implements CaptureContext {
  readonly #call: ShipCall;
  readonly #start: Place | undefined;
  readonly #nodes: HeapNode[] = [];
  readonly #refs = new Map<object, Ref>();
  readonly #pending: { value: object; ref: number; place: Place | undefined }[] = [];
  readonly #buffers = new BufferCopies();
  /** Objects whose recipes are being captured, to see one that needs itself. */
  readonly #making: Set<object>;

  constructor(call: ShipCall, start: Place | undefined, making: Set<object>) {
    this.#call = call;
    this.#start = start;
    this.#making = making;
  }

  take(value: unknown): Heap {
    const root = this.#encodeAt(value, this.#start);
    for (let next = 0; next < this.#pending.length; next++) {
      const { value: object, ref, place } = this.#pending[next]!;
      this.#nodes[ref] = this.#describe(object, place);
    }
    this.#buffers.finish(this.#nodes);
    return { nodes: this.#nodes, root };
  }

  encode(value: unknown, place: Place): Encoded {
    return this.#encodeAt(value, place);
  }

  add(node: HeapNode): Ref {
    return { ref: this.#nodes.push(node) - 1 };
  }

  refuse(place: Place | undefined, refusal: Refusal): never {
    throw notShippableError(this.#call, place, refusal);
  }

  #encodeAt(value: unknown, place: Place | undefined): Encoded {
    if (typeof value === "symbol") {
      this.refuse(place, { what: "a symbol, which has no equal elsewhere", advice: "Use a string." });
    }
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return value as Encoded;
    if (types.isAnyArrayBuffer(value)) return this.#encodeBuffer(value, 0, value.byteLength, place);
    let ref = this.#refs.get(value);
    if (ref === undefined) {
      ref = this.add({ kind: "set", items: [] }); // holds the index until the node is made
      this.#refs.set(value, ref);
      this.#pending.push({ value, ref: ref.ref, place });
    }
    return ref;
  }

  #describe(value: object, place: Place | undefined): HeapNode {
    if (types.isProxy(value)) this.refuse(place, refusalOf(value));
    const marked = value as { [notShippable]?: unknown; [shippable]?: unknown };
    if (typeof marked[notShippable] === "string") {
      this.refuse(place, splitSentence(marked[notShippable]));
    }
    if (typeof marked[shippable] === "function") return this.#describeMade(value, place);
    if (typeof value === "function") return captureFunction(value as AnyFunction, place, this);
    if (Array.isArray(value)) return this.#describeArray(value as unknown[], place);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (ArrayBuffer.isView(value)) return this.#describeView(value, place);
    if (Object.keys(value).length === 0) {
      if (types.isDate(value) && prototype === Date.prototype) return { kind: "date", time: value.getTime() };
      if (types.isRegExp(value) && prototype === RegExp.prototype) {
        return { kind: "regexp", source: value.source, flags: value.flags, lastIndex: value.lastIndex };
      }
      if (types.isMap(value) && prototype === Map.prototype) return this.#describeMap(value, place);
      if (types.isSet(value) && prototype === Set.prototype) {
        return { kind: "set", items: Array.from(value, (item) => this.#encodeAt(item, inside(place, " member"))) };
      }
    }
    const builtin = builtinModule(value);
    if (builtin !== undefined) return builtin;
    if (types.isModuleNamespaceObject(value)) return this.#describeObject(value, place, false);
    if (isPlainButForSymbols(value)) {
      this.refuse(place, {
        what: "an object with properties under symbols, which cannot travel",
        advice: "Capture the properties that the function needs.",
      });
    }
    if (!isPlainObject(value)) this.refuse(place, refusalOf(value));
    return this.#describeObject(value, place, prototype !== null);
  }

  #encodeBuffer(buffer: ArrayBufferLike, from: number, to: number, place: Place | undefined): Ref {
    const captured = this.#buffers.capture(buffer, from, to, (node) => this.add(node));
    return "ref" in captured ? captured : this.refuse(place, captured);
  }

  #describeView(view: ArrayBufferView, place: Place | undefined): HeapNode {
    const type = viewTypeOf(view);
    if (type === undefined) this.refuse(place, refusalOf(view));
    const { buffer: bytes, byteOffset, byteLength } = view;
    const buffer = this.#encodeBuffer(bytes, byteOffset, byteOffset + byteLength, place);
    const length = "length" in view ? (view.length as number) : byteLength;
    return { kind: "view", type, buffer, byteOffset, length };
  }

  #describeMade(value: object, place: Place | undefined): HeapNode {
    if (this.#making.has(value)) {
      this.refuse(place, { what: "an object that is needed to make itself", advice: "Break the circle." });
    }
    this.#making.add(value);
    const { module, export: factory, data } = (value as { [shippable](): Recipe })[shippable]();
    const heap = new Capture(this.#call, place, this.#making).take(data);
    this.#making.delete(value);
    return { kind: "made", module, factory, data: heap };
  }

  #describeMap(map: ReadonlyMap<unknown, unknown>, place: Place | undefined): HeapNode {
    const entries = Array.from(map, ([key, item]) => {
      const step = typeof key === "object" || typeof key === "function" ? " value" : `.get(${show(key)})`;
      return [this.#encodeAt(key, inside(place, " key")), this.#encodeAt(item, inside(place, step))] as const;
    });
    return { kind: "map", entries };
  }

  #describeArray(array: readonly unknown[], place: Place | undefined): HeapNode {
    if (Object.getPrototypeOf(array) !== Array.prototype) this.refuse(place, refusalOf(array));
    let present = 0;
    const items = array.slice() as Encoded[];
    array.forEach((item, index) => {
      present++;
      if (typeof item === "object" || typeof item === "function" || typeof item === "symbol") {
        items[index] = this.#encodeAt(item, inside(place, `[${index}]`));
      }
    });
    if (Object.keys(array).length !== present || Object.getOwnPropertySymbols(array).length > 0) {
      this.refuse(place, {
        what: "an array with properties besides its items",
        advice: "Capture a plain copy: [...array].",
      });
    }
    return { kind: "array", items };
  }

  #describeObject(value: object, place: Place | undefined, hasPrototype: boolean): HeapNode {
    const entries: [string, Encoded][] = [];
    const isModule = types.isModuleNamespaceObject(value);
    for (const key of Object.getOwnPropertyNames(value)) {
      const at = inside(place, /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${show(key)}]`);
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      if (property.get !== undefined || property.set !== undefined) {
        this.refuse(at, {
          what: "a property with a getter or setter, which would have to run here",
          advice: "Read it first, and capture the result.",
        });
      }
      if (!property.enumerable && !isModule) {
        this.refuse(at, { what: "a hidden property (not enumerable)", advice: "Capture a plain copy: { ...object }." });
      }
      entries.push([key, this.#encodeAt(property.value, at)]);
    }
    return { kind: "object", hasPrototype, entries };
  }
}

/** A place inside the value at `within`. */
function inside(within: Place | undefined, step: string): Place {
  return { within, step, isVariable: false };
}

function show(key: unknown): string {
  return typeof key === "bigint" ? `${key}n` : (JSON.stringify(key) ?? String(key));
}

function isPlainButForSymbols(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || types.isArgumentsObject(value)) return false;
  return Object.getOwnPropertySymbols(value).length > 0;
}

/** "a Graph, which cannot travel. Collect what it needs first." as its two sentences. */
function splitSentence(text: string): Refusal {
  const end = text.indexOf(". ");
  return end < 0
    ? { what: text.replace(/\.$/, ""), advice: "Take what it needs out of it first." }
    : { what: text.slice(0, end), advice: text.slice(end + 2) };
}
