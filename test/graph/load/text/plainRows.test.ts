import path from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readEdges } from "../../../../graph/load/readEdges.ts";
import { settleType } from "../../../../graph/load/text/attrBuilder.ts";
import { readBlankRows } from "../../../../graph/load/text/blankRows.ts";
import { readDelimitedRows } from "../../../../graph/load/text/delimitedRows.ts";
import { joinDictionaries } from "../../../../graph/load/text/joinDictionaries.ts";
import { parseSplits } from "../../../../graph/load/text/parseSplits.ts";
import { memorySource } from "../../../../graph/load/text/byteSource.ts";
import { SplitState } from "../../../../graph/load/text/splitState.ts";
import { TextColumns } from "../../../../graph/load/text/textColumns.ts";
import type { TaskRunner } from "../../../../graph/load/text/taskRunner.ts";
import type { AttrPlan, RowChunk, Split, TextPlan } from "../../../../graph/load/text/textPlan.ts";
import { Utf8Dictionary } from "../../../../graph/load/text/utf8Dictionary.ts";
import { edgeRows, idsOf, root, useFolder, valuesOf } from "./reading.ts";

afterEach(() => void vi.restoreAllMocks());

/** Goes the general way with every row. */
class GeneralState extends SplitState {
  override readPlainRows(_bytes: Uint8Array, at: number): number {
    return at;
  }
}

const attr = (name: string, column: number, type: AttrPlan["type"], isWeight = false): AttrPlan => {
  return { name, column, type, isWeight };
};

function planOf(given: Partial<TextPlan>): TextPlan {
  return {
    layout: "delimited",
    delimiter: 44,
    comments: [35],
    idType: "string",
    idColumns: [
      { role: "src", column: 0 },
      { role: "dst", column: 2 },
    ],
    attrs: [],
    maxBadRows: 1e6,
    keepsText: true,
    chunkRows: 40,
    ...given,
  };
}

/** Reads the text, whose lines end with LF, and says how many rows went the general way. */
function read(State: typeof SplitState, plan: TextPlan, text: string, allowsQuotes = true) {
  const columns = new TextColumns(plan);
  const state = new State(plan, columns, { maxRows: 20_000, isFileStart: false, allowsQuotes });
  let numGeneral = 0;
  const addRow = state.addRow.bind(state);
  state.addRow = (...row) => {
    numGeneral++;
    addRow(...row);
  };
  const bytes = Buffer.from(text, "latin1");
  if (plan.layout === "blanks") readBlankRows(state, bytes, 0, bytes.length);
  else readDelimitedRows(state, bytes, 0, bytes.length, true);
  const { chunks, kinds, ...counts } = state.finish();
  columns.release();
  const types = plan.attrs.map((one, i) => settleType(one, kinds[i]!).type);
  const { attrs, ...rest } = contents(chunks);
  // of a column that turns out to be of another type nothing counts but that: it is read again
  const settled = attrs.filter((_, i) => types[i] === plan.attrs[i]!.type);
  return { ...counts, ...rest, types, attrs: settled, numGeneral };
}

function contents(chunks: readonly RowChunk[]) {
  const whole = joinDictionaries(chunks);
  return {
    ids: (whole[0]?.ids ?? []).map((_, i) => idsOf(whole.map(({ ids }) => ids[i]!)).map(String)),
    attrs: (whole[0]?.attrs ?? []).map((_, i) => valuesOf(whole.map(({ attrs }) => attrs[i]!))),
    chunkRows: whole.map(({ numRows }) => numRows),
  };
}

