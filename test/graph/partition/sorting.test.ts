import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutEvenly, cutSections } from "../../../graph/partition/sections.ts";
import { compareUtf8, sortUtf8 } from "../../../graph/partition/sortUtf8.ts";
import { radixSort } from "../../../graph/partition/radixSort.ts";
import { Utf8Table } from "../../../graph/partition/utf8Table.ts";
import { IntegerTable } from "../../../graph/partition/integerTable.ts";

describe("radixSort", () => {
  const word = fc.oneof(fc.nat(3), fc.constantFrom(2 ** 31, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  const rowLists = fc.array(fc.tuple(word, word), { maxLength: 300, size: "max" });

  function sort(rows: readonly (readonly [number, number])[], hasPayload: boolean): number[][] {
    const empty = (): Uint32Array => new Uint32Array(rows.length);
    const input = {
      major: Uint32Array.from(rows, ([major]) => major),
      minor: Uint32Array.from(rows, ([, minor]) => minor),
      payload: hasPayload ? Uint32Array.from(rows, (_, row) => row) : undefined,
    };
    const spare = { major: empty(), minor: empty(), payload: hasPayload ? empty() : undefined };
    const { major, minor, payload } = radixSort(input, spare, rows.length);
    return Array.from(major, (key, row) => (payload ? [key, minor[row]!, payload[row]!] : [key, minor[row]!]));
  }

  it("agrees with the sort of arrays, stably, on random rows and on rows partly in order", () => {
    const partly = rowLists.map((rows) => rows.toSorted((a, b) => a[1] - b[1]));
    const inOrder = rowLists.map((rows) => rows.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
    const byMajor = rowLists.map((rows) => rows.toSorted((a, b) => a[0] - b[0]));
    fc.assert(
      fc.property(fc.oneof(rowLists, partly, inOrder, byMajor), fc.boolean(), (rows, hasPayload) => {
        const numbered = rows.map(([major, minor], row) => (hasPayload ? [major, minor, row] : [major, minor]));
        const expected = numbered.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
        expect(sort(rows, hasPayload)).toEqual(expected);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it("sorts enough rows for wide digits", () => {
    const rows = Array.from({ length: 20000 }, (_, row): [number, number] => [
      ((row * 0x9e3779b1) % 2 ** 32) >>> 8,
      Math.imul(row, 0x85ebca6b) >>> 0,
    ]);
    const expected = rows.map(([major, minor], row) => [major, minor, row]);
    expected.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
    expect(sort(rows, true)).toEqual(expected);
  });
});

describe("sortUtf8", () => {
  function values(strings: readonly Buffer[]): { offsets: Uint32Array; bytes: Uint8Array } {
    const offsets = new Uint32Array(strings.length + 1);
    strings.forEach((string, i) => (offsets[i + 1] = offsets[i]! + string.length));
    return { offsets, bytes: Buffer.concat(strings) };
  }

  it("agrees with Buffer.compare, stably, also on long common beginnings and zero bytes", () => {
    const byte = fc.constantFrom(0, 0, 1, 255);
    const tail = fc.array(byte, { maxLength: 12, size: "max" }).map((bytes) => Buffer.from(bytes));
    const string = fc
      .tuple(fc.constantFrom("", "a", "\0\0\0\0\0\0\0\0", "https://example.org/", "x".repeat(40)), tail)
      .map(([head, end]) => Buffer.concat([Buffer.from(head), end]));
    fc.assert(
      fc.property(fc.array(string, { maxLength: 120, size: "max" }), (strings) => {
        const expected = strings.map((_, i) => i).sort((a, b) => Buffer.compare(strings[a]!, strings[b]!) || a - b);
        expect([...sortUtf8(values(strings))]).toEqual(expected);
      }),
      { seed: 2, numRuns: 400 },
    );
  });

  it("puts the shorter first where strings differ by zero bytes at their end", () => {
    const lengths = fc.array(fc.nat(30), { maxLength: 100, size: "max" });
    fc.assert(
      fc.property(lengths, (zeros) => {
        const expected = zeros.map((_, i) => i).sort((a, b) => zeros[a]! - zeros[b]! || a - b);
        expect([...sortUtf8(values(zeros.map((length) => Buffer.alloc(length))))]).toEqual(expected);
      }),
      { seed: 5 },
    );
  });

  it("sorts many equal strings of a mebibyte without deep recursion", () => {
    const long = Buffer.alloc(1048576, "a");
    const strings = Array.from({ length: 20 }, (_, i) => (i === 7 ? long.subarray(1) : long));
    expect([...sortUtf8(values(strings))]).toEqual([7, ...strings.keys()].filter((i, at) => at === 0 || i !== 7));
  });

  it("compares a prefix as less", () => {
    const [a, b] = [Buffer.from("ab"), Buffer.from("abc")];
    expect(compareUtf8(a, 0, 2, b, 0, 3)).toBeLessThan(0);
    expect(compareUtf8(b, 0, 3, a, 0, 2)).toBeGreaterThan(0);
    expect(compareUtf8(a, 0, 2, b, 0, 2)).toBe(0);
  });
});

describe("Utf8Table and IntegerTable", () => {
  it("give codes in order of first appearance, as a Map does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.nat(20).map(String)), { maxLength: 2000, size: "max" }),
        (texts) => {
          const codes = new Map<string, number>();
          const table = new Utf8Table();
          for (const text of texts) {
            if (!codes.has(text)) codes.set(text, codes.size);
            const bytes = Buffer.from(` ${text}`);
            expect(table.codeOf(bytes, 1, bytes.length)).toBe(codes.get(text));
          }
          const { offsets, bytes } = table.strings();
          const stored = [...codes.keys()].map((_, i) =>
            Buffer.from(bytes.slice(offsets[i], offsets[i + 1])).toString(),
          );
          expect(stored).toEqual([...codes.keys()]);
        },
      ),
      { seed: 3, numRuns: 30 },
    );
  });

  it("tell strings apart whose hashes are equal", () => {
    const table = new Utf8Table();
    // Pairs known to collide under FNV-1a of 32 bits.
    const words = ["costarring", "liquid", "declinate", "macallums", "altarage", "zinke"];
    const codes = words.map((word) => table.codeOf(Buffer.from(word), 0, word.length));
    expect(codes).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("tell integers apart by both words, through growth", () => {
    const table = new IntegerTable();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3000; i++) expect(table.codeOf(i % 50, Math.floor(i / 50))).toBe(i);
    }
    expect(table.size).toBe(3000);
    expect([table.low[149], table.high[149]]).toEqual([49, 2]);
  });
});

describe("cutSections and cutEvenly", () => {
  it("cover everything once, in order, evenly", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(9), { maxLength: 9, size: "max" }),
        fc.integer({ min: 1, max: 6 }),
        (lengths, numTasks) => {
          const all = lengths.flatMap((length, item) => Array.from({ length }, (_, at) => `${item}:${at}`));
          const tasks = cutSections(lengths, numTasks).map((sections) =>
            sections.flatMap(({ item, from, to }) =>
              Array.from({ length: to - from }, (_, at) => `${item}:${from + at}`),
            ),
          );
          expect(tasks.flat()).toEqual(all);
          const sizes = tasks.map(({ length }) => length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          expect(cutEvenly(all.length, numTasks).map(({ from, to }) => to - from)).toEqual(sizes);
        },
      ),
      { seed: 4 },
    );
  });
});
