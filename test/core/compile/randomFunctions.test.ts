import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../../core/column/types.ts";
import type { FunctionNode } from "../../../core/function/heap.ts";
import { ship } from "../../../core/function/ship.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import { boolean, compareBoth, functionFrom, nullableNumber, number, record, specialNumbers } from "./rows.ts";

const vertex: Schema = record({ x: "number", n: "number?", flag: "boolean", seen: "boolean?", big: "bigint" });

interface Row {
  readonly a: number;
  readonly b: number | null;
  readonly v: { x: number; n: number | null; flag: boolean; seen: boolean | null; big: bigint };
}

const { letrec, oneof, constantFrom, tuple, integer, array } = fc;
const anyNumber = oneof(constantFrom(...specialNumbers), fc.double(), integer({ min: -50, max: 50 }));
const rows = array(
  fc.record<Row>({
    a: anyNumber,
    b: fc.option(anyNumber),
    v: fc.record({
      x: anyNumber,
      n: fc.option(anyNumber),
      flag: fc.boolean(),
      seen: fc.option(fc.boolean()),
      big: oneof(constantFrom(0n, 7n, -1n, 2n ** 53n + 1n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    }),
  }),
  { minLength: 1, maxLength: 20 },
);

const text = (parts: TemplateStringsArray, ...holes: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  tuple(...holes).map((values) => parts.reduce((all, part, at) => all + values[at - 1]! + part));

const literal = oneof(constantFrom(...specialNumbers), integer({ min: -9, max: 9 })).map((x) =>
  Object.is(x, -0) ? "(-0)" : x < 0 ? `(${x})` : String(x),
);
const unaryMath = constantFrom(
  ..."abs ceil floor round trunc sqrt sign fround sin cos tan atan exp log log2 cbrt tanh clz32".split(" "),
);

/** Sources of expressions and statements: `m0`, `m1`, `f0` are variables, `c0` a constant, `k`, `K`, `help` captured. */
const grammar = letrec<{ num: string; bool: string; stmt: string; block: string; result: string }>((tie) => {
  const [num, bool, stmt, block] = [tie("num"), tie("bool"), tie("stmt"), tie("block")];
  return {
    num: oneof(
      { maxDepth: 4, depthIdentifier: "n" },
      constantFrom("a", "v.x", "m0", "m1", "c0", "k", "K.rate", "i"),
      literal,
      text`(${num} ${constantFrom("+", "-", "*", "/", "%", "**")} ${num})`,
      text`(${num} ${constantFrom("|", "&", "^", "<<", ">>", ">>>")} ${num})`,
      text`(${constantFrom("- ", "+ ", "~")}${num})`,
      text`(+${bool})`,
      text`(${bool} ? ${num} : ${num})`,
      text`(${num} ${constantFrom("||", "&&")} ${num})`,
      text`Math.${unaryMath}(${num})`,
      text`Math.${constantFrom("min", "max", "atan2", "pow", "imul", "hypot")}(${num}, ${num})`,
      text`Math.min(${num}, ${num}, ${num})`,
      text`(${constantFrom("m0", "m1")} ${constantFrom("=", "+=", "-=", "*=", "%=", "|=", ">>>=")} ${num})`,
      constantFrom("m0++", "++m1", "m1--", "--m0"),
      text`(${constantFrom("b", "v.n")} ?? ${num})`,
      text`(${constantFrom("b", "v.n", "v.seen", "v.flag", "nothing")} ${constantFrom("+", "*", "|")} ${num})`,
      text`help(${num}, ${num})`,
      text`K.scale(${num})`,
      text`local(${num})`,
      text`(${num}, ${num})`,
      text`Number(${bool})`,
      constantFrom("Number(v.big)", "Number(b)", "bump()"),
    ),
    bool: oneof(
      { maxDepth: 4, depthIdentifier: "n" },
      constantFrom("true", "false", "v.flag", "f0", "flag", "(b === null)", "(v.n != null)", "(v.seen === true)"),
      text`(${num} ${constantFrom("<", "<=", ">", ">=", "===", "!==", "==", "!=")} ${num})`,
      text`(${bool} ${constantFrom("&&", "||", "===", "!==")} ${bool})`,
      text`(!${oneof(bool, num)})`,
      text`Number.${constantFrom("isNaN", "isFinite", "isInteger", "isSafeInteger")}(${oneof(num, constantFrom("b", "v.flag"))})`,
      text`${constantFrom("isNaN", "isFinite", "Boolean")}(${num})`,
      text`(f0 = ${bool})`,
      text`(v.big ${constantFrom("<", ">=", "===", "!==")} ${constantFrom("7n", "-1n", "v.big", "9007199254740993n")})`,
      text`(${constantFrom("b", "v.n")} ${constantFrom("===", "!==", "<", ">=")} ${oneof(num, constantFrom("b", "v.n", "null", "undefined"))})`,
      text`(${bool} ? ${bool} : ${bool})`,
    ),
    stmt: oneof(
      { maxDepth: 3, depthIdentifier: "s" },
      text`${constantFrom("m0", "m1")} = ${num};`,
      text`f0 = ${bool};`,
      text`${num};`,
      text`${bool} && ${num};`,
      text`if (${bool}) { ${block} }`,
      text`if (${bool}) { ${block} } else { ${block} }`,
      text`if (${bool}) return ${tie("result")};`,
      text`for (let q = 0; q < (${num} & 7); q++) { ${block} if (${bool}) ${constantFrom("break", "continue")}; ${block} }`,
      text`{ const c1 = ${num}; m0 = c1 - m0; ${block} }`,
      text`let q = 5; while (q-- > 0 && ${bool}) { ${block} }`.map((loop) => `{ ${loop} }`),
      text`{ let q = 0; do { ${block} } while (++q < 3 && ${bool}); }`,
    ),
    block: array(stmt, { maxLength: 2 }).map((all) => all.join(" ")),
    result: constantFrom("RESULT"),
  };
});

/** What functions return, as text around pieces, and the columns that hold it. */
const results: readonly { readonly schema: Schema; readonly returned: fc.Arbitrary<string> }[] = [
  { schema: number, returned: grammar.num },
  { schema: boolean, returned: grammar.bool },
  { schema: nullableNumber, returned: oneof(grammar.num, constantFrom("b", "null", "v.n", "undefined ?? b")) },
  { schema: number, returned: oneof(grammar.num, constantFrom("b")) },
  {
    schema: record({ p: "number", q: "boolean", r: "number?" }),
    returned: oneof(
      text`{ p: ${grammar.num}, q: ${grammar.bool}, r: ${oneof(grammar.num, constantFrom("null", "b"))} }`.map(
        (o) => `(${o})`,
      ),
      text`{ ...{ p: ${grammar.num}, q: true }, q: ${grammar.bool}, r: v.n }`.map((o) => `(${o})`),
    ),
  },
  {
    schema: vertex,
    returned: oneof(
      constantFrom("v"),
      text`{ ...v, x: ${grammar.num} }`.map((o) => `(${o})`),
    ),
  },
];

const programs = fc.nat(results.length - 1).chain((at) =>
  fc
    .record({
      schema: fc.constant(results[at]!.schema),
      blocks: array(grammar.stmt, { maxLength: 4 }),
      returned: array(results[at]!.returned, { minLength: 1, maxLength: 4 }),
    })
    .map(({ schema, blocks, returned }) => {
      let next = 0;
      const body = `${blocks.join("\n  ")}\n  return RESULT;`.replace(
        /RESULT/g,
        () => returned[next++ % returned.length]!,
      );
      return {
        schema,
        source: `(a, b, v, i) => {
  let m0 = v.x;
  let m1 = 3;
  let f0 = flag;
  const c0 = m0 * 2;
  const local = (x) => { if (x > 3) return x - m1; m0 += x; return m0; };
  function bump() { m1++; return m1; }
  ${body}
}`,
      };
    }),
);

const rate = 0.85;
const scale = (x: number): number => x * rate;
const help = (x: number, y: number): number => (x < y ? scale(x) : y);
/** What the grammar captures. */
const captured = { k: 2.5, flag: false, nothing: null, K: { rate: -3, scale }, help };
/** A function that captures all of it, taken apart: its source is exchanged for others. */
const template = ship(functionFrom("() => [k, flag, nothing, K, help]", captured), "test", "fn");

function runOver(source: string, data: readonly Row[], output: Schema): ReturnType<typeof compareBoth> {
  const args = {
    a: { schema: number, values: data.map(({ a }) => a) },
    b: { schema: nullableNumber, values: data.map(({ b }) => b) },
    v: { schema: vertex, values: data.map(({ v }) => v) },
    i: { schema: number, values: data.map((_row, at) => at) },
  };
  const [own, ...others] = template.nodes;
  const nodes = [{ ...(own as FunctionNode), source }, ...others];
  return compareBoth({ nodes, argument: "fn" }, functionFrom(source, captured), args, output);
}

describe("compiled functions", () => {
  it("gives the bits that JavaScript gives, for random functions over random rows", () => {
    let numCompiled = 0;
    let numRefused = 0;
    fc.assert(
      fc.property(programs, rows, ({ source, schema }, data) => {
        const result = runOver(source, data, schema);
        if (isRefusal(result)) {
          numRefused++;
          return;
        }
        numCompiled++;
        expect(result.compiled, source).toBe(result.asJavaScript);
      }),
      { numRuns: 500, seed: 7 },
    );
    expect(numCompiled).toBeGreaterThan(20 * numRefused);
  });
});
