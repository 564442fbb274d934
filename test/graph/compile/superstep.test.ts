import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../../core/column/types.ts";
import { isRefusal } from "../../../core/compile/refused.ts";
import { compiledSuperstep } from "../../../graph/compile/compiledSuperstep.ts";
import { scanPart, scanPartAsJavaScript } from "../../../graph/superstep/combine.ts";
import { superstep, superstepAsJavaScript } from "../../../graph/superstep/superstep.ts";
import { bytesOf, number, record } from "../../core/compile/rows.ts";
import { arena, columns, inputOf, randomPartition, scoped, taskContext, type TestProgram } from "./partitions.ts";
import { valuesOf } from "./values.ts";

type Edge = {
  srcId: number;
  dstId: number;
  srcAttr: never;
  dstAttr: never;
  attr: never;
  sendToDst(message: unknown): void;
  sendToSrc(message: unknown): void;
};
interface Ranked {
  rank: number;
  isSink: boolean;
}

const ranked: Schema = record({ rank: "number", isSink: "boolean" });
const known: Schema = record({ x: "number", n: "number?", name: "string" });
const threshold = 1e-3;
const options = { isPersonal: false, reset: 0.15 };

/** How much of a program is compiled, and the program over attributes of this schema. */
type Case = { readonly compiles: "all" | "scan" | "nothing"; readonly schema: Schema; readonly program: TestProgram };

const program = (of: Omit<TestProgram, "sendMessage"> & { sendMessage: (edge: Edge) => void }): TestProgram =>
  of as unknown as TestProgram;
const sum = (a: number, b: number): number => a + b;

