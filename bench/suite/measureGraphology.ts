/**
 * graphology in the suite: `node measureGraphology.js THREADS FILE RUNS SOURCE`. What it has no function for is not measured.
 */
import { readFileSync } from "node:fs";
import type { Answer } from "../engines/engine.ts";
import { graphology } from "../engines/graphology.ts";
import { msSinceStart, type SuiteMeasurement, type TaskTimes } from "./suiteMeasurement.ts";

async function main([, file, runs, source]: readonly string[]): Promise<void> {
  const engine = await graphology.start();
  const startMs = msSinceStart();
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const graph = await engine.load(file!);
  const loadMs = performance.now() - started;
  globalThis.gc?.();
  const about = new URL("../../../node_modules/graphology/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(about, "utf8")) as { version: string };
  const { numVertices, numEdges } = graph;
  let measured: SuiteMeasurement = {
    version: `graphology ${version}`,
    numVertices,
    numEdges,
    startMs,
    loadMs,
    residentBytes: process.memoryUsage.rss() - before,
    tasks: {},
  };
  const times = async (
    run: () => Promise<() => Promise<Answer>>,
    check: (values: readonly number[]) => number,
  ): Promise<TaskTimes> => {
    const ms: number[] = [];
    let found: readonly number[] = [];
    for (let at = 0; at < Number(runs); at++) {
      const begin = performance.now();
      const answer = await run();
      ms.push(performance.now() - begin);
      found = Array.from((await answer()).values);
    }
    return { ms, check: check(found) };
  };
  const add = (tasks: SuiteMeasurement["tasks"]): void => {
    measured = { ...measured, tasks: { ...measured.tasks, ...tasks } };
    console.log(JSON.stringify(measured));
  };
  add({});
  add({ bfs: await times(() => graph.bfs(Number(source)), sumOfFinite) });
  add({
    components: await times(
      () => graph.components(),
      (labels) => new Set(labels).size,
    ),
  });
  add({ pageRank: await times(() => graph.pageRank(20), sumOfSquares) });
}

function sumOfFinite(values: readonly number[]): number {
  return values.reduce((sum, value) => (value < Infinity ? sum + value : sum), 0);
}

function sumOfSquares(ranks: readonly number[]): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  return ranks.reduce((sum, rank) => sum + (rank / total) ** 2, 0);
}

await main(process.argv.slice(2));
