import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Arena } from "../../../core/column/arena.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import { buildTopology } from "../../../graph/partition/buildTopology.ts";
import { inDegrees, outDegrees } from "../../../graph/partition/degrees.ts";
import { groupParallelEdges, selectTopology } from "../../../graph/partition/filterRows.ts";
import { freeTopology } from "../../../graph/partition/idColumn.ts";
import type { TaskRunner } from "../../../graph/partition/taskRunner.ts";
import type { Topology } from "../../../graph/partition/topology.ts";
import { freeOutRows, outRows, reverseTopology } from "../../../graph/partition/transpose.ts";
import type { VertexId } from "../../../graph/types.ts";
import { chunksOf, idValues, plain, rowsOf, type IdKind, type Pair } from "./edgeLists.ts";
import { serialRunner } from "./serialRunner.ts";

interface Built {
  readonly runner: TaskRunner;
  readonly arena: Arena;
  readonly topology: Topology;
  readonly ids: readonly VertexId[];
  readonly edges: readonly Pair[];
}

const spell: Record<IdKind, (id: number) => VertexId> = {
  uint32: (id) => id,
  int64: (id) => (id - 5) * 2 ** 40,
  string: (id) => `v${"x".repeat(id % 3)}${id}`,
};

/** A random graph of small integers, built, in an arena that holds nothing else. */
const builtGraphs = fc
  .record({
    pairs: fc.array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 60, size: "max" }),
    kind: fc.constantFrom<IdKind>("uint32", "int64", "string"),
    numPartitions: fc.constantFrom<number>(1, 2, 7),
    threads: fc.integer({ min: 1, max: 3 }),
  })
  .map((graph) => ({ ...graph, pairs: graph.pairs.map((pair) => pair.map(spell[graph.kind]) as unknown as Pair) }));

type Graph = typeof builtGraphs extends fc.Arbitrary<infer G> ? G : never;

async function build({ pairs, kind, numPartitions, threads }: Graph, extra: VertexId[] = []): Promise<Built> {
  const runner = serialRunner(threads, 16 * 1048576);
  const chunks = chunksOf(kind, pairs);
  const vertexIds = [idValues(kind, extra)];
  const { topology, vertexRows } = await buildTopology(runner, { chunks, numPartitions, vertexIds });
  free(runner.arena, vertexRows!.vertices, vertexRows!.rows);
  return { runner, arena: runner.arena, topology, ...plain(runner.arena, topology) };
}

function forGraphs(check: (built: Built) => Promise<void>): Promise<void> {
  return fc.assert(
    fc.asyncProperty(builtGraphs, async (graph) => {
      const built = await build(graph);
      await check(built);
      freeTopology(built.arena, built.topology);
      expect(built.arena.usedBytes).toBe(0); // each check frees what it made
    }),
    { seed: 11, numRuns: 150 },
  );
}

/** A graph over several tasks, with hubs. */
function largeGraph(threads: number): Promise<Built> {
  const pairs = Array.from({ length: 150000 }, (_, edge): Pair => [(edge * edge) % 40009, (edge * 31) % 20011]);
  return build({ pairs, kind: "uint32", numPartitions: 3, threads });
}

function flags(arena: Arena, values: readonly boolean[]): ColumnRef<"uint8"> {
  const column = arena.allocate("uint8", values.length);
  arena.view(column).set(values.map(Number));
  return column;
}

function free(arena: Arena, ...columns: ColumnRef[]): void {
  for (const column of columns) arena.free(column);
}

/** Positions of the edges of each vertex by source, in the order rows must have. */
function outgoing({ ids, edges }: Built): Map<VertexId, number[]> {
  const bySource = new Map<VertexId, number[]>(ids.map((id) => [id, []]));
  edges.forEach(([src], position) => bySource.get(src)!.push(position)); // positions ascend by destination
  return bySource;
}

function checkOutRows(built: Built, rows: Awaited<ReturnType<typeof outRows>>): void {
  const { arena, ids, edges, topology } = built;
  expect(rows).toHaveLength(topology.partitions.length);
  const found = rows.flatMap((own, partition) => {
    expect([own.firstRow, own.firstRow + own.numRows]).toEqual([
      topology.partitions[partition]!.from,
      topology.partitions[partition]!.to,
    ]);
    return rowsOf(arena, own);
  });
  const expected = [...outgoing(built)].map(([id, positions]) => [
    ids.indexOf(id),
    positions.map((position) => ids.indexOf(edges[position]![1])),
    positions,
  ]);
  expect(found).toEqual(expected);
}

describe("outRows", () => {
  it("lists the edges of each source by destination, on random multigraphs", () =>
    forGraphs(async (built) => {
      const rows = await outRows(built.runner, built.topology);
      checkOutRows(built, rows);
      freeOutRows(built.arena, rows);
    }));
});

