import { Buffer } from "node:buffer";
import type { IdValues } from "../load/edgeChunk.ts";
import type { VertexId } from "../types.ts";

/** A function that reads id `i` of a raw id column, as programs see ids: bigint only beyond 2^53. */
export function idValueReader(ids: IdValues): (i: number) => VertexId {
  if (ids.kind === "uint32") return (i) => ids.values[i]!;
  if (ids.kind === "int64") {
    return (i) => {
      const id = ids.values[i]!;
      const asNumber = Number(id);
      return Number.isSafeInteger(asNumber) ? asNumber : id;
    };
  }
  const { offsets, bytes } = ids.dictionary;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (i) => {
    const code = ids.codes[i]!;
    return text.toString("utf8", offsets[code]!, offsets[code + 1]!);
  };
}
