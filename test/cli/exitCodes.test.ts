import { describe, expect, it } from "vitest";
import { exitCodeOf, exitCodes } from "../../cli/exitCodes.ts";
import { type ErrorCode, SuperstepError } from "../../core/errors.ts";

describe("exitCodeOf", () => {
  it.each<[ErrorCode, number]>([
    ["INVALID_ARGUMENT", 2],
    ["INVALID_INPUT", 3],
    ["OUT_OF_MEMORY", 4],
    ["TYPE_MISMATCH", 1],
    ["NOT_SHIPPABLE", 1],
    ["HOST_LOST", 1],
    ["TASK_FAILED", 1],
  ])("gives %s the code %i", (code, expected) => {
    expect(exitCodeOf(new SuperstepError(code, "x"))).toBe(expected);
  });

  it("goes by the cause where a task met bad input or ran out of memory, and by nothing else", () => {
    const failed = (cause: unknown): SuperstepError => new SuperstepError("TASK_FAILED", "x", { cause });
    expect(exitCodeOf(failed(new SuperstepError("INVALID_INPUT", "y")))).toBe(exitCodes.input);
    expect(exitCodeOf(failed({ code: "OUT_OF_MEMORY" }))).toBe(exitCodes.memory);
    expect(exitCodeOf(failed(new SuperstepError("INVALID_ARGUMENT", "y")))).toBe(exitCodes.failed);
  });

  it("gives anything else thrown the code 1", () => {
    for (const thrown of [new TypeError("x"), null, undefined, "x", 7]) expect(exitCodeOf(thrown)).toBe(1);
  });
});
