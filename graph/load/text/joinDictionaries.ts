import type { DictionaryPart, IdValues, RawColumn, Utf8Values } from "../edgeChunk.ts";
import type { RowChunk } from "./textPlan.ts";

/**
 * Chunks with whole dictionaries in place of parts: one object for all parts of a dictionary.
 *
 * Cost: a copy of dictionaries of more than one part.
 */
export function joinDictionaries(chunks: readonly RowChunk[]): RowChunk[] {
  const partsOf = new Map<string, DictionaryPart[]>();
  for (const part of new Set(chunks.flatMap(dictionariesOf))) {
    if (!isPart(part)) continue;
    const parts = partsOf.get(part.of) ?? [];
    parts.push(part);
    partsOf.set(part.of, parts);
  }
  if (partsOf.size === 0) return [...chunks];

  const joined = new Map([...partsOf].map(([name, parts]) => [name, joinParts(parts)]));
  const whole = (dictionary: Utf8Values): Utf8Values => (isPart(dictionary) ? joined.get(dictionary.of)! : dictionary);
  return chunks.map(({ numRows, ids, attrs }) => ({
    numRows,
    ids: ids.map((column): IdValues => {
      return column.kind === "string" ? { ...column, dictionary: whole(column.dictionary) } : column;
    }),
    attrs: attrs.map((column): RawColumn => {
      return column.type === "string" ? { ...column, dictionary: whole(column.dictionary) } : column;
    }),
  }));
}

function dictionariesOf({ ids, attrs }: RowChunk): Utf8Values[] {
  return [
    ...ids.flatMap((column) => (column.kind === "string" ? [column.dictionary] : [])),
    ...attrs.flatMap((column) => (column.type === "string" ? [column.dictionary] : [])),
  ];
}

function isPart(dictionary: Utf8Values): dictionary is DictionaryPart {
  return "of" in dictionary;
}

function joinParts(parts: DictionaryPart[]): Utf8Values {
  parts.sort((a, b) => a.from - b.from || a.offsets.length - b.offsets.length);
  const [only] = parts;
  if (parts.length === 1 && only!.from === 0) return { offsets: only!.offsets, bytes: only!.bytes };
  const size = parts.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
  const numBytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (size + 1)));
  const bytes = new Uint8Array(new SharedArrayBuffer(numBytes));
  let next = 0;
  let at = 0;
  for (const part of parts) {
    if (part.from !== next) throw new Error(`internal error: a dictionary has no strings ${next} to ${part.from}`);
    for (let i = 1; i < part.offsets.length; i++) offsets[next + i] = at + part.offsets[i]!;
    bytes.set(part.bytes, at);
    next += part.offsets.length - 1;
    at += part.bytes.length;
  }
  return { offsets, bytes };
}
