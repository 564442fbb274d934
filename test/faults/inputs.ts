/** The graphs on which the same bits are asked for everywhere, and what algorithms come to on one thread. */
import type { Context } from "../../core/context.ts";
import type { Graph } from "../../graph/graph.ts";
import { GraphLoader } from "../../graph/load/graphLoader.ts";
import { graphOf, randomArcs } from "../support/graphs.ts";
import { hasSharedData, sharedData } from "../support/sharedData.ts";
import { algorithms, digestOf } from "./answers.ts";

/** A graph that any context can make. */
export interface Input {
  readonly load: (context: Context) => Promise<Graph<number, number>>;
  /** Where paths begin. */
  readonly source: number;
  /** Names of the algorithms to run on it. */
  readonly algorithms: readonly string[];
  /** False if its file is not there. */
  readonly isThere: boolean;
}

/** The algorithms that are run on every graph. */
export const principal: readonly string[] = ["PageRank", "components", "shortest paths"];

const arcs = randomArcs(29, 120, 500);

/** By name. Slashdot: 82,168 vertices, 948,464 edges. */
export const inputs: Readonly<Record<string, Input>> = {
  "a generated graph": {
    load: async (context) => graphOf(context, arcs, 6),
    source: 0,
    algorithms: Object.keys(algorithms),
    isThere: true,
  },
  slashdot: {
    load: async (context) => {
      const { graph } = await GraphLoader.load(context, sharedData("slashdot/soc-Slashdot0902.txt.gz"));
      return graph as unknown as Graph<number, number>;
    },
    source: 1,
    algorithms: principal,
    isThere: hasSharedData,
  },
};

/** Digests of algorithms on inputs by another context, each computed once. */
export class Expectations {
  readonly #context: Context;
  readonly #graphs: Map<Input, Promise<Graph<number, number>>> = new Map();
  readonly #digests: Map<string, Promise<string>> = new Map();

  constructor(context: Context) {
    this.#context = context;
  }

  of(name: string, input: Input): Promise<string> {
    const key = `${name} from ${input.source}`;
    const digest = this.#digests.get(key) ?? this.#compute(name, input);
    this.#digests.set(key, digest);
    return digest;
  }

  async #compute(name: string, input: Input): Promise<string> {
    const graph = this.#graphs.get(input) ?? input.load(this.#context);
    this.#graphs.set(input, graph);
    return digestOf(algorithms[name]!, await graph, input.source);
  }
}
