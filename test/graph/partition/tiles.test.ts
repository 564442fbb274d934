import { afterAll, describe, expect, it } from "vitest";
import { Arena } from "../../../core/column/arena.ts";
import { Driver } from "../../../core/cluster/driver.ts";
import { rmat } from "../../../graph/load/generators/rmat.ts";
import { uniform } from "../../../graph/load/generators/uniform.ts";
import { buildTopology } from "../../../graph/partition/buildTopology.ts";
import { freeTopology } from "../../../graph/partition/idColumn.ts";
import { chooseTiles } from "../../../graph/partition/tileChoice.ts";
import { buildTiles, freeTiles, maxBlockTargets, type Tiles } from "../../../graph/partition/tiles.ts";
import type { Topology } from "../../../graph/partition/topology.ts";
import { chunksOf, type Pair } from "./edgeLists.ts";
import { serialRunner } from "./serialRunner.ts";

/** The sources of all targets, one target after the other, in the order in which tiles name them. */
function sourcesByTiles(arena: Arena, { blocks }: Tiles): number[] {
  const sources: number[] = [];
  for (const { from, to, rows, tiles } of blocks) {
    const offsets = arena.view(rows.offsets);
    const rowOf = new Int32Array(to - from).fill(-1);
    arena.view(tiles.slots).forEach((slot, row) => (rowOf[slot] = row));
    expect(rowOf.includes(-1)).toBe(false);
    const next = offsets.slice(0, -1).map((offset) => sources.length + offset - offsets[0]!);
    const starts = arena.view(tiles.starts);
    for (let segment = 0; segment + 1 < starts.length; segment++) {
      for (const entry of arena.view(tiles.entries).subarray(starts[segment], starts[segment + 1])) {
        sources[next[rowOf[entry & 0xffff]!]!++] = 65536 * segment + (entry >>> 16);
      }
    }
  }
  return sources;
}

/** Slots of a block's first strip: 4096, or as many as have two edges for each eight vertices of the graph. */
function firstStripOf(arena: Arena, { rows, tiles }: Tiles["blocks"][number], numVertices: number): number {
  const offsets = arena.view(rows.offsets);
  const degrees: number[] = [];
  arena.view(tiles.slots).forEach((slot, row) => (degrees[slot] = offsets[row + 1]! - offsets[row]!));
  let first = 0;
  for (let edges = 0; first < degrees.length && (first < 4096 || edges < 2 * Math.ceil(numVertices / 8)); first++) {
    edges += degrees[first]!;
  }
  return first;
}

function sourcesByRows(arena: Arena, { partitions }: Topology): number[] {
  return partitions.flatMap(({ inRows }) => Array.from(arena.view(inRows.neighbours)));
}

