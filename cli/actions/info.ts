/**
 * `superstep info`: what an input is taken for, and what graph it holds.
 */
import { escapeControls, type Json } from "../../core/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { LoadReport, Row } from "../../graph/load/graphLoader.ts";
import { useParts } from "../../graph/parts.ts";
import { exitCodes } from "../exitCodes.ts";
import { counted, grouped } from "../counted.ts";
import type { InfoRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { loadGraph, withContext } from "./engine.ts";
import { checkFiles } from "./resultFile.ts";
import { describeIds } from "../../graph/partition/idColumn.ts";

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
  await checkFiles(request, request.input);
  return withContext(request, session, async (ctx) => {
    const { graph, report } = await loadGraph(ctx, request.input, request, { ...session, note: () => {} }, "all");
    const counts = await countShape(graph);
    if (request.json) session.print(`${JSON.stringify(asJson(request, report, counts))}\n`);
    else session.print(asText(request, report, counts));
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
    return {
      vertices: topology.numVertices,
      edges: topology.numEdges,
      selfLoops,
      duplicates,
      largestInDegree,
      largestOutDegree,
      withoutIncoming,
      withoutOutgoing,
      ids: describeIds(topology.ids),
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
    badRowReasons: edges.badRows.byReason.map(({ reason, count }) => ({ reason, count })),
    edgeColumns: edges.columns.map(({ name, type }) => ({ name, type })),
    ...(vertices && {
      vertexFormat: vertices.format,
      vertexRows: vertices.numVertices,
      vertexBadRows: vertices.badRows.total,
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
  const columns = (list: readonly { name: string; type: string }[]): string =>
    list.length === 0 ? "none" : list.map(({ name, type }) => `${escapeControls(name)} (${type})`).join(", ");
  const without = (count: number, what: string): string => `${counted(count, "vertex", "vertices")} without ${what}`;
  const ofVertices: [string, string][] =
    vertices === undefined
      ? []
      : [
          ["vertex table", vertices.format],
          [
            "vertex rows",
            `${grouped(vertices.numVertices)}; ${counted(numDuplicateVertices, "repeated id")}, ${counted(vertices.badRows.total, "bad row")}`,
          ],
          ...reasons(vertices.badRows),
          ["vertex columns", columns(vertices.columns)],
        ];
  const lines: [string, string][] = [
    ["input", input.paths.join(", ")],
    ["format", edges.format],
    [
      "lines",
      `${grouped(edges.numLines)}; ${counted(edges.numComments, "comment")}, ${counted(edges.badRows.total, "bad row")}`,
    ],
    ...reasons(edges.badRows),
    ["edge columns", columns(edges.columns)],
    ...ofVertices,
    ["ids", counts.ids],
    ["vertices", grouped(counts.vertices)],
    [
      "edges",
      `${grouped(counts.edges)}; ${counted(counts.selfLoops, "self-loop")}, ${counted(counts.duplicates, "duplicate")}`,
    ],
    ["in-degree", `up to ${grouped(counts.largestInDegree)}; ${without(counts.withoutIncoming, "incoming edges")}`],
    ["out-degree", `up to ${grouped(counts.largestOutDegree)}; ${without(counts.withoutOutgoing, "outgoing edges")}`],
    [
      "memory",
      `${grouped(counts.graphBytes)} bytes in ${counted(counts.partitions, "partition")}, attributes included`,
    ],
  ];
  return lines.map(([name, text]) => `${name.padEnd(16)}${text}`.trimEnd() + "\n").join("");
}

function reasons({ byReason }: LoadReport["edges"]["badRows"]): [string, string][] {
  const lines = byReason
    .slice(0, 10)
    .map(({ reason, count }): [string, string] => ["", `${grouped(count)} x ${reason}`]);
  if (byReason.length > 10) lines.push(["", `and ${counted(byReason.length - 10, "more reason")}`]);
  return lines;
}
