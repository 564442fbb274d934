import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { readTable } from "../../graph/load/table/readTable.ts";
import { dijkstra } from "../reference/dijkstra.ts";
import { powerIteration } from "../reference/powerIteration.ts";
import { trianglesByTriples } from "../reference/triangles.ts";
import { unionFind } from "../reference/unionFind.ts";
import { commandFile, type CommandOptions, useTemporaryFolder } from "../support/command.ts";
import { superstepHere } from "../support/commandHere.ts";
import { idsOf, randomArcs } from "../support/graphs.ts";

const folder = useTemporaryFolder();
const run = (line: string, options: CommandOptions = {}) =>
  superstepHere(["run", ...line.split(" ")], { cwd: folder, ...options });
const written = (name: string): string => readFileSync(path.join(folder, name), "utf8");

/** Rows of a CSV without quotes, by the first column. */
function rowsById(text: string): Map<number, string> {
  const [, ...lines] = text.trimEnd().split("\n");
  return new Map(lines.map((line) => [Number(line.split(",")[0]), line.slice(line.indexOf(",") + 1)]));
}

const arcs = randomArcs(3, 60, 150);
const ids = idsOf(arcs).toSorted((a, b) => Number(a) - Number(b));

beforeAll(() => {
  writeFileSync(path.join(folder, "chain.txt"), "# a chain, a loop, a pair\n1 2\n2 3\n3 1\n3 4\n10 11\n");
  const rows = arcs.map(({ srcId, dstId, attr }) => `${srcId},${dstId},${attr}`);
  writeFileSync(path.join(folder, "random.csv"), `from,to,km\n${rows.join("\n")}\n`);
  writeFileSync(path.join(folder, "words.csv"), "src,dst\nSEA,PDX\nPDX,SFO\nJFK,BOS\n");
});