describe("buildTiles", () => {
  const driver = Driver.create({ master: "local[3]" });
  afterAll(async () => (await driver).stop());

  it.each([1, 2, 7])("has each target's sources in the order of its row, over %i partitions", async (numPartitions) => {
    const on = await driver;
    const { edges } = await rmat(on, { vertices: 20_000, edges: 60_000 }); // hubs, and vertices without edges
    const { edges: spread } = await uniform(on, { vertices: 140_000, edges: 90_000 }); // three segments, many blocks
    for (const chunks of [edges, spread]) {
      const { topology } = await buildTopology(on, { chunks, numPartitions });
      const tiles = await buildTiles(on, topology);
      expect(sourcesByTiles(on.arena, tiles).join()).toBe(sourcesByRows(on.arena, topology).join());
      expect(Math.max(...tiles.blocks.map(({ from, to }) => to - from))).toBeLessThanOrEqual(maxBlockTargets);
      freeTiles(on.arena, tiles);
      freeTopology(on.arena, topology);
    }
  });

  it("has the edges of a tile strip by strip of slots, by source in each", async () => {
    const on = await driver;
    const { edges } = await rmat(on, { vertices: 20_000, edges: 60_000 });
    const { edges: spread } = await uniform(on, { vertices: 140_000, edges: 90_000 });
    const found: string[] = [];
    for (const chunks of [edges, spread]) {
      const { topology } = await buildTopology(on, { chunks, numPartitions: 1 });
      const tiles = await buildTiles(on, topology);
      const [block] = tiles.blocks;
      const first = firstStripOf(on.arena, block!, topology.numVertices);
      const starts = on.arena.view(block!.tiles.starts);
      const strips = new Set<number>();
      for (let segment = 0; segment + 1 < starts.length; segment++) {
        const runs: { readonly strip: number; readonly sources: number[] }[] = [];
        for (const entry of on.arena.view(block!.tiles.entries).subarray(starts[segment], starts[segment + 1])) {
          const strip = Math.max(0, Math.ceil(((entry & 0xffff) + 1 - first) / 4096));
          if (runs.at(-1)?.strip !== strip) runs.push({ strip, sources: [] });
          runs.at(-1)!.sources.push(entry >>> 16);
        }
        const order = runs.map(({ strip }) => strip);
        expect(order).toEqual([...new Set(order)].sort((x, y) => x - y));
        for (const { strip, sources } of runs) {
          strips.add(strip);
          const unit = Math.max(16, 2 ** Math.ceil(Math.log2((4 * 65536) / sources.length)));
          const rounded = sources.map((source) => Math.floor(source / unit));
          expect(rounded.join()).toBe(rounded.toSorted((a, b) => a - b).join());
        }
      }
      found.push(
        `${first === 4096 ? "4096" : first > 4096 ? "more" : "fewer"}, ${strips.size > 1 ? "several" : "one"}`,
      );
      freeTiles(on.arena, tiles);
      freeTopology(on.arena, topology);
    }
    expect(found).toEqual(["4096, several", "more, several"]);
  });

  it("keeps parallel edges and self-loops, and takes partitions without vertices and graphs without edges", async () => {
    const runner = serialRunner(2);
    const pairs: Pair[] = [[1, 2], [2, 2], [1, 2], [3, 1], [1, 2], [2, 3]]; // prettier-ignore
    for (const numPartitions of [1, 2, 9]) {
      const { topology } = await buildTopology(runner, { chunks: chunksOf("uint32", pairs), numPartitions });
      const tiles = await buildTiles(runner, topology);
      expect(sourcesByTiles(runner.arena, tiles)).toEqual([2, 0, 0, 0, 1, 1]);
      freeTiles(runner.arena, tiles);
      freeTopology(runner.arena, topology);
    }
    const { topology } = await buildTopology(runner, { chunks: [], numPartitions: 2 });
    const none = await buildTiles(runner, topology);
    expect(none.blocks).toEqual([]);
    freeTiles(runner.arena, none);
    freeTopology(runner.arena, topology);
    expect(runner.arena.usedBytes).toBe(0);
  });

  it("puts rows of high degree first within a block", async () => {
    const runner = serialRunner(1);
    const pairs = [0, 1, 2, 3, 4].flatMap((dst) =>
      Array.from({ length: [1, 8, 2, 9, 0][dst]! }, (_, at): Pair => [at, dst]),
    );
    const { topology } = await buildTopology(runner, { chunks: chunksOf("uint32", pairs), numPartitions: 1 });
    const { blocks } = await buildTiles(runner, topology);
    expect(Array.from(runner.arena.view(blocks[0]!.tiles.slots)).slice(0, 5)).toEqual([3, 0, 2, 1, 4]);
  });

  it("leaves nothing behind where the arena is full", async () => {
    const runner = serialRunner(1, 2 ** 21);
    const { edges } = await uniform(runner, { vertices: 1000, edges: 60_000 });
    const { topology } = await buildTopology(runner, { chunks: edges });
    const filler = runner.arena.allocate("uint8", runner.arena.capacityBytes - runner.arena.usedBytes - 300_000);
    const before = runner.arena.usedBytes;
    await expect(buildTiles(runner, topology)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    expect(runner.arena.usedBytes).toBe(before);
    runner.arena.free(filler);
  });
});

describe("chooseTiles", () => {
  const arena = Arena.create({ capacityBytes: 2 ** 26 });
  const numVertices = 2 ** 20;

  /** A topology of one partition as far as the choice looks at it. */
  function topologyOf(numEdges: number, sourceOf: (edge: number) => number): Topology {
    const neighbours = arena.allocate("uint32", numEdges);
    const offsets = arena.allocate("uint32", 2);
    arena.view(neighbours).forEach((_, edge, view) => (view[edge] = sourceOf(edge)));
    const inRows = { numRows: 1, firstRow: 0, offsets, neighbours, firstEdge: 0 };
    const ids = { kind: "uint32", ids: offsets } as const;
    return { numVertices, numEdges, ids, partitions: [{ from: 0, to: 1, inRows }], columns: [] };
  }

  const scattered = (edge: number): number => Math.imul(edge, 0x9e3779b1) >>> 12; // over 2^20 sources

  it.each([
    ["reads all over 8 MiB are tiled", 2 ** 21, scattered, 1, true],
    ["a small graph is not, and not measured", 2 ** 21 - 1, scattered, undefined, false],
    ["reads in order are not", 2 ** 21, (edge: number) => edge >>> 2, 1 / 32, false],
    ["reads all over what fits the cache are not", 2 ** 21, (edge: number) => scattered(edge) >>> 4, 0, false],
    ["reads of few hubs are not", 2 ** 21, (edge: number) => (edge % 16 === 0 ? scattered(edge) : 7), 0.06, false],
  ])("%s", (_what, numEdges, sourceOf, missed, isTiled) => {
    const choice = chooseTiles(topologyOf(numEdges, sourceOf), arena);
    expect(choice.isTiled).toBe(isTiled);
    if (missed === undefined) expect(choice.missed).toBeUndefined();
    else expect(choice.missed).toBeCloseTo(missed, 1);
  });
});
