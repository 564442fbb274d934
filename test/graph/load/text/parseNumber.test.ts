import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumberParser, numberShape } from "../../../../graph/load/text/parseNumber.ts";

const parser = new NumberParser();

function parse(text: string): number | undefined {
  const bytes = Buffer.from(`1${text}1`);
  return parser.parse(bytes, 1, bytes.length - 1) === numberShape.none ? undefined : parser.value;
}

const grammar = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

describe("NumberParser", () => {
  it("rounds as Number does, bit for bit", () => {
    const written = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
    const free = fc.stringMatching(/^[+-]?[0-9]{0,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{1,3})?$/);
    const short = fc.stringMatching(/^-?[0-9]{1,9}\.[0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.oneof(written, free, short), (text) => {
        const expected = grammar.test(text) ? Number(text) : undefined;
        expect(Object.is(parse(text), expected)).toBe(true);
      }),
      { seed: 2, numRuns: 5000 },
    );
  });

  it.each(["", ".", "-", "+", "e5", "1e", "1e+", "0x10", "1_0", "NaN", "Infinity", "1,5", "1 ", "--1", "1.2.3", "١"])(
    "refuses %j",
    (text) => {
      expect(parse(text)).toBeUndefined();
    },
  );

  it.each([
    ["0", numberShape.integer],
    ["-12", numberShape.integer],
    ["123456789012345678901", numberShape.integer],
    ["-0", numberShape.decimal],
    ["007", numberShape.decimal],
    ["+1", numberShape.decimal],
    ["1.", numberShape.decimal],
    ["1e3", numberShape.decimal],
  ])("tells the shape of %s", (text, shape) => {
    const bytes = Buffer.from(text);
    expect(parser.parse(bytes, 0, bytes.length)).toBe(shape);
  });

  it("gives Infinity beyond float64, 0 below it", () => {
    expect(parse("1e400")).toBe(Infinity);
    expect(parse("-1e99999999999")).toBe(-Infinity);
    expect(parse("1e-400")).toBe(0);
  });
});
