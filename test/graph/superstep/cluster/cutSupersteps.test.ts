import { describe, expect, it } from "vitest";
import { Arena } from "../../../../core/column/arena.ts";
import { allocateHeap } from "../../../../core/column/valueHeap.ts";
import { hasCode } from "../../../../core/errors.ts";
import { receiveMessages, type PartsInput } from "../../../../graph/superstep/cluster/cutTasks.ts";
import { allocateLease, renewLease } from "../../../../graph/superstep/cluster/lease.ts";
import { placeParts, placePartitions } from "../../../../graph/superstep/cluster/placement.ts";
import type { CutPart, TopologyPartition } from "../../../../graph/partition/topology.ts";
import { useContext } from "../../../support/context.ts";
import { graphOf, randomArcs, type Arc } from "../../../support/graphs.ts";
import { SimulatedFleet } from "../../../support/simulatedFleet.ts";
import { outcome, programs, type Program } from "../../../support/superstepPrograms.ts";

/** Each vertex hears of long texts. `strategy`: of the destination alone, so that each target has one part. */
const longMessages: Program = async (graph) => {
  const { graph: ended, ...how } = await graph
    .partitionBy((_src, dst) => Number(dst) % 4, 4)
    .pregel<string>({
      initialMessage: "",
      vertexProgram: (_id, attr, message) => (attr * 31 + message.length + message.charCodeAt(7)) % 65_521,
      sendMessage: (edge) => edge.sendToDst(String(edge.srcAttr).padStart(3000, "-")),
      mergeMessage: (a, b) => (a < b ? `${a.slice(0, 2000)}${b}` : `${b.slice(0, 2000)}${a}`),
      maxSupersteps: 3,
    });
  return { rows: await ended.vertices.collect(), supersteps: how.supersteps, converged: how.converged };
};

const scansOf = (fleet: SimulatedFleet): string[] => fleet.pinnedStages.filter((name) => name.endsWith(": scan"));

