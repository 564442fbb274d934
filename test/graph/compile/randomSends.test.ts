import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FunctionNode } from "../../../core/function/heap.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import type { Schema } from "../../../core/column/types.ts";
import { compiledSuperstep } from "../../../graph/compile/compiledSuperstep.ts";
import { superstep, superstepAsJavaScript, type SuperstepInput } from "../../../graph/superstep/superstep.ts";
import { endsSentTo, fieldsRead } from "../../../graph/superstep/program.ts";
import { bytesOf, number, record } from "../../core/compile/rows.ts";
import { arena, columns, inputOf, randomPartition, scoped, taskContext, type TestProgram } from "./partitions.ts";
import { valuesOf } from "./values.ts";

const vertex: Schema = record({ x: "number", y: "number?", flag: "boolean" });
const { letrec, oneof, constantFrom, tuple, array } = fc;

const text = (parts: TemplateStringsArray, ...holes: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  tuple(...holes).map((values) => parts.reduce((all, part, at) => all + values[at - 1]! + part));

/** Sources of bodies of `sendMessage`, which send numbers, and of merges and vertex programs. */
const grammar = letrec<{ num: string; bool: string; stmt: string; block: string }>((tie) => ({
  num: oneof(
    { maxDepth: 3, depthIdentifier: "n" },
    constantFrom("edge.srcAttr.x", "edge.dstAttr.x", "edge.attr", "edge.srcId", "edge.dstId", "m", "0", "-1", "0.5"),
    text`(${tie("num")} ${constantFrom("+", "-", "*", "/", "%", "|")} ${tie("num")})`,
    text`Math.${constantFrom("min", "max")}(${tie("num")}, ${tie("num")})`,
    text`(${constantFrom("edge.srcAttr.y", "edge.dstAttr.y")} ?? ${tie("num")})`,
    text`(${tie("bool")} ? ${tie("num")} : ${tie("num")})`,
    text`(m = ${tie("num")})`,
    constantFrom("m++"),
  ),
  bool: oneof(
    { maxDepth: 3, depthIdentifier: "n" },
    constantFrom("edge.srcAttr.flag", "edge.dstAttr.flag", "edge.dstAttr.y === null", "edge.srcId < edge.dstId"),
    text`(${tie("num")} ${constantFrom("<", "<=", "===")} ${tie("num")})`,
    text`(${tie("bool")} ${constantFrom("&&", "||")} ${tie("bool")})`,
    text`!${tie("bool")}`,
  ),
  stmt: oneof(
    { maxDepth: 2, depthIdentifier: "s" },
    text`edge.sendToDst(${tie("num")});`,
    text`edge.sendToSrc(${tie("num")});`,
    text`${tie("bool")} && edge.${constantFrom("sendToDst", "sendToSrc")}(${tie("num")});`,
    text`if (${tie("bool")}) { ${tie("block")} } else { ${tie("block")} }`,
    text`if (${tie("bool")}) return;`,
    text`m = ${tie("num")};`,
    text`for (let i = 0; i < 3; i++) { ${tie("block")} }`,
  ),
  block: array(tie("stmt"), { maxLength: 3 }).map((all) => all.join(" ")),
}));

const merges = constantFrom(
  "(a, b) => a + b",
  "(a, b) => b + a",
  "(a, b) => a * b",
  "(a, b) => Math.min(a, b)",
  "(a, b) => Math.max(b, a)",
  "(a, b) => a - b",
  "(a, b) => (a < b ? a : b)",
  "(a) => a",
  "(_a, b) => b",
  "(a, b) => { if (a !== a) return b; return a + b * 2; }",
);
const applies = constantFrom(
  "(id, v, m) => ({ ...v, x: m })",
  "(id, v, m) => ({ x: v.x + m, y: m > id ? null : m, flag: !v.flag })",
  "(id, v, m) => (v.flag ? v : { x: id, y: v.y, flag: m > 0 })",
);

const template: TestProgram = {
  sendMessage: () => undefined,
  mergeMessage: ((a: number) => a) as never,
  vertexProgram: (_id: never, v: unknown) => v,
};
let nextId = 0;

/** The function with another source, under an id of its own. */
function withSource<F extends { readonly nodes: readonly unknown[] }>(shipped: F, source: string): F {
  const own = shipped.nodes[0] as FunctionNode;
  return { ...shipped, id: `random${nextId++}`, form: "arrow", source, nodes: [{ ...own, form: "arrow", source }] };
}

describe("a compiled superstep of random functions", () => {
  it("has the bits of the one in JavaScript", async () => {
    let numCompiled = 0;
    let numRun = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        array(grammar.stmt, { minLength: 1, maxLength: 4 }),
        merges,
        applies,
        constantFrom("in", "out", "either", "both", undefined),
        fc.boolean(),
        async (seed, body, merge, apply, direction, isForAll) => {
          const send = `(edge) => { let m = edge.attr; ${body.join("\n")} }`;
          await scoped(async (allocate) => {
            const graph = randomPartition(seed, 30, 4, 27, 3, allocate);
            const vertices = columns(vertex, 30, allocate, valuesOf(vertex, seed));
            const edges = columns(number, graph.numEdges + 200, allocate, valuesOf(number, seed + 1));
            const run = async (how: typeof superstep): Promise<unknown> => {
              const [output, received] = [columns(vertex, 30, allocate), allocate("uint8", 30)];
              const made = inputOf(
                { ...template, ...(isForAll && { noMessage: 7 }), ...(direction && { activeDirection: direction }) },
                graph,
                vertices,
                edges,
                output,
                received,
                direction === undefined,
              ).input;
              const sendMessage = withSource(made.scan.program.sendMessage, send);
              const mergeMessage = withSource(made.scan.program.mergeMessage, merge);
              const vertexProgram = withSource(made.apply.program.vertexProgram, apply);
              const sendsTo = endsSentTo(sendMessage);
              const reads = fieldsRead("test", sendMessage, undefined);
              const program = { ...made.scan.program, sendMessage, mergeMessage, sendsTo, reads };
              const input: SuperstepInput = {
                scan: { ...made.scan, program },
                apply: { ...made.apply, program: { ...made.apply.program, vertexProgram } },
              };
              const { inRows, outRows, from, to } = graph;
              const rows = { ...((sendsTo.dst || !sendsTo.src) && { inRows }), ...(sendsTo.src && { outRows }) };
              const task = taskContext();
              if (how === superstep) {
                numRun++;
                const compiled = compiledSuperstep(input.scan, input.apply, rows, task);
                if (!isRefusal(compiled) && "loop" in compiled) numCompiled++;
              }
              const report = await how(input, { from, to, rows }, task);
              const marks = Buffer.from(arena.view(received)).toString("hex");
              return { ...report, functions: [], marks, bytes: bytesOf(arena, output) };
            };
            expect(await run(superstep), `${send}\n${merge}\n${apply}`).toEqual(await run(superstepAsJavaScript));
          });
        },
      ),
      { numRuns: 150, seed: 11 },
    );
    // The rest sends nothing at all, so that messages have no type.
    expect(numCompiled).toBeGreaterThan(0.8 * numRun);
  });
});
