/**
 * Putting shipped functions together again, on the thread where they run.
 */
import { SuperstepError } from "../errors.ts";
import { evaluateFunction } from "./evaluateFunction.ts";
import type { Encoded, FunctionNode, Heap, HeapNode, Ref } from "./heap.ts";
import { resolveModule } from "./resolveModule.ts";
import type { AnyFunction, ShippedFunction } from "./ship.ts";

/** What the receiving side gives: modules, and whatever the factories of shippable objects look for. */
export interface ReviveEnvironment {
  /** Imports a module by its absolute URL: `(url) => import(url)`. */
  importModule(url: string): Promise<Readonly<Record<string, unknown>>>;
  readonly [name: string]: unknown;
}

/**
 * Puts a shipped function together again. Asynchronous for the modules it imports; the function itself is the real one,
 * called directly. What it captured is made anew at each `revive`, but for the bytes of its buffers: they become the
 * function's own, so that one copy of `shipped` should be revived once.
 *
 * @throws SuperstepError NOT_SHIPPABLE if a module or an export that it needs is missing on this side.
 */
export async function revive<F extends AnyFunction>(shipped: ShippedFunction<F>, env: ReviveEnvironment): Promise<F> {
  const where = `${shipped.operation}: ${shipped.argument}`;
  return (await new Revival(shipped, env, where).revive()) as F;
}

/** What `revive` needs of a shipped function. */
type Shipped = Pick<Heap, "nodes"> & { readonly root?: Encoded };

class Revival {
  readonly #nodes: readonly HeapNode[];
  readonly #root: Encoded;
  readonly #env: ReviveEnvironment;
  readonly #where: string;
  readonly #values: unknown[];
  readonly #late: (() => void)[] = [];
  /** Functions whose variables are being made. */
  readonly #underWay = new Set<number>();

  constructor({ nodes, root = { ref: 0 } }: Shipped, env: ReviveEnvironment, where: string) {
    this.#nodes = nodes;
    this.#root = root;
    this.#env = env;
    this.#where = where;
    this.#values = Array.from(nodes, () => undefined);
  }

