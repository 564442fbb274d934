import { describe, expect, it } from "vitest";
import { memberReads } from "../../../core/function/memberReads.ts";
import { ship, type AnyFunction } from "../../../core/function/ship.ts";

/** By source: what it reads of its first parameter. */
const rows: readonly (readonly [source: string, reads: readonly string[] | "all"])[] = [
  ["(edge) => edge.attr", ["attr"]],
  ["(edge) => edge.srcAttr + edge.attr < edge.dstAttr", ["attr", "dstAttr", "srcAttr"]],
  ["(edge) => { if (edge.attr > 0) edge.sendToDst(edge.srcAttr); }", ["attr", "sendToDst", "srcAttr"]],
  ["(edge) => edge.srcAttr.rank / edge.srcAttr.degree", ["srcAttr.degree", "srcAttr.rank"]],
  ["(edge) => [edge.srcAttr, edge.srcAttr.rank]", ["srcAttr"]],
  ["(edge) => [edge.srcAttr.rank, edge.srcAttr]", ["srcAttr"]],
  ["(edge) => edge.srcAttr.rank.toFixed(2)", ["srcAttr.rank"]],
  ["(edge) => edge.srcAttr.toFixed(2)", ["srcAttr"]],
  ["(edge) => edge?.srcAttr?.rank", ["srcAttr.rank"]],
  ["(edge) => (edge?.srcAttr).rank", ["srcAttr.rank"]],
  ["(edge) => edge.send?.(1)", ["send"]],
  ["(edge) => edge.tag`x`", ["tag"]],
  ["(edge) => edge['attr'] + edge[0]", ["0", "attr"]],
  ["(edge) => edge['a.b']", "all"],
  ["(edge) => edge[edge.attr]", "all"],
  ["(edge) => edge.row[edge.attr]", ["attr", "row"]],
  ["(edge) => table[edge.attr]", ["attr"]],
  ["({ srcAttr, attr: weight }) => srcAttr * weight", ["attr", "srcAttr"]],
  ["({ srcAttr: { rank }, attr = 1 }) => rank * attr", ["attr", "srcAttr.rank"]],
  ["({ srcAttr: user }) => user.age", ["srcAttr.age"]],
  ["({ attr, ...rest }) => [attr, rest]", "all"],
  ["({ srcAttr: { rank, ...rest } }) => [rank, rest]", ["srcAttr"]],
  ["({ [key]: x }) => x", "all"],
  ["({ 'attr': x, 1: y }) => x + y", ["1", "attr"]],
  ["({ attr }) => 1", ["attr"]],
  ["([first]) => first", "all"],
  ["(edge = { attr: 1 }) => edge.attr", ["attr"]],
  ["(edge) => { const { srcAttr, attr } = edge; return srcAttr + attr; }", ["attr", "srcAttr"]],
  ["(edge) => { const { rank } = edge.srcAttr; return rank; }", ["srcAttr.rank"]],
  ["(edge) => { const user = edge.srcAttr; return user.age > user.limit; }", ["srcAttr.age", "srcAttr.limit"]],
  ["(edge) => { const e = edge; return e.attr; }", ["attr"]],
  ["(edge) => { let e = edge; e = other; return e.attr; }", "all"],
  ["(edge) => { var user = edge.srcAttr; return user.age; }", ["srcAttr"]],
  ["(edge) => (() => edge.attr)()", ["attr"]],
  ["(edge) => ((edge) => edge.attr)(1)", []],
  ["(edge) => { { const edge = 1; use(edge); } return edge.attr; }", ["attr"]],
  ["(edge) => { var edge; return use(edge); }", "all"],
  ["(edge) => edge", "all"],
  ["(edge) => use(edge)", "all"],
  ["(edge) => use(edge.attr)", ["attr"]],
  ["(edge) => ({ edge })", "all"],
  ["(edge) => ({ ...edge })", "all"],
  ["(edge) => ({ ...edge.srcAttr })", ["srcAttr"]],
  ["(edge) => [edge]", "all"],
  ["(edge) => edge === null", "all"],
  ["(edge) => 'attr' in edge", "all"],
  ["(edge) => { edge.attr = 1; }", "all"],
  ["(edge) => { edge.srcAttr.rank += 1; }", "all"],
  ["(edge) => { edge.attr++; }", "all"],
  ["(edge) => { delete edge.attr; }", "all"],
  ["(edge) => { [edge.attr] = [1]; }", "all"],
  ["(edge) => { ({ x: edge.attr } = y); }", "all"],
  ["(edge) => { for (edge.attr of xs); }", "all"],
  ["(edge) => { for (const x of edge.list) use(x); }", ["list"]],
  ["(edge) => { edge = next; return edge.attr; }", "all"],
  ["(...edges) => edges[0].attr", "all"],
  ["function (edge) { return edge.attr + arguments.length; }", "all"],
  ["function (edge) { return (function () { return arguments.length; })() + edge.attr; }", ["attr"]],
  ["send(edge) { edge.sendToSrc(1); }", ["sendToSrc"]],
  ["async (edge) => (await edge.load()).rows", ["load"]],
  ["(edge) => { label: for (;;) break label; return edge.attr; }", ["attr"]],
  ["(edge) => class { [edge.attr] = edge.srcAttr; }", ["attr", "srcAttr"]],
  ["(edge) => edge.#secret", "all"],
  ["() => 1", []],
  ["class { constructor(edge) {} }", "all"],
  ["Math.abs", "all"],
  ["function abs() { [native code] }", "all"],
];

describe("memberReads", () => {
  it.each(rows)("%s", (source, reads) => {
    const found = memberReads({ source }, 0);
    expect(found === "all" ? found : [...found].sort()).toEqual(reads);
  });

  it("looks at the parameter that is asked for", () => {
    const fn = { source: "(id, { rank }, [message], ...rest) => rank" };
    expect([0, 1, 2, 3, 4].map((index) => memberReads(fn, index))).toEqual([
      new Set(),
      new Set(["rank"]),
      "all",
      "all",
      "all",
    ]);
    expect(memberReads({ source: "(id) => id" }, 1)).toEqual(new Set());
  });

  it("takes a shipped function", () => {
    const fn: AnyFunction = (edge: { srcAttr: number; attr: number }) => edge.srcAttr * edge.attr;
    expect(memberReads(ship(fn, "mapTriplets", "fn"), 0)).toEqual(new Set(["srcAttr", "attr"]));
  });
});
