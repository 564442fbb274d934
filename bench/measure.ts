/**
 * One measurement in a process of its own: `node --expose-gc measure.js ENGINE FILE ROUNDS [load]`. Prints one JSON
 * object, a `Measurement`.
 */
import { digestOf, type Answer, type Digest, type Engine, type StartedEngine } from "./engines/engine.ts";

/** What one process measured. Times are wall-clock milliseconds. */
export interface Measurement {
  readonly numVertices: number;
  readonly numEdges: number;
  readonly loadMs: number;
  /** Of the whole process, threads included, in milliseconds of processor time. */
  readonly cpuMs: number;
  /** Resident bytes before the file was read, and after the graph was built and garbage collected. */
  readonly rssBefore: number;
  readonly rssAfter: number;
  readonly rssPeak: number;
  /** Absent if only loading was asked for. */
  readonly computed?: Readonly<Record<Computation, { readonly ms: number; readonly digest: Digest }>>;
}

/** What is computed once a graph is loaded. */
export type Computation = "pageRank" | "components" | "bfs";

async function main([name, file, rounds, only]: readonly string[]): Promise<Measurement> {
  const started = await (await engineNamed(name!)).start();
  await collectGarbage(started);
  const rssBefore = process.memoryUsage.rss();
  const [graph, loadMs] = await timed(() => started.load(file!));
  await collectGarbage(started);
  const rssAfter = process.memoryUsage.rss();
  const loaded = { numVertices: graph.numVertices, numEdges: graph.numEdges, loadMs, rssBefore, rssAfter };
  if (only === "load") {
    await graph.stop();
    return { ...loaded, ...spent() };
  }
  const compute = async (run: () => Promise<() => Promise<Answer>>): Promise<{ ms: number; digest: Digest }> => {
    const [answer, ms] = await timed(run);
    return { ms, digest: digestOf(await answer()) };
  };
  const computed = {
    pageRank: await compute(() => graph.pageRank(Number(rounds))),
    components: await compute(() => graph.components()),
    bfs: await compute(() => graph.bfs(1)),
  };
  await graph.stop();
  return { ...loaded, computed, ...spent() };
}

/** Engines are imported when they are asked for: what one needs must not weigh on another. */
async function engineNamed(name: string): Promise<Engine> {
  if (name === "serial") return (await import("./engines/serial.ts")).serial;
  if (name === "graphology") return (await import("./engines/graphology.ts")).graphology;
  const [, numThreads] = /^superstep-(\d+)$/.exec(name)!;
  return (await import("./engines/superstep.ts")).superstep(Number(numThreads));
}

/** On all threads, twice: what the first collection frees, the second can give back. */
async function collectGarbage(started: StartedEngine): Promise<void> {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  for (let time = 0; time < 2; time++) {
    await started.collectGarbage?.();
    globalThis.gc();
  }
}

function spent(): { cpuMs: number; rssPeak: number } {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuMs: (userCPUTime + systemCPUTime) / 1000, rssPeak: maxRSS * 1024 };
}

async function timed<R>(run: () => Promise<R>): Promise<[R, number]> {
  const started = performance.now();
  const result = await run();
  return [result, performance.now() - started];
}

console.log(JSON.stringify(await main(process.argv.slice(2))));
