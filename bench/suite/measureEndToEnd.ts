/**
 * One task from the start of a process to its result: `node measureEndToEnd.js ENGINE THREADS FILE RUNS SOURCE TASK`.
 * Adapters of other languages do this themselves where they are given a task.
 */
import { msSinceStart, type EndToEnd, type EndToEndTask } from "./suiteMeasurement.ts";

async function main([engine, threads, file, , source, task]: readonly string[]): Promise<EndToEnd> {
  const run = engine === "superstep" ? await startSuperstep(`local[${threads}]`) : await startGraphology();
  const stop = await run(file!, task as EndToEndTask, Number(source));
  const endToEndMs = msSinceStart();
  await stop();
  return { endToEndMs };
}

/** Loads a file and computes one result; gives what ends the engine. */
type Run = (file: string, task: EndToEndTask, source: number) => Promise<() => Promise<void>>;

async function startSuperstep(master: string): Promise<Run> {
  const { Context, GraphLoader } = await import("superstep");
  return async (file, task, source) => {
    const ctx = await Context.create({ master });
    const { graph } = await GraphLoader.load(ctx, file, { format: "edgeList" });
    if (task === "pageRank") await graph.pageRank({ iterations: 20, scale: "none" });
    else if (task === "components") await graph.connectedComponents();
    else await graph.bfs({ source });
    return () => ctx.stop();
  };
}

async function startGraphology(): Promise<Run> {
  const { graphology } = await import("../engines/graphology.ts");
  return async (file, task, source) => {
    const graph = await (await graphology.start()).load(file);
    if (task === "pageRank") await graph.pageRank(20);
    else if (task === "components") await graph.components();
    else await graph.bfs(source);
    return () => graph.stop();
  };
}

console.log(JSON.stringify(await main(process.argv.slice(2))));
