import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Rows of the fault matrix without which there is no cluster release. */
const first = [
  "F01", "F02", "F03", "F04", "F05", "F06", "F07", "F08", "F09", "F10", "F12", "F13", "F20", "F25", "F27", "F31", "F33",
  "F40", "F42", "F42b", "F45", "F46", "F47", "F50", "F54", "F60", "F61", "F62", "F63", "F64", "F65", "F66", "F80", "F81",
  "F82", "F83", "F85", "F86",
]; // prettier-ignore

const tests = new URL("../", import.meta.url);
const text = readFileSync(new URL("faults/README.md", tests), "utf8");

/** The files that a row of the table names, by row. */
const table = new Map(
  [...text.matchAll(/^\| (F\d\d\w?) \|.*\|(.*)\|$/gm)].map(([, row, cell]) => {
    const files = [...cell!.matchAll(/`([\w./]+)`/g)].map(([, name]) => `${name}.test.ts`);
    return [row!, files.filter((file) => file.includes("/"))] as const;
  }),
);

/** Titles of tests in a file that name a row. */
function titlesOf(file: string, row: string): string[] {
  const source = readFileSync(new URL(file, tests), "utf8");
  return [...source.matchAll(/(["'`])((?:(?!\1)[^\n])*)\1/g)]
    .map(([, , title]) => title!)
    .filter((title) => {
      return new RegExp(String.raw`^(?:.* )?${row}[:,]`).test(title);
    });
}

describe("the table of the fault matrix", () => {
  it("has every row that is wanted first", () => {
    expect([...table.keys()].filter((row) => first.includes(row))).toEqual(first);
  });

  it.each([...table])("names files that are there, of %s", (_row, files) => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(new URL(file, tests)))).toEqual([]);
  });

  it.each(first)("names a test with %s in its title", (row) => {
    expect(table.get(row)!.flatMap((file) => titlesOf(file, row))).not.toEqual([]);
  });
});
