import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { superstep, useTemporaryFolder } from "../support/command.ts";

const folder = useTemporaryFolder();
const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
const pregel = (line: string) => superstep(["pregel", ...line.split(" ")], { cwd: folder });

/** Hops from vertex 1, at most `cap`: captures a variable and functions of a module beside it. */
const hops = (specifier: string): string => `
import type { PregelProgram } from "superstep";
import type { Cap } from "./onlyTypes.ts";
import { cap, least } from "${specifier}";

const source = 1;
const program: PregelProgram<number, number> = {
  initialAttr: (id) => (id === source ? 0 : Infinity),
  initialMessage: Infinity,
  activeDirection: "out",
  vertexProgram: (_id, attr, message) => least(attr, message),
  sendMessage: (edge) => {
    const offered = edge.srcAttr + edge.attr;
    if (offered < edge.dstAttr && offered <= (cap as Cap)) edge.sendToDst(offered);
  },
  mergeMessage: (a, b) => least(a, b),
};
export default program;
`;

beforeAll(() => {
  write("chain.csv", "src,dst,km\n1,2,5\n2,3,5\n3,4,5\n7,8,5\n");
  write("onlyTypes.ts", "export type Cap = number;\n");
  write(
    "helper.ts",
    "export const cap: number = 10;\nexport const least = (a: number, b: number): number => Math.min(a, b);\n",
  );
  write("hops.ts", hops("./helper.ts"));
  write("hopsJs.ts", hops("./helper.js"));
});

