import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import { Graph } from "../../graph/graph.ts";
import type { Edge, VertexId } from "../../graph/types.ts";
import { useContext } from "../support/context.ts";
import { attrsOf, edges, graphOf, randomArcs } from "../support/graphs.ts";
import { usedAfterGarbage } from "../support/usedBytes.ts";

describe("checkpoint", () => {
  const ctx = useContext("local[2]");
  const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-checkpoint-"));
  beforeAll(() => ctx.setCheckpointDir(directory));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Of each type of field, some missing, some encoded; string ids; vertices without edges. */
  const varied = (made?: { add(n: number): void }) => {
    const arcs = randomArcs(4, 15, 40).map(({ srcId, dstId, attr }): Edge<number> => {
      return { srcId: `v${srcId}`, dstId: `v${dstId}`, attr };
    });
    return Graph.create(ctx.parallelize<[string, number]>([["alone", 1]], 1), ctx.parallelize(arcs, 3), {
      defaultVertex: 0,
    })
      .mapVertices((id) => {
        made?.add(1);
        const n = String(id).length;
        return {
          n: n > 2 ? n : null,
          is: n > 1,
          large: BigInt(n) << 50n,
          text: id === "v3" ? null : `${id}é`,
          list: [id],
        };
      })
      .mapEdges((edge) => (edge.attr > 8 ? null : edge.attr / 3));
  };

  it.each([
    ["records with missing values, ids of strings", () => varied()],
    [
      "numbers, integers of 64 bits",
      () => Graph.fromEdges(ctx.parallelize([{ srcId: -1, dstId: 2n ** 60n, attr: "x" }], 1), { defaultVertex: NaN }),
    ],
    ["a vertex cut", () => varied().partitionBy("EdgePartition2D", 5)],
    ["a graph without edges", () => graphOf(ctx, [], 3, [4])],
    ["a graph without vertices", () => graphOf(ctx, [], 2)],
    [
      "a graph made from another shape",
      () =>
        varied()
          .reverse()
          .subgraph({ vertex: (id) => id !== "v1" }),
    ],
    [
      "results of an algorithm",
      async () => (await graphOf(ctx, edges("1>2>3>1"), 2).pageRank({ iterations: 3 })).graph,
    ],
  ])("is read instead of lineage, after unpersist: %s", async (_what, make) => {
    const before = await usedAfterGarbage(ctx);
    const graph = (await make()) as Graph<unknown, unknown>;
    const [vertices, triplets] = [await graph.vertices.collect(), await graph.triplets.collect()];
    expect([graph.isCheckpointed, graph.checkpointFiles]).toEqual([false, []]);
    expect(await graph.checkpoint()).toBe(graph);
    expect(graph.isCheckpointed).toBe(true);
    expect(graph.checkpointFiles.map((file) => path.basename(file))).toEqual(["shape", "vertices", "edges"]);
    expect(await graph.triplets.collect()).toEqual(triplets);
    await graph.unpersist();
    expect(await usedAfterGarbage(ctx, before)).toBe(before);

    const jobs: string[] = [];
    const stop = ctx.driver.events.subscribe((event) => {
      if (event.type === "job.start") jobs.push(event.name);
    });
    expect(await graph.vertices.collect()).toEqual(vertices);
    expect(await graph.triplets.collect()).toEqual(triplets);
    stop();
    expect(new Set(jobs)).toEqual(new Set(["read checkpoint", "collect"]));
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
  });

  it("gives programs, tables and cuts the same results as before", async () => {
    const graph = await graphOf(ctx, randomArcs(6, 20, 70), 3)
      .partitionBy("RandomVertexCut", 3)
      .materialize();
    const program = {
      initialMessage: "",
      vertexProgram: (_id: VertexId, attr: string, message: string) => (attr + message).slice(-30),
      sendMessage: (edge: {
        srcId: VertexId;
        dstId: VertexId;
        sendToDst(m: string): void;
        sendToSrc(m: string): void;
      }) => {
        edge.sendToDst(`${edge.srcId}`);
        edge.sendToSrc(`<${edge.dstId}`);
      },
      mergeMessage: (a: string, b: string) => `${a},${b}`,
      maxSupersteps: 3,
    };
    const results = async () => {
      const texts = graph.mapVertices((id) => `${id}`);
      return [
        await attrsOf((await texts.pregel(program)).graph),
        await graph.degrees.collect(),
        await graph.edges.glom().collect(),
      ];
    };
    const expected = await results();
    await graph.checkpoint();
    await graph.unpersist();
    expect(await results()).toEqual(expected);
  });

  it("makes nothing again, and is shared by graphs that share columns: only what is new is written", async () => {
    const made = ctx.accumulator(0, (a, b) => a + b);
    const graph = await varied(made).checkpoint();
    const heavier = await graph.mapEdges((edge) => (edge.attr ?? 0) + 1).checkpoint();
    const count = made.value;
    expect(heavier.checkpointFiles.slice(0, 2)).toEqual(graph.checkpointFiles.slice(0, 2));
    expect(readdirSync(path.dirname(heavier.checkpointFiles[2]!))).toEqual(["edges"]);
    await graph.unpersist();
    await heavier.unpersist();
    await heavier.triplets.collect();
    await graph.mapVertices((_id, { n }) => n).triplets.collect();
    expect(made.value).toBe(count);
    const [files] = [readdirSync(directory).length];
    await graph.checkpoint();
    expect(readdirSync(directory).length).toBe(files);
  });

  it.each([
    [
      "a byte changed",
      (file: string) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(file, bytes);
      },
      /another checksum/,
    ],
    ["its end missing", (file: string) => truncateSync(file, readFileSync(file).length - 1), /got less/],
    ["bytes behind its end", (file: string) => writeFileSync(file, "x", { flag: "a" }), /got more/],
    [
      "another header",
      (file: string) => writeFileSync(file, Buffer.alloc(readFileSync(file).length)),
      /another header/,
    ],
    ["nothing in it", (file: string) => writeFileSync(file, ""), /another header/],
    ["gone", (file: string) => rmSync(file), /ENOENT/],
  ])("fails with BLOCK_CORRUPT if a file is damaged: %s; nothing stays allocated", async (_what, damage, message) => {
    for (const at of [0, 1, 2]) {
      const before = await usedAfterGarbage(ctx);
      const graph = await varied().checkpoint();
      await graph.unpersist();
      await usedAfterGarbage(ctx); // the graphs that it was made from hold shape and edges too
      damage(graph.checkpointFiles[at]!);
      await expect(graph.triplets.collect()).rejects.toMatchObject({
        code: "BLOCK_CORRUPT",
        message: expect.stringMatching(message),
        details: { path: graph.checkpointFiles[at] },
      });
      expect(await usedAfterGarbage(ctx, before)).toBe(before);
    }
  });

  it("changes nothing, and leaves no file, if it cannot be written", async () => {
    const files = readdirSync(directory);
    const graph = graphOf(ctx, edges("1>2"), 1);
    await expect(graph.checkpoint({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
    const failing = graph.mapEdges((): number => {
      throw new Error("no edges today");
    });
    await expect(failing.checkpoint()).rejects.toThrow("no edges today");
    expect([graph.isCheckpointed, graph.checkpointFiles, readdirSync(directory)]).toEqual([false, [], files]);
    expect(await graph.numEdges()).toBe(1);
  });

  it("G9: bounds lineage: after a checkpoint in each of many rounds, the last one is all that is read", async () => {
    const before = await usedAfterGarbage(ctx);
    const rounds = ctx.accumulator(0, (a, b) => a + b);
    let graph: Graph<number, number> = graphOf(ctx, edges("1>2"), 1);
    for (let round = 0; round < 10; round++) {
      const next = await graph
        .mapVertices((_id, attr) => {
          rounds.add(1);
          return attr + 1;
        })
        .checkpoint();
      await graph.unpersist();
      graph = next;
    }
    const made = rounds.value;
    await graph.unpersist();
    expect([...(await attrsOf(graph)).values()]).toEqual([10, 10]);
    expect(rounds.value).toBe(made);
    expect(await usedAfterGarbage(ctx, before)).toBe(before);
  });

  it("needs a directory to be set", async () => {
    const other = await Context.create({ master: "local[1]" });
    try {
      await expect(graphOf(other, edges("1>2"), 1).checkpoint()).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("setCheckpointDir"),
      });
    } finally {
      await other.stop();
    }
  });

  it("leaves its files when the context stops", async () => {
    const other = await Context.create({ master: "local[1]" });
    other.setCheckpointDir(directory);
    const { checkpointFiles } = await graphOf(other, edges("1>2"), 1).checkpoint();
    await other.stop();
    expect(checkpointFiles.map((file) => existsSync(file))).toEqual([true, true, true]);
  });
});