const cases: Record<string, Case> = {
  "ranks by rounds": {
    compiles: "all",
    schema: ranked,
    program: program({
      sendMessage: (edge) => edge.sendToDst((edge.srcAttr as Ranked).rank * edge.attr),
      mergeMessage: sum as never,
      vertexProgram: (id: number, vertex: Ranked, total: number, globals: Record<string, number>) => {
        const jumped = !options.isPersonal || id === 7 ? options.reset + 0.5 * globals["sinks"]! : 0;
        return { rank: jumped + 0.85 * total, isSink: vertex.isSink };
      },
      noMessage: 0,
      messageType: "number",
      globals: { sinks: 0.25 },
      aggregators: {
        delta: { kind: "max", of: (before: Ranked, after: Ranked) => Math.abs(after.rank - before.rank) },
        sinks: { kind: "sum", of: (_before: Ranked, after: Ranked) => (after.isSink ? after.rank : 0) },
        nothing: { kind: "sum", of: () => 0 },
        zeros: { kind: "max", of: (_before: Ranked, after: Ranked) => (after.isSink ? -0 : 0) },
        distance: { kind: "max", of: (before: Ranked) => -Math.abs(before.rank - 0.4321) },
      },
    }),
  },
  "ranks by deltas": {
    compiles: "all",
    schema: record({ rank: "number", delta: "number" }),
    program: program({
      sendMessage: (edge) => {
        const { delta } = edge.srcAttr as { delta: number };
        if (delta > threshold) edge.sendToDst(delta * edge.attr);
      },
      mergeMessage: sum as never,
      activeDirection: "out",
      vertexProgram: (_id: number, vertex: { rank: number }, total: number) => {
        const delta = 0.85 * total;
        return { rank: vertex.rank + delta, delta };
      },
      aggregators: { delta: { kind: "max", of: (_before: never, after: { delta: number }) => after.delta } },
    }),
  },
  distances: {
    compiles: "all",
    schema: number,
    program: program({
      sendMessage: (edge) => {
        if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
      },
      mergeMessage: ((a: number, b: number) => Math.min(a, b)) as never,
      vertexProgram: (_id: number, distance: number, offered: number) => Math.min(distance, offered),
      messageType: "number",
      activeDirection: "out",
    }),
  },
  "distances against the edges": {
    compiles: "all",
    schema: number,
    program: program({
      sendMessage: (edge) => {
        if (edge.dstAttr + edge.attr < edge.srcAttr) edge.sendToSrc(edge.dstAttr + edge.attr);
      },
      mergeMessage: ((a: number, b: number) => Math.min(a, b)) as never,
      vertexProgram: (_id: number, distance: number, offered: number) => Math.min(distance, offered),
      messageType: "number",
      activeDirection: "in",
    }),
  },
  "labels both ways, by destructuring": {
    compiles: "all",
    schema: number,
    program: program({
      // oxlint-disable-next-line typescript/unbound-method -- works, as in any JavaScript that takes objects apart
      sendMessage: ({ srcAttr, dstAttr, sendToDst, sendToSrc }) => {
        if (srcAttr < dstAttr) sendToDst(srcAttr);
        else if (dstAttr < srcAttr) sendToSrc(dstAttr);
      },
      mergeMessage: ((a: number, b: number) => (a < b ? a : b)) as never,
      vertexProgram: (_id: number, label: number, offered: number) => Math.min(label, offered),
      activeDirection: "either",
    }),
  },
  "several messages an edge, records with fields that can be missing": {
    compiles: "all",
    schema: record({ x: "number", n: "number?", big: "bigint" }),
    program: program({
      sendMessage: (edge) => {
        const { x, n } = edge.srcAttr as { x: number; n: number | null };
        let count = 0;
        for (let i = 0; i < 3; i++) {
          if (i === 1 && x > 0) continue;
          edge.sendToDst({ best: n, count: ++count, from: edge.srcId });
        }
        if (edge.dstId > edge.srcId) edge.sendToSrc({ best: null, count: (count += 1), from: edge.dstId });
      },
      mergeMessage: ((a: { best: number | null; count: number; from: number }, b: typeof a) => {
        if (a.best === null) return { ...b, count: a.count + b.count };
        return { best: b.best !== null && b.best > a.best ? b.best : a.best, count: a.count - b.count, from: b.from };
      }) as never,
      vertexProgram: (
        id: number,
        vertex: { x: number; n: number | null; big: bigint },
        { best, count, from }: { best: number | null; count: number; from: number },
      ) => ({ ...vertex, x: id === from ? -0 : vertex.x + count, n: best }),
      activeDirection: "both",
    }),
  },
  "messages along no edge but those into even vertices": {
    compiles: "all",
    schema: number,
    program: program({
      sendMessage: (edge) => {
        if (edge.dstId % 2 === 0) edge.sendToDst(true);
      },
      mergeMessage: ((a: boolean, b: boolean) => a !== b) as never,
      vertexProgram: (_id: number, x: number, isOdd: boolean) => (isOdd ? x : -x),
      activeDirection: "in",
      messageType: "boolean",
    }),
  },
  "what is missing in columns that have no room for it": {
    compiles: "all",
    schema: record({ x: "number", n: "number?" }),
    program: program({
      sendMessage: (edge) => edge.sendToDst((edge.srcAttr as { n: number | null }).n),
      mergeMessage: ((a: number | null, b: number | null) => b ?? a) as never,
      vertexProgram: (_id: number, v: { x: number; n: number | null }, n: number | null) => ({ x: n, n: v.x }),
    }),
  },
  "a vertex program that makes strings": {
    compiles: "scan",
    schema: known,
    program: program({
      sendMessage: (edge) => edge.sendToDst({ x: (edge.srcAttr as { x: number }).x, isFar: edge.attr > 0.5 }),
      mergeMessage: ((a: { x: number; isFar: boolean }, b: typeof a) => ({
        x: a.x + b.x,
        isFar: a.isFar && b.isFar,
      })) as never,
      vertexProgram: (id: number, v: { x: number; name: string }, m: { x: number; isFar: boolean }) => ({
        ...v,
        x: m.x,
        name: `${v.name}${m.isFar ? id : "near"}`,
      }),
    }),
  },
  "an aggregator that is no arithmetic, over every vertex": {
    compiles: "scan",
    schema: number,
    program: program({
      sendMessage: (edge) => edge.sendToDst(edge.srcAttr),
      mergeMessage: ((a: number, b: number) => Math.max(a, b)) as never,
      vertexProgram: (_id: number, x: number, most: number) => x + most,
      noMessage: -1,
      aggregators: { digits: { kind: "sum", of: (_before: number, after: number) => String(after).length } },
    }),
  },
  "messages that are texts": {
    compiles: "nothing",
    schema: number,
    program: program({
      sendMessage: (edge) => edge.sendToDst(`${edge.srcId}`),
      mergeMessage: ((a: string, b: string) => a + b) as never,
      vertexProgram: (_id: number, x: number, text: string) => x + text.length,
    }),
  },
};

