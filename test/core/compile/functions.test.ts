import { describe, expect, it } from "vitest";
import type { Schema } from "../../../core/column/types.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import type { AnyFunction } from "../../../core/function/ship.ts";
import { boolean, functionFrom, nullableNumber, number, record, runBoth, scalar, specialNumbers } from "./rows.ts";

const pairs = specialNumbers.flatMap((a) => specialNumbers.map((b) => ({ a, b })));
const columns = {
  a: { schema: number, values: pairs.map(({ a }) => a) },
  b: { schema: number, values: pairs.map(({ b }) => b) },
};

async function same(fn: AnyFunction, args: Parameters<typeof runBoth>[1], output: Schema): Promise<string> {
  const result = await runBoth(fn, args, output);
  if (isRefusal(result)) throw new Error(`${result.expression}: ${result.why}`);
  expect(result.compiled).toBe(result.asJavaScript);
  return result.compiled;
}

const operators = "+ - * / % ** | & ^ << >> >>> < <= > >= === !== == !=".split(" ");
const functions = Object.getOwnPropertyNames(Math).filter(
  (name) => typeof Math[name as "abs"] === "function" && !["random", "sumPrecise", "f16round"].includes(name),
);

describe("compiled arithmetic has the bits of JavaScript's", () => {
  it.each(operators)("a %s b, for all pairs of special numbers", async (operator) => {
    const isTest = ["<", "<=", ">", ">=", "===", "!==", "==", "!="].includes(operator);
    await same(functionFrom(`(a, b) => a ${operator} b`), columns, isTest ? boolean : number);
  });

  it.each(functions)("Math.%s of all pairs of special numbers", async (name) => {
    await same(functionFrom(`(a, b) => Math.${name}(a, b)`), columns, number);
  });

  it("converts what is missing, and booleans, where numbers are wanted", async () => {
    const args = {
      a: { schema: nullableNumber, values: [1, null, -0, NaN] },
      b: { schema: scalar("boolean", true), values: [true, false, null, true] },
    };
    await same((a: number, b: number) => a + b * 3 - (a || b ? 1 : 0), args, number);
    await same((a: number | null) => a, args, nullableNumber);
    await same((a: number | null, b: unknown) => a === null || b == null, args, boolean);
    expect(await same((a: number | null) => a, args, number)).toBe("a missing value");
  });

  it("reads every type of column", async () => {
    const schema = record({ x: "number", flag: "boolean", big: "bigint", n: "number?" });
    const values = [
      { x: -0, flag: true, big: 2n ** 62n, n: null },
      { x: NaN, flag: false, big: -3n, n: 4 },
    ];
    const v = { v: { schema, values } };
    await same((row: unknown) => row, v, schema);
    await same(({ x, ...rest }: { x: number }) => x + Object.keys(rest).length, v, number).then(
      () => expect.fail("the rest of an object compiled"),
      (error: unknown) => expect(String(error)).toMatch(/the rest of an object/),
    );
    await same(
      ({ x: y = 5, flag, big }: { x?: number; flag: boolean; big: bigint }) => (flag ? y : Number(big)),
      v,
      number,
    );
    await same((row: { n: number | null }) => row.n?.valueOf === undefined, v, boolean).then(
      () => expect.fail("a method of a number compiled"),
      () => undefined,
    );
  });
});

describe("compiled functions keep the order of evaluation", () => {
  const one = { a: { schema: number, values: [1, 5, -3] } };

  it.each<[string, AnyFunction]>([
    [
      "assignments inside operands",
      (a: number) => {
        let x = a;
        return x + (x = 10) * 2 - x++ + ++x - (x -= 3);
      },
    ],
    [
      "calls that change variables",
      (a: number) => {
        let count = 0;
        const next = (): number => {
          count += a;
          return count;
        };
        return next() * 100 + next() * 10 + count + next();
      },
    ],
    [
      "fields of records made before a change",
      (a: number) => {
        let x = a;
        const before = { x, y: x * 2 };
        x = 100;
        return before.x + before.y * 7 + x;
      },
    ],
    [
      "records swapped field by field",
      (a: number) => {
        let r = { p: a, q: a + 1 };
        for (let i = 0; i < 3; i++) r = { p: r.q, q: r.p * 2 };
        return r.p * 1000 + r.q;
      },
    ],
    [
      "loops with breaks, continues and returns",
      (a: number) => {
        let sum = 0;
        for (let i = 0; ; i++) {
          if (i > 20) break;
          if (i % 3 === 0) continue;
          for (let j = 0; j < i; j++) {
            if (j === 4) break;
            sum += j * a;
            if (sum > 1000) return -sum;
          }
        }
        return sum;
      },
    ],
    [
      "conditions that assign",
      (a: number) => {
        let x = 0;
        const was = ((x = a) > 2 && (x = 7) > 3) || (x += 1) > 100;
        return x + (was ? 1000 : 0);
      },
    ],
    [
      "an inner variable of the same name",
      (a: number) => {
        const x = a;
        {
          const x = 5;
          if (a > x - 5) return x;
        }
        return x;
      },
    ],
  ])("%s", async (_what, fn) => {
    await same(fn, one, number);
  });
});

describe("captured values", () => {
  const flags = { isPersonal: false, weights: { reset: 0.15, damping: { factor: 0.85 } } };
  const name = "SEA";
  const damp = (x: number): number => x * flags.weights.damping.factor;
  const helpers = { damp, twice: (x: number): number => damp(damp(x)) };

  it("are constants: numbers, records of them, and functions with what they capture", async () => {
    const args = { a: { schema: number, values: [1, 2, 3] } };
    const bits = await same((a: number) => flags.weights.reset + helpers.twice(a), args, number);
    const expected = Float64Array.from([1, 2, 3], (a) => 0.15 + a * 0.85 * 0.85);
    expect(bits).toBe(Buffer.from(expected.buffer).toString("hex"));
  });

  it("leave out what a constant test excludes, whatever it is", async () => {
    const args = { a: { schema: number, values: [1, 2, 3] } };
    await same((a: number) => (!flags.isPersonal || String(a) === name ? a : -a), args, number);
    await same(
      (a: number) => {
        if (flags.isPersonal) return a.toString().length;
        if (name === "SEA") return a + 1;
        throw new Error("not here");
      },
      args,
      number,
    );
  });
});