describe("superstep run, its results", () => {
  it("ranks as power iteration does, in columns id and rank", async () => {
    const { status, stdout, stderr } = await run("pagerank random.csv --tolerance 1e-13 -o -");
    expect([status, stderr]).toEqual([0, expect.stringContaining("converged")]);
    expect(stdout.split("\n", 1)).toEqual(["id,rank"]);
    const ranks = rowsById(stdout);
    const expected = powerIteration(ids, arcs, { resetProbability: 0.15, scale: "graphx" });
    expect([...ranks.keys()]).toEqual(ids);
    for (const [id, rank] of expected) expect(Number(ranks.get(Number(id)))).toBeCloseTo(rank, 9);
  });

  it("finds components as union-find does, integers as integers", async () => {
    const { status } = await run("components random.csv -o components.csv");
    expect(status).toBe(0);
    const expected = unionFind(ids, arcs);
    expect(written("components.csv")).toBe(
      `id,component\n${ids.map((id) => `${id},${String(expected.get(id))}\n`).join("")}`,
    );
  });

  it("finds distances as Dijkstra does, Infinity where there is no path", async () => {
    const source = arcs[0]!.srcId;
    const { stdout } = await run(`sssp random.csv --source ${source} --weight km -o -`);
    const expected = dijkstra(ids, arcs, source);
    expect(stdout).toBe(`id,distance\n${ids.map((id) => `${id},${expected.get(id)}\n`).join("")}`);
    expect(stdout).toContain("Infinity");
  });

  it("leaves depth and distances to landmarks empty where there is no path", async () => {
    const depths = await run("bfs chain.txt --source 1 -o -");
    expect(depths.stdout).toBe("id,depth\n1,0\n2,1\n3,2\n4,3\n10,\n11,\n");
    const { stdout } = await run("shortest-paths chain.txt --landmarks 4,1 -o -");
    expect(stdout).toBe("id,4,1\n1,3,0\n2,2,2\n3,1,1\n4,0,\n10,,\n11,,\n");
  });

  it("keeps the column of a landmark that is no vertex, and says so", async () => {
    const { status, stdout, stderr } = await run("shortest-paths chain.txt --landmarks 4,77 -o - -q");
    expect([status, stdout]).toEqual([0, "id,4,77\n1,3,\n2,2,\n3,1,\n4,0,\n10,,\n11,,\n"]);
    expect(stderr).toBe("warning[UNKNOWN_LANDMARK] no vertex of the graph: 77; nothing reaches it\n");
  });

  it("takes words for ids, and ids beyond 2^53 to the last digit", async () => {
    expect((await run("bfs words.csv --source SEA -o -")).stdout).toBe("id,depth\nBOS,\nJFK,\nPDX,1\nSEA,0\nSFO,2\n");
    const options = { input: "9007199254740993 9007199254740992\n9007199254740993 7\n" };
    const { stdout } = await run("components - -o - -q", options);
    expect(stdout).toBe("id,component\n7,7\n9007199254740992,7\n9007199254740993,7\n");
    expect((await run("bfs - --source 9007199254740993 -o - -q", options)).stdout).toContain("\n9007199254740993,0\n");
  });

  it("reads files, directories, patterns, gzip and standard input alike", async () => {
    const parts = path.join(folder, "parts");
    mkdirSync(parts);
    writeFileSync(path.join(parts, "part-0"), "1 2\n2 3\n3 1\n");
    writeFileSync(path.join(parts, "part-1.gz"), gzipSync("3 4\n10 11\n"));
    writeFileSync(path.join(parts, "_SUCCESS"), "");
    const { stdout } = await run("components chain.txt -o - -q");
    expect(stdout).toContain("11,10\n");
    for (const inputs of ["parts", "parts/part-*", "parts/part-0 parts/part-1.gz"]) {
      expect((await run(`components ${inputs} -o - -q`)).stdout).toBe(stdout);
    }
    expect((await run("components - -o - -q", { input: gzipSync(written("chain.txt")) })).stdout).toBe(stdout);
  });

  it("gives the same bits for any threads, partitions and vertex cut", async () => {
    const { stdout } = await run("sssp random.csv --source 3 --weight km -o -");
    for (const where of ["--master local[1] --partitions 1", "--partitions 7", "--strategy EdgePartition2D"]) {
      expect((await run(`sssp random.csv --source 3 --weight km -o - ${where}`)).stdout).toBe(stdout);
    }
  });

  it.each(["parquet", "arrow"])("reads .%s as edges, with the result of the same edges as text", async (suffix) => {
    writeFileSync(path.join(folder, "roads.csv"), "kind,to,from,km\na,2,1,0.5\nb,3,2,2\na,3,1,7\n");
    const sssp = (input: string, options: CommandOptions = {}) =>
      run(`sssp ${input} --src from --dst to --weight km --source 1 -o - -q`, options);
    const { stdout } = await sssp("roads.csv");
    expect(stdout).toContain("3,2.5");
    const file = `roads.${suffix}`;
    expect((await superstepHere(["convert", "roads.csv", file, "-q"], { cwd: folder })).status).toBe(0);
    expect(await sssp(file)).toMatchObject({ status: 0, stdout, stderr: "" });
    expect((await sssp(`- --from ${suffix}`, { input: readFileSync(path.join(folder, file)) })).stdout).toBe(stdout);
  });

  it.each(["csv", "tsv", "ndjson", "parquet", "arrow", "csv.gz"])("writes a table as .%s", async (suffix) => {
    expect((await run(`components chain.txt -o by-suffix.${suffix} -q --top 0`)).status).toBe(0);
    const { columns, numRows } = await readTable(path.join(folder, `by-suffix.${suffix}`));
    expect(columns.map(({ name, values }) => [name, Array.from(values as Float64Array)])).toEqual([
      ["id", [1, 2, 3, 4, 10, 11]],
      ["component", [1, 1, 1, 1, 10, 10]],
    ]);
    expect(numRows).toBe(6);
  });
});

