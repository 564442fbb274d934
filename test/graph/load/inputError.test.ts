import { describe, expect, it } from "vitest";
import { excerptLine, formatInputError, inputError, quoteBytes } from "../../../graph/load/inputError.ts";
import { readEdges } from "../../../graph/load/readEdges.ts";
import { runner, useFolder } from "./text/reading.ts";

const folder = useFolder();

/** The error of reading a CSV file, its own path cut from the text. */
async function shown(text: string, options = {}): Promise<{ message: string; pretty: string; details: unknown }> {
  const file = folder.write("votes.csv", text);
  const error = await readEdges(runner, file, options).then(
    () => expect.fail("was read"),
    (reason: unknown) => reason as Error & { details: unknown },
  );
  const short = (long: string) => long.replaceAll(file, "votes.csv");
  return { message: short(error.message), pretty: short(formatInputError(error)), details: error.details };
}

describe("an input error", () => {
  it("says file, line, column, what was expected, what came, what to try", async () => {
    const { message, pretty, details } = await shown('src,dst,weight\n1,2,3\n30,1412,"12,5"\n', { weight: "weight" });
    expect(message).toBe(
      'votes.csv:3:9: expected a number as weight in column "weight", got "12,5"; decimal commas are not read: write 12.5',
    );
    expect(pretty).toBe(
      [
        'error[INVALID_INPUT] votes.csv:3:9: expected a number as weight in column "weight", got "12,5"',
        '  3 | 30,1412,"12,5"',
        "    |         ^^^^^^",
        "  hint: decimal commas are not read: write 12.5",
      ].join("\n"),
    );
    expect(details).toMatchObject({ line: 3, column: 9, byteOffset: 29, reason: "the weight is not a number" });
  });

  it("escapes what a terminal would obey, and counts characters, not bytes", async () => {
    const { message, pretty, details } = await shown("src,dst\n1,é日\u001b[31mx\u202e\n", { ids: "int" });
    expect(details).toMatchObject({ line: 2, column: 3, byteOffset: 10 });
    // oxlint-disable-next-line no-control-regex
    expect(message + pretty).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(pretty).toContain("1,é日\\x1b[31mx\\u202e");
  });

  it("cuts an excerpt to 120 characters round the fault, however long the line", () => {
    for (const before of [0, 10, 300, 5000]) {
      for (const width of [1, 30, 9000]) {
        for (const after of [0, 30, 5000]) {
          const line = Buffer.from("é".repeat(before) + "X".repeat(width) + "日".repeat(after));
          const { excerpt, caret, column } = excerptLine(line, 0, line.length, before * 2, width);
          expect(Array.from(excerpt).length).toBeLessThanOrEqual(120);
          expect(column).toBe(before + 1);
          const marked = Array.from(excerpt).slice(caret[0], caret[0] + caret[1]).join(""); // prettier-ignore
          expect(marked).toMatch(width > 40 ? /^X{39}…$/ : new RegExp(`^X{${width}}$`));
        }
      }
    }
  });

  it("names a file as a whole where no line is meant", () => {
    const error = inputError({ file: "a\nb.gz", reason: "r", expected: "whole gzip data", got: "half", hint: "" });
    expect(error.message).toBe("a\\x0ab.gz: expected whole gzip data, got half");
    expect(formatInputError(error)).toBe("error[INVALID_INPUT] a\\x0ab.gz: expected whole gzip data, got half");
    expect(formatInputError(new Error("else"))).toBe("else");
    expect(quoteBytes(Buffer.from("ab\u0007cd"), 1, 4)).toBe('"b\\u0007c"');
  });
});
