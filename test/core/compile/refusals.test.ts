import { describe, expect, it } from "vitest";
import type { Schema } from "../../../core/column/types.ts";
import { compiledPaths, refusedPaths } from "../../../core/compile/functionPath.ts";
import { describeRefusal, isRefusal, type Refusal } from "../../../core/compile/refused.ts";
import type { AnyFunction } from "../../../core/function/ship.ts";
import { functionFrom, number, record, runBoth } from "./rows.ts";

const vertex: Schema = record({ rank: "number", name: "string" });

type Fn = (a: number, v: { rank: number; name: string }) => unknown;

async function refusalOf(fn: Fn): Promise<Refusal> {
  const args = {
    a: { schema: number, values: [1, 2] },
    v: { schema: vertex, values: [{ rank: 1, name: "x" }].flatMap((row) => [row, row]) },
  };
  const result = await runBoth(fn as AnyFunction, args, number);
  if (!isRefusal(result)) throw new Error("it compiled");
  return result;
}

/** A captured function that calls itself. */
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const table = [1, 2, 3];

describe("what does not compile", () => {
  it("is told by expression, place and reason", async () => {
    const refusal = await refusalOf((a, v) => {
      const shortened = v.name;
      return a + Number(shortened === "x");
    });
    expect(refusal).toMatchObject({ argument: "fn", expression: 'shortened === "x"', why: "strings do not compile" });
    expect(refusal.file).toMatch(/refusals\.test/);
    expect(refusal.line).toBeGreaterThan(1);
    expect(describeRefusal(refusal)).toBe(
      `JavaScript because \`shortened === "x"\` at ${refusal.line}:${refusal.column}: strings do not compile`,
    );
  });

  it("has line and column of the expression in its file", async () => {
    const plain = await refusalOf(functionFrom("(a) => {\n  const b = a;\n  return [b];\n}") as Fn);
    expect(plain).toMatchObject({ expression: "[b]", column: 10, why: "an array does not compile" });
    const oneLine = await refusalOf(functionFrom("(a) => a + [a]") as Fn);
    expect(plain.line - oneLine.line).toBe(2);
    expect(oneLine.column).toBe('"use strict"; return (a) => a + ['.length);
  });

  it.each<[string, RegExp, Fn]>([
    ["a string", /strings do not compile/, (_a, v) => v.name],
    ["a template", /a string does not compile/, (a) => `${a}`],
    ["text put together", /strings do not compile/, (a) => a + "x"],
    ["an array", /an array does not compile/, (a) => [a][0]],
    ["a captured array", /arrays do not compile/, (a) => table[a]],
    ["recursion", /calls itself/, (a) => factorial(a)],
    ["chance", /Math\.random gives other numbers/, () => Math.random()],
    ["a clock", /the global `Date` does not compile/, () => Date.now()],
    ["two types", /a number or a boolean/, (a) => (a > 1 ? a : false)],
    [
      "two types of results",
      /strings do not compile/,
      (a) => {
        if (a > 1) return a;
        return "none";
      },
    ],
    ["a result of another type", /its result must be a number, as the first value was, and is a boolean/, (a) => a > 1],
    ["a changed record", /only variables of the function can be assigned/, (a, v) => (v.rank = a)],
    ["a method of a number", /toFixed of a number does not compile/, (a) => Number(a.toFixed(1))],
    [
      "an exception",
      /throw does not compile/,
      (a) => {
        if (a > 1) throw new Error("no");
        return a;
      },
    ],
    [
      "switch",
      /switch does not compile/,
      (a) => {
        switch (a) {
          case 1:
            return 2;
          default:
            return 3;
        }
      },
    ],
    ["identity", /compared by identity/, (_a, v) => Number(v === v)],
    ["bigint arithmetic", /a bigint and a number do not mix|arithmetic on bigints/, (a) => a + Number(2n ** 3n)],
    [
      "a getter",
      /getters/,
      (a) =>
        ({
          get x() {
            return a;
          },
        }).x,
    ],
    ["async", /async/, async (a) => a],
  ])("includes %s", async (_what, why, fn) => {
    expect((await refusalOf(fn)).why).toMatch(why);
  });
});

describe("what is too long", () => {
  it("runs as JavaScript", async () => {
    const long = Array.from({ length: 9000 }, (_, at) => `x = x * ${at}.5 + a;`).join("\n");
    expect(await refusalOf(functionFrom(`(a) => { let x = a; ${long} return x; }`) as Fn)).toMatchObject({
      argument: "fn",
      why: "it is too long, with the functions that it calls",
    });
    const wide = "(f, x) => f(f(f(f(f(f(x))))))";
    const source = `(a) => { const f0 = (x) => x + 1; const w = ${wide}; const f1 = (x) => w(f0, x); const f2 = (x) => w(f1, x);
      const f3 = (x) => w(f2, x); const f4 = (x) => w(f3, x); const f5 = (x) => w(f4, x); return f5(a); }`;
    expect((await refusalOf(functionFrom(source) as Fn)).why).toMatch(/too long/);
  });
});

describe("how functions run", () => {
  const refusal: Refusal = { argument: "mergeMessage", expression: "a.x", file: "", line: 3, column: 7, why: "no" };

  it("is told for each: the refused one with its reason, the others by it", () => {
    expect(refusedPaths(["sendMessage", "mergeMessage"], refusal)).toEqual([
      {
        argument: "sendMessage",
        runs: "JavaScript",
        text: "JavaScript because of mergeMessage, with which it shares a loop",
      },
      { argument: "mergeMessage", runs: "JavaScript", text: "JavaScript because `a.x` at 3:7: no" },
    ]);
    expect(refusedPaths(["fn"], refusal)[0]!.text).toBe("JavaScript because `a.x` at 3:7: no");
    expect(compiledPaths(["fn"])).toEqual([{ argument: "fn", runs: "compiled", text: "compiled" }]);
  });
});
