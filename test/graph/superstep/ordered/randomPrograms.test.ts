import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../../core/context.ts";
import { isRefusal } from "../../../../core/compile/refused.ts";
import type { ColumnSet } from "../../../../core/column/types.ts";
import type { FunctionNode } from "../../../../core/function/heap.ts";
import { compileRelaxation } from "../../../../graph/compile/compileRelaxation.ts";
import { Graph } from "../../../../graph/graph.ts";
import { endsSentTo, fieldsRead } from "../../../../graph/superstep/program.ts";
import { shipPregel } from "../../../../graph/superstep/pregel.ts";
import { superstepsOver, type SuperstepsSpec } from "../../../../graph/superstep/superstepsOver.ts";
import { bitsOf } from "../../../support/bits.ts";
import { useContext } from "../../../support/context.ts";
import { graphOf, integersFrom, type Arc } from "../../../support/graphs.ts";

const { constantFrom, tuple, oneof, letrec } = fc;
const text = (parts: TemplateStringsArray, ...holes: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  tuple(...holes).map((values) => parts.reduce((all, part, at) => all + values[at - 1]! + part));

/** What goes from the end `x`; `y` is the other one. */
const offersFrom = (x: string, y: string): fc.Arbitrary<string> =>
  constantFrom(
    x,
    x,
    `${x} + edge.attr`,
    `${x} + edge.attr`,
    `edge.attr * 2 + ${x}`,
    `${x} - edge.attr`,
    `${x} + (edge.attr > 3 ? 1 : edge.attr)`,
    `${x} + 1`,
    `${x} - 1`,
    `Math.max(${x}, edge.attr)`,
    `Math.min(edge.attr, ${x})`,
    `(${x} < 4 ? 4 : ${x})`,
    `(edge.attr > 1 ? ${x} : ${x} + edge.attr)`,
    `${x} * edge.attr`,
    `${y} + edge.attr`,
    `edge.srcId + edge.attr`,
  );
const compared = constantFrom(
  "m",
  "m",
  "k",
  "k",
  "edge.srcAttr",
  "edge.dstAttr",
  "edge.dstAttr",
  "Infinity",
  "-Infinity",
  "3",
);
const grammar = letrec<{ test: string; stmt: string }>((tie) => ({
  test: oneof(
    { maxDepth: 2, depthIdentifier: "t" },
    constantFrom("m < edge.dstAttr", "edge.dstAttr < m", "k < edge.srcAttr", "edge.srcAttr < k", "edge.attr > 2"),
    text`${compared} ${constantFrom("<", ">", "<=", ">=", "===", "!==")} ${compared}`,
    text`(${tie("test")} ${constantFrom("&&", "||")} ${tie("test")})`,
    text`!(${tie("test")})`,
    text`Number.isFinite(${compared})`,
  ),
  stmt: oneof(
    { maxDepth: 2, depthIdentifier: "s" },
    constantFrom("edge.sendToDst(m);", "edge.sendToSrc(k);"),
    constantFrom("if (m < edge.dstAttr) edge.sendToDst(m);", "if (k < edge.srcAttr) edge.sendToSrc(k);"),
    constantFrom("if (edge.dstAttr < m) edge.sendToDst(m);", "if (edge.srcAttr < k) edge.sendToSrc(k);"),
    text`if (${tie("test")}) ${tie("stmt")}`,
    text`if (${tie("test")}) { ${tie("stmt")} } else { ${tie("stmt")} }`,
    text`if (${tie("test")}) return;`,
    text`${tie("test")} && edge.sendToDst(m);`,
  ),
}));
const guards = oneof(
  constantFrom(
    "",
    "",
    "",
    "if (edge.srcAttr === Infinity) return;",
    "if (m >= edge.dstAttr && k >= edge.srcAttr) return;",
  ),
  text`if (${grammar.test}) return;`,
);
const better = oneof(
  constantFrom("m < edge.dstAttr", "m < edge.dstAttr", "edge.dstAttr < m", "m <= edge.dstAttr", "!(m >= edge.dstAttr)"),
  constantFrom("m < edge.dstAttr", "edge.srcAttr !== Infinity && m < edge.dstAttr"),
  text`m < edge.dstAttr && ${grammar.test}`,
);
const back = "if (k < edge.srcAttr) edge.sendToSrc(k);";
const tails = oneof(
  { arbitrary: constantFrom("", "", `else ${back}`, back), weight: 8 },
  { arbitrary: grammar.stmt, weight: 1 },
);
/** Statements as they come, and others that are nearly those of a relaxation. */
const bodies = oneof(
  { arbitrary: fc.array(grammar.stmt, { minLength: 1, maxLength: 3 }).map((all) => all.join(" ")), weight: 1 },
  { arbitrary: text`${guards} if (${better}) edge.sendToDst(m); ${tails}`, weight: 4 },
);
const sends = tuple(offersFrom("edge.srcAttr", "edge.dstAttr"), offersFrom("edge.dstAttr", "edge.srcAttr"), bodies).map(
  ([m, k, body]) => `(edge) => { const m = ${m}; const k = ${k}; ${body} }`,
);
/** Mostly two functions that go together, and others. */
const pairs = oneof(
  {
    arbitrary: constantFrom(
      ["(a, b) => Math.min(a, b)", "(id, x, m) => Math.min(m, x)"],
      ["(a, b) => (a > b ? b : a)", "(id, x, m) => { if (m < x) return m; return x; }"],
      ["(a, b) => Math.max(b, a)", "(id, x, m) => (x >= m ? x : m)"],
    ),
    weight: 9,
  },
  {
    arbitrary: tuple(
      constantFrom("(a, b) => Math.min(a, b)", "(a, b) => (a < b ? b : a)", "(a, b) => (a === b ? a : Math.min(a, b))"),
      constantFrom("(id, x, m) => m", "(id, x, m) => (id > 3 ? x : Math.min(x, m))", "(id, x, m) => Math.max(x, m)"),
    ),
    weight: 1,
  },
);

const template = shipPregel<number, number, number>("pregel", {
  initialMessage: 0,
  sendMessage: () => undefined,
  mergeMessage: (a) => a,
  vertexProgram: (_id, attr) => attr,
  order: "any",
});
let nextId = 0;

/** The function with another source, under an id of its own. */
function withSource<F extends { readonly nodes: readonly unknown[] }>(shipped: F, source: string): F {
  const own = shipped.nodes[0] as FunctionNode;
  return { ...shipped, id: `ordered${nextId++}`, form: "arrow", source, nodes: [{ ...own, form: "arrow", source }] };
}

function specOf(send: string, [merge, apply]: readonly string[], direction: string, initial: number): SuperstepsSpec {
  const { scan } = template;
  const sendMessage = withSource(scan.sendMessage, send);
  const program = {
    ...scan,
    sendMessage,
    mergeMessage: withSource(scan.mergeMessage, merge!),
    sendsTo: endsSentTo(sendMessage),
    reads: fieldsRead("pregel", sendMessage, undefined),
    activeDirection: direction as "out",
  };
  const vertexProgram = withSource(template.apply.vertexProgram, apply!);
  return {
    ...template,
    scan: program,
    apply: { ...template.apply, vertexProgram },
    initialMessage: { value: initial },
  };
}

const numbers: ColumnSet = {
  schema: { kind: "scalar", field: { name: "", type: "number", nullable: false } },
  length: 0,
  columns: [{ kind: "fixed", data: { type: "float64", offset: 0, length: 0 } }],
};

function isFound({ scan, apply }: SuperstepsSpec): boolean {
  const ids = { kind: "uint32", ids: { type: "uint32", offset: 0, length: 0 } } as const;
  return !isRefusal(compileRelaxation({ program: scan, ids, vertices: numbers, edges: numbers }, apply));
}

const numVertices = 9;

/** Few vertices with many edges, and numbers that often meet. */
function randomGraph(ctx: Context, seed: number, worst: number): Graph<number, number> {
  const next = integersFrom(seed);
  const lengths = [0, 0, 1, 2, 3, 0.1, 0.7, 5];
  const arcs = Array.from({ length: 30 }, (): Arc => ({
    srcId: next(numVertices),
    dstId: next(numVertices),
    attr: lengths[next(lengths.length)]!,
  }));
  const starts = Array.from({ length: numVertices }, () => [worst, worst, next(9), next(9), 0.3 - next(3)][next(5)]!);
  const ids = starts.map((_start, id) => id);
  return graphOf(ctx, arcs, 1 + next(3), ids).mapVertices((id) => starts[Number(id)]!);
}

describe("random programs", () => {
  const ctx = useContext("local[2]");

  it("that are found to be relaxations come to what supersteps come to", async () => {
    let numRun = 0;
    let numOrdered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        sends,
        pairs,
        constantFrom("either", "either", "either", "either", "either", "out", "in", "both"),
        fc.boolean(),
        async (seed, send, pair, direction, isBounded) => {
          const worst = pair.join().includes(">= m") ? -Infinity : Infinity;
          const initial = isBounded ? 4 : worst;
          const spec = specOf(send, pair, direction, initial);
          if (!isFound(spec)) return;
          numRun++;
          const graph = randomGraph(ctx, seed, worst);
          // Where numbers stand against it, supersteps may have no end.
          const controller = new AbortController();
          const stop = ctx.on((event) => {
            if (event.type === "order" && event.method === "program") controller.abort();
          });
          const run = superstepsOver(graph.parts, { ...spec, signal: controller.signal });
          const ordered = await run.catch((error: unknown) => {
            if (!controller.signal.aborted) throw error;
          });
          stop();
          if (ordered === undefined) return;
          numOrdered++;
          const plain = await superstepsOver(graph.parts, { ...spec, order: "supersteps", maxSupersteps: 1000 });
          const told = `${send}\n${pair.join("\n")}\n${direction} ${initial} ${seed}`;
          expect([plain.converged, ordered.method], told).toEqual([true, "kernel"]);
          expect(await bitsOf(new Graph(ordered.graph)), told).toBe(await bitsOf(new Graph(plain.graph)));
        },
      ),
      { numRuns: 1500, seed: 3 },
    );
    expect(numRun).toBeGreaterThan(60);
    expect(numOrdered).toBeGreaterThan(50);
  });
});
