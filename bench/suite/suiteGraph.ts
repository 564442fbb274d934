/**
 * The graphs of the suite, and a process that writes one: `node suiteGraph.js NAME FILE`. Lines are "src dst weight",
 * self-loops and parallel edges left out; weights are integers from 1 to 255, the same in both directions.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import { Context, type Graph } from "superstep";
import type { EdgeChunk } from "../../graph/load/edgeChunk.ts";
import { grid } from "../../graph/load/generators/grid.ts";
import { kronecker } from "../../graph/load/generators/kronecker.ts";
import { rmat } from "../../graph/load/generators/rmat.ts";
import { withReversedEdges } from "../../graph/load/reverseChunks.ts";
import { buildTopology } from "../../graph/partition/buildTopology.ts";
import type { Topology } from "../../graph/partition/topology.ts";

type Runner = Graph<unknown, unknown>["ctx"]["driver"];

/** Makes the edges of a graph by its name: kron-SCALE, rmat-SCALE (degree 16, directed) or grid-SIDE. */
async function edgesOf(runner: Runner, name: string): Promise<readonly EdgeChunk[]> {
  const [kind, size] = [name.split("-")[0], Number(name.split("-")[1])];
  if (!(Number.isInteger(size) && size > 1)) throw new RangeError(`no graph of the suite: ${name}`);
  if (kind === "kron") return withReversedEdges((await kronecker(runner, { scale: size })).edges);
  if (kind === "grid") return withReversedEdges((await grid(runner, size, size)).edges);
  if (kind === "rmat") return (await rmat(runner, { vertices: 2 ** size, edges: 16 * 2 ** size })).edges;
  throw new RangeError(`no graph of the suite: ${name}`);
}

async function write(name: string, file: string): Promise<void> {
  const ctx = await Context.create({ master: "local[2]" });
  const chunks = await edgesOf(ctx.driver, name);
  const { topology } = await buildTopology(ctx.driver, { chunks });
  writeRows(topology, (column) => ctx.driver.arena.view(column), file);
  await ctx.stop();
}

const flushAt = 1 << 22;

function writeRows(
  { partitions, ids }: Topology,
  view: (column: Topology["partitions"][number]["inRows"]["offsets"]) => Uint32Array,
  file: string,
): void {
  if (ids.kind !== "uint32") throw new Error("generated ids are 32-bit integers");
  const idOf = view(ids.ids);
  const output = openSync(file, "w");
  const bytes = Buffer.alloc(flushAt + 64);
  let length = 0;
  for (const { from, inRows } of partitions) {
    const [offsets, neighbours] = [view(inRows.offsets), view(inRows.neighbours)];
    for (let row = 0; row < inRows.numRows; row++) {
      for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) {
        const source = neighbours[entry]!;
        const isRepeated = entry > offsets[row]! && neighbours[entry - 1] === source;
        if (source === from + row || isRepeated) continue;
        const [src, dst] = [idOf[source]!, idOf[from + row]!];
        length += bytes.write(`${src} ${dst} ${weightOf(src, dst)}\n`, length, "latin1");
        if (length >= flushAt) {
          writeSync(output, bytes, 0, length);
          length = 0;
        }
      }
    }
  }
  writeSync(output, bytes, 0, length);
  closeSync(output);
}

function weightOf(a: number, b: number): number {
  let hash = Math.imul(Math.min(a, b), 0x9e3779b1) ^ Math.imul(Math.max(a, b), 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return 1 + (((hash ^ (hash >>> 12)) >>> 0) % 255);
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) await write(argv[2]!, argv[3]!);
