import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnRef, Schema } from "../../../core/column/types.ts";
import type { Context } from "../../../core/context.ts";
import type { SuperstepEvent } from "../../../core/schedule/events.ts";
import { compileSends, type CompiledSends, type SidePlan } from "../../../graph/compile/compileSends.ts";
import { compiledSuperstep } from "../../../graph/compile/compiledSuperstep.ts";
import type { Graph } from "../../../graph/graph.ts";
import { GraphGenerators } from "../../../graph/load/graphGenerators.ts";
import type { SentColumns, SentSide } from "../../../graph/superstep/scan.ts";
import type { EdgeDirection } from "../../../graph/types.ts";
import { writeSent } from "../../../graph/superstep/sentMessages.ts";
import { superstep, superstepAsJavaScript } from "../../../graph/superstep/superstep.ts";
import { bytesOf, number, record, specialNumbers } from "../../core/compile/rows.ts";
import {
  arena,
  columns,
  inputOf,
  randomPartition,
  scoped,
  taskContext,
  type Allocate,
  type TestProgram,
} from "../compile/partitions.ts";
import { bitsOf } from "../../support/bits.ts";
import { useContext } from "../../support/context.ts";
import { integersFrom } from "../../support/graphs.ts";
import { usedAfterGarbage } from "../../support/usedBytes.ts";

interface Vertex {
  readonly rank: number;
  readonly delta: number;
  readonly isOpen: boolean;
}
interface Edge {
  readonly srcId: number;
  readonly srcAttr: Vertex;
  readonly dstAttr: Vertex;
  readonly attr: number;
  readonly sendToDst: (message: unknown) => void;
  readonly sendToSrc: (message: unknown) => void;
}

const schema: Schema = record({ rank: "number", delta: "number", isOpen: "boolean" });
const f64 = ["float64"] as const;
const always = { types: f64, isConditional: false };
const sometimes = { types: f64, isConditional: true };
const sum = (a: number, b: number): number => a + b;
const threshold = 0.25;
const damped = (vertex: Vertex): number => vertex.rank * vertex.delta + 0.15;

/** What is written down, undefined if nothing is, of each program. */
const cases: Record<
  string,
  {
    readonly send: (edge: Edge) => void;
    readonly merge?: (a: never, b: never) => unknown;
    readonly plan: { readonly in?: SidePlan; readonly out?: SidePlan } | undefined;
    readonly isRecord?: boolean;
  }
