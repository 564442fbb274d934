/**
 * A hash of keys that is the same on every machine and in every version: it decides which partition a key belongs to.
 */
import { encodeValues } from "./codec.ts";
import { formOf } from "./shippable.ts";

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** Where hashes of each kind start, so that 1, "1", [1] and true differ. */
const start = {
  number: 1,
  string: 2,
  bigint: 3,
  true: 4,
  false: 5,
  null: 6,
  undefined: 7,
  date: 8,
  array: 9,
  object: 10,
};

/**
 * An unsigned 32-bit hash of a key. Keys that are equal hash alike, equal meaning as for `keyOf`: numbers and other
 * primitives as Map keys compare them (0 and -0 equal, NaN equal to itself, 5 and 5n different), dates by time, arrays by
 * their items, plain objects by their fields in any order. Any other value that travels: by its bytes as `encodeValues`
 * writes them.
 *
 * Cost: some nanoseconds for numbers, about one more per character of a string.
 *
 * @throws SuperstepError NOT_SHIPPABLE if the key is, or holds, a value that cannot travel.
 */
export function hashValue(value: unknown): number {
  return finish(mixValue(0, value)) >>> 0;
}

function mixValue(hash: number, value: unknown): number {
  switch (typeof value) {
    case "number":
      return mixNumber(mix(hash, start.number), value);
    case "string":
      return mixText(mix(hash, start.string), value);
    case "bigint":
      return mixBigint(mix(hash, start.bigint), value);
    case "boolean":
      return mix(hash, value ? start.true : start.false);
    case "undefined":
      return mix(hash, start.undefined);
    default:
      return value === null ? mix(hash, start.null) : mixObject(hash, value as object);
  }
}

function mixObject(hash: number, value: object): number {
  switch (formOf(value)) {
    case "array": {
      let mixed = mix(mix(hash, start.array), (value as unknown[]).length);
      for (const item of value as unknown[]) mixed = mixValue(mixed, item);
      return mixed;
    }
    case "object":
    case "bareObject": {
      const entries = Object.entries(value);
      let sum = 0; // in any order
      for (const [key, item] of entries) sum = (sum + finish(mixValue(mixText(start.object, key), item))) | 0;
      return mix(mix(mix(hash, start.object), entries.length), sum);
    }
    case "date":
      return mixNumber(mix(hash, start.date), (value as Date).getTime());
    default: {
      let mixed = mix(hash, start.object);
      for (const byte of encodeValues([value])) mixed = mix(mixed, byte);
      return mixed;
    }
  }
}

function mixNumber(hash: number, value: number): number {
  if ((value | 0) === value) return mix(hash, value); // -0 too
  float[0] = value === value ? value : NaN;
  return mix(mix(hash, words[0]!), words[1]!);
}

function mixText(hash: number, text: string): number {
  let mixed = mix(hash, text.length);
  const even = text.length & ~1;
  for (let i = 0; i < even; i += 2) mixed = mix(mixed, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
  return even < text.length ? mix(mixed, text.charCodeAt(even)) : mixed;
}

function mixBigint(hash: number, value: bigint): number {
  let mixed = mix(hash, value < 0n ? 1 : 0);
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 32n) mixed = mix(mixed, Number(rest & 0xffffffffn));
  return mixed;
}

/** One round of MurmurHash3 (x86, 32 bits), by Appleby. */
function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** Its last step: every bit reaches every bit. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
