import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { readTable } from "../../graph/load/table/readTable.ts";
import { startSuperstep, useTemporaryFolder } from "../support/command.ts";
import { superstepHere } from "../support/commandHere.ts";

const folder = useTemporaryFolder();
const command = (line: string, input?: string) =>
  superstepHere(line.split(" "), { cwd: folder, ...(input !== undefined && { input }) });
const written = (name: string): string => readFileSync(path.join(folder, name), "utf8");

beforeAll(() => {
  writeFileSync(path.join(folder, "edges.csv"), 'from,to,km,name\n1,2,0.1,"a, b"\n2,3,5,\n3,3,7,c\n1,2,1e-7,d\n');
});

describe("superstep convert", () => {
  it.each(["tsv", "ndjson", "parquet", "arrow", "csv.gz"])("brings a table back from .%s as it was", async (suffix) => {
    const there = await command(`convert edges.csv there.${suffix}`);
    expect([there.status, there.stdout, there.stderr]).toEqual([0, "", `wrote 4 rows to there.${suffix}\n`]);
    const { status, stdout } = await command(`convert there.${suffix} - --format csv`);
    expect([status, stdout]).toEqual([0, 'from,to,km,name\n1,2,0.1,"a, b"\n2,3,5,\n3,3,7,c\n1,2,1e-7,d\n']);
  });

  it("writes edges as a table, with src and dst first, and as an edge list, also in gzip", async () => {
    expect((await command("convert - - --format csv -q", "# c\n5 6 x\n6 7 y\n")).stdout).toBe(
      "src,dst,c3\n5,6,x\n6,7,y\n",
    );
    expect((await command("convert edges.csv - --src to --dst from -q")).stdout).toBe(
      'src,dst,km,name\n2,1,0.1,"a, b"\n3,2,5,\n3,3,7,c\n2,1,1e-7,d\n',
    );
    expect((await command("convert edges.csv list.txt --weight km -q")).status).toBe(0);
    expect(written("list.txt")).toBe("1\t2\t0.1\ta, b\n2\t3\t5\t\n3\t3\t7\tc\n1\t2\t1e-7\td\n");
    expect((await command("convert - list.txt.gz -q", "8 9\n")).status).toBe(0);
    expect(gunzipSync(readFileSync(path.join(folder, "list.txt.gz"))).toString()).toBe("8\t9\n");
  });

  it.each<[string, number, string]>([
    ["convert edges.csv edges.foo", 2, "must end in one of .txt .el .wel .edges, or as a table in .csv .tsv"],
    ["convert edges.csv edges.csv --force", 2, "is the input; name another file"],
    ["convert none.csv out.csv", 3, "got no such file"],
    ["convert edges.csv out.parquet.gz", 2, "cannot be gzip"],
  ])("refuses %s", async (line, code, message) => {
    const { status, stdout, stderr } = await command(line);
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).toContain(message);
    expect(readdirSync(folder).filter((name) => name.startsWith("out"))).toEqual([]);
  });
});

describe("superstep generate", () => {
  it("writes the same graph for the same seed, as text or as a table", async () => {
    const line = "generate rmat --vertices 64 --edges 200 --seed 7";
    const { stdout } = await command(`${line} - -q`);
    const [comment, header, ...lines] = stdout.trimEnd().split("\n");
    expect([comment, header]).toEqual(["# rmat graph, 200 edges, seed 7", "# src\tdst"]);
    expect(lines).toHaveLength(200);
    expect(lines.every((text) => /^\d+\t\d+$/.test(text))).toBe(true);
    expect((await command(`${line} - -q --master local[1]`)).stdout).toBe(stdout);
    expect((await command(`generate rmat --vertices 64 --edges 200 --seed 8 - -q`)).stdout).not.toBe(stdout);
    expect((await command(`${line} rmat.parquet`)).stderr).toBe("wrote 200 edges to rmat.parquet\n");
    const { columns } = await readTable(path.join(folder, "rmat.parquet"));
    const [src, dst] = columns.map(({ values }) => values as Float64Array);
    expect(lines).toEqual(Array.from(src!, (id, row) => `${id}\t${dst![row]}`));
  });

  it("makes regular graphs", async () => {
    expect((await command("generate grid --rows 2 --columns 2 - -q")).stdout).toBe(
      "# grid graph, 4 edges\n# src\tdst\n0\t1\n0\t2\n1\t3\n2\t3\n",
    );
    expect((await command("generate star --vertices 3 star.csv -q")).status).toBe(0);
    expect(written("star.csv")).toBe("src,dst\n1,0\n2,0\n");
    expect((await command("generate star --vertices 4 star.csv")).stderr).toContain('"star.csv" exists');
    expect((await command("generate star --vertices 4 star.parqet")).stderr).toContain("must end in one of .txt");
  });
});

