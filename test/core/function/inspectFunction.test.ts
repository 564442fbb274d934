import { describe, expect, it } from "vitest";
import { inspectFunction, scriptInfo } from "../../../core/function/inspectFunction.ts";

/** What we rely on in the engine: a change here says that something else must change too. */
describe("inspectFunction", () => {
  it("sees the variables around, innermost first, as they are", () => {
    const held = {};
    const make = (outer: number): (() => unknown) => {
      {
        const inner = 2;
        return () => [outer, inner, held];
      }
    };
    const [block, closure] = inspectFunction(make(1)).scopes;
    expect(block).toMatchObject({ kind: "Block (make)", variables: { inner: 2 } });
    expect(closure).toMatchObject({ kind: "Closure (make)", variables: { outer: 1 } });
    const around = inspectFunction(make(1)).scopes.find(({ variables }) => "held" in variables)!;
    expect((around.variables as { held: object }).held).toBe(held);
  });

  it("has no scopes for native and bound functions, and tells bound ones", () => {
    const mine = (): number => 1;
    expect(inspectFunction(Math.abs)).toMatchObject({ scopes: [], isBound: false });
    expect(inspectFunction(mine.bind(null))).toMatchObject({ scopes: [], isBound: true });
    expect(inspectFunction(mine).isBound).toBe(false);
  });

  it("does not list this, nor the global scope", () => {
    const arrow = function (this: unknown) {
      return () => this;
    }.call(1);
    const { scopes } = inspectFunction(arrow);
    expect(scopes.some(({ variables }) => "this" in variables || variables === globalThis)).toBe(false);
  });

  it("gives arrows the place of their first character, others that of their parenthesis", () => {
    const evaluate = (code: string): number | undefined => inspectFunction((0, eval)(code) as object).location?.column; // oxlint-disable-line no-eval
    expect(evaluate("  x => x")).toBe(2);
    expect(evaluate("  async (x) => x")).toBe(2);
    expect(evaluate("(function named (x) {})")).toBe(16);
    expect(evaluate("({ async m(x) {} }).m")).toBe(10);
    expect(evaluate("  (class { m() {} })")).toBe(3);
    expect(evaluate("(class { constructor() {} })")).toBe(20);
  });

  it("leaves nothing behind on the global object", () => {
    const before = Reflect.ownKeys(globalThis);
    inspectFunction(() => 1);
    expect(Reflect.ownKeys(globalThis)).toEqual(before);
  });

  it("finds the text of a script that was compiled later", () => {
    const code = `(() => ${Math.random()}) // text`;
    const { location } = inspectFunction((0, eval)(code) as object); // oxlint-disable-line no-eval
    expect(scriptInfo(location!.scriptId)!.source()).toBe(code);
  });
});
