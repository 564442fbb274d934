import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeVariables } from "../../../core/function/freeVariables.ts";
import { isParsed, parseFunction } from "../../../core/function/parseFunction.ts";

function freeIn(source: string): string[] {
  const parsed = parseFunction(source);
  if (!isParsed(parsed)) throw new Error(`${parsed.form}: ${parsed.reason}`);
  return freeVariables(parsed).map(({ name }) => name);
}

describe("freeVariables", () => {
  it.each([
    ["(x) => x + y", ["y"]],
    ["x => { const y = 1; return x + y + z; }", ["z"]],
    ["() => { f(); function f() { return g; } }", ["g"]],
    ["() => { { function f() {} } return f; }", ["f"]],
    ["() => { x = 1; var x; }", []],
    ["() => { if (a) { var x = 1; let y = 2; } return [x, y]; }", ["a", "y"]],
    ["(a = b, { c = a, [d]: e } = f) => e", ["b", "d", "f"]],
    ["(a = x) => { var x = 1; return a + x; }", ["x"]],
    ["() => { for (const i of i2) i; for (let j = 0; j < n; j++); return [i, j]; }", ["i2", "n", "i", "j"]],
    ["() => { try { a; } catch { b; } try {} catch ({ c, d = e }) { c + d; } c; }", ["a", "b", "e", "c"]],
    ["() => { l: for (;;) { break l; } }", []],
    ["() => ({ a, b: c, [d]: 1, e() {}, get f() { return g; } })", ["a", "c", "d", "g"]],
    ["() => a.b.c[d]?.e", ["a", "d"]],
    ["function f(n) { return n && f(n - 1); }", []],
    ["() => { const f = function g() { return g; }; return g; }", ["g"]],
    [
      "() => { class A extends B { [k] = v; static s = A; m(x) { return x + y; } static { z; } } }",
      ["B", "k", "v", "y", "z"],
    ],
    ["() => class C { n = C; }", []],
    ["class A extends B { constructor() { super(c); } #p = d; m() { return this.#p; } }", ["B", "c", "d"]],
    ["function () { return arguments; }", []],
    ["() => { switch (a) { case b: let c = 1; default: return c + d; } }", ["a", "b", "d"]],
    ["() => { [a, b.c] = d; ({ e: f } = g); h++; }", ["a", "b", "d", "f", "g", "h"]],
    ["() => `${a}${`${b}`}`", ["a", "b"]],
    ["async () => { for await (const x of xs) await import(y + x); }", ["xs", "y"]],
    ["() => typeof a + void b", ["a", "b"]],
    ["function* () { yield* a; }", ["a"]],
    ["{ a } = b => b".slice(8), []],
    ["m(x) { return m(x); }", ["m"]],
    ["async *[k](x) { yield x; }", []],
    ["get(x) { return x; }", []],
    ["async(x) { return x; }", []],
  ])("%s", (source, names) => {
    expect(freeIn(source)).toEqual(names);
  });

  it("says what is assigned, and which members are read", () => {
    const parsed = parseFunction("() => { a = b.c + b.d.e(); f.g = 1; h; for (i of j); }");
    if (!isParsed(parsed)) throw new Error(parsed.reason);
    const found = freeVariables(parsed).map(({ name, isAssigned, members }) => [
      name,
      isAssigned,
      members === "all" ? members : [...members].join(),
    ]);
    expect(found).toEqual([
      ["a", true, "all"],
      ["b", false, "c,d"],
      ["f", false, "all"],
      ["h", false, "all"],
      ["i", true, "all"],
      ["j", false, "all"],
    ]);
  });

  it("agrees with what an engine looks up outside, on random programs that run straight through", () => {
    let numCompared = 0;
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 6 }), (statements) => {
        const source = `() => { ${statements.join(" ")} }`;
        const expected = lookedUp(source);
        if (expected === undefined) return;
        numCompared++;
        expect(new Set(freeIn(source))).toEqual(expected);
      }),
      { seed: 7, numRuns: 3000 },
    );
    expect(numCompared).toBeGreaterThan(1000);
  });
});

const name = fc.constantFrom("a", "b", "c", "d");

/** Statements whose every part runs once, with few names, so that they shadow each other often. */
const { statement } = fc.letrec<{ statement: string }>((tie) => {
  const block = fc.array(tie("statement"), { maxLength: 3 }).map((inner) => inner.join(" "));
  return {
    statement: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      name.map((x) => `void ${x};`),
      fc.tuple(name, name).map(([x, y]) => `var ${x} = ${y};`),
      fc.tuple(name, name).map(([x, y]) => `void { ${x}, p: ${y} }.${x};`),
      fc.tuple(name, name, block).map(([x, y, inner]) => `{ let ${x} = 1, q = [${y}]; ${inner} }`),
      fc.tuple(name, name, block).map(([x, y, inner]) => `{ const { ${x} = 0, r: s = ${y} } = {}; ${inner} }`),
      fc.tuple(name, block).map(([x, inner]) => `{ class ${x} {} ${inner} }`),
      fc.tuple(name, name, block).map(([x, y, inner]) => `((${x}, t = ${y}) => { ${inner} })(1);`),
      fc.tuple(name, name, block).map(([x, y, inner]) => `(function ${x}(${y}) { ${inner} })();`),
      fc.tuple(name, name, block).map(([x, y, inner]) => `{ ${x}(${y}); function ${x}() { ${inner} } }`),
      fc.tuple(name, block).map(([x, inner]) => `try { throw 1; } catch (${x}) { ${inner} }`),
      fc.tuple(name, name, block).map(([x, y, inner]) => `for (const ${x} of [${y}]) { ${inner} }`),
      fc.tuple(name, block).map(([x, inner]) => `${x}: { ${inner} break ${x}; }`),
      fc.tuple(name, name, block).map(([x, y, inner]) => `switch (1) { case 1: let ${x} = ${y}; ${inner} }`),
    ),
  };
});

/** The names that a run looks up outside the function; undefined if the program is not valid or throws. */
function lookedUp(source: string): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  const outside = new Proxy(
    {},
    {
      has: (_target, key) => {
        if (typeof key === "string") names.add(key);
        return true;
      },
      get: (_target, key) => (key === Symbol.unscopables ? undefined : (): number => 1),
    },
  );
  try {
    const strict = source.replace("{", '{ "use strict";');
    // oxlint-disable-next-line no-implied-eval
    (new Function("outside", `with (outside) { return (${strict}); }`)(outside) as () => void)();
    return names;
  } catch {
    return undefined;
  }
}
