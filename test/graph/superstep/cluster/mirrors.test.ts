import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mirroredSpans, spansOf } from "../../../../graph/superstep/cluster/spans.ts";
import { findMirrors, freeMirrors } from "../../../../graph/superstep/cluster/mirrors.ts";
import { placePartitions } from "../../../../graph/superstep/cluster/placement.ts";
import { everything, useParts } from "../../../../graph/parts.ts";
import { graphOf, randomArcs } from "../../../support/graphs.ts";
import { SimulatedFleet } from "../../../support/simulatedFleet.ts";

/** Partitions of one vertex, or as many as are given, with as many edges less one. */
const partitionsOf = (numEdges: readonly number[], numVertices: readonly number[] = []) => {
  let from = 0;
  return numEdges.map((edges, at) => {
    const neighbours = { type: "uint32" as const, offset: 64, length: edges - 1 };
    const offsets = { type: "uint32" as const, offset: 64, length: 2 };
    const to = from + (numVertices[at] ?? 1);
    const inRows = { numRows: to - from, firstRow: from, offsets, neighbours, firstEdge: 0 };
    const partition = { from, to, inRows };
    from = to;
    return partition;
  });
};

describe("placePartitions", () => {
  it("cuts all partitions into ranges in order, none empty, each host once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 }),
        fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 8 })), {
          minLength: 1,
          maxLength: 9,
          selector: ([id]) => id,
        }),
        (weights, hosts) => {
          const ranges = placePartitions(
            partitionsOf(weights),
            hosts.map(([id, numThreads]) => ({ id, numThreads })),
          );
          expect(ranges.length).toBe(Math.min(hosts.length, weights.length));
          let next = 0;
          let last = 0;
          for (const { host, firstPartition, endPartition, from, to } of ranges) {
            expect([firstPartition, from]).toEqual([next, next]);
            expect(endPartition).toBeGreaterThan(firstPartition);
            expect([to, host > last]).toEqual([endPartition, true]);
            next = endPartition;
            last = host;
          }
          expect(next).toBe(weights.length);
        },
      ),
      { seed: 2 },
    );
  });

  it("gives each host its share by threads, to within the heaviest partition", () => {
    const weights = Array.from({ length: 60 }, (_, at) => 1 + ((at * 37) % 50));
    const hosts = [
      { id: 4, numThreads: 1 },
      { id: 1, numThreads: 2 },
      { id: 9, numThreads: 3 },
    ];
    const ranges = placePartitions(partitionsOf(weights), hosts);
    expect(ranges.map(({ host }) => host)).toEqual([1, 4, 9]);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const { host, firstPartition, endPartition } of ranges) {
      const share = hosts.find(({ id }) => id === host)!.numThreads / 6;
      const got = weights.slice(firstPartition, endPartition).reduce((sum, weight) => sum + weight, 0);
      expect(Math.abs(got - total * share)).toBeLessThanOrEqual(50);
    }
  });

  it("counts a vertex as several edges, for that is how long its program takes", () => {
    const edges = Array.from({ length: 40 }, () => 10_000);
    const vertices = edges.map((_, at) => (at < 20 ? 100 : 2000));
    const hosts = [1, 2].map((id) => ({ id, numThreads: 1 }));
    const ranges = placePartitions(partitionsOf(edges, vertices), hosts);
    const loads = ranges.map(({ from, to, firstPartition, endPartition }) => {
      const ofEdges = edges.slice(firstPartition, endPartition).reduce((sum, count) => sum + count, 0);
      return { vertices: to - from, edges: ofEdges };
    });
    const times = loads.map((load) => 4 * load.vertices + load.edges);
    expect(Math.abs(times[0]! - times[1]!)).toBeLessThanOrEqual(26_000);
    expect(loads[0]!.edges).toBeGreaterThan(loads[1]!.edges);
  });
});