describe("PlainRows", () => {
  const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
  // prettier-ignore
  const cells = [
    "", " ", "a", "user123456", "x".repeat(40), utf8("Zürich"), utf8("数据"), utf8("😀"), "\xff", "\xc3", "\xed\xa0\x80",
    "\xf4\x90\x80\x80", "\xe0\x80\x80", "a\0", "a\0\0", "\0", '""', '"q"', '"a,b"', '"a""b"', '"a\nb"', 'a"b', '"a"b', "\r",
    "b\r", "0", "7", "007", "-3", "+3", "-0", "4294967295", "4294967296", "-9223372036854775808", "9223372036854775807",
    "9223372036854775808", "1234567890123456", "12345678901234567", "00000000000000000000000000000005", "1.5", "-2.25e3", ".5",
    "5.", "1e400", "1e22", "1e23", "1e-22", "1e-23", "0.30000000000000004", "123456789012345", "1e", "NaN", "Infinity", "true",
    "false", "12a", "1 2", "#",
  ];
  const cell = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("1", "25", "300", "4.5", "ab", "cde") },
    fc.constantFrom(...cells),
  );
  const rows = (numColumns: number) =>
    fc.array(fc.array(cell, { minLength: 1, maxLength: numColumns + 1 }), { maxLength: 60, size: "max" });
  const steady = (numColumns: number) =>
    fc.array(fc.array(cell, { minLength: numColumns, maxLength: numColumns }), { maxLength: 120, size: "max" });
  const ends = fc.constantFrom("\n", "\r\n", " \n");
  const attrs = fc.constantFrom<AttrPlan[]>(
    [],
    [attr("w", 1, "number", true)],
    [attr("n", 3, "number"), attr("s", 1, "string")],
    [attr("b", 3, "boolean"), attr("i", 1, "bigint")],
  );
  const plans = fc
    .record({
      attrs,
      idType: fc.constantFrom("integer" as const, "string" as const),
      maxColumns: fc.constantFrom(4, undefined),
    })
    .map(({ attrs: chosen, idType, maxColumns }) => {
      return planOf({ attrs: chosen, idType, ...(maxColumns === undefined ? {} : { maxColumns }) });
    });

  /** That both ways agree, but for where they cut chunks; returns how many rows did not go the general way. */
  const agree = (plan: TextPlan, text: string, allowsQuotes: boolean): number => {
    const { numGeneral, chunkRows: _, ...found } = read(SplitState, plan, text, allowsQuotes);
    const { numGeneral: numRows, chunkRows: _other, ...expected } = read(GeneralState, plan, text, allowsQuotes);
    expect(found).toEqual(expected);
    return numRows - numGeneral;
  };

  it.each([44, 9])("agrees with the general way on random delimited rows, delimiter %i", (delimiter) => {
    let numPlain = 0;
    fc.assert(
      fc.property(plans, fc.oneof(rows(4), steady(4)), ends, fc.boolean(), (plan, lines, end, allowsQuotes) => {
        const text = lines.map((line) => line.join(String.fromCharCode(delimiter)) + end).join("");
        numPlain += agree({ ...plan, delimiter }, text, allowsQuotes);
      }),
      { seed: 11, numRuns: 80 },
    );
    expect(numPlain).toBeGreaterThan(100);
  });

  it("agrees with the general way on random rows between blanks", () => {
    let numPlain = 0;
    const gap = fc.constantFrom(" ", " ", "\t", "  \t ");
    fc.assert(
      fc.property(plans, fc.oneof(rows(4), steady(4)), ends, gap, (plan, lines, end, blanks) => {
        const text = lines.map((line) => line.join(blanks).replaceAll("\n", "") + end).join("");
        // ids in the third and first columns, so that integers do not go the way of edges
        numPlain += agree({ ...plan, layout: "blanks", idColumns: plan.idColumns.toReversed() }, text, true);
      }),
      { seed: 12, numRuns: 80 },
    );
    expect(numPlain).toBeGreaterThan(100);
  });

  // prettier-ignore
  const endsOfEdges = [
    "0", "7", "42", "007", "12345678", "123456789", "4294967295", "4294967296", "123456789012345", "9007199254740993",
    "12345678901234567", "-3", "a", "1a", ":", "/", "1.5", "\xff", "",
  ];
  // prettier-ignore
  const weights = [
    "0", "1", "255", "007", "12345678", "123456789012345", "1234567890123456", "0.5", "12.25", "0.1", "3.14159265",
    "0.123456789", "1234567.12345678", "98765432.98765431", "5.", ".5", "-1", "+2", "1e3", "1.2.3", "x", "", "1 #", "2\t\t9 9",
  ];
  const linesOfEdges = fc.array(
    fc.tuple(
      fc.oneof({ weight: 3, arbitrary: fc.nat(2 ** 20).map(String) }, fc.constantFrom(...endsOfEdges)),
      fc.oneof({ weight: 3, arbitrary: fc.nat(9).map(String) }, fc.constantFrom(...endsOfEdges)),
      fc.oneof({ weight: 2, arbitrary: fc.constantFrom("0.75", "31") }, fc.constantFrom(...weights)),
      fc.oneof({ weight: 6, arbitrary: fc.constant(" ") }, fc.constantFrom("\t", "  ", " \t", ",", "\r")),
      fc.oneof(
        { weight: 6, arbitrary: fc.constant("\n") },
        fc.constantFrom("\r\n", " \n", "\r\r\n", " 1 2\n", ` ${"x".repeat(40)}\n`),
      ),
    ),
    { maxLength: 80, size: "max" },
  );

  it.each([
    ["none", []],
    ["weights", [attr("w", 2, "number", true)]],
  ])("agrees with the general way on random lines of edges, attributes: %s", (_name, columns) => {
    let numPlain = 0;
    const isComment = fc.constantFrom([35], [35, 49]);
    fc.assert(
      fc.property(linesOfEdges, isComment, (parts, comments) => {
        const text = parts.map(([src, dst, weight, gap, end]) => [src, dst, weight].join(gap).trimEnd() + end).join("");
        const idColumns = [0, 1].map((column) => ({ role: "src", column }) as const);
        const plan = planOf({ layout: "blanks", idType: "integer", idColumns, attrs: columns, comments });
        numPlain += agree(plan, text, true);
      }),
      { seed: 13, numRuns: 150 },
    );
    expect(numPlain).toBeGreaterThan(1000);
  });

  it("tells the largest of narrow ids, whichever way they came", () => {
    const idColumns = [0, 1].map((column) => ({ role: "src", column }) as const);
    const plan = planOf({ layout: "blanks", idType: "integer", idColumns, chunkRows: 50 });
    const text = Buffer.from(
      lines(400, (i) => `${(i * 7919) % 1009} ${String((i * 31) % 977).padStart(i % 3 === 0 ? 25 : 1, "0")}\n`),
    );
    const columns = new TextColumns(plan);
    const state = new SplitState(plan, columns, { maxRows: 400, isFileStart: false, allowsQuotes: true });
    readBlankRows(state, text, 0, text.length);
    const { chunks } = state.finish();
    columns.release();
    expect(chunks.length).toBeGreaterThan(3);
    for (const { ids } of chunks) {
      const values = ids.flatMap((column) => (column.kind === "uint32" ? [...column.values] : []));
      expect(ids).toMatchObject([{ most: Math.max(...values) }, { most: Math.max(...values) }]);
    }
  });

  it("reads rows of ordinary text, quoted too, without the general way", () => {
    const plan = planOf({ attrs: [attr("w", 1, "number", true), attr("n", 3, "number"), attr("s", 4, "string")] });
    const line = (i: number): string =>
      `"user ${i % 700}",${i / 8},${utf8("Städtchen")}${i % 90},-${i}.5e-3,kind ${i % 3}\r\n`;
    const { numGeneral, numRows, chunkRows } = read(
      SplitState,
      planOf({ ...plan, chunkRows: 3000 }),
      lines(10_000, line),
    );
    expect({ numGeneral, numRows, chunkRows: chunkRows.slice(0, -1) }).toEqual({
      numGeneral: 0,
      numRows: 10_000,
      chunkRows: [3002, 3002, 3002],
    });
    expect(agree(plan, lines(500, line), true)).toBe(500);
  });

  it("takes as many lines as there are, over blocks and lines that are none of its own", () => {
    const text = lines(5000, (i) => (i % 50 === 0 ? "# a comment\n" : i % 77 === 0 ? "\n" : `n${i},x,n${i * 7}\n`));
    expect(agree(planOf({ chunkRows: 100 }), text, true)).toBeGreaterThan(4000);
  });
});

