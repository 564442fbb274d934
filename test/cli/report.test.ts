import { describe, expect, it } from "vitest";
import { describeError, describeWarning } from "../../cli/report.ts";
import { styleFor } from "../../cli/style.ts";
import { SuperstepError } from "../../core/errors.ts";
import { inputError } from "../../graph/load/inputError.ts";

const plain = styleFor({ write: () => {} }, {});
const describePlain = (error: unknown, verbose = false): Promise<string> =>
  describeError(error, { verbose, style: plain });

const badRow = inputError({
  file: "votes.csv",
  line: 1042,
  column: 9,
  reason: "not a number",
  expected: 'a number in column "weight"',
  got: '"12,5"',
  hint: "write 12.5",
  excerpt: '30,1412,"12,5"',
  caret: [8, 6],
});

describe("describeError", () => {
  it("is one line with the code, whatever the message holds", async () => {
    const error = new SuperstepError("INVALID_ARGUMENT", "run: no\n  such \u001b[31mthing");
    expect(await describePlain(error)).toBe("error[INVALID_ARGUMENT] run: no such \\x1b[31mthing\n");
  });

  it("shows the line of bad input, underlined, and the hint", async () => {
    expect(await describePlain(badRow)).toBe(
      [
        'error[INVALID_INPUT] votes.csv:1042:9: expected a number in column "weight", got "12,5"',
        '  1042 | 30,1412,"12,5"',
        "       |         ^^^^^^",
        "  hint: write 12.5",
        "",
      ].join("\n"),
    );
  });

  it("shows bad input that a task met as bad input", async () => {
    const failed = new SuperstepError("TASK_FAILED", "read: partition 3 failed", { cause: badRow });
    expect(await describePlain(failed)).toBe(await describePlain(badRow));
  });

  it("names errors without a code by their class, and what is no error by its text", async () => {
    expect(await describePlain(new RangeError("too far"))).toBe("error[RangeError] too far\n");
    expect(await describePlain("oops")).toBe("error[UNKNOWN] thrown: oops\n");
    expect(await describePlain(null)).toBe("error[UNKNOWN] thrown: null\n");
  });

  it("has stacks, the causes' too, only when asked", async () => {
    const error = new SuperstepError("TASK_FAILED", "outer", { cause: new Error("inner") });
    expect(await describePlain(error)).not.toContain(" at ");
    const verbose = await describePlain(error, true);
    expect(verbose).toMatch(/SuperstepError: outer\n\s+at [^]*caused by Error: inner\n\s+at /);
  });
});

describe("describeWarning", () => {
  it("is one line", () => {
    expect(describeWarning("SKEW", "one\u0007", plain)).toBe("warning[SKEW] one\\x07\n");
  });
});

describe("styleFor", () => {
  const terminal = { isTTY: true, write: () => {} };
  const file = { write: () => {} };
  it.each<[string, typeof terminal | typeof file, NodeJS.ProcessEnv, boolean, boolean]>([
    ["a terminal", terminal, {}, true, true],
    ["a file", file, {}, true, false],
    ["a terminal with an empty NO_COLOR", terminal, { NO_COLOR: "" }, true, true],
    ["a terminal with NO_COLOR", terminal, { NO_COLOR: "1" }, true, false],
    ["a dumb terminal", terminal, { TERM: "dumb" }, true, false],
    ["a terminal with --no-color", terminal, {}, false, false],
    ["a file with FORCE_COLOR", file, { FORCE_COLOR: "1" }, true, true],
    ["a file with FORCE_COLOR 0", file, { FORCE_COLOR: "0" }, true, false],
    ["a file with FORCE_COLOR and --no-color", file, { FORCE_COLOR: "1" }, false, false],
  ])("decides on colour for %s", (_what, stream, env, wanted, isColoured) => {
    expect(styleFor(stream, env, wanted).red("x") !== "x").toBe(isColoured);
  });
});
