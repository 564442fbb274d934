import { describe, expect, it } from "vitest";
import { compareValues } from "../../../viz/view/compareValues.ts";
import type { ViewColumn, ViewValue } from "../../../viz/view/pageData.ts";
import { numberText, shorten, valueText } from "../../../viz/view/valueText.ts";

describe("valueText", () => {
  it.each([
    [null, "—"],
    [0, "0"],
    [1234567, "1,234,567"],
    [0.1 + 0.2, "0.3"],
    [1234.56789, "1,234.57"],
    [1.5e-7, "1.5e-7"],
    [2.5e12 + 0.5, "2.5e12"],
    [NaN, "not a number"],
    [-Infinity, "−∞"],
    ["a\u202eb\nc", String.raw`a\u202eb\x0ac`],
  ] as const)("writes %j as %s", (value, text) => {
    expect(valueText(value)).toBe(text);
  });

  it("keeps integers in full up to 10^15", () => {
    expect(numberText(999_999_999_999_999)).toBe("999,999,999,999,999");
  });
});

describe("shorten", () => {
  it("cuts to a number of characters, never inside one", () => {
    expect(shorten("abcdef", 6)).toBe("abcdef");
    expect(shorten("abcdefg", 6)).toBe("abcde…");
    expect(shorten("😀😀😀😀", 3)).toBe("😀😀…");
    expect(shorten("😀😀😀", 3)).toBe("😀😀😀");
    expect(shorten("x".repeat(10_240), 32)).toHaveLength(32);
  });
});

describe("compareValues", () => {
  const sorted = (type: ViewColumn["type"], values: ViewValue[], sign: 1 | -1): ViewValue[] =>
    [...values.keys()]
      .sort((a, b) => compareValues({ name: "c", type, values }, a, b, sign))
      .map((row) => values[row]!);

  it("sorts numbers, infinities too, with NaN and missing values last either way", () => {
    const values = [NaN, 2, null, -Infinity, Infinity, 1];
    expect(sorted("number", values, 1)).toEqual([-Infinity, 1, 2, Infinity, NaN, null]);
    expect(sorted("number", values, -1)).toEqual([Infinity, 2, 1, -Infinity, NaN, null]);
  });

  it("sorts digits of bigints by value, and text with numbers in it as people do", () => {
    expect(sorted("bigint", ["9", "10", "-5"], 1)).toEqual(["-5", "9", "10"]);
    expect(sorted("string", ["a10", "a9", "b", null], -1)).toEqual(["b", "a10", "a9", null]);
  });
});