describe("a compiled superstep", () => {
  it.each(Object.entries(cases))(
    "has the bits of the one in JavaScript: %s",
    async (_name, { compiles, schema, program: tested }) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.boolean(), fc.constantFrom(40, 40, 9000), async (seed, isAllActive, size) => {
          await scoped(async (allocate) => {
            const start = size === 40 ? 13 : 0;
            const graph = randomPartition(seed, size, start, size - start, 4, allocate);
            const vertices = columns(schema, size, allocate, valuesOf(schema, seed));
            const edges = columns(number, graph.numEdges + 200, allocate, valuesOf(number, seed + 1));
            const run = async (how: typeof superstep): Promise<unknown> => {
              const output = columns(schema, size, allocate);
              const received = allocate("uint8", size);
              const { input, partition } = inputOf(tested, graph, vertices, edges, output, received, isAllActive);
              const task = taskContext();
              const compiled = compiledSuperstep(input.scan, input.apply, partition.rows, task);
              expect(isRefusal(compiled) ? "nothing" : "loop" in compiled ? "all" : "scan").toBe(compiles);
              const report = await how(input, partition, task);
              if (report.metMissing === "value") return "a missing value";
              const chunks = report.rows.chunks.map((chunk) => chunk && Buffer.from(chunk.bytes).toString("hex"));
              const marks = Buffer.from(arena.view(received)).toString("hex");
              return { ...report, functions: [], rows: chunks, marks, bytes: bytesOf(arena, output) };
            };
            expect(await run(superstep)).toEqual(await run(superstepAsJavaScript));
            const scan = async (how: typeof scanPart): Promise<unknown> => {
              const nothing = columns(schema, size, allocate);
              const marks = allocate("uint8", size);
              const { input, partition } = inputOf(tested, graph, vertices, edges, nothing, marks, isAllActive);
              const { values, functions: _told, ...part } = await how(input.scan, partition.rows, taskContext());
              return { ...part, values: Buffer.from(values).toString("hex") };
            };
            expect(await scan(scanPart)).toEqual(await scan(scanPartAsJavaScript));
          });
        }),
        { numRuns: 8, seed: 5, endOnFailure: true },
      );
    },
  );

  it("keeps loops apart whose code is the same under other names: along edges, and against them", async () => {
    const send = {
      along: (edge: Edge) => edge.sendToDst(edge.srcAttr),
      against: (edge: Edge) => edge.sendToSrc(edge.dstAttr),
    };
    for (const sendMessage of [send.along, send.against]) {
      const tested = program({ ...cases["distances"]!.program, sendMessage } as never);
      await scoped(async (allocate) => {
        const graph = randomPartition(2, 40, 0, 40, 3, allocate);
        const vertices = columns(number, 40, allocate, (row) => row);
        const edges = columns(number, graph.numEdges + 200, allocate, () => 1);
        const results = await Promise.all(
          [superstep, superstepAsJavaScript].map(async (how) => {
            const [output, received] = [columns(number, 40, allocate), allocate("uint8", 40)];
            const { input, partition } = inputOf(tested, graph, vertices, edges, output, received, true);
            await how(input, partition, taskContext());
            return bytesOf(arena, output);
          }),
        );
        expect(results[0]).toBe(results[1]);
      });
    }
  });

  it("asks between rounds whether it was cancelled", async () => {
    const tested = cases["distances"]!.program;
    await scoped(async (allocate) => {
      const graph = randomPartition(1, 20_000, 0, 20_000, 2, allocate);
      const vertices = columns(number, 20_000, allocate, () => 1);
      const edges = columns(number, graph.numEdges + 200, allocate, () => 1);
      const [output, received] = [columns(number, 20_000, allocate), allocate("uint8", 20_000)];
      const { input, partition } = inputOf(tested, graph, vertices, edges, output, received, true);
      let rounds = 0;
      const task = taskContext(() => {
        if (++rounds === 3) throw new Error("cancelled");
      });
      await expect(superstep(input, partition, task)).rejects.toThrow("cancelled");
      expect(rounds).toBe(3);
    });
  });
});
