/**
 * The text of a split, one piece after the other: a range of a plain file with its last line to the end, or all that a
 * compressed file holds.
 */
import type { OpenSource } from "./byteSource.ts";
import { decompress } from "./compression.ts";
import type { Split } from "./textPlan.ts";

/** Hands out text from `start` on. */
export interface TextInput {
  /** Position in the text of the first byte handed out. */
  readonly start: number;
  /** Puts up to `length` bytes, at least one, into `target` at `offset`. 0: there are no more. */
  read(target: Uint8Array, offset: number, length: number): number | Promise<number>;
  /** Gives up what it holds. */
  close(): Promise<void>;
}

const pieceBytes = 1 << 16;

/** The lines that start in [split.from, split.to) of a plain file. */
export function rangeInput(source: OpenSource, split: Split): TextInput {
  const { to } = split;
  let position = split.from > split.dataFrom ? nextLine(source, split.from - 1, to) : split.from;
  const start = position;
  let isEnded = position >= to;
  const afterLine = (target: Uint8Array, offset: number, count: number): number => {
    const lineEnd = target.subarray(offset, offset + count).indexOf(10);
    isEnded = lineEnd >= 0;
    return isEnded ? lineEnd + 1 : count;
  };
  return {
    start,
    read(target, offset, length) {
      if (isEnded) return 0;
      const isTail = position >= to;
      const wanted = Math.min(length, isTail ? pieceBytes : to - position);
      const read = source.read(position, target, offset, wanted);
      // past `to`, and right after it, only the line that started before `to` is still ours
      const count = isTail ? afterLine(target, offset, read) : read;
      position += count;
      if (count === 0 || (position === to && target[offset + count - 1] === 10)) isEnded = true;
      return count;
    },
    close: async () => undefined,
  };
}

/** The text of a compressed file from `split.dataFrom` on. */
export function packedInput(source: OpenSource, split: Split, compression: "gzip" | "zstd"): TextInput {
  const pieces = decompress(split.source, source, compression);
  let piece: Uint8Array = new Uint8Array(0);
  let toSkip = split.dataFrom;
  return {
    start: split.dataFrom,
    async read(target, offset, length) {
      while (piece.length <= toSkip) {
        toSkip -= piece.length;
        const next = await pieces.next();
        if (next.done) return 0;
        piece = next.value;
      }
      const part = piece.subarray(toSkip, toSkip + length);
      toSkip = 0;
      target.set(part, offset);
      piece = piece.subarray(part.byteOffset - piece.byteOffset + part.length);
      return part.length;
    },
    close: async () => {
      await pieces.return();
    },
  };
}

/** The position after the first LF in [from, to), or `to`. */
function nextLine(source: OpenSource, from: number, to: number): number {
  const piece = new Uint8Array(pieceBytes);
  for (let position = from; position < to;) {
    const count = source.read(position, piece, 0, Math.min(pieceBytes, to - position));
    if (count === 0) return to;
    const lineEnd = piece.subarray(0, count).indexOf(10);
    if (lineEnd >= 0) return position + lineEnd + 1;
    position += count;
  }
  return to;
}
