/**
 * Whether values are what was encoded of them: for the debug mode of `encodeValues`.
 */
import { excerpt } from "../errors.ts";

/**
 * Where `read` first differs from `given` in more than the way is allowed to change (see `encodeValues`), and how: as
 * `[2].name: "b", not "a"`. Undefined if nowhere.
 */
export function firstDifference(given: unknown, read: unknown, path = ""): string | undefined {
  if (Object.is(given, read)) return undefined;
  if (isError(given) && isError(read)) return ofItems(textsOf(given), textsOf(read), path);
  const isSameKind = typeof given === "object" && given !== null && kindOf(given) === kindOf(read);
  if (!isSameKind) return `${path}: ${excerpt(read)}, not ${excerpt(given)}`;
  if (Array.isArray(given)) return ofItems(given, read as unknown[], path);
  if (given instanceof Map) return ofItems([...given], [...(read as typeof given)], path);
  if (given instanceof Set) return ofItems([...given], [...(read as typeof given)], path);
  if (given instanceof Date) return firstDifference(given.getTime(), (read as Date).getTime(), path);
  if (given instanceof RegExp) return firstDifference(String(given), String(read), path);
  if (given instanceof Float32Array || given instanceof Float64Array) {
    return ofItems(Array.from(given), Array.from(read as typeof given), path); // every NaN arrives as one
  }
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) {
    const isSame = Buffer.compare(bytesOf(given), bytesOf(read as typeof given)) === 0;
    return isSame ? undefined : `${path}: other bytes`;
  }
  return ofItems(Object.entries(given), Object.entries(read as object), path);
}

function ofItems(given: readonly unknown[], read: readonly unknown[], path: string): string | undefined {
  if (given.length !== read.length) return `${path}: ${read.length} of ${given.length} items`;
  for (let at = 0; at < given.length; at++) {
    const found = firstDifference(given[at], read[at], `${path}[${at}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isError(value: unknown): value is Error {
  return value instanceof Error;
}

/** What of an error must arrive: its other fields may be described, or left out of a long chain. */
function textsOf({ name, message }: Error): readonly string[] {
  return [name, message].map((text: unknown) => (typeof text === "string" ? text : excerpt(text)));
}

/** "Array", "Map", "Uint8Array", …: what an object is, whatever realm it comes from; "Object" for instances too. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  return value instanceof ArrayBuffer
    ? new Uint8Array(value)
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
