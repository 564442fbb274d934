import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutEvenly, cutSections } from "../../../graph/partition/sections.ts";
import { compareUtf8 } from "../../../graph/partition/compareUtf8.ts";
import { radixSort } from "../../../graph/partition/radixSort.ts";
import { StringSorter } from "../../../graph/partition/stringSorter.ts";
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

describe("StringSorter", () => {
  type Bound = Buffer | undefined;

  function values(strings: readonly Buffer[]): { offsets: Uint32Array; bytes: Uint8Array } {
    const offsets = new Uint32Array(strings.length + 1);
    strings.forEach((string, i) => (offsets[i + 1] = offsets[i]! + string.length));
    return { offsets, bytes: Buffer.concat(strings) };
  }

  /** What the sorter gives, as lists: the distinct strings, and [entry, place] of each string in the range. */
  function sorted(dictionaries: readonly (readonly Buffer[])[], from?: Bound, to?: Bound, used = () => true) {
    const sorter = new StringSorter({ from, to });
    let first = 0;
    for (const strings of dictionaries) {
      sorter.add(
        values(strings),
        Uint8Array.from(strings, () => (used() ? 1 : 0)),
        first,
      );
      first += strings.length;
    }
    const { strings, entries, places } = sorter.finish();
    const { offsets, bytes } = strings;
    return {
      strings: Array.from({ length: offsets.length - 1 }, (_, i) =>
        Buffer.from(bytes.slice(offsets[i], offsets[i + 1])).toString("latin1"),
      ),
      rows: Array.from(entries, (entry, row) => [entry, places[row]]),
    };
  }

  /** The same by comparing. */
  function expected(strings: readonly Buffer[], from?: Bound, to?: Bound) {
    const inRange = (one: Buffer): boolean =>
      (from === undefined || Buffer.compare(one, from) >= 0) && (to === undefined || Buffer.compare(one, to) < 0);
    const rows = [...strings.keys()].filter((entry) => inRange(strings[entry]!));
    rows.sort((a, b) => Buffer.compare(strings[a]!, strings[b]!) || a - b);
    const texts = rows.map((entry) => strings[entry]!.toString("latin1"));
    const distinct = [...new Set(texts)];
    return { strings: distinct, rows: rows.map((entry, row) => [entry, distinct.indexOf(texts[row]!)]) };
  }

  const byte = fc.constantFrom(0, 0, 1, 127, 128, 255);
  const tail = fc.array(byte, { maxLength: 12, size: "max" }).map((bytes) => Buffer.from(bytes));
  const string = fc
    .tuple(fc.constantFrom("", "a", "\0\0\0\0\0\0\0\0", "https://example.org/", "x".repeat(40)), tail)
    .map(([head, end]) => Buffer.concat([Buffer.from(head), end]));
  const strings = fc.array(string, { maxLength: 120, size: "max" });

  it("agrees with Buffer.compare, also on long common beginnings and zero bytes, in any range of several dictionaries", () => {
    const bound = fc.option(string, { nil: undefined });
    fc.assert(
      fc.property(strings, strings, bound, bound, (some, others, from, to) => {
        expect(sorted([some, others], from, to)).toEqual(expected([...some, ...others], from, to));
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it("sorts groups of every size, past those that are sorted by insertion", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.nat(),
        fc.constantFrom("", "12345678", "abc"),
        (count, step, head) => {
          const numbers = Array.from({ length: count }, (_, i) =>
            Buffer.from(`${head}${Math.imul(i, 2 * step + 1) >>> 12}`),
          );
          expect(sorted([numbers])).toEqual(expected(numbers));
        },
      ),
      { seed: 4, numRuns: 60 },
    );
  });

  it.each([8, 9, 16, 17, 25])("sorts strings that differ in byte %i alone, the last", (length) => {
    const all = Array.from("zyxwvutsrqponmlkjihgfedcbazy", (last) => Buffer.from("x".repeat(length - 1) + last));
    expect(sorted([all])).toEqual(expected(all));
  });

  it("leaves out what is not used", () => {
    const all = ["b", "a", "c", "a"].map((text) => Buffer.from(text));
    const marks = [true, false, true, true];
    expect(sorted([all], undefined, undefined, () => marks.shift()!)).toEqual({
      strings: ["a", "b", "c"],
      rows: [
        [3, 0],
        [0, 1],
        [2, 2],
      ],
    });
  });

  it("puts the shorter first where strings differ by zero bytes at their end", () => {
    const lengths = fc.array(fc.nat(30), { maxLength: 100, size: "max" });
    fc.assert(
      fc.property(lengths, (zeros) => {
        const all = zeros.map((length) => Buffer.alloc(length));
        expect(sorted([all])).toEqual(expected(all));
      }),
      { seed: 5 },
    );
  });

  it("sorts many equal strings of a mebibyte without deep recursion", () => {
    const long = Buffer.alloc(1048576, "a");
    const all = Array.from({ length: 20 }, (_, i) => (i === 7 ? long.subarray(1) : long));
    const { rows } = sorted([all]);
    expect(rows.map(([entry]) => entry)).toEqual([7, ...all.keys()].filter((i, at) => at === 0 || i !== 7));
    expect(rows.map(([, place]) => place)).toEqual(all.map((_, row) => (row === 0 ? 0 : 1)));
  });

  it("gives nothing of nothing", () => {
    expect(sorted([])).toEqual({ strings: [], rows: [] });
    expect(sorted([[]])).toEqual({ strings: [], rows: [] });
  });
});

describe("compareUtf8", () => {
  it("compares a prefix as less", () => {
    const [a, b] = [Buffer.from("ab"), Buffer.from("abc")];
    expect(compareUtf8(a, 0, 2, b, 0, 3)).toBeLessThan(0);
    expect(compareUtf8(b, 0, 3, a, 0, 2)).toBeGreaterThan(0);
    expect(compareUtf8(a, 0, 2, b, 0, 2)).toBe(0);
  });
});

describe("IntegerTable", () => {
  it("tells integers apart by both words, through growth", () => {
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
