import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IntegerParser, integerOutcome } from "../../../../graph/load/text/parseInteger.ts";

const parser = new IntegerParser();

function parse(text: string): bigint | "notInteger" | "outOfRange" {
  const bytes = Buffer.from(`x${text}9`);
  const outcome = parser.parse(bytes, 1, bytes.length - 1);
  if (outcome === integerOutcome.notInteger) return "notInteger";
  if (outcome === integerOutcome.outOfRange) return "outOfRange";
  const value = BigInt.asIntN(64, (BigInt(parser.high) << 32n) | BigInt(parser.low));
  expect(outcome === integerOutcome.uint32).toBe(value >= 0n && value < 2n ** 32n);
  return value;
}

function reference(text: string): bigint | "notInteger" | "outOfRange" {
  if (!/^-?[0-9]+$/.test(text)) return "notInteger";
  const value = BigInt(text);
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : "outOfRange";
}

describe("IntegerParser", () => {
  it.each(["0", "-0", "007", "-7", "4294967295", "4294967296", "9007199254740993", "-9223372036854775808"])(
    "reads %s as BigInt does",
    (text) => {
      expect(parse(text)).toBe(BigInt(text));
    },
  );

  it.each(["9223372036854775808", "-9223372036854775809", "18446744073709551615", "9".repeat(19), "1".repeat(5000)])(
    "says that %s is out of range",
    (text) => {
      expect(parse(text)).toBe("outOfRange");
    },
  );

  it.each(["", "-", "--1", "+1", "1.0", "1e3", "0x10", "1_000", "٤", "1,", " 1", "1 ", "1-", "9".repeat(30) + "x"])(
    "refuses %j",
    (text) => {
      expect(parse(text)).toBe("notInteger");
    },
  );

  it("agrees with BigInt on any digits", () => {
    const digits = fc.stringMatching(/^-?0{0,3}[0-9]{1,21}$/);
    const near = fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String);
    const edge = fc
      .tuple(
        fc.constantFrom(9n, 15n, 16n, 31n, 32n, 52n, 53n, 62n, 63n, 64n),
        fc.integer({ min: -3, max: 3 }),
        fc.boolean(),
      )
      .map(([power, offset, isNegative]) => String((isNegative ? -1n : 1n) * (2n ** power + BigInt(offset))));
    fc.assert(
      fc.property(fc.oneof(digits, near, edge), (text) => {
        expect(parse(text)).toBe(reference(text));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