> = {
  "a product of two fields": {
    send: (edge) => edge.sendToDst(edge.srcAttr.rank * edge.srcAttr.delta),
    plan: { in: always },
  },
  "a function of the id": { send: (edge) => edge.sendToDst(edge.srcId / 3), plan: { in: always } },
  "through a captured function, and locals": {
    send: ({ srcAttr, sendToDst }) => {
      const value = damped(srcAttr);
      sendToDst(value > 0 ? value : -value);
    },
    plan: { in: always },
  },
  "only sometimes": {
    send: (edge) => {
      if (edge.srcAttr.delta > threshold) edge.sendToDst(edge.srcAttr.delta / edge.srcAttr.rank);
    },
    plan: { in: sometimes },
  },
  "after an early return": {
    send: (edge) => {
      if (!edge.srcAttr.isOpen) return;
      edge.sendToDst(edge.srcAttr.rank + 1);
    },
    plan: { in: sometimes },
  },
  "to both ends": {
    send: (edge) => {
      edge.sendToDst(edge.srcAttr.rank - edge.srcAttr.delta);
      edge.sendToSrc(2);
    },
    plan: { in: always, out: always },
  },
  "of each end to the other": {
    send: (edge) => {
      edge.sendToDst(edge.srcAttr.rank / edge.srcAttr.delta);
      edge.sendToSrc(edge.dstAttr.rank / edge.dstAttr.delta);
    },
    plan: { in: always, out: always },
  },
  "made of what another changed": {
    send: (edge) => {
      let x = 1;
      edge.sendToSrc((x = 3));
      edge.sendToDst(x * edge.srcAttr.delta);
    },
    plan: undefined,
  },
  "against the edges": {
    send: (edge) => {
      if (edge.dstAttr.isOpen) edge.sendToSrc(edge.dstAttr.rank ** 2);
    },
    plan: { out: sometimes },
  },
  "merged by what has no neutral element": {
    send: (edge) => edge.sendToDst(edge.srcAttr.rank * edge.srcAttr.rank),
    merge: (a: number, b: number) => a * 0.5 + b,
    plan: { in: always },
  },
  records: {
    send: (edge) => edge.sendToDst({ total: edge.srcAttr.rank * 2, isAny: edge.srcAttr.isOpen }),
    merge: (a: { total: number; isAny: boolean }, b: { total: number; isAny: boolean }) => ({
      total: a.total + b.total,
      isAny: a.isAny || b.isAny,
    }),
    plan: { in: { types: ["float64", "int32"], isConditional: false } },
    isRecord: true,
  },
  "what the vertex holds": { send: (edge) => edge.sendToDst(edge.srcAttr.rank), plan: undefined },
  "with the edge's weight": { send: (edge) => edge.sendToDst(edge.srcAttr.rank * edge.attr), plan: undefined },
  "depending on the other end": {
    send: (edge) => {
      if (edge.srcAttr.rank < edge.dstAttr.rank) edge.sendToDst(edge.srcAttr.rank);
    },
    plan: undefined,
  },
  twice: {
    send: (edge) => {
      edge.sendToDst(edge.srcAttr.rank * 2);
      edge.sendToDst(edge.srcAttr.delta * 2);
    },
    plan: undefined,
  },
  "in a loop": {
    send: (edge) => {
      for (let i = 0; i < 2; i++) edge.sendToDst(edge.srcAttr.rank * i);
    },
    plan: undefined,
  },
};

/** All vertices of a random graph, and the input of a superstep over them. */
function made(
  { send, merge = sum, isRecord = false }: (typeof cases)[string],
  seed: number,
  size: number,
  isAllActive: boolean,
  allocate: Allocate,
  activeDirection: EdgeDirection = "out",
  isForAll = false,
): ReturnType<typeof inputOf> & { readonly output: ReturnType<typeof columns>; readonly received: ColumnRef<"uint8"> } {
  const graph = randomPartition(seed, size, 0, size, 5, allocate);
  const next = integersFrom(seed + 1);
  const any = (): number =>
    next(3) === 0 ? specialNumbers[next(specialNumbers.length)]! : (next(2000) - 1000) / 2 ** next(9);
  const vertices = columns(schema, size, allocate, () => ({ rank: any(), delta: any(), isOpen: next(2) === 1 }));
  const edges = columns(number, graph.numEdges + 200, allocate, any);
  const [output, received] = [columns(schema, size, allocate), allocate("uint8", size)];
  const program = {
    sendMessage: send,
    mergeMessage: merge,
    activeDirection,
    ...(isForAll && { noMessage: isRecord ? { total: 0.5, isAny: false } : 0.5 }),
    vertexProgram: isRecord
      ? (_id: number, vertex: Vertex, { total, isAny }: { total: number; isAny: boolean }) => ({
          rank: total,
          delta: vertex.delta,
          isOpen: isAny,
        })
      : (_id: number, vertex: Vertex, total: number) => ({ rank: total, delta: vertex.rank, isOpen: vertex.isOpen }),
  } as unknown as TestProgram;
  return { ...inputOf(program, graph, vertices, edges, output, received, isAllActive), output, received };
}

/** Columns for messages, as `SentMessages` lays them out. */
function sentColumns(sends: CompiledSends, size: number, allocate: Allocate): SentColumns {
  const side = ({ types, isConditional }: SidePlan): SentSide => ({
    columns: types.map((type) => allocate(type, size)),
    ...(isConditional && { sends: allocate("uint8", size) }),
  });
  return { ...(sends.in && { in: side(sends.in) }), ...(sends.out && { out: side(sends.out) }) };
}

