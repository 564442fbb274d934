import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef, FixedType, Schema } from "../../../core/column/types.ts";
import type { Builder } from "../../../core/compile/builder.ts";
import { Builder as NewBuilder } from "../../../core/compile/builder.ts";
import { assembleLoop, RunnableLoop } from "../../../core/compile/compiledLoop.ts";
import { countedLoop } from "../../../core/compile/countedLoop.ts";
import { denseLoop } from "../../../core/compile/lanes/denseLoop.ts";
import { LoopParams } from "../../../core/compile/loopParams.ts";
import { binary, choose, f64, get, i32, load, unary, type Expr, type Local } from "../../../core/compile/tree.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import { ship } from "../../../core/function/ship.ts";
import type { FunctionNode } from "../../../core/function/heap.ts";
import { boolean, compareBoth, functionFrom, nullableNumber, number, record, specialNumbers } from "./rows.ts";

const { letrec, oneof, constantFrom, tuple, array } = fc;
const anyNumber = oneof(constantFrom(...specialNumbers), fc.double());

const text = (parts: TemplateStringsArray, ...holes: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  tuple(...holes).map((values) => parts.reduce((all, part, at) => all + values[at - 1]! + part));

/** Functions that lanes have instructions for: of `v.x`, `v.n`, `v.flag`, `v.seen`, `v.big`, and of the variables `m` and `f`. */
const grammar = letrec<{ num: string; bool: string; stmt: string; block: string }>((tie) => {
  const [num, bool, stmt, block] = [tie("num"), tie("bool"), tie("stmt"), tie("block")];
  return {
    num: oneof(
      { maxDepth: 4, depthIdentifier: "n" },
      constantFrom("v.x", "m", "(v.n ?? v.x)", "(-0)", "0.5", "1e300", "NaN", "(v.n === null ? 7 : v.x)"),
      text`(${num} ${constantFrom("+", "-", "*", "/")} ${num})`,
      text`(-${num})`,
      text`(+${bool})`,
      text`(${bool} ? ${num} : ${num})`,
      text`Math.${constantFrom("abs", "ceil", "floor", "trunc", "sqrt", "fround", "round", "sign")}(${num})`,
      text`Math.${constantFrom("min", "max")}(${num}, ${num})`,
      text`(${num} ${constantFrom("||", "&&")} ${num})`,
      text`(m = ${num})`,
      text`half(${num})`,
      text`(((${bool} | 0) << 3) ^ 5)`,
    ),
    bool: oneof(
      { maxDepth: 4, depthIdentifier: "n" },
      constantFrom("v.flag", "f", "(v.n !== null)", "(v.seen === true)", "(v.big < 7n)", "(v.big === -1n)", "true"),
      text`(${num} ${constantFrom("<", "<=", ">", ">=", "===", "!==")} ${num})`,
      text`(${bool} ${constantFrom("&&", "||", "===", "!==")} ${bool})`,
      text`(!${bool})`,
      text`Number.${constantFrom("isNaN", "isFinite", "isInteger")}(${num})`,
      text`(f = ${bool})`,
    ),
    stmt: oneof(
      { maxDepth: 3, depthIdentifier: "s" },
      text`m = ${num};`,
      text`f = ${bool};`,
      text`if (${bool}) { ${block} }`,
      text`if (${bool}) { ${block} } else { ${block} }`,
      text`if (${bool}) return RESULT;`,
      text`if (${bool}) { ${block} if (${bool}) return RESULT; ${block} } else { ${block} }`,
    ),
    block: array(stmt, { maxLength: 2 }).map((all) => all.join(" ")),
  };
});

const vertex: Schema = record({ x: "number", n: "number?", flag: "boolean", seen: "boolean?", big: "bigint" });
const results: readonly { readonly schema: Schema; readonly returned: fc.Arbitrary<string> }[] = [
  { schema: number, returned: grammar.num },
  { schema: boolean, returned: grammar.bool },
  { schema: nullableNumber, returned: oneof(grammar.num, constantFrom("v.n", "null")) },
  { schema: number, returned: oneof(grammar.num, constantFrom("v.n")) },
  { schema: vertex, returned: text`({ ...v, x: ${grammar.num}, flag: ${grammar.bool} })` },
];
const programs = constantFrom(...results).chain(({ schema, returned }) =>
  fc.record({
    schema: fc.constant(schema),
    block: grammar.block,
    returned: array(returned, { minLength: 1, maxLength: 3 }),
  }),
);
const rows = array(
  fc.record({
    x: anyNumber,
    n: fc.option(anyNumber),
    flag: fc.boolean(),
    seen: fc.option(fc.boolean()),
    big: oneof(constantFrom(0n, 7n, -1n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  }),
  { minLength: 1, maxLength: 9 },
);
const half = (x: number): number => (x > 3 ? x / 2 : x);
const template = ship(functionFrom("() => half", { half }), "test", "fn");

describe("functions over two rows at a time", () => {
  it("give the bits of one row at a time, and of JavaScript, for random functions over random rows", () => {
    let numInLanes = 0;
    let numAll = 0;
    const property = fc.property(programs, rows, ({ schema, block, returned }, data) => {
      let next = 0;
      const body = `${block} return RESULT;`.replace(/RESULT/g, () => returned[next++ % returned.length]!);
      const source = `(v) => { let m = v.x; let f = v.flag; ${body} }`;
      const [own, ...others] = template.nodes;
      const shipped = { nodes: [{ ...(own as FunctionNode), source }, ...others], argument: "fn" };
      const found = compareBoth(
        shipped,
        functionFrom(source, { half }),
        { v: { schema: vertex, values: data } },
        schema,
      );
      numAll++;
      if (isRefusal(found)) return;
      if (found.isInLanes) numInLanes++;
      expect(found.compiled, source).toBe(found.asJavaScript);
      expect(found.oneByOne, source).toBe(found.asJavaScript);
    });
    fc.assert(property, { numRuns: 300, seed: 11 });
    expect(numInLanes).toBeGreaterThan(0.9 * numAll);
  });
});

const arena = Arena.create({ capacityBytes: 1 << 20 });

/** What a body does with its row; it returns results by name. */
interface Body {
  readonly before?: (builder: Builder) => void;
  readonly row: (builder: Builder, index: Expr, column: (name: string) => Expr) => void;
  readonly results?: Readonly<Record<string, Expr>>;
}

/** Runs a body over columns, in pairs and one by one: the bytes, the results, what was called; and whether the code differs. */
function bothLoops(
  body: Body,
  columns: Readonly<Record<string, ColumnRef>>,
  length: number,
): readonly [string, string, boolean] {
  const untouched = Object.values(columns).map((ref) => bytes(ref).slice());
  const run = (loop: typeof denseLoop): { seen: string; code: Uint8Array } => {
    Object.values(columns).forEach((ref, at) => bytes(ref).set(untouched[at]!));
    const params = new LoopParams();
    const builder = new NewBuilder();
    body.before?.(builder);
    const row = builder.variable("i32", "row");
    builder.assign(row, params.get("from"));
    loop(builder, row, params.get("to"), () => body.row(builder, get(row), (name) => params.get(name)));
    const compiled = assembleLoop(params, builder.statements, { ...body.results });
    const offsets = Object.entries(columns).map(([name, { offset }]) => [name, offset] as const);
    const calls: unknown[] = [];
    const hooks = { tell: (...args: number[]) => void calls.push(args.map((x) => (Object.is(x, -0) ? "-0" : `${x}`))) };
    const given = new RunnableLoop(compiled, arena.memory).run(
      { from: 0, to: length, ...Object.fromEntries(offsets) },
      hooks,
    );
    const all = Object.values(columns).map((ref) => Buffer.from(bytes(ref)).toString("hex"));
    const numbers = Object.entries(given).map(([name, x]) => `${name}=${Object.is(x, -0) ? "-0" : x}`);
    return { seen: JSON.stringify({ all, numbers, calls }), code: compiled.bytes };
  };
  const [pairs, single] = [run(denseLoop), run(countedLoop)];
  return [pairs.seen, single.seen, Buffer.compare(pairs.code, single.code) !== 0];
}

function bytes(ref: ColumnRef): Uint8Array {
  const { buffer, byteOffset, byteLength } = arena.view(ref);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function columnOf(type: FixedType, values: readonly number[]): ColumnRef {
  const ref = arena.allocate(type, values.length, "test");
  const view = arena.view(ref);
  values.forEach((value, at) => (view[at] = (type === "int64" ? BigInt(value) : value) as never));
  return ref;
}

const store = (column: FixedType, base: Expr, index: Expr, value: Expr) =>
  ({ do: "store", column, base, index, value }) as const;

describe.each([0, 1, 2, 3, 8, 9])("a dense loop over %i rows", (length) => {
  const some = (at: number): number => [3, -0, NaN, 7, 7, -5, Infinity, 0, 2][at]!;
  const integers = Array.from({ length }, (_, at) => [5, 0, 255, 1, 9, 200, 7, 0, 31][at]!);

  it.each(["float64", "float32", "int32", "uint32", "uint8", "int64"] as const)("reads columns of %s", (type) => {
    const a = columnOf(type, type.startsWith("float") ? integers.map((_, at) => some(at)) : integers);
    const columns = {
      a,
      b: columnOf("float64", integers),
      c: columnOf(
        "uint8",
        integers.map(() => 1),
      ),
    };
    const [pairs, single, differs] = bothLoops(
      {
        row: (builder, index, column) => {
          const x = builder.pin(load(type, column("a"), index));
          const asNumber = type === "int64" ? f64(2) : x.type === "f64" ? x : unary("f64.convert_i32_u", x);
          const isLarge =
            type === "int64"
              ? binary("i64.gt_s", x, { op: "const", type: "i64", value: 6n })
              : binary("f64.gt", asNumber, f64(6));
          builder.add(store("float64", column("b"), index, binary("f64.mul", asNumber, f64(-1.5))));
          builder.branch(isLarge, () => builder.add(store("uint8", column("c"), index, i32(0))));
        },
      },
      columns,
      length,
    );
    expect(pairs).toBe(single);
    expect(differs).toBe(true);
  });

  it.each([
    [-Infinity, -0, 0, -0, NaN, 0, -0, -1, -3],
    [NaN, 1, 4, 3, -0, 0, 4, 4, 5],
  ])("counts and keeps maxima as row by row does, the first among equals", (...values) => {
    const count: Local = { type: "i32", name: "count", isFixed: false };
    const total: Local = { type: "i64", name: "total", isFixed: false };
    const most: Local = { type: "f64", name: "most", isFixed: false };
    const columns = { a: columnOf("float64", values), n: columnOf("uint32", integers) };
    const [pairs, single, differs] = bothLoops(
      {
        before: (builder) => {
          builder.assign(count, i32(0));
          builder.assign(total, { op: "const", type: "i64", value: 0n });
          builder.assign(most, f64(-Infinity));
        },
        row: (builder, index, column) => {
          const x = builder.pin(load("float64", column("a"), index));
          const n = builder.pin(load("uint32", column("n"), index));
          builder.assign(total, binary("i64.add", get(total), unary("i64.extend_i32_u", n)));
          builder.branch(binary("i32.ne", n, i32(0)), () => {
            builder.assign(count, binary("i32.add", get(count), i32(1)));
            builder.branch(binary("f64.gt", x, get(most)), () => builder.assign(most, x));
          });
        },
        results: {
          count: unary("f64.convert_i32_u", get(count)),
          total: unary("f64.convert_i64_s", get(total)),
          most: get(most),
        },
      },
      columns,
      length,
    );
    expect(pairs).toBe(single);
    expect(differs).toBe(true);
  });

  it("calls row by row, in their order, and gathers from rows anywhere", () => {
    const columns = {
      at: columnOf(
        "uint32",
        integers.map((_, at) => (at * 5) % length),
      ),
      a: columnOf(
        "float64",
        integers.map((_, at) => some(at)),
      ),
      b: columnOf("float64", integers),
    };
    const tell = { name: "tell", params: ["f64", "i32"] } as const;
    const [pairs, single, differs] = bothLoops(
      {
        row: (builder, index, column) => {
          const x = builder.pin(load("float64", column("a"), load("uint32", column("at"), index)));
          const isCalled = binary("f64.ge", x, f64(0));
          builder.branch(isCalled, () => builder.add({ do: "call", callee: tell, args: [x, index] }));
          builder.add(store("float64", column("b"), index, choose(isCalled, x, f64(1))));
        },
      },
      columns,
      length,
    );
    expect(pairs).toBe(single);
    expect(differs).toBe(true);
  });

  it("takes rows one by one where one needs what the row before left", () => {
    const last: Local = { type: "f64", name: "last", isFixed: false };
    const [pairs, single, differs] = bothLoops(
      {
        before: (builder) => builder.assign(last, f64(0)),
        row: (builder, index, column) => {
          builder.assign(last, binary("f64.sub", load("float64", column("a"), index), get(last)));
          builder.add(store("float64", column("a"), index, get(last)));
        },
      },
      { a: columnOf("float64", integers) },
      length,
    );
    expect(pairs).toBe(single);
    expect(differs).toBe(false);
  });
});
