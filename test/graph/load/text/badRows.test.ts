import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { readEdges } from "../../../../graph/load/readEdges.ts";
import { edgeRows, runner, useFolder } from "./reading.ts";

const folder = useFolder();
const lines = Array.from({ length: 100 }, (_, i) => (i % 10 === 9 ? `${i} "x,${i}"` : `${i} ${i + 1}`));
const input = folder.write("edges.txt", lines.join("\n"));

describe("maxErrors", () => {
  it("lets so many bad rows pass, in the order of the input, however it is cut", async () => {
    for (const splitBytes of [1 << 20, 100, 10]) {
      const found = await readEdges(runner, input, { maxErrors: 10, splitBytes });
      expect(found.badRows.total).toBe(10);
      expect(found.badRows.kept.map(({ line }) => line)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
      expect(found.badRows.byReason).toEqual([{ reason: "dst is not a decimal integer", count: 10 }]);
      expect(edgeRows(found.chunks).length).toBe(90);
    }
  });

  it("is an error at the next one, the same however it is cut", async () => {
    for (const [maxErrors, line] of [
      [0, 10],
      [3, 40],
      [9, 100],
    ] as const) {
      // prettier-ignore
      for (const splitBytes of [1 << 20, 100, 10]) {
        await expect(readEdges(runner, input, { maxErrors, splitBytes })).rejects.toMatchObject({
          code: "INVALID_INPUT",
          details: { line, column: String(line - 1).length + 2 },
        });
      }
    }
    await expect(readEdges(runner, input, { maxErrors: 3 })).rejects.toThrow(
      /this is bad row 4, and --max-errors \(maxErrors\) is 3/,
    );
  });

  it.each([-1, 1.5, NaN, 1e6])("must be an integer in range: %s is refused", async (maxErrors) => {
    await expect(readEdges(runner, input, { maxErrors })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("counts over all files", async () => {
    const other = folder.write("other.txt", "1 2\nz 3\n");
    await expect(readEdges(runner, [input, other], { maxErrors: 10 })).rejects.toMatchObject({
      details: { file: other, line: 2 },
    });
    expect((await readEdges(runner, [input, other], { maxErrors: 11 })).badRows.total).toBe(11);
  });
});

describe("badRowsFile", () => {
  it("gets file, line, column, reason and text of the rows set aside, all of them without maxErrors", async () => {
    const badRowsFile = path.join(folder.path, "bad.csv");
    const found = await readEdges(runner, input, { badRowsFile, splitBytes: 50 });
    expect(found.badRows.total).toBe(10);
    const rows: string[][] = parse(readFileSync(badRowsFile, "utf8"));
    expect(rows[0]).toEqual(["file", "line", "column", "reason", "text"]);
    expect(rows[1]).toEqual([input, "10", "3", "dst is not a decimal integer", '9 "x,9"']);
    expect(rows.length).toBe(11);
  });

  it("is written even if there are none, and leaves no other file", async () => {
    const badRowsFile = path.join(folder.path, "none", "bad.csv");
    folder.write("none/good.txt", "1 2\n");
    await readEdges(runner, path.join(folder.path, "none/good.txt"), { badRowsFile });
    expect(readFileSync(badRowsFile, "utf8")).toBe("file,line,column,reason,text\n");
    expect(readdirSync(path.join(folder.path, "none")).sort()).toEqual(["bad.csv", "good.txt"]);
  });

  it("is not written if the load fails", async () => {
    const badRowsFile = path.join(folder.path, "failed.csv");
    await expect(readEdges(runner, input, { badRowsFile, maxErrors: 2 })).rejects.toThrow();
    expect(existsSync(badRowsFile)).toBe(false);
    const nowhere = path.join(folder.path, "no", "such", "folder.csv");
    await expect(readEdges(runner, input, { badRowsFile: nowhere })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});