/** Of each vertex what it sends on either side, "nothing", or, where that is not read, "any". */
function messagesIn({ in: incoming, out: outgoing }: SentColumns, isRead: (vertex: number) => boolean): unknown[] {
  const ofSide = (side: SentSide | undefined, vertex: number): unknown => {
    if (side === undefined || (side.sends && arena.view(side.sends)[vertex] === 0)) return "nothing";
    return side.columns.map((column) => arena.view(column)[vertex]);
  };
  const { length } = (incoming ?? outgoing)!.columns[0]!;
  return Array.from({ length }, (_, vertex) =>
    isRead(vertex) ? [ofSide(incoming, vertex), ofSide(outgoing, vertex)] : "any",
  );
}

describe("compileSends", () => {
  it.each(Object.entries(cases))("says whether it pays to write down what is sent: %s", (_name, each) => {
    scoped((allocate) => {
      const { input, partition } = made(each, 1, 20, true, allocate);
      const { loop, ...plan } = compileSends(input.scan, partition.rows) ?? {};
      expect(loop === undefined ? undefined : plan).toEqual(each.plan);
    });
  });
});

describe("a superstep over messages that were written down", () => {
  const written = Object.entries(cases).filter(([, { plan }]) => plan !== undefined);

  it.each(written)("has the bits of one that computes them at each edge: %s", async (_name, each) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 1, max: 60 }), fc.boolean(), async (seed, size, isAllActive) => {
        await scoped(async (allocate) => {
          const { input, partition, output, received } = made(each, seed, size, isAllActive, allocate);
          const task = taskContext();
          const run = async (how: typeof superstep, scan = input.scan): Promise<unknown> => {
            arena.view(received).fill(7);
            const report = { ...(await how({ ...input, scan }, partition, task)), functions: [] };
            return { report, bytes: bytesOf(arena, output), received: Array.from(arena.view(received)) };
          };
          const sends = compileSends(input.scan, partition.rows)!;
          const scan = { ...input.scan, sent: sentColumns(sends, size, allocate) };
          writeSent({ compiled: sends, scan }, [{ from: 0, to: size }], task);
          expect(compiledSuperstep(scan, input.apply, partition.rows, task)).toHaveProperty("loop");
          const clear = await run(superstepAsJavaScript);
          expect(await run(superstep, scan)).toEqual(clear);
          expect(await run(superstep)).toEqual(clear);
        });
      }),
      { numRuns: 12, seed: 3, endOnFailure: true },
    );
  });
});

describe("a superstep that writes down what is sent next", () => {
  const written = Object.entries(cases).filter(([, { plan }]) => plan !== undefined);
  const how = fc.record({
    seed: fc.nat(1e6),
    size: fc.integer({ min: 1, max: 60 }),
    isAllActive: fc.boolean(),
    direction: fc.constantFrom("out" as const, "in" as const, "either" as const, "both" as const),
    isForAll: fc.boolean(),
  });

  it.each(written)("writes what a pass over its vertices would, else the same: %s", async (_name, each) => {
    await fc.assert(
      fc.asyncProperty(how, async ({ seed, size, isAllActive, direction, isForAll }) => {
        await scoped(async (allocate) => {
          const { input, partition, output, received } = made(
            each,
            seed,
            size,
            isAllActive,
            allocate,
            direction,
            isForAll,
          );
          const task = taskContext();
          const sends = compileSends(input.scan, partition.rows)!;
          const [sent, nextSent, reference] = [0, 1, 2].map(() => sentColumns(sends, size, allocate)) as [
            SentColumns,
            SentColumns,
            SentColumns,
          ];
          const scan = { ...input.scan, sent };
          const all = [{ from: 0, to: size }];
          writeSent({ compiled: sends, scan }, all, task);
          const plain = await superstep({ ...input, scan }, partition, task);
          const bytes = bytesOf(arena, output);
          expect(await superstep({ scan, apply: { ...input.apply, nextSent } }, partition, task)).toEqual(plain);
          expect(bytesOf(arena, output)).toEqual(bytes);

          writeSent({ compiled: sends, scan: { ...scan, vertices: output, sent: reference } }, all, task);
          const isGuarded =
            direction === "both" ||
            (direction === "out" && !input.scan.program.sendsTo.src) ||
            (direction === "in" && !input.scan.program.sendsTo.dst);
          const isRead = (vertex: number): boolean => isForAll || !isGuarded || arena.view(received)[vertex] === 1;
          expect(messagesIn(nextSent, isRead)).toEqual(messagesIn(reference, isRead));
        });
      }),
      { numRuns: 25, seed: 4, endOnFailure: true },
    );
  });
});

