import { describe, expect, it } from "vitest";
import { readVertices, type VertexInput } from "../../../../graph/load/readVertices.ts";
import { runner, useFolder, vertexRows } from "./reading.ts";

const folder = useFolder();
const read = (text: string, options = {}, name = "vertices.csv"): Promise<VertexInput> =>
  readVertices(runner, folder.write(name, text), options);

describe("readVertices", () => {
  it("reads ids and typed columns", async () => {
    const found = await read("id,label,age,active\n1,Ada,36,true\n9007199254740993,Bob,,false\n");
    expect(vertexRows(found.chunks)).toEqual([[1n, "Ada", 36, true], [9007199254740993n, "Bob", null, false]]); // prettier-ignore
    expect(found.columns).toEqual([
      { name: "label", type: "string", nullable: false },
      { name: "age", type: "number", nullable: true },
      { name: "active", type: "boolean", nullable: false },
    ]);
    expect(found.numVertices).toBe(2);
  });

  it("reads a table without header, its last cells missing", async () => {
    const users = "1,BarackObama,Barack Obama\n2,ladygaga,Goddess of Love\n8,anonsys\n";
    const found = await read(users, {}, "users.txt");
    expect(vertexRows(found.chunks)).toEqual([
      [1, "BarackObama", "Barack Obama"],
      [2, "ladygaga", "Goddess of Love"],
      [8, "anonsys", null],
    ]);
    expect(found.format).toContain("no header");
  });

  it("takes the id column by name or number", async () => {
    const text = "iata,name,lat\nABE,Lehigh,40.6\nABI,Abilene,32.4\n";
    for (const id of ["iata", "IATA", 1, "1"]) {
      expect(vertexRows((await read(text, { id })).chunks)[1]).toEqual(["ABI", "Abilene", 32.4]);
    }
    expect(vertexRows((await read(text, { id: "name", attributes: ["lat"] })).chunks)).toEqual([["Lehigh", 40.6], ["Abilene", 32.4]]); // prettier-ignore
    await expect(read(text)).rejects.toThrow(/expected a column of ids .+ got columns iata, name, lat/);
    await expect(read(text, { id: "itaa" })).rejects.toThrow(/did you mean "iata"/);
  });

  it("finds Id, node_id and Neo4j's ids", async () => {
    expect(vertexRows((await read("Label,Id\na,7\n")).chunks)).toEqual([[7, "a"]]);
    expect(vertexRows((await read("name,personId:ID(Person)\na,7\n")).chunks)).toEqual([[7, "a"]]);
    expect(vertexRows((await read("1 a\n2 b\n", {}, "v.txt")).chunks)).toEqual([[1, "a"], [2, "b"]]); // prettier-ignore
  });

  it("keeps rows of ids that occur twice, and refuses missing ids", async () => {
    expect((await read("id,label\n1,a\n2,b\n1,c\n")).numVertices).toBe(3);
    await expect(read("id,label\n,a\n")).rejects.toMatchObject({
      details: { line: 2, column: 1, reason: "id is missing" },
    });
  });

  it("does not depend on cuts", async () => {
    const lines = Array.from({ length: 400 }, (_, i) => `${i},name ${i % 9},${i % 5 === 0 ? "" : i / 2}`);
    const text = ["id,name,half", ...lines].join("\n");
    const whole = await read(text);
    const cut = await read(text, { splitBytes: 333 });
    expect(vertexRows(cut.chunks)).toEqual(vertexRows(whole.chunks));
    expect(cut.chunks.length).toBeGreaterThan(5);
    expect(vertexRows(whole.chunks)[7]).toEqual([7, "name 7", 3.5]);
  });
});
