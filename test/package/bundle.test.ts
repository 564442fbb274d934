/**
 * The bundle that users run does what the modules do that tests run.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A program that does a little of everything on two threads, and prints what came out. */
const program = (library: string): string => `
import { Context, Graph, GraphGenerators, GraphLoader } from ${JSON.stringify(library)};
const ctx = await Context.create({ master: "local[2]" });
const results = {};
const of = async (name, run) => {
  try {
    results[name] = await run();
  } catch (error) {
    results[name] = [error.name, error.code, error.message];
  }
};
const numbers = ctx.range(0, 1000, 1, 3);
const pairs = numbers.map((n) => [n % 7, n]);
const factor = ctx.broadcast({ by: 3 });
const met = ctx.accumulator(0, (a, b) => a + b);
await of("rdd", () => numbers.filter((n) => n % 2 === 0).flatMap((n) => [n, -n]).map((n) => { met.add(1); return n * factor.value.by; }).collect());
await of("accumulator", () => met.value);
await of("sums", () => pairs.reduceByKey((a, b) => a + b).sortBy(([key]) => key).collect());
await of("groups", () => pairs.groupByKey().map(([key, all]) => [key, [...all].length]).sortBy(([key]) => key).collect());
await of("join", () => pairs.join(pairs.map(([key]) => [key, 1]).distinct()).count());
await of("stats", async () => [await numbers.stats(), await numbers.takeOrdered(3), await numbers.takeSample(3, { seed: 5 })]);
await of("fold", async () => [await numbers.fold(0, (a, b) => a + b), await pairs.countByKey().then((all) => [...all])]);
await of("sampled", () => numbers.sample(0.05, { seed: 7 }).union(numbers.coalesce(2).filter((n) => n < 3)).collect());
await of("places", () => numbers.zipWithIndex().filter(([, at]) => at % 250 === 0).collect());
await of("thrown", () => numbers.coalesce(1).map((n) => { throw new RangeError("no " + n); }).count());
const { graph: loaded } = await GraphLoader.load(ctx, "edges.txt", { format: "edgeList", weight: 3 });
const rows = async (graph) => (await graph.vertices.collect()).map(([id, value]) => [id, value]);
await of("csv", async () => (await GraphLoader.load(ctx, "edges.csv", { ids: "string" })).graph.edges.collect());
await of("loaded", async () => [await loaded.numVertices(), await loaded.edges.take(3)]);
const graph = loaded.mapEdges((edge) => edge.attr.weight ?? Object.values(edge.attr)[0]);
await of("ranks", async () => rows((await graph.pageRank({ tolerance: 1e-3 })).graph));
await of("rounds", async () => rows((await graph.pageRank({ iterations: 5, scale: "probability" })).graph));
await of("components", async () => rows((await graph.connectedComponents()).graph));
await of("labels", async () => rows((await graph.connectedComponents({ maxSupersteps: 50 })).graph));
await of("distances", async () => rows((await graph.sssp({ source: 1, weight: (edge) => edge })).graph));
await of("depths", async () => rows((await graph.bfs({ source: 1 })).graph));
await of("landmarks", async () => rows((await graph.shortestPaths({ landmarks: [1, 2] })).graph));
await of("triangles", async () => (await graph.triangleCount()).total);
await of("derived", async () => {
  const part = graph.subgraph({ vertices: (id) => id !== 3 }).reverse().groupEdges((a, b) => a + b);
  return [await part.edges.collect(), await part.collectNeighborIds("either").collect(), await part.mapTriplets((t) => t.attr + t.dstId).edges.collect()];
});
await of("messages", () => graph.aggregateMessages({ sendMessage: (e) => e.sendToSrc([e.dstId]), mergeMessage: (a, b) => [...a, ...b] }).collect());
await of("text", async () => rows(graph.mapVertices((id) => "v" + id)));
await of("grid", async () => rows((await GraphGenerators.gridGraph(ctx, 3, 3).connectedComponents()).graph));
await of("cut", async () => rows((await graph.partitionBy("EdgePartition2D", 4).pageRank({ iterations: 3 })).graph));
console.log(JSON.stringify(results, (_key, value) => (typeof value === "bigint" ? String(value) : value)));
await ctx.stop();
`;

describe("bundle/", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "superstep-bundle-"));
    writeFileSync(path.join(folder, "edges.csv"), 'src,dst,note\na,b,"x, y"\nb,c,\n');
    writeFileSync(path.join(folder, "edges.txt"), "1 2 5\n2 3 1\n3 1 2\n1 3 9\n4 5 1\n5 4 1\n");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the program prints with a library, and the files of the package that it and its threads loaded. */
  function run(library: string): { results: Record<string, unknown>; files: string[] } {
    const own = mkdtempSync(path.join(folder, "run-"));
    const coverage = path.join(own, "coverage");
    writeFileSync(path.join(own, "program.mjs"), program(pathToFileURL(path.join(root, library)).href));
    const env = { ...process.env, NODE_V8_COVERAGE: coverage };
    const output = execFileSync(process.execPath, [path.join(own, "program.mjs")], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    const urls = readdirSync(coverage).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(path.join(coverage, name), "utf8")) as { result: { url: string }[] };
      return result.map(({ url }) => url);
    });
    const files = urls.filter((url) => url.startsWith("file:")).map((url) => path.relative(root, fileURLToPath(url)));
    return {
      results: JSON.parse(output) as Record<string, unknown>,
      files: files.filter((file) => !file.startsWith("..")),
    };
  }

  it("gives the results of the modules it is made of, and loads none of them", () => {
    const bundled = run("bundle/index.js");
    const modules = run("dist/index.js");
    expect(bundled.results).toEqual(modules.results);
    const failed = Object.entries(bundled.results).filter(
      ([, value]) => Array.isArray(value) && value[0] === "SuperstepError",
    );
    expect(failed.map(([name]) => name)).toEqual(["thrown"]);

    const own = (files: readonly string[], start: string): string[] => files.filter((file) => file.startsWith(start));
    expect(own(bundled.files, "dist/")).toEqual([]);
    expect(own(modules.files, "bundle/")).toEqual([]);
    expect(bundled.files.length).toBeLessThan(modules.files.length / 3);
  });

  it("has every operator that the modules name", async () => {
    const named = readdirSync(path.join(root, "dist"), { recursive: true, encoding: "utf8" }).flatMap((file) => {
      if (!/^(core|graph)\/.*\.js$/.test(file)) return [];
      const text = readFileSync(path.join(root, "dist", file), "utf8");
      return [...text.matchAll(/\boperatorRef\(.*?, "(\w+)"/g)].map(([, name]) => name!);
    });
    const tables = readdirSync(path.join(root, "bundle/operators"), { recursive: true, encoding: "utf8" });
    const found = await Promise.all(
      tables
        .filter((file) => file.endsWith(".js"))
        .map(async (file) => {
          const table = pathToFileURL(path.join(root, "bundle/operators", file)).href;
          return Object.entries(((await import(table)) as { operators: Record<string, unknown> }).operators);
        }),
    );
    expect(named.length).toBeGreaterThan(100);
    for (const [key, operator] of found.flat()) expect(typeof operator, key).toBe("function");
    const names = new Set(found.flat().map(([key]) => key.split("#")[1]));
    expect([...new Set(named)].filter((name) => !names.has(name))).toEqual([]);
  });
});