describe("findMirrors", () => {
  it.each([
    ["incoming", { dst: true, src: false }],
    ["outgoing", { dst: false, src: true }],
    ["both", { dst: true, src: true }],
  ])(
    "lists by partition what the %s rows of each host read of others, and leaves nothing behind",
    async (_rows, sendsTo) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 7 }), async (seed, numPartitions) => {
          const fleet = new SimulatedFleet([1, 2, 1]);
          const arcs = randomArcs(seed, 30, 60);
          const graph = graphOf(fleet.context(), arcs, numPartitions);
          await useParts(graph.parts, everything, async ({ shape }) => {
            const { topology } = shape;
            const rows = await shape.scanRows(sendsTo);
            const hosts = placePartitions(topology.partitions, fleet.executors);
            const ids = [...fleet.arena.view(topology.ids.kind === "uint32" ? topology.ids.ids : expect.fail())];
            const usedBefore = fleet.arena.usedBytes;
            const mirrors = await findMirrors(fleet, topology.partitions, rows, hosts);
            for (const { host, from, to } of hosts) {
              const isOwn = (id: number): boolean => ids.indexOf(id) >= from && ids.indexOf(id) < to;
              const read = new Set<number>();
              for (const { srcId, dstId } of arcs as readonly { srcId: number; dstId: number }[]) {
                if (sendsTo.dst && isOwn(dstId) && !isOwn(srcId)) read.add(ids.indexOf(srcId));
                if (sendsTo.src && isOwn(srcId) && !isOwn(dstId)) read.add(ids.indexOf(dstId));
              }
              const found = mirrors.find((mirror) => mirror.host === host)!;
              const vertices = [...fleet.arena.view(found.vertices)];
              expect(vertices).toEqual([...read].sort((a, b) => a - b));
              const bounds = fleet.arena.view(found.bounds);
              expect(bounds.length).toBe(topology.partitions.length + 1);
              topology.partitions.forEach((partition, at) => {
                const own = vertices.slice(bounds[at], bounds[at + 1]);
                expect(own).toEqual(vertices.filter((vertex) => vertex >= partition.from && vertex < partition.to));
              });
            }
            freeMirrors(fleet.arena, mirrors);
            expect(fleet.arena.usedBytes).toBe(usedBefore);
          });
        }),
        { numRuns: 12, seed: 3 },
      );
    },
  );
});

describe("spansOf", () => {
  it("covers all vertices, in order, with few spans and without wide gaps", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 3_000_000 }), { minLength: 1, maxLength: 4000, size: "max" }),
        (unordered) => {
          const vertices = Uint32Array.from(unordered).sort();
          const spans = spansOf(vertices, 3_000_001);
          expect(spans.length).toBeLessThanOrEqual(1025);
          let at = 0;
          let end = -1;
          for (const { from, to } of spans) {
            expect(from).toBeGreaterThan(end);
            expect(vertices[at]).toBe(from);
            while (at < vertices.length && vertices[at]! < to) at++;
            expect(vertices[at - 1]).toBe(to - 1);
            end = to;
          }
          expect(at).toBe(vertices.length);
        },
      ),
      { numRuns: 30, seed: 8 },
    );
  });

  it("is asked once a route", () => {
    const { arena } = new SimulatedFleet([1]);
    const routes = [Uint32Array.of(3, 4, 9000), Uint32Array.of(7)].map((list, at) => {
      const [vertices, bounds, starts] = [list.length, 2, 2].map((length) => arena.allocate("uint32", length));
      arena.view(vertices!).set(list);
      return { host: at + 1, vertices: vertices!, bounds: bounds!, starts: starts! };
    });
    const [first, second] = routes.map((route) => mirroredSpans(arena, route, 10_000));
    expect(first).toEqual([
      { from: 3, to: 5 },
      { from: 9000, to: 9001 },
    ]);
    expect(second).toEqual([{ from: 7, to: 8 }]);
    expect(mirroredSpans(arena, routes[0]!, 10_000)).toBe(first);
  });
});
