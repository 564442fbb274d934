/**
 * Values to bytes and back: what blocks of records, shuffle blocks, task results and encoded columns are made of. The
 * format stands in `blockFormat.ts`; it carries no checksum of its own.
 */
import { assert, SuperstepError } from "../errors.ts";
import { magic, version } from "./blockFormat.ts";
import { ByteReader } from "./byteReader.ts";
import { Decoder } from "./decoder.ts";
import { Encoder, Unshippable } from "./encoder.ts";
import { firstDifference } from "./firstDifference.ts";
import { findUnshippable } from "./shippable.ts";

/**
 * Writes values into a SharedArrayBuffer of exactly their size, so that threads pass them on without a copy.
 *
 * These travel, as they are: undefined, null, booleans, numbers (-0 kept, NaN as one NaN), bigints, strings (lone
 * surrogates too), arrays, plain objects (with or without a prototype), Map, Set, Date, RegExp, typed arrays, DataView,
 * ArrayBuffer, and errors with name, message, stack, cause and enumerable fields. These change on the way:
 *
 * - an object referred to twice arrives as two; a typed array arrives with a buffer of its own, a Buffer as Uint8Array;
 * - holes of arrays become undefined; properties of arrays other than their items, and properties that are not
 *   enumerable, stay behind;
 * - a regular expression arrives with lastIndex 0;
 * - an instance of a class without methods arrives as a plain object; an error whose class is not built in, nor
 *   SuperstepError, as an Error of the same name; fields of errors that cannot travel as a description.
 *
 * Cost: a copy for arrays of numbers, about half a microsecond for small records.
 *
 * @throws SuperstepError NOT_SHIPPABLE if a value cannot travel: functions, symbols, getters, promises, weak collections,
 *   shared memory, instances with behaviour, cycles, more than 64 containers in one another. It names the path.
 * @throws SuperstepError OUT_OF_MEMORY if the bytes would pass 2 GiB.
 * @throws SuperstepError BLOCK_CORRUPT, in debug mode alone (SUPERSTEP_DEBUG=1 in the environment, which executors inherit):
 *   if what was written reads as something else. At more than twice the cost.
 */
export function encodeValues(values: Iterable<unknown>): Uint8Array<SharedArrayBuffer> {
  const list: readonly unknown[] = Array.isArray(values) ? values : Array.from(values);
  const encoder = new Encoder();
  const { writer } = encoder;
  try {
    writer.byte(magic);
    writer.byte(version);
    writer.byte(0);
    writer.byte(0);
    writer.uint32(list.length);
    encoder.column(list, 0, 0);
  } catch (error) {
    writer.release();
    if (!(error instanceof Unshippable)) throw error;
    const found = findUnshippable(list);
    assert(found, "a value was refused, but all can travel");
    throw found;
  }
  const bytes = writer.finish();
  if (isDebug) checkEncoded(list, bytes);
  return bytes;
}

const isDebug = process.env["SUPERSTEP_DEBUG"] === "1";

/** @throws SuperstepError BLOCK_CORRUPT if `bytes` read as other values than these. */
export function checkEncoded(values: readonly unknown[], bytes: Uint8Array): void {
  const found = firstDifference(values, decodeValues(bytes));
  if (found === undefined) return;
  const message = `what was encoded reads differently, at ${found}. Report this with the values: it is a fault of Superstep`;
  throw new SuperstepError("BLOCK_CORRUPT", message);
}

/**
 * Reads what `encodeValues` wrote: fresh values, which share nothing with `bytes` or one another but strings.
 *
 * Memory: a string of 13 characters or more may keep up to 32 KiB of its neighbours alive.
 *
 * @throws SuperstepError BLOCK_CORRUPT if the bytes are not a whole, well-formed block. Damage that leaves the form
 *   intact reads as other values: blocks from outside are checked by checksum first.
 */
export function decodeValues(bytes: Uint8Array): unknown[] {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== magic || reader.byte() !== version || reader.byte() !== 0 || reader.byte() !== 0) {
    reader.fail(`must start with the header of format ${version}`);
  }
  const values = new Decoder(reader).column(reader.uint32(), 0, 0);
  if (reader.remaining > 0) reader.fail("must end with its last value");
  return values;
}
