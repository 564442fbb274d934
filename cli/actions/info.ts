/**
 * `superstep info`: what an input is taken for, and what graph it holds.
 */
import type { Json } from "../../core/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { LoadReport, Row } from "../../graph/load/graphLoader.ts";
import { useParts } from "../../graph/parts.ts";
import { exitCodes } from "../exitCodes.ts";
import type { InfoRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { loadGraph, withContext } from "./engine.ts";

/** Counts that tell a graph's shape. */
interface ShapeCounts {
  readonly vertices: number;
  readonly edges: number;
  readonly selfLoops: number;
  readonly duplicates: number;
  readonly largestInDegree: number;
  readonly largestOutDegree: number;
  readonly withoutIncoming: number;
  readonly withoutOutgoing: number;
  readonly ids: string;
  readonly partitions: number;
  readonly graphBytes: number;
}

/** Tells about an input; resolves to the exit code. */
export async function info(request: InfoRequest, session: Session): Promise<number> {
  return withContext(request, session, async (ctx) => {
    const { graph, report } = await loadGraph(ctx, request.input, request, { ...session, note: () => {} }, "all");
    const counts = await countShape(graph);
    if (request.json) session.stdout.write(`${JSON.stringify(asJson(request, report, counts))}\n`);
    else session.stdout.write(asText(request, report, counts));
    return exitCodes.ok;
  });
}

function countShape(graph: Graph<Row, Row>): Promise<ShapeCounts> {
  const { arena } = graph.parts.ctx.driver;
  return useParts(graph.parts, { vertices: false, edges: false }, async ({ shape }) => {
    const { topology } = shape;
    const graphBytes = arena.usedBytes;
    const outDegrees = arena.view(await shape.outDegrees());
    let [selfLoops, duplicates, largestInDegree, withoutIncoming] = [0, 0, 0, 0];
    for (const { from, to, inRows } of topology.partitions) {
      const offsets = arena.view(inRows.offsets);
      const neighbours = arena.view(inRows.neighbours);
      for (let vertex = from; vertex < to; vertex++) {
        const [start, end] = [offsets[vertex - from]!, offsets[vertex - from + 1]!];
        largestInDegree = Math.max(largestInDegree, end - start);
        if (start === end) withoutIncoming++;
        for (let entry = start; entry < end; entry++) {
          if (neighbours[entry] === vertex) selfLoops++;
          if (entry > start && neighbours[entry] === neighbours[entry - 1]) duplicates++;
        }
      }
    }
    let [largestOutDegree, withoutOutgoing] = [0, 0];
    for (const degree of outDegrees) {
      largestOutDegree = Math.max(largestOutDegree, degree);
      if (degree === 0) withoutOutgoing++;
    }
    const kinds = { uint32: "integers below 2^32", int64: "integers of 64 bits", string: "strings" };
    return {
      vertices: topology.numVertices,
      edges: topology.numEdges,
      selfLoops,
      duplicates,
      largestInDegree,
      largestOutDegree,
      withoutIncoming,
      withoutOutgoing,
      ids: kinds[topology.ids.kind],
      partitions: topology.partitions.length,
      graphBytes,
    };
  });
}

function asJson({ input }: InfoRequest, { edges, vertices, ...rest }: LoadReport, counts: ShapeCounts): Json {
  return {
    version: 1,
    input: [...input.paths],
    format: edges.format,
    lines: edges.numLines,
    comments: edges.numComments,
    badRows: edges.badRows.total,
    edgeColumns: edges.columns.map(({ name, type }) => ({ name, type })),
    ...(vertices && {
      vertexRows: vertices.numVertices,
      duplicateVertices: rest.numDuplicateVertices,
      vertexColumns: vertices.columns.map(({ name, type }) => ({ name, type })),
    }),
    graph: { ...counts },
    timings: { read: Math.round(rest.readMs * 10) / 10, build: Math.round(rest.buildMs * 10) / 10 },
  };
}

function asText(
  { input }: InfoRequest,
  { edges, vertices, numDuplicateVertices }: LoadReport,
  counts: ShapeCounts,
): string {
  const number = (value: number): string => value.toLocaleString("en");
  const columns = (list: readonly { name: string; type: string }[]): string =>
    list.length === 0 ? "none" : list.map(({ name, type }) => `${name} (${type})`).join(", ");
  const lines: [string, string][] = [
    ["input", input.paths.join(", ")],
    ["format", edges.format],
    [
      "lines",
      `${number(edges.numLines)}, of them ${number(edges.numComments)} comments, ${number(edges.badRows.total)} bad rows`,
    ],
    ["ids", counts.ids],
    ["vertices", number(counts.vertices)],
    [
      "edges",
      `${number(counts.edges)}, of them ${number(counts.selfLoops)} self-loops, ${number(counts.duplicates)} duplicates`,
    ],
    [
      "in-degree",
      `up to ${number(counts.largestInDegree)}; ${number(counts.withoutIncoming)} vertices without incoming edges`,
    ],
    [
      "out-degree",
      `up to ${number(counts.largestOutDegree)}; ${number(counts.withoutOutgoing)} vertices without outgoing edges`,
    ],
    ["edge columns", columns(edges.columns)],
    ...(vertices
      ? ([
          [
            "vertex table",
            `${number(vertices.numVertices)} rows, ${number(numDuplicateVertices)} of them repeated ids`,
          ],
          ["vertex columns", columns(vertices.columns)],
        ] as [string, string][])
      : []),
    ["memory", `${number(counts.graphBytes)} bytes in ${counts.partitions} partitions, attributes included`],
  ];
  return lines.map(([name, text]) => `${name.padEnd(15)}${text}\n`).join("");
}
