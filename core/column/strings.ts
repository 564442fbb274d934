/**
 * Columns of strings as UTF-8 bytes and offsets.
 */
import { excerpt, SuperstepError } from "../errors.ts";
import { isWellFormed } from "./flatColumns.ts";

/** Strings as UTF-8: value i is bytes [offsets[i], offsets[i + 1]). */
export interface StringColumn {
  /** Count + 1 entries, ascending, in bytes. */
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
}

/**
 * The strings as a column in SharedArrayBuffers.
 *
 * @throws SuperstepError INVALID_INPUT if a string has a lone surrogate, which UTF-8 cannot say.
 * @throws SuperstepError OUT_OF_MEMORY if the bytes would pass 4 GiB.
 */
export function encodeStrings(values: readonly string[]): StringColumn {
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (values.length + 1)));
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!isWellFormed(value)) {
      throw new SuperstepError(
        "INVALID_INPUT",
        `strings: value ${i} must be well-formed Unicode, got ${excerpt(value)} with a lone surrogate`,
        { details: { index: i } },
      );
    }
    total += Buffer.byteLength(value);
    if (total >= 2 ** 32) {
      throw new SuperstepError("OUT_OF_MEMORY", `strings: a column must take less than 4 GiB. Use more partitions.`, {
        details: { neededBytes: total, values: values.length },
      });
    }
    offsets[i + 1] = total;
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(total));
  const target = Buffer.from(bytes.buffer);
  for (let i = 0; i < values.length; i++) target.write(values[i]!, offsets[i]!, "utf8");
  return { offsets, bytes };
}