describe("runs on threads", () => {
  const compiling = useContext("local[2]");
  const interpreting = useContext("local[2]", { config: { compile: 0 } });

  const programs: Record<string, (graph: Graph<unknown, number>) => Promise<string>> = {
    "PageRank by rounds": async (graph) => bitsOf((await graph.pageRank({ iterations: 5 })).graph),
    "PageRank to a tolerance": async (graph) => bitsOf((await graph.pageRank({ tolerance: 1e-3 })).graph),
    "a program of one's own": async (graph) => {
      const start = graph.outerJoinVertices(graph.outDegrees, (_id, _attr, degree) => ({
        rank: 1,
        degree: degree ?? 0,
      }));
      const run = await start.pregel<number>({
        initialMessage: 0,
        maxSupersteps: 4,
        sendMessage: (edge) => edge.sendToDst(edge.srcAttr.rank / edge.srcAttr.degree),
        mergeMessage: (a, b) => a + b,
        vertexProgram: (_id, vertex, total) => ({ rank: 0.15 + 0.85 * total, degree: vertex.degree }),
      });
      return bitsOf(run.graph.mapVertices((_id, { rank }) => rank));
    },
  };

  async function runOn(
    ctx: Context,
    program: (graph: Graph<unknown, number>) => Promise<string>,
  ): Promise<{
    bits: string;
    events: SuperstepEvent[];
  }> {
    const made = await GraphGenerators.kronecker(ctx, { scale: 13, degree: 12, seed: 4 });
    const graph = made.mapEdges(() => 1).mapVertices((): unknown => 0);
    const events: SuperstepEvent[] = [];
    const stop = ctx.driver.events.subscribe((event) => events.push(event));
    try {
      return { bits: await program(graph), events };
    } finally {
      stop();
      await graph.unpersist();
      await made.unpersist();
    }
  }
  const ranJavaScript = (events: readonly SuperstepEvent[]): boolean[] =>
    events.flatMap((event) =>
      event.type === "functions" ? event.functions.map((fn) => fn.runs === "JavaScript") : [],
    );
  const passesForMessages = (events: readonly SuperstepEvent[]): string[] =>
    events.flatMap((event) => (event.type === "stage.start" && event.name.endsWith(": messages") ? [event.name] : []));

  it.each(Object.entries(programs))("gives the same bits with and without the compiler: %s", async (_name, program) => {
    const [compiled, clear] = [await runOn(compiling, program), await runOn(interpreting, program)];
    expect(compiled.bits).toBe(clear.bits);
    expect(passesForMessages(compiled.events)).toEqual([expect.stringContaining(" superstep 1: messages")]);
    expect(passesForMessages(clear.events)).toEqual([]);
    expect(ranJavaScript(compiled.events)).toContain(false);
    expect(ranJavaScript(compiled.events)).not.toContain(true);
    expect(new Set(ranJavaScript(clear.events))).toEqual(new Set([true]));
  });

  it("leaves nothing allocated", async () => {
    const { driver } = compiling;
    const before = await usedAfterGarbage(compiling);
    const made = await GraphGenerators.kronecker(compiling, { scale: 12, degree: 8, seed: 4 });
    const weighted = made.mapEdges(() => 1);
    const { graph } = await weighted.pageRank({ iterations: 2 });
    await graph.unpersist();
    await weighted.unpersist();
    await made.unpersist();
    expect(driver.arena.usedBytes).toBe(before);
  });
});
