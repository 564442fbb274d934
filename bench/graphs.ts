/**
 * The graphs that are measured: a real one where it is at hand, else a made-up one of the same size.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { timeCommand } from "./processes.ts";

/** An edge list, and what to call it. */
export interface BenchGraph {
  readonly name: string;
  readonly file: string;
}

const slashdot = fileURLToPath(new URL("../../../shared/data/slashdot/soc-Slashdot0902.txt.gz", import.meta.url));

/** Slashdot, 948,464 edges, if it lies beside the repository, else R-MAT of as many edges, written into `folder`. */
export async function socialGraph(folder: string): Promise<BenchGraph> {
  if (existsSync(slashdot)) return { name: "slashdot (gzip)", file: slashdot };
  return rmat(folder, 131_072, 948_464);
}

/** An R-MAT graph as text, written into `folder` by `superstep generate rmat`. */
export async function rmat(folder: string, vertices: number, edges: number): Promise<BenchGraph> {
  const file = path.join(folder, `rmat-${edges}.txt`);
  await timeCommand(["generate", "rmat", "--vertices", `${vertices}`, "--edges", `${edges}`, "--quiet", file]);
  return { name: `R-MAT, ${edges.toLocaleString("en")} edges (text)`, file };
}
