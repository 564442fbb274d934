/**
 * The algorithms that `superstep run` knows: their names, and the options that go with each.
 */
import { SuperstepError, excerpt } from "../core/errors.ts";
import { didYouMean } from "./didYouMean.ts";

/** Names an algorithm, as results call it. */
export type AlgorithmName = "pagerank" | "components" | "shortest-paths" | "sssp" | "bfs" | "triangles";

/** Options that belong to some algorithms only, by their name in the parsed command line. */
export type AlgorithmOption =
  | "iterations"
  | "tolerance"
  | "resetProb"
  | "scale"
  | "source"
  | "landmarks"
  | "weight"
  | "direction"
  | "maxSupersteps";

/** One algorithm, for the command line. */
export interface AlgorithmEntry {
  readonly name: AlgorithmName;
  /** Other names it goes by. */
  readonly aliases: readonly string[];
  /** For help: what it computes. */
  readonly summary: string;
  /** For help: the columns of its result. */
  readonly columns: string;
  readonly options: readonly AlgorithmOption[];
  /** Options without which it cannot run. */
  readonly required: readonly AlgorithmOption[];
}

/** Every algorithm, in the order of help. */
export const algorithms: readonly AlgorithmEntry[] = [
  {
    name: "pagerank",
    aliases: ["pr", "page-rank"],
    summary: "importance of each vertex",
    columns: "id, rank",
    options: ["iterations", "tolerance", "resetProb", "scale", "source", "weight", "maxSupersteps"],
    required: [],
  },
  {
    name: "components",
    aliases: ["cc", "wcc", "connected-components"],
    summary: "connected components, named by their smallest id",
    columns: "id, component",
    options: ["maxSupersteps"],
    required: [],
  },
  {
    name: "shortest-paths",
    aliases: ["sp"],
    summary: "distance from each vertex to each landmark, in edges or by --weight",
    columns: "id, and one column for each landmark",
    options: ["landmarks", "weight", "direction", "maxSupersteps"],
    required: ["landmarks"],
  },
  {
    name: "sssp",
    aliases: ["dijkstra", "single-source-shortest-paths"],
    summary: "distance of each vertex from --source, by --weight",
    columns: "id, distance",
    options: ["source", "weight", "direction", "maxSupersteps"],
    required: ["source"],
  },
  {
    name: "bfs",
    aliases: ["breadth-first-search"],
    summary: "least number of edges from --source",
    columns: "id, depth",
    options: ["source", "direction", "maxSupersteps"],
    required: ["source"],
  },
  {
    name: "triangles",
    aliases: ["tc", "triangle-count"],
    summary: "triangles that each vertex is a corner of",
    columns: "id, triangles",
    options: [],
    required: [],
  },
];

/**
 * The algorithm of that name or alias.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there is none, with the closest name.
 */
export function algorithmNamed(name: string): AlgorithmEntry {
  const word = name.toLowerCase();
  const found = algorithms.find((entry) => entry.name === word || entry.aliases.includes(word));
  if (found !== undefined) return found;
  const closest = didYouMean(
    word,
    algorithms.flatMap((entry) => [entry.name, ...entry.aliases]),
  );
  const names = algorithms.map((entry) => entry.name).join(", ");
  const next = closest === undefined ? `there are ${names}` : `did you mean ${closest}? There are ${names}`;
  throw new SuperstepError("INVALID_ARGUMENT", `run: no algorithm ${excerpt(name)}; ${next}`);
}