describe("reverseTopology", () => {
  function checkReversed({ arena, ids, edges }: Built, topology: Topology, edgeMap: ColumnRef<"uint32">): void {
    const reversed = plain(arena, topology);
    const map = [...arena.view(edgeMap)];
    expect(reversed.ids).toEqual(ids);
    expect(reversed.edges).toEqual(map.map((old) => edges[old]!.toReversed()));
    const rank = new Map(ids.map((id, index) => [id, index]));
    const expected = edges
      .map((_, position) => position)
      .sort((a, b) => rank.get(edges[a]![0])! - rank.get(edges[b]![0])! || a - b);
    expect(map).toEqual(expected);
  }

  it("turns every edge round and keeps parallel edges in order, on random multigraphs", () =>
    forGraphs(async (built) => {
      const { topology, edgeMap } = await reverseTopology(built.runner, built.topology);
      expect(topology.partitions).toHaveLength(built.topology.partitions.length);
      checkReversed(built, topology, edgeMap);
      freeTopology(built.arena, topology);
      free(built.arena, edgeMap);
    }));

  it("turns a graph of several tasks round", async () => {
    const built = await largeGraph(3);
    const { topology, edgeMap } = await reverseTopology(built.runner, built.topology, 2);
    expect(topology.partitions).toHaveLength(2);
    checkReversed(built, topology, edgeMap);
  });
});

describe("selectTopology", () => {
  async function checkSelection(built: Built, keepVertex: (id: VertexId) => boolean, keepEdge: (p: number) => boolean) {
    const { runner, arena, ids, edges } = built;
    const keepVertices = flags(arena, ids.map(keepVertex)); // prettier-ignore
    const keepEdges = flags(arena, edges.map((_, position) => keepEdge(position))); // prettier-ignore
    const selected = await selectTopology(runner, built.topology, { keepVertices, keepEdges });
    const stay = edges.flatMap(([src, dst], p) => (keepEdge(p) && keepVertex(src) && keepVertex(dst) ? [p] : []));
    expect(plain(arena, selected.topology)).toEqual({
      ids: ids.filter(keepVertex),
      edges: stay.map((position) => edges[position]),
    });
    expect([...arena.view(selected.edgeMap)]).toEqual(stay);
    expect([...arena.view(selected.vertexMap)].map((old) => ids[old])).toEqual(ids.filter(keepVertex));
    expect(selected.topology.partitions).toHaveLength(built.topology.partitions.length);
    freeTopology(arena, selected.topology);
    free(arena, selected.edgeMap, selected.vertexMap, keepVertices, keepEdges);
  }

  it("agrees with filtering lists on random multigraphs", () =>
    forGraphs(async (built) => {
      const third = (id: VertexId): boolean => built.ids.indexOf(id) % 3 !== 1;
      await checkSelection(built, third, (position) => position % 4 !== 2);
      await checkSelection(built, () => true, (position) => position % 2 === 0); // prettier-ignore
      await checkSelection(built, third, () => true);
      await checkSelection(built, () => false, () => true); // prettier-ignore
    }));

  it("selects from a graph of several tasks", async () => {
    const built = await largeGraph(2);
    await checkSelection(built, (id) => Number(id) % 5 !== 0, (position) => position % 7 !== 0); // prettier-ignore
  });

  it("keeps all without flags", async () => {
    const built = await build({ pairs: [[1, 2], [1, 2]], kind: "uint32", numPartitions: 2, threads: 1 }); // prettier-ignore
    const { topology, vertexMap, edgeMap } = await selectTopology(built.runner, built.topology, { numPartitions: 3 });
    expect(plain(built.arena, topology)).toEqual({ ids: built.ids, edges: built.edges });
    expect(topology.partitions).toHaveLength(3);
    expect([...built.arena.view(vertexMap), ...built.arena.view(edgeMap)]).toEqual([0, 1, 0, 1]);
  });
});

describe("groupParallelEdges", () => {
  function checkGroups({ arena, ids, edges }: Built, topology: Topology, runStarts: ColumnRef<"uint32">): void {
    const groups = new Map<string, number[]>();
    edges.forEach((pair, position) => groups.set(pair.join(), [...(groups.get(pair.join()) ?? []), position]));
    const grouped = plain(arena, topology);
    expect(grouped.ids).toEqual(ids);
    expect(grouped.edges.map(String)).toEqual([...groups.keys()]);
    const starts = [...arena.view(runStarts)];
    expect(starts).toEqual([...[...groups.values()].map(([first]) => first), edges.length]);
    [...groups.values()].forEach((group, i) => expect(group).toHaveLength(starts[i + 1]! - starts[i]!));
  }

  it("agrees with grouping pairs on random multigraphs", () =>
    forGraphs(async (built) => {
      const { topology, runStarts } = await groupParallelEdges(built.runner, built.topology);
      checkGroups(built, topology, runStarts);
      freeTopology(built.arena, topology);
      free(built.arena, runStarts);
    }));
});

describe("degrees", () => {
  async function checkDegrees(built: Built): Promise<void> {
    const { runner, arena, ids, edges, topology } = built;
    const count = (end: 0 | 1): number[] => {
      const counts = new Map<VertexId, number>(ids.map((id) => [id, 0]));
      for (const pair of edges) counts.set(pair[end], counts.get(pair[end])! + 1);
      return [...counts.values()];
    };
    const incoming = await inDegrees(runner, topology);
    const outgoingDegrees = await outDegrees(runner, topology);
    expect([...arena.view(incoming)]).toEqual(count(1));
    expect([...arena.view(outgoingDegrees)]).toEqual(count(0));
    free(arena, incoming, outgoingDegrees);
  }

  it("agree with counting pairs on random multigraphs", () => forGraphs(checkDegrees));

  it("agree with counting pairs over several tasks", async () => checkDegrees(await largeGraph(3)));

  it("are zero for vertices without edges", async () => {
    const built = await build({ pairs: [[1, 1]], kind: "uint32", numPartitions: 1, threads: 2 }, [0, 2]);
    await checkDegrees(built);
    expect(built.ids).toEqual([0, 1, 2]);
  });
});