describe("superstep run, what it shows", () => {
  it("prints the top rows on standard output, and what happened on standard error", async () => {
    const { stdout, stderr } = await run("sssp chain.txt --source 3 --top 2");
    expect(stdout).toBe("id  distance\n 3         0\n 1         1\n");
    expect(stderr).toMatch(
      /^chain\.txt: edge list by its first lines.*\nsssp: kernel, 2 rounds, converged; 6 vertices, 5 edges; read /,
    );
    const components = await run("components chain.txt --top 1 --quiet");
    expect(components).toMatchObject({
      stdout: "2 components, by size:\ncomponent  vertices\n        1         4\n",
      stderr: "",
    });
    writeFileSync(path.join(folder, "empty.txt"), "");
    expect(await run("components empty.txt --quiet")).toMatchObject({ stdout: "0 components\n", stderr: "" });
  });

  it("counts triangles, the most first, and in all", async () => {
    const { stdout } = await run("triangles random.csv --top 3 --json -q");
    const { triangles, method, top } = JSON.parse(stdout) as {
      triangles: number;
      method: string;
      top: { id: number; triangles: number }[];
    };
    const expected = trianglesByTriples(ids, arcs);
    expect(triangles).toBe([...expected.values()].reduce((sum, count) => sum + count, 0) / 3);
    expect(method).toBe("kernel");
    for (const row of top) expect(row.triangles).toBe(expected.get(row.id));
    expect(top[0]!.triangles).toBe(Math.max(...expected.values()));
  });

  it("prints one JSON object: what was asked and the defaults, counts, timings, top rows", async () => {
    const { stdout, stderr } = await run("pagerank random.csv --undirected --weight km --source 3 --top 2 --json -q");
    expect(stderr).toBe("");
    const time = expect.any(Number) as number;
    const row = { id: expect.any(Number) as number, rank: expect.any(Number) as number };
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      algorithm: "pagerank",
      parameters: { tolerance: 1e-6, resetProb: 0.15, scale: "n", source: 3, weight: "km" },
      graph: { vertices: ids.length, edges: arcs.length, directed: false },
      supersteps: expect.any(Number) as number,
      converged: true,
      method: "program",
      residual: expect.any(Number) as number,
      timings: { read: time, build: time, compute: time, write: 0 },
      peakRssBytes: expect.any(Number) as number,
      top: [row, row],
    });
    const { top } = JSON.parse((await run("sssp chain.txt --source 10 --json -q")).stdout) as { top: unknown[] };
    expect(top.slice(0, 3)).toEqual([{ id: 10, distance: 0 }, { id: 11, distance: 1 }, { id: 1, distance: "Infinity" }]); // prettier-ignore
  });

  it("ends with 5 if it did not converge and that was required", async () => {
    const line = "components chain.txt --max-supersteps 1 -q";
    expect((await run(line)).status).toBe(0);
    expect((await run(`${line} --require-convergence`)).status).toBe(5);
  });

  it("says how functions run with --explain, each superstep with --verbose, each event with --progress json", async () => {
    const told = await run("components chain.txt --max-supersteps 9 --explain --verbose");
    expect(told.stderr).toMatch(/\nkernels {5}bfs, triangles, and without/);
    expect(told.stderr).toMatch(/\nfunctions {3}compiled to WebAssembly/);
    expect(told.stderr).toMatch(/\nfunction {4}sendMessage of connectedComponents: compiled\n/);
    expect(told.stderr).toMatch(/\nsuperstep 1 {2}\d+ active {2}\d+ messages {2}[\d.]+ ms\n/);
    const { stderr } = await run("components chain.txt --max-supersteps 9 --progress json");
    const events = stderr.trimEnd().split("\n").map((line) => JSON.parse(line) as { type: string; v: number }); // prettier-ignore
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set([
        "note",
        "functions",
        "phase",
        "job.start",
        "job.end",
        "stage.start",
        "stage.end",
        "task.start",
        "task.end",
        "superstep",
        "superstep.start",
      ]),
    );
    expect(events.every(({ v }) => v === 1)).toBe(true);
  });

  it("counts a closed pipe as success", () => {
    const edges = Array.from({ length: 200_000 }, (_none, row) => `${row} ${row + 1}\n`).join("");
    writeFileSync(path.join(folder, "long.txt"), edges);
    const command = `"${process.execPath}" "${commandFile}" run bfs long.txt --source 199999 -q -o -; echo "exit $?" >&2`;
    const { stdout, stderr } = spawnSync("sh", ["-c", `(${command}) | head -n 1`], { cwd: folder, encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["id,depth\n", "exit 0\n"]);
  });
});