describe("supersteps over a vertex cut on executors", () => {
  const local = useContext("local[1]");

  it("send messages again into more room where they find none, and remember how much they take", async () => {
    const arcs = randomArcs(3, 60, 200);
    for (const threads of [[1], [2, 1, 1]]) {
      const fleet = new SimulatedFleet(threads, 3);
      const { result, recoveries } = await outcome(fleet.context(), longMessages, arcs, 5);
      expect(result).toEqual((await outcome(local, longMessages, arcs, 2)).result);
      expect(recoveries).toEqual([]);
      expect(new Set(scansOf(fleet)).size).toBe(3);
      expect(scansOf(fleet).length).toBeGreaterThan(3);
      expect(scansOf(fleet).length).toBeLessThanOrEqual(5);
    }
  });

  it("show no program a part of its messages, where the others found no room", async () => {
    const arcs = Array.from({ length: 48 }, (_, at): Arc => {
      return { srcId: at >> 1, dstId: ((at >> 1) + 1 + (at & 1)) % 24, attr: at };
    });
    const complete: Program = async (graph) => {
      const { graph: ended, ...how } = await graph
        .partitionBy((src) => Number(src) % 3, 3)
        .pregel<{ count: number; text: string }>({
          initialMessage: { count: 2, text: "" },
          vertexProgram: (id, attr, { count, text }) => {
            if (count !== 2) throw new RangeError(`vertex ${id} has ${count} of 2 messages`);
            return attr + text.length;
          },
          sendMessage: (edge) => edge.sendToDst({ count: 1, text: "x".repeat(3000) }),
          mergeMessage: (a, b) => ({ count: a.count + b.count, text: a.text }),
          maxSupersteps: 2,
        });
      return { rows: await ended.vertices.collect(), supersteps: how.supersteps, converged: how.converged };
    };
    const fleet = new SimulatedFleet([1, 1], 1);
    const graph = graphOf(fleet.context(), arcs, 4);
    const { rows } = await complete(graph);
    expect(rows).toEqual(Array.from({ length: 24 }, (_, id) => [id, 6000]));
    expect(scansOf(fleet)).toHaveLength(3); // of 2 supersteps
  });

  it("send one message a part and target, to the host of the target alone", async () => {
    // a ring in 3 parts by source: between hosts go 3 messages a superstep, of which some stay on their host
    const ring = Array.from({ length: 24 }, (_, at): Arc => ({ srcId: at, dstId: (at + 1) % 24, attr: 1 }));
    const count: Program = async (graph) => {
      const { graph: ended, ...how } = await graph
        .partitionBy((src) => Math.min(2, Math.floor(Number(src) / 8)), 3)
        .pregel<number>({
          initialMessage: 0,
          activeDirection: "out",
          vertexProgram: (_id, attr, message) => attr + message,
          sendMessage: (edge) => edge.sendToDst(edge.attr),
          mergeMessage: (a, b) => a + b,
          maxSupersteps: 4,
        });
      return { rows: await ended.vertices.collect(), supersteps: how.supersteps, converged: how.converged };
    };
    const fleet = new SimulatedFleet([1, 1, 1]);
    const { result } = await outcome(fleet.context(), count, ring, 3);
    expect(result).toEqual((await outcome(local, count, ring, 1)).result);
    // a packet of messages takes 16 bytes, 8 for its one target, and up to 24 for its value; one of marks at least 16
    const perSuperstep = fleet.delivered / 4;
    expect(perSuperstep).toBeGreaterThan(0);
    expect(perSuperstep).toBeLessThan(3 * 6 * (16 + 8 + 24));
  });

  it.each(["over a random cut: records, both ways", "over a canonical cut: names"])(
    "give their memory back after losses: %s",
    async (name) => {
      const fleet = new SimulatedFleet([1, 1, 1], 4, { snapshotEvery: 2 });
      const graph = graphOf(fleet.context(), randomArcs(2, 30, 90), 5);
      let works = 0;
      fleet.onWork = ({ host }) => (++works === 20 ? [host] : []);
      const { rows } = await programs[name]!(graph);
      expect(works).toBeGreaterThan(20);
      // at most the result: a number, a boolean, a bigint and a number a vertex
      const held = fleet.arena.owners().find(({ owner }) => owner === "pregel")?.bytes ?? 0;
      expect(held).toBeLessThanOrEqual(4 * Math.ceil((8 * rows.length) / 64) * 64);
    },
  );

  it("refuse a packet for a slot that there is not, and write nothing once their lease has ended", () => {
    const arena = Arena.create({ capacityBytes: 2 ** 17 });
    const heap = allocateHeap(arena, 4096, "messages");
    const slots = arena.allocate("uint32", 4);
    const leaseAt = allocateLease(arena, "lease");
    const lease = renewLease(arena, leaseAt);
    const input = { boxes: { heap, slots }, lease } as unknown as PartsInput;
    const host = { id: 1, arena };
    const packet = (slot: number, numBytes = 24): { from: number; bytes: Uint8Array } => {
      const bytes = new Uint8Array(numBytes);
      new Uint32Array(bytes.buffer, 0, 4).set([slot, 1, 0, 0]);
      return { from: 2, bytes };
    };
    arena.view(slots).fill(9);
    receiveMessages(input, undefined, host);
    expect([...arena.view(slots)]).toEqual([0, 0, 0, 0]);
    receiveMessages(input, packet(2), host);
    expect([...arena.view(slots)]).toEqual([0, 0, 1, 0]);
    for (const damaged of [packet(4), packet(0xffff_ffff), { from: 2, bytes: new Uint8Array(8) }]) {
      expect(() => receiveMessages(input, damaged, host)).toThrow(
        expect.toSatisfy((error) => hasCode(error, "BLOCK_CORRUPT")),
      );
    }
    renewLease(arena, leaseAt);
    receiveMessages(input, packet(3), host);
    receiveMessages(input, undefined, host);
    expect([...arena.view(slots)]).toEqual([0, 0, 1, 0]);
  });
});

describe("placeParts", () => {
  const rowsOf = (numEdges: number): CutPart["inRows"] =>
    ({ neighbours: { type: "uint32", offset: 0, length: numEdges } }) as CutPart["inRows"];
  const partition = (from: number): TopologyPartition => ({ from, to: from + 1, inRows: rowsOf(0) });
  const hosts = [1, 2, 3].map((id) => ({ id, numThreads: id === 3 ? 2 : 1 }));
  const ranges = placePartitions([0, 1, 2, 3].map(partition), hosts);
  const placed = (edges: number[]): (readonly [number, number])[] =>
    placeParts(
      ranges,
      edges.map((count): CutPart => ({ inRows: rowsOf(count), outRows: rowsOf(count) })),
    ).map(({ parts }) => [parts!.from, parts!.to] as const);

  it("gives each host edges in proportion to its threads, in order, and every part to one", () => {
    expect(placed([10, 10, 10, 10])).toEqual([
      [0, 1],
      [1, 2],
      [2, 4],
    ]);
    expect(placed([100, 1, 1, 1, 1])).toEqual([
      [0, 1],
      [1, 2],
      [2, 5],
    ]);
  });

  it("leaves hosts without parts where there are fewer", () => {
    expect(placed([5])).toEqual([
      [0, 1],
      [1, 1],
      [1, 1],
    ]);
  });
});
