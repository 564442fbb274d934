/**
 * Node's own modules, recognised by their objects: for files whose imports a tool has rewritten, and for `require`.
 */
import { builtinModules } from "node:module";
import type { AnyFunction } from "./ship.ts";
import type { HeapNode } from "./heap.ts";

/** The module whose default export, what `require` gives, is the object. Looks at loaded modules only, loads none. */
export function builtinModule(value: object): HeapNode | undefined {
  const loaded = (process as { moduleLoadList?: readonly string[] }).moduleLoadList ?? [];
  if (loaded.length !== numLoaded) {
    numLoaded = loaded.length;
    const names = new Set(loaded);
    for (const name of builtinModules) {
      const module = names.has(`NativeModule ${name}`) ? process.getBuiltinModule(`node:${name}`) : undefined;
      if (typeof module === "object") urls.set(module, `node:${name}`);
    }
  }
  const url = urls.get(value);
  return url === undefined ? undefined : { kind: "module", url, name: "default" };
}

/** The export that a function of Node's script `url` is, if that module exports it. */
export function builtinExport(fn: AnyFunction, url: string): HeapNode | undefined {
  const module = process.getBuiltinModule(url) as Record<string, unknown> | undefined;
  const name = Object.keys(module ?? {}).find((key) => Object.getOwnPropertyDescriptor(module, key)?.value === fn);
  return name === undefined ? undefined : { kind: "module", url, name };
}

const urls = new Map<object, string>();
let numLoaded = 0;