describe("superstep info", () => {
  it("says what a file holds", async () => {
    const { status, stdout, stderr } = await command("info edges.csv");
    expect([status, stderr]).toEqual([0, ""]);
    const said = Object.fromEntries(stdout.trimEnd().split("\n").map((line) => [line.slice(0, 16).trim(), line.slice(16)])); // prettier-ignore
    expect(said).toEqual({
      input: "edges.csv",
      format:
        'CSV by its suffix, columns separated by ",", with header; src = column "from", dst = column "to"; integer ids by the first rows',
      lines: "5; 0 comments, 0 bad rows",
      "edge columns": "km (number), name (string)",
      ids: "integers below 2^32",
      vertices: "3",
      edges: "4; 1 self-loop, 1 duplicate",
      "in-degree": "up to 2; 1 vertex without incoming edges",
      "out-degree": "up to 2; 0 vertices without outgoing edges",
      memory: expect.stringMatching(/^[\d,]+ bytes in 1 partition, attributes included$/),
    });
  });

  it("says the same as JSON, with bad rows and the table of vertices", async () => {
    writeFileSync(path.join(folder, "rows.csv"), "id,name\n1,a\n2,b\n1,again\n3,c\n");
    const line = "info - --vertices rows.csv --max-errors 3 --json";
    const { stdout } = await command(line, "1 2\nx 3\n2 3\ny 3\n");
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      badRows: 2,
      badRowReasons: [{ reason: "src is not a decimal integer", count: 2 }],
      vertexRows: 4,
      duplicateVertices: 1,
      graph: { vertices: 3, edges: 2, selfLoops: 0, duplicates: 0, largestInDegree: 1, withoutIncoming: 1 },
    });
  });
});

describe("superstep view", () => {
  beforeAll(async () => {
    expect((await command("run pagerank edges.csv -o ranks.csv -q --top 0")).status).toBe(0);
  });

  it("exports one page that holds the vertices shown", async () => {
    const { status, stdout, stderr } = await command("view ranks.csv --edges edges.csv --top 2 --export page.html");
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("showing 2 of 3 vertices, chosen by rank");
    expect(stderr).toContain("wrote page.html: open it in a browser");
    expect(written("page.html")).toMatch(/^<!doctype html>/i);
  });

  it.each([
    ["view ranks.csv --edges edges.csv --export page.html", '"page.html" exists'],
    ["view ranks.csv --edges edges.csv --export other.html --by nothing", "by must be one of the vertex columns rank"],
    ["view ranks.csv --edges list-of-others.txt --export other.html", "no id of"],
  ])("refuses %s", async (line, message) => {
    writeFileSync(path.join(folder, "list-of-others.txt"), "100 200\n");
    const { status, stderr } = await command(line);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it("serves on loopback until Ctrl-C, and prints the link alone on standard output", async () => {
    const running = startSuperstep(["view", "ranks.csv", "--edges", "edges.csv", "--no-open"], { cwd: folder });
    await running.said("serving until Ctrl-C");
    await new Promise((resolve) => setTimeout(resolve, 50));
    running.kill("SIGINT");
    const { status, stdout, stderr } = await running.ended;
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\n$/);
    expect([status, stderr]).toEqual([0, expect.stringContaining("\ninterrupted: closing the page; ")]);
    const refused = new Promise((resolve) => get(stdout.trim(), () => resolve("answered")).on("error", () => resolve("gone"))); // prettier-ignore
    expect(await refused).toBe("gone");
  });
});