describe("dictionaries of a load", () => {
  const folder = useFolder();
  const line = (i: number): string => `user${(i * 7919) % 3000} user${(i * 104729) % 3000}\n`;
  const expected = Array.from({ length: 20_000 }, (_, i) => line(i).trim().split(" "));

  /** Runs tasks as one thread does: what they share is sent once. */
  const oneThread: TaskRunner = {
    numThreads: 1,
    async runTasks<Result>(spec: Parameters<TaskRunner["runTasks"]>[0]) {
      const module = (await import(path.join(root, "dist", `${spec.operator.module}.js`))) as Record<string, unknown>;
      const operator = module[spec.operator.name] as (
        shared: unknown,
        params: unknown,
        task: unknown,
      ) => Promise<Result>;
      const shared = structuredClone(spec.shared);
      const results: Result[] = [];
      for (const params of spec.tasks) results.push(structuredClone(await operator(shared, params, freeTask)));
      return results;
    },
  };

  it("are one for all splits that a thread reads, each string in it once", async () => {
    const file = folder.write("users.txt", lines(20_000, line));
    const { chunks } = await readEdges(oneThread, file, { splitBytes: 20_000 });
    expect(chunks.length).toBeGreaterThan(10);
    expect(edgeRows(chunks)).toEqual(expected);
    const dictionaries = new Set(
      chunks.flatMap(({ src, dst }) => [src, dst].map((ids) => ids.kind === "string" && ids.dictionary)),
    );
    expect(dictionaries.size).toBe(1);
    const [dictionary] = dictionaries;
    expect(dictionary).toMatchObject({ offsets: { length: 3001 } });
  });

  it("are followed by others once they are large, in the middle of splits", async () => {
    vi.spyOn(Utf8Dictionary.prototype, "isLarge", "get").mockImplementation(function (this: Utf8Dictionary) {
      return this.size > 2200;
    });
    const file = folder.write("users.txt", lines(20_000, line));
    const { chunks } = await readEdges(oneThread, file, { splitBytes: 100_000 });
    expect(edgeRows(chunks)).toEqual(expected);
    const dictionaries = new Set(chunks.map(({ src }) => src.kind === "string" && src.dictionary));
    expect(dictionaries.size).toBeGreaterThan(3);
  });

  it("of a task that failed are not used by the next", async () => {
    const plan = planOf({ layout: "blanks", idColumns: [0, 1].map((column) => ({ role: "src", column })) });
    const text = Buffer.from(lines(100, line));
    const source = memorySource("users.txt", [text]);
    const split: Split = { file: 0, source, compression: "none", dataFrom: 0, from: 0, to: text.length };
    const parse = async (task: typeof freeTask) => (await parseSplits(plan, { splits: [split] }, task))[0]!.chunks;
    const first = await parse(freeTask);
    const failing = {
      throwIfCancelled: () => {
        throw new Error("cancelled");
      },
    };
    await expect(parse(failing)).rejects.toThrow("cancelled");
    const second = await parse(freeTask);
    const third = await parse(freeTask);
    expect(contents(first).ids).toEqual(contents(second).ids);
    expect(contents([...second, ...third]).ids[0]).toEqual([...contents(first).ids[0]!, ...contents(first).ids[0]!]);
    expect(() => joinDictionaries(third)).toThrow("internal error"); // goes on from the second, which is missing
  });
});

const freeTask = { throwIfCancelled: (): void => undefined };

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("");
}
