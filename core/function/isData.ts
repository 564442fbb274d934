/**
 * Whether a value is data through and through, so that a copy is as good as the value itself.
 */
import { types } from "node:util";

/**
 * True for primitives but symbols, and for arrays, plain objects, Maps and Sets of data, dates, regular expressions,
 * typed arrays and buffers. False as soon as a function, a getter, a class instance or another object is met.
 */
export function isData(value: unknown): boolean {
  const seen = new Set<object>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === "symbol" || typeof next === "function") return false;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (types.isProxy(next)) return false;
    if (types.isDate(next) || types.isRegExp(next) || ArrayBuffer.isView(next) || types.isAnyArrayBuffer(next))
      continue;
    if (Array.isArray(next)) for (const item of next as unknown[]) pending.push(item);
    else if (types.isMap(next)) for (const entry of next) pending.push(...entry);
    else if (types.isSet(next)) for (const item of next) pending.push(item);
    else if (isPlainObject(next)) {
      for (const property of Object.values(Object.getOwnPropertyDescriptors(next))) {
        if (!("value" in property)) return false;
        pending.push(property.value);
      }
    } else return false;
  }
  return true;
}

/** True for objects made by a literal, by `Object.create(null)`, or by a class that has fields only, without symbols. */
export function isPlainObject(value: object): boolean {
  if (types.isModuleNamespaceObject(value) || types.isArgumentsObject(value) || types.isExternal(value)) return false;
  if (types.isNativeError(value) || types.isBoxedPrimitive(value)) return false;
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  let prototype: unknown = Object.getPrototypeOf(value);
  while (typeof prototype === "object" && prototype !== null && prototype !== Object.prototype) {
    if (Reflect.ownKeys(prototype).some((key) => key !== "constructor")) return false;
    prototype = Object.getPrototypeOf(prototype);
    if (prototype === null) return false;
  }
  return true;
}
