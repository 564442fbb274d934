/**
 * What one engine of the suite measures on one graph: one JSON object on standard output, from programs of any language.
 */

/** Names of what is measured once a graph is loaded. */
export const suiteTasks = [
  "pageRank",
  "components",
  "bfs",
  "sssp",
  "triangles",
  "userPageRank",
  "userSssp",
  "emptySuperstep",
] as const;

/** One of `suiteTasks`. */
export type SuiteTask = (typeof suiteTasks)[number];

/** What is measured from the start of a process to a result, too: each in processes of its own. */
export const endToEndTasks = ["pageRank", "components", "bfs"] as const;

/** One of `endToEndTasks`. */
export type EndToEndTask = (typeof endToEndTasks)[number];

/** What a process with one task says. */
export interface EndToEnd {
  /** From its start to the result of the task: start-up, load and a first run. */
  readonly endToEndMs: number;
}

/** Titles of the rows of the table. */
export const suiteTitles: Readonly<Record<SuiteTask, string>> = {
  pageRank: "PageRank, 20 rounds",
  components: "components",
  bfs: "BFS",
  sssp: "SSSP, weights 1..255",
  triangles: "triangles",
  userPageRank: "PageRank as a user's Pregel, 20",
  userSssp: "SSSP as a user's Pregel",
  emptySuperstep: "an empty superstep",
};

/** Wall-clock milliseconds of each run, the first one cold, and a number that engines must agree on. */
export interface TaskTimes {
  readonly ms: readonly number[];
  /** Components: their number. Paths: the sum of finite distances. Triangles: all. PageRank: sum of squares, normalised. */
  readonly check?: number;
}

/** One engine on one graph. */
export interface SuiteMeasurement {
  readonly version: string;
  readonly numVertices: number;
  readonly numEdges: number;
  /** From the start of the process to when a file can be loaded. */
  readonly startMs: number;
  readonly loadMs: number;
  /** Of that, from edges in memory to a graph that is ready, where the engine tells the two apart. */
  readonly buildMs?: number;
  /** Resident bytes that the loaded graph added. */
  readonly residentBytes: number;
  readonly tasks: Readonly<Partial<Record<SuiteTask, TaskTimes>>>;
  /** Milliseconds of whole processes with one task each. */
  readonly endToEndMs?: Readonly<Partial<Record<EndToEndTask, readonly number[]>>>;
}

/** An engine that is not installed says how to install it. */
export interface AbsentEngine {
  readonly absent: string;
}

/** Milliseconds since the suite started this process, which it says in the environment; 0 if it did not. */
export function msSinceStart(): number {
  const started = process.env["SUPERSTEP_BENCH_STARTED"];
  return started === undefined ? 0 : Date.now() - Number(started);
}