  async revive(): Promise<unknown> {
    for (const [index, node] of this.#nodes.entries()) this.#values[index] = await this.#begin(node);
    for (const [index, node] of this.#nodes.entries()) if (node.kind === "function") this.#makeFunction(index, node);
    for (const [index, node] of this.#nodes.entries()) this.#fill(node, this.#values[index]);
    for (const setLate of this.#late) setLate();
    return this.#value(this.#root);
  }

  #value(encoded: Encoded): unknown {
    return isRef(encoded) ? this.#values[encoded.ref] : encoded;
  }

  /** What can be made without other nodes: containers still empty, and what comes from modules. */
  async #begin(node: HeapNode): Promise<unknown> {
    switch (node.kind) {
      case "object":
        return node.hasPrototype ? {} : Object.create(null);
      case "array":
        return node.items.slice();
      case "map":
        return new Map();
      case "set":
        return new Set();
      case "date":
        return new Date(node.time);
      case "regexp": {
        const regexp = new RegExp(node.source, node.flags);
        regexp.lastIndex = node.lastIndex;
        return regexp;
      }
      case "buffer":
        return node.bytes;
      case "view":
        return viewOf(node, (this.#nodes[node.buffer.ref] as Extract<HeapNode, { kind: "buffer" }>).bytes);
      case "module": {
        const module = await this.#import(node.url);
        return node.name === undefined ? module : this.#exportOf(module, node.url, node.name);
      }
      case "made": {
        const data = await new Revival(node.data, this.#env, this.#where).revive();
        const factory = this.#exportOf(await this.#import(node.module), node.module, node.factory);
        return (factory as (data: unknown, env: ReviveEnvironment) => unknown)(data, this.#env);
      }
      case "importer":
        return this.#importerFor(node.file);
      case "keepNames":
        return (fn: object, value: string) => Object.defineProperty(fn, "name", { value, configurable: true });
      case "function":
        return undefined;
    }
  }

  /**
   * Makes a function after those it captures, so that its variables are constants. In a circle of functions that cannot
   * be: there some variables are set later. What the source needs at once, as a class needs the one it extends, has to
   * be there before: false if it is not, and the function is left for later too.
   */
  #makeFunction(index: number, node: FunctionNode): boolean {
    if (this.#values[index] !== undefined) return true;
    if (this.#underWay.has(index)) return false;
    this.#underWay.add(index);
    const early = new Map<string, unknown>();
    const late: (readonly [string, Ref])[] = [];
    let isReady = true;
    for (const { name, value } of node.captures) {
      const captured = isRef(value) ? this.#nodes[value.ref] : undefined;
      const isAtOnce = node.atOnce.includes(name);
      const isMade = isAtOnce || captured?.kind === "function" ? this.#makeReady(value) : true; // containers are there, if still empty
      if (isMade) early.set(name, this.#value(value));
      else if (isAtOnce) isReady = false;
      else late.push([name, value as Ref]);
    }
    this.#underWay.delete(index);
    if (!isReady) return false;
    const { fn, setLate } = evaluateFunction(
      node,
      early,
      Array.from(late, ([name]) => name),
    );
    this.#values[index] = fn;
    if (late.length > 0) this.#late.push(() => setLate(Array.from(late, ([, ref]) => this.#value(ref))));
    return true;
  }

  /** Makes a function, or fills an object with its functions. False if that has to wait for one that is under way. */
  #makeReady(encoded: Encoded): boolean {
    const node = isRef(encoded) ? this.#nodes[encoded.ref] : undefined;
    if (!isRef(encoded) || node === undefined) return true;
    if (node.kind === "function") return this.#makeFunction(encoded.ref, node);
    if (node.kind !== "object" || this.#underWay.has(encoded.ref)) return true;
    this.#underWay.add(encoded.ref);
    const isReady = node.entries.every(([, item]) => this.#makeReady(item));
    this.#underWay.delete(encoded.ref);
    this.#fill(node, this.#values[encoded.ref]);
    return isReady;
  }

  /** Puts into a container, or onto a function, what belongs there. */
  #fill(node: HeapNode, value: unknown): void {
    switch (node.kind) {
      case "object":
        for (const [key, item] of node.entries) setOwn(value as object, key, this.#value(item));
        return;
      case "array":
        node.items.forEach((item, index) => {
          if (isRef(item)) (value as unknown[])[index] = this.#value(item);
        });
        return;
      case "map":
        for (const [key, item] of node.entries)
          (value as Map<unknown, unknown>).set(this.#value(key), this.#value(item));
        return;
      case "set":
        for (const item of node.items) (value as Set<unknown>).add(this.#value(item));
        return;
      case "function":
        for (const [key, item] of node.properties) setOwn(value as object, key, this.#value(item));
        return;
      default:
    }
  }

  #importerFor(file: string): (specifier: unknown) => Promise<unknown> {
    return async (specifier) => {
      const url = resolveModule(String(specifier), file);
      if (url === undefined) throw new TypeError(`cannot find module ${String(specifier)}, imported from ${file}`);
      return this.#env.importModule(url);
    };
  }

  async #import(url: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      return await this.#env.importModule(url);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SuperstepError(
        "NOT_SHIPPABLE",
        `${this.#where} needs the module ${url}, which cannot be imported here: ${reason}. Put it on this machine too.`,
        { details: { module: url }, cause },
      );
    }
  }

  #exportOf(module: Readonly<Record<string, unknown>>, url: string, name: string): unknown {
    if (name in module) return module[name];
    throw new SuperstepError(
      "NOT_SHIPPABLE",
      `${this.#where} needs \`${name}\` of the module ${url}, which does not export it here. Use the same version there.`,
      { details: { module: url, export: name } },
    );
  }
}

function isRef(encoded: Encoded): encoded is Ref {
  return typeof encoded === "object" && encoded !== null;
}

/** Sets an own property, also one called `__proto__`. */
function setOwn(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else (object as Record<string, unknown>)[key] = value;
}

function viewOf(
  { type, byteOffset, length }: Extract<HeapNode, { kind: "view" }>,
  buffer: ArrayBuffer | SharedArrayBuffer,
): unknown {
  if (type === "Buffer") return Buffer.from(buffer as ArrayBuffer, byteOffset, length);
  const constructors = globalThis as unknown as Record<
    string,
    new (buffer: ArrayBuffer | SharedArrayBuffer, byteOffset: number, length: number) => unknown
  >;
  return new constructors[type]!(buffer, byteOffset, length);
}