describe("superstep run, what it refuses", () => {
  it.each<[string, number, string]>([
    ["pagerank none.txt", 3, "error[INVALID_INPUT] none.txt: expected a readable file, got no such file"],
    ["sssp chain.txt --source 99", 2, "error[INVALID_ARGUMENT] run: --source 99 is no vertex of the graph"],
    ["bfs chain.txt --source x", 2, 'run: --source must be an integer, as the ids of this graph are, got "x"'],
    ["pagerank chain.txt -o ranks.foo", 2, 'output: "ranks.foo" must end in one of .csv .tsv .ndjson .parquet .arrow'],
    ["pagerank chain.txt -o none/ranks.csv", 2, 'output: there is no directory "none"; make it first'],
    ["pagerank chain.txt -o .", 2, 'output: "." is a directory'],
    ["pagerank random.csv -o random.csv --force", 2, 'output: "random.csv" is the input; name another file'],
    ["pagerank chain.txt --bad-rows chain.txt --force", 2, 'output: "chain.txt" is the input; name another file'],
    ["pagerank chain.txt --master local[0]", 2, "master: must be local[T] with T threads"],
    ["pagerank random.csv --src form", 3, 'expected a column "form" for src, got columns from, to, km'],
    ["pagerank random.csv --weight kn", 3, 'did you mean "km"?'],
    ["pagerank chain.txt --src 9", 3, "expected src to be a column from 1 to 2, got 9"],
  ])("%s, with exit code %i", async (line, code, message) => {
    const { status, stdout, stderr } = await run(`${line} -q`);
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    if (code === 2) expect(stderr.trimEnd()).not.toContain("\n");
  });

  it("an output that exists, before it reads anything, unless --force", async () => {
    writeFileSync(path.join(folder, "here.csv"), "mine\n");
    const { status, stderr } = await run("pagerank none.txt -o here.csv");
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^error\[INVALID_ARGUMENT\] output: "here.csv" exists; /),
    ]);
    expect((await run("components chain.txt -o here.csv -q --force --top 0")).status).toBe(0);
    expect(written("here.csv")).toMatch(/^id,component\n1,1\n/);
  });

  it("a bad row, with place, excerpt and hint; or sets it aside as asked", async () => {
    writeFileSync(path.join(folder, "bad.txt"), "1 2\n2 oops\n3 4\n");
    const { status, stderr } = await run("components bad.txt");
    expect([status, stderr]).toEqual([
      3,
      'error[INVALID_INPUT] bad.txt:2:3: expected dst to be a decimal integer, got "oops"\n' +
        "  2 | 2 oops\n    |   ^^^^\n  hint: --ids string reads any text as an id\n",
    ]);
    const passed = await run("components bad.txt --max-errors 1 --top 0");
    expect([passed.status, passed.stderr]).toEqual([
      0,
      expect.stringContaining("\n1 bad row among the edges set aside:\n  1 x dst is not a decimal integer\n"),
    ]);
    expect((await run("components bad.txt --bad-rows aside.csv -q --top 0")).status).toBe(0);
    expect(written("aside.csv")).toBe(
      "file,line,column,reason,text\nbad.txt,2,3,dst is not a decimal integer,2 oops\n",
    );
    expect((await run("components bad.txt --bad-rows aside.csv -q")).stderr).toContain('"aside.csv" exists');
    expect(existsSync(path.join(folder, "ranks.foo"))).toBe(false);
  });

  it("an edge to a vertex that the table lacks, unless --default-vertex", async () => {
    writeFileSync(path.join(folder, "vertices.csv"), "name,key\nA,1\nB,2\nC,3\nx,y\nZ,99\n");
    const line = "components chain.txt --vertices vertices.csv --id key --bad-rows rows.csv --force -o - -q";
    const { status, stderr } = await run(line);
    expect([status, stderr]).toEqual([3, expect.stringContaining("vertex 4 occurs in an edge and not in the table")]);
    const { stdout } = await run(`${line} --default-vertex`);
    expect(stdout).toBe("id,component\n1,1\n2,1\n3,1\n4,1\n10,10\n11,10\n99,99\n");
    expect(written("rows.csv")).toBe(
      'file,line,column,reason,text\nvertices.csv,5,3,id is not a decimal integer,"x,y"\n',
    );
    const both = await run(`${line.replace("chain.txt", "-")} --default-vertex`, { input: "1 2\nz 2\n" });
    expect([both.status, both.stdout]).toEqual([0, "id,component\n1,1\n2,1\n3,3\n99,99\n"]);
    expect(
      written("rows.csv")
        .split("\n")
        .slice(1, 3)
        .map((text) => text.split(",", 2).join(":")),
    ).toEqual(["<stdin>:2", "vertices.csv:5"]);
  });
});
