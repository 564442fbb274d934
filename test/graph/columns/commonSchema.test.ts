import { describe, expect, it } from "vitest";
import { describeSchema, schemaOf } from "../../../core/column/schema.ts";
import { commonSchema } from "../../../graph/columns/commonSchema.ts";

describe("commonSchema", () => {
  const common = (...firsts: unknown[]): string => {
    return describeSchema(
      commonSchema(firsts.map((first) => (first === "nothing" ? {} : { schema: schemaOf(first) }))),
    );
  };

  it.each([
    ["of one part is its own", [{ a: 1 }], "{ a: number }"],
    ["is that of the first part that has values", ["nothing", 1, "nothing", 2], "number"],
    ["makes room for a value that is missing later", [1, null], "number | null"],
    ["holds any value after one of no type", [null, 1], "object"],
    [
      "makes room for fields that are missing later, or left out",
      [
        { a: 1, b: "x", c: true },
        { a: null, b: "y" },
      ],
      "{ a: number | null, b: string, c: boolean | null }",
    ],
    [
      "takes fields by name",
      [
        { a: 1, b: "x" },
        { b: "y", a: 2 },
      ],
      "{ a: number, b: string }",
    ],
    ["holds any value where a record is missing", [{ a: 1 }, null], "object"],
    ["leaves what does not fit to the writer", [{ a: 1 }, 5], "{ a: number }"],
    ["leaves a field of another type to the writer", [{ a: 1 }, { a: "x" }], "{ a: number }"],
    ["without values is a number", ["nothing"], "number"],
  ])("%s", (_what, firsts, expected) => {
    expect(common(...firsts)).toBe(expected);
  });
});
