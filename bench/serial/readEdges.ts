/**
 * Reads an edge list of integer ids, plain or gzip: the whole file at once, byte by byte.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Edges in the order of the file: edge i leads from `src[i]` to `dst[i]`, as ids. */
export interface EdgeArrays {
  readonly src: Float64Array;
  readonly dst: Float64Array;
}

const [zero, nine, lineFeed, hash] = [48, 57, 10, 35];

/** The first two numbers of every line that is no `#` comment. Trusts each of these to begin with two. */
export function readEdges(file: string): EdgeArrays {
  const bytes = file.endsWith(".gz") ? gunzipSync(readFileSync(file)) : readFileSync(file);
  const numbers: number[] = [];
  const skipLine = (at: number): number => {
    const end = bytes.indexOf(lineFeed, at);
    return end < 0 ? bytes.length : end;
  };
  let ofLine = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === hash || ofLine === 2) at = skipLine(at);
    let value = 0;
    const start = at;
    for (; at < bytes.length && bytes[at]! >= zero && bytes[at]! <= nine; at++) value = value * 10 + bytes[at]! - zero;
    if (at > start) {
      numbers.push(value);
      ofLine++;
    }
    if (bytes[at] === lineFeed) ofLine = 0;
  }
  const numEdges = numbers.length / 2;
  const [src, dst] = [new Float64Array(numEdges), new Float64Array(numEdges)];
  for (let edge = 0; edge < numEdges; edge++) {
    src[edge] = numbers[2 * edge]!;
    dst[edge] = numbers[2 * edge + 1]!;
  }
  return { src, dst };
}