describe("superstep pregel", () => {
  it.each(["hops.ts", "hopsJs.ts"])(
    "runs the object that %s exports, with what it captures and imports",
    async (file) => {
      expect(await pregel(`${file} chain.csv -o - -q`)).toMatchObject({
        status: 0,
        stdout: "id,value\n1,0\n2,1\n3,2\n4,3\n7,Infinity\n8,Infinity\n",
        stderr: "",
      });
      const { stdout } = await pregel(`${file} chain.csv --weight km -o - -q`);
      expect(stdout).toBe("id,value\n1,0\n2,5\n3,10\n4,Infinity\n7,Infinity\n8,Infinity\n");
    },
  );

  it("prints JSON, counts the edges that were given, and keeps to --max-supersteps", async () => {
    const line = "hops.ts chain.csv --undirected --max-supersteps 2 --json -q";
    const { status, stdout } = await pregel(`${line} --require-convergence`);
    expect(status).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      algorithm: "hops.ts",
      parameters: { maxSupersteps: 2 },
      graph: { vertices: 6, edges: 4, directed: false },
      supersteps: 2,
      converged: false,
    });
  });

  it("runs an exported function of the graph, and of its rows of the vertex table", async () => {
    write("people.csv", "id,age\n1,30\n2,40\n3,50\n4,60\n7,70\n8,80\n");
    write(
      "ages.ts",
      `enum Unit { Year = 1 } // more than a type: the file is rewritten
       export default (graph: any) =>
         graph.mapVertices((id: number, row: { age: number }) => ({ twice: id * 2, age: row.age / Unit.Year }));\n`,
    );
    const { status, stdout, stderr } = await pregel("ages.ts chain.csv --vertices people.csv -o - -q");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toBe("id,twice,age\n1,2,30\n2,4,40\n3,6,50\n4,8,60\n7,14,70\n8,16,80\n");
  });

  it("runs a program of its own, with the inputs as its arguments", async () => {
    // the program of ARCHITECTURE.md, on a small graph
    write("edges.txt", "30 1\n1 2\n2 30\n5 30\n");
    write(
      "whole.ts",
      `import { Context, Graph, GraphLoader, type Edge } from "superstep";

const ctx = await Context.create({ master: "local[*]" });
const graph = await GraphLoader.edgeListFile(ctx, process.argv[2]!);

const { graph: ranked, converged } = await graph.pageRank({ tolerance: 1e-6 });
const best = await ranked.vertices.top(1, ([, rank]) => rank);

const source = 30; // captured by the functions below, and shipped with them
const { graph: distances, supersteps } = await graph
  .mapVertices((id) => (id === source ? 0 : Infinity))
  .pregel({
    initialMessage: Infinity,
    activeDirection: "out",
    vertexProgram: (_id, distance, offered) => Math.min(distance, offered),
    sendMessage: (edge) => {
      if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
    },
    mergeMessage: (a, b) => Math.min(a, b),
  });

const users = ctx.parallelize<[number, { name: string; age: number }]>([[1, { name: "Ada", age: 36 }]]);
const follows = ctx.parallelize<Edge<number>>([{ srcId: 1, dstId: 2, attr: 1 }]);
const social = Graph.create(users, follows, { defaultVertex: { name: "?", age: 0 } });
const adults = social.subgraph({ vertex: (_id, user) => user.age > 30 });

console.log(JSON.stringify([best[0]![0], converged, supersteps, await distances.vertices.collect(), await adults.vertices.collect()]));
await ctx.stop();
`,
    );
    const { status, stdout, stderr } = await pregel("whole.ts edges.txt");
    expect([status, stderr]).toEqual([0, ""]);
    const distances = [[1, 1], [2, 2], [5, null], [30, 0]]; // prettier-ignore
    expect(JSON.parse(stdout)).toEqual([30, true, 2, distances, [[1, { name: "Ada", age: 36 }]]]);
    expect(await pregel("whole.ts edges.txt --json")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        "is a program of its own, without a default export, so there is no result for --json",
      ),
    });
  });

  it.each<[string, string, number, RegExp]>([
    ["no file", "", 2, /pregel: the program must be a file, got "no file\.ts"/],
    ["syntax", "const a: number = 1;\nconst b = = 2;\n", 1, /\/syntax\.ts:2:11: Expression expected$/m],
    [
      "throws",
      'const a: number = 1;\nthrow new TypeError("my own words");\n',
      1,
      /^error\[TypeError\] my own words \(at throws\.ts:2:7\)$/m,
    ],
    [
      "late",
      'setTimeout(() => {\n  throw new Error("late");\n});\nawait new Promise((done) => setTimeout(done, 9e5));\n',
      1,
      /^error\[Error\] late \(at late\.ts:2:9\)$/m,
    ],
    [
      "named",
      "export const program = {};\n",
      2,
      /"named\.ts" must export its program as default, got the exports program$/m,
    ],
    ["number", "export default 42;\n", 2, /default export of "number\.ts" must be a function .*, got 42$/m],
    [
      "part",
      "export default { initialMessage: 0, initialAttr: () => 0, vertexProgram: () => 0 };\n",
      2,
      /got an object without sendMessage, mergeMessage$/m,
    ],
    ["returns", "export default () => 7;\n", 2, /must return a graph, a run, or nothing, got 7$/m],
    [
      "missing",
      'import { x } from "./nowhere.ts";\nexport default x;\n',
      1,
      /Cannot find module .*nowhere\.ts' imported from .*missing\.ts$/m,
    ],
    [
      "lacks",
      'import { x } from "./helper.ts";\nexport default x;\n',
      1,
      /helper\.ts' does not provide an export named 'x' \(at lacks\.ts:1\)$/m,
    ],
  ])("says what is wrong with a program: %s", async (name, text, code, message) => {
    if (text !== "") write(`${name}.ts`, text);
    const { status, stdout, stderr } = await superstep(["pregel", `${name}.ts`, "chain.csv", "-q"], { cwd: folder });
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain("\n");
  });

  it("says where a shipped function threw, and with --verbose its stack", async () => {
    const text = readFileSync(path.join(folder, "hops.ts"), "utf8");
    write("boom.ts", text.replace("least(attr, message),", 'least(attr, message) === 0 ? fail() : attr,').replace("const source", 'const fail = (): never => {\n  throw new RangeError("boom at zero");\n};\nconst source')); // prettier-ignore
    const { status, stderr } = await pregel("boom.ts chain.csv -q");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error\[TASK_FAILED\] stage .*: RangeError: boom at zero \(at boom\.ts:7:9\)\n$/);
    expect((await pregel("boom.ts chain.csv -v")).stderr).toMatch(
      /\ncaused by RangeError: boom at zero\n +at .*boom\.ts:7:9/,
    );
  });

  it("refuses to ship what cannot travel, by name", async () => {
    write("socket.ts", `${readFileSync(path.join(folder, "hops.ts"), "utf8").replace("least(attr, message)", "attr + (socket as any).bytesRead").replace("const source", 'import net from "node:net";\nconst socket = new net.Socket();\nconst source')}`); // prettier-ignore
    const { status, stderr } = await pregel("socket.ts chain.csv -q");
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^error\[NOT_SHIPPABLE\] socket\.ts: vertexProgram captures `socket`, a Socket, [^\n]*\n$/),
    ]);
  });
});
