/**
 * The property graph: vertices and edges with attributes, immutable, partitioned, lazy.
 *
 * Operators return at once and run nothing; actions and algorithms return promises. A graph's columns are made when
 * they are first needed and kept until `unpersist`, or until the garbage collector takes the graph.
 */
import type { Context } from "../core/context.ts";
import { invalidArgument } from "../core/errors.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../core/function/ship.ts";
import { notShippable } from "../core/function/shippable.ts";
import type { RDD } from "../core/rdd/rdd.ts";
import { bfs, type BfsOptions } from "./algorithms/bfs.ts";
import { connectedComponents, type ConnectedComponentsOptions } from "./algorithms/connectedComponents.ts";
import { pageRank, type PageRankOptions, type PageRankRun } from "./algorithms/pageRank.ts";
import { shortestPaths, type ShortestPathsOptions, type ShortestPathsRun } from "./algorithms/shortestPaths.ts";
import { sssp, type SsspOptions, type SsspRun } from "./algorithms/sssp.ts";
import { triangleCount, type TriangleCountOptions, type TriangleRun } from "./algorithms/triangleCount.ts";
import { checkpointFiles, checkpointParts } from "./checkpoint.ts";
import { graphFromRDDs } from "./buildGraph.ts";
import { EdgeRDD, tripletRDD } from "./edgeRDD.ts";
import { collectNeighborIds } from "./operators/collectNeighborIds.ts";
import { degreeTable } from "./operators/degrees.ts";
import { expectFunctions } from "./operators/expectFunctions.ts";
import { groupEdges } from "./operators/groupEdges.ts";
import { partitionBy, type PartitionStrategy } from "./operators/partitionBy.ts";
import { reverse } from "./operators/reverse.ts";
import { mask, subgraph, type SubgraphPredicates } from "./operators/subgraph.ts";
import { joinTable, mapEdges, mapVertices } from "./operators/transform.ts";
import { explainAll } from "./explain.ts";
import { GraphLife } from "./graphLife.ts";
import { everything, useParts, type GraphParts } from "./parts.ts";
import { aggregateMessages, shipRound, type MessageRound } from "./superstep/aggregateMessages.ts";
import { shipPregel, type PregelOptions } from "./superstep/pregel.ts";
import {
  shipSupersteps,
  superstepsOver,
  type SuperstepsOptions,
  type SuperstepsRun,
} from "./superstep/superstepsOver.ts";
import type { Edge, EdgeDirection, EdgeTriplet, Run, VertexId } from "./types.ts";
import { VertexRDD } from "./vertexRDD.ts";

/** How `Graph.create` treats vertices. */
export interface CreateOptions<VD> {
  /** Attribute of vertices known only from edges. Without one, such a vertex is an error. */
  readonly defaultVertex?: VD;
  /** Decides between two attributes of one vertex; default: the first in input order. */
  readonly mergeVertices?: (a: VD, b: VD) => VD;
}

/** A graph whose vertices carry `VD` and whose edges carry `ED`. */
export class Graph<VD, ED> {
  /** What the graph is made of; for the layers that build on it. */
  readonly parts: GraphParts;
  readonly #life: GraphLife;
  #vertices: VertexRDD<VD> | undefined;
  #edges: EdgeRDD<ED> | undefined;

  constructor(parts: GraphParts) {
    this.parts = parts;
    this.#life = new GraphLife(this, parts);
    Object.defineProperty(this, notShippable, { value: "a Graph, which cannot travel. Collect what it needs first." });
  }

  /**
   * A graph of vertices and edges.
   *
   * Lazy:         both are read when the graph is first used.
   * Partitioner:  as many partitions as `edges` has; edges live with their destination.
   *
   * @throws SuperstepError (when used) INVALID_ARGUMENT if an edge ends at an unknown vertex and there is no default, or
   *         an id is neither an integer of 64 bits nor a string, or both occur.
   * @throws SuperstepError (when used) TYPE_MISMATCH if attributes are not all of one type.
   */
  static create<VD, ED>(
    vertices: RDD<[VertexId, VD]> | RDD<[number, VD]> | RDD<[string, VD]>,
    edges: RDD<Edge<ED>>,
    options: CreateOptions<VD> = {},
  ): Graph<VD, ED> {
    const operation = "Graph.create";
    return new Graph(
      graphFromRDDs(edges.context, {
        operation,
        vertices: vertices as RDD<readonly [VertexId, VD]>,
        edges,
        numPartitions: edges.getNumPartitions(),
        ...("defaultVertex" in options && { defaultVertex: { value: options.defaultVertex as VD } }),
        ...(options.mergeVertices && {
          mergeVertices: ship(options.mergeVertices, operation, "mergeVertices") as ShippedFunction<AnyFunction>,
        }),
      }),
    );
  }

  /** A graph of edges, each vertex with attribute `defaultVertex`. Lazy and partitioned as `create`. */
  static fromEdges<VD, ED>(edges: RDD<Edge<ED>>, { defaultVertex }: { readonly defaultVertex: VD }): Graph<VD, ED> {
    const numPartitions = edges.getNumPartitions();
    const source = { operation: "Graph.fromEdges", edges, numPartitions, defaultVertex: { value: defaultVertex } };
    return new Graph(graphFromRDDs(edges.context, source));
  }

  /**
   * A graph of [src, dst] pairs. Edges have attribute 1; with `uniqueEdges` equal pairs become one edge, whose
   * attribute is their number. Lazy and partitioned as `create`.
   */
  static fromEdgeTuples<VD>(
    pairs: RDD<readonly [VertexId, VertexId]> | RDD<[number, number]> | RDD<[string, string]>,
    { defaultVertex, uniqueEdges = false }: { readonly defaultVertex: VD; readonly uniqueEdges?: boolean },
  ): Graph<VD, number> {
    const edges = (pairs as RDD<readonly [VertexId, VertexId]>).map(([srcId, dstId]): Edge<number> => ({
      srcId,
      dstId,
      attr: 1,
    }));
    const graph = Graph.fromEdges(edges, { defaultVertex });
    return uniqueEdges ? graph.groupEdges((a, b) => a + b) : graph;
  }

  /** A graph made of other parts; for the layers that build on this one. */
  derive<VD2, ED2>(parts: GraphParts): Graph<VD2, ED2> {
    return new Graph(parts);
  }

  get ctx(): Context {
    return this.parts.ctx;
  }

  /** Vertices with their attributes, by ascending index. */
  get vertices(): VertexRDD<VD> {
    this.#vertices ??= VertexRDD.ofGraph<VD>(this);
    return this.#vertices;
  }

  /** Edges with their attributes, by destination, source and input order. */
  get edges(): EdgeRDD<ED> {
    this.#edges ??= new EdgeRDD<ED>(this);
    return this.#edges;
  }

  /** Edges with the attributes of both ends, in the order of `edges`. */
  get triplets(): RDD<EdgeTriplet<VD, ED>> {
    return tripletRDD<VD, ED>(this);
  }

  /** How many vertices there are. Eager. */
  numVertices(): Promise<number> {
    return this.parts.shape.use(({ topology }) => topology.numVertices);
  }

  /** How many edges there are. Eager. */
  numEdges(): Promise<number> {
    return this.parts.shape.use(({ topology }) => topology.numEdges);
  }

  /** True if there is a vertex of this id. Eager; binary search. */
  hasVertex(id: VertexId): Promise<boolean> {
    return this.vertices.has(id);
  }

  /** Edges that end at a vertex, where there are any. */
  get inDegrees(): VertexRDD<number> {
    return VertexRDD.ofTable("inDegrees", this.parts, degreeTable(this.parts, "in"));
  }

  /** Edges that start at a vertex, where there are any. */
  get outDegrees(): VertexRDD<number> {
    return VertexRDD.ofTable("outDegrees", this.parts, degreeTable(this.parts, "out"));
  }

  /** Edges at a vertex, where there are any; a self-loop counts twice. */
  get degrees(): VertexRDD<number> {
    return VertexRDD.ofTable("degrees", this.parts, degreeTable(this.parts, "either"));
  }

  /**
   * New attributes of vertices: pure functions of id and attribute.
   *
   * Narrow, lazy. Memory: the new columns.
   *
   * @throws SuperstepError NOT_SHIPPABLE if `fn` captures something that cannot travel.
   * @throws SuperstepError (when used) TYPE_MISMATCH if a later value is of another type than the first.
   */
  mapVertices<VD2>(fn: (id: VertexId, attr: VD) => VD2): Graph<VD2, ED> {
    return new Graph(mapVertices(this.parts, "mapVertices", fn as AnyFunction));
  }

  /** New attributes of edges. Narrow, lazy; errors as `mapVertices`. */
  mapEdges<ED2>(fn: (edge: Edge<ED>) => ED2): Graph<VD, ED2> {
    return new Graph(mapEdges(this.parts, "mapEdges", "edge", fn as AnyFunction));
  }

  /** New attributes of edges, from edges and the attributes of their ends. Lazy; errors as `mapVertices`. */
  mapTriplets<ED2>(fn: (triplet: EdgeTriplet<VD, ED>) => ED2): Graph<VD, ED2> {
    return new Graph(mapEdges(this.parts, "mapTriplets", "triplet", fn as AnyFunction));
  }

  /** Every edge turned round. Lazy; builds a new shape. */
  reverse(): Graph<VD, ED> {
    return new Graph(reverse(this.parts));
  }

  /**
   * The vertices that hold `vertex`, and the edges that hold `edge` and whose two ends stay. Isolated vertices stay.
   *
   * Lazy; builds a new shape.
   */
  subgraph(predicates: SubgraphPredicates<VD, ED>): Graph<VD, ED> {
    return new Graph(subgraph(this.parts, predicates));
  }

  /** The vertices and edges that are also in `other`, with this graph's attributes. Lazy; builds a new shape. */
  mask<VD2, ED2>(other: Graph<VD2, ED2>): Graph<VD, ED> {
    return new Graph(mask(this.parts, other.parts));
  }

  /** Parallel edges made one, their attributes merged in input order. Lazy; builds a new shape. */
  groupEdges(merge: (a: ED, b: ED) => ED): Graph<VD, ED> {
    return new Graph(groupEdges(this.parts, merge));
  }

  /**
   * New attributes where `table` has a value; the others keep theirs. Of several values for one vertex, the first counts.
   *
   * Lazy. Shuffles: the table, unless it is a VertexRDD of a graph of the same shape.
   */
  joinVertices<U>(table: RDD<[VertexId, U]>, fn: (id: VertexId, attr: VD, value: U) => VD): Graph<VD, ED> {
    const operation = "joinVertices";
    const values = VertexRDD.tableFor(this.parts, operation, table);
    expectFunctions(this.ctx.driver);
    const shipped = ship(fn, operation, "fn") as ShippedFunction<AnyFunction>;
    return new Graph(joinTable(this.parts, operation, values, shipped, true));
  }

  /** New attributes of all vertices; `value` is undefined where `table` has none. Lazy, shuffles as `joinVertices`. */
  outerJoinVertices<U, VD2>(
    table: RDD<[VertexId, U]>,
    fn: (id: VertexId, attr: VD, value: U | undefined) => VD2,
  ): Graph<VD2, ED> {
    const operation = "outerJoinVertices";
    const values = VertexRDD.tableFor(this.parts, operation, table);
    expectFunctions(this.ctx.driver);
    const shipped = ship(fn, operation, "fn") as ShippedFunction<AnyFunction>;
    return new Graph(joinTable(this.parts, operation, values, shipped, false));
  }

  /**
   * The ids at the other end of a vertex's edges, duplicates kept; an empty array where there are none.
   *
   * @throws SuperstepError INVALID_ARGUMENT if `direction` is "both".
   */
  collectNeighborIds(direction: EdgeDirection): VertexRDD<VertexId[]> {
    return VertexRDD.ofTable("collectNeighborIds", this.parts, collectNeighborIds(this.parts, direction));
  }

  /**
   * The same graph with its edges laid out as a vertex cut of `numPartitions` parts: "EdgePartition1D",
   * "EdgePartition2D", "RandomVertexCut", "CanonicalRandomVertexCut", or a function of the edge's ends.
   *
   * Lazy. Results are those of the default layout, but for the order in which messages merge: within parts, then across.
   */
  partitionBy(strategy: PartitionStrategy, numPartitions: number = this.parts.numEdgePartitions): Graph<VD, ED> {
    return new Graph(partitionBy(this.parts, strategy, numPartitions));
  }

  /**
   * One round of messages: for each vertex that received any, what its messages merge to.
   *
   * Lazy. Memory: one message a vertex; rows by source, if anything is sent to sources.
   *
   * @throws SuperstepError NOT_SHIPPABLE if a function captures something that cannot travel.
   */
  aggregateMessages<Msg>(round: MessageRound<VD, ED, Msg>): VertexRDD<Msg> {
    const { parts } = this;
    const program = shipRound("aggregateMessages", round);
    const table = VertexRDD.deferTable(parts, () =>
      useParts(parts, { vertices: true, edges: program.reads.edge }, ({ shape, vertices, edges }) =>
        aggregateMessages(parts.ctx.driver, shape, vertices, edges, program),
      ),
    );
    return VertexRDD.ofTable("aggregateMessages", parts, table);
  }

  /**
   * Runs a vertex program until no message is sent, or for `maxSupersteps`. One that is a relaxation runs as a kernel, with the
   * same result, unless `order` says otherwise: see `PregelOptions`.
   *
   * Eager. Memory: two generations of the vertex columns; by a kernel, 33 bytes a vertex, up to 16 an edge, and rows by source.
   *
   * @throws SuperstepError INVALID_ARGUMENT, NOT_SHIPPABLE, TYPE_MISMATCH, TASK_FAILED or CANCELLED.
   */
  async pregel<Msg>(options: PregelOptions<VD, ED, Msg>, operation = "pregel"): Promise<Run<VD, ED, Graph<VD, ED>>> {
    const { graph, ...ending } = await superstepsOver(this.parts, shipPregel(operation, options));
    const { supersteps, converged, method = "program" } = ending;
    return { graph: new Graph(graph), supersteps, converged, method };
  }

  /** Supersteps with what Pregel has no words for: programs on all vertices, aggregators, a test for the end. Eager. */
  async supersteps<Msg>(
    operation: string,
    options: SuperstepsOptions<VD, ED, Msg>,
  ): Promise<SuperstepsRun<VD, ED, Graph<VD, ED>>> {
    const run = await superstepsOver(this.parts, shipSupersteps(operation, options));
    return { ...run, graph: new Graph<VD, ED>(run.graph) } as SuperstepsRun<VD, ED, Graph<VD, ED>>;
  }

  /** Ranks of vertices; see `algorithms/pageRank.ts`. */
  pageRank(options: PageRankOptions<ED>): Promise<PageRankRun> {
    return pageRank(this, options);
  }

  /** The lowest id of each vertex's component; see `algorithms/connectedComponents.ts`. */
  connectedComponents(options: ConnectedComponentsOptions = {}): Promise<Run<VertexId, ED, Graph<VertexId, ED>>> {
    return connectedComponents(this, options);
  }

  /** Distances to landmarks; see `algorithms/shortestPaths.ts`. */
  shortestPaths(options: ShortestPathsOptions<ED>): Promise<ShortestPathsRun<ED>> {
    return shortestPaths(this, options);
  }

  /** Distances and paths from one source; see `algorithms/sssp.ts`. */
  sssp(options: SsspOptions<ED>): Promise<SsspRun> {
    return sssp(this, options);
  }

  /** Hops from one source; see `algorithms/bfs.ts`. */
  bfs(options: BfsOptions): Promise<Run<number, ED, Graph<number, ED>>> {
    return bfs(this, options);
  }

  /** Triangles at each vertex, and in all; see `algorithms/triangleCount.ts`. */
  triangleCount(options: TriangleCountOptions = {}): Promise<TriangleRun<ED>> {
    return triangleCount(this, options);
  }

  /**
   * How the graph is stored and where programs on it run; and of each function that ran in its context so far whether it was
   * compiled, or the expression that stood against it. Eager: makes the graph's columns.
   */
  explain(): Promise<string> {
    return explainAll(this);
  }

  /** Makes shape and columns now, so that a failure shows here and later work finds them. */
  async materialize(): Promise<this> {
    await useParts(this.parts, everything, async () => {});
    return this;
  }

  /**
   * Keeps the graph's columns until `unpersist`, also when the program holds no reference to it any more. Lazy.
   *
   * @throws SuperstepError INVALID_ARGUMENT if `level` is not "memory": columns live in the arena.
   */
  persist(level: "memory" = "memory"): this {
    if (level !== "memory") throw invalidArgument("persist", "level", '"memory": columns live in the arena', level);
    this.#life.pin();
    return this;
  }

  /** `persist("memory")`. */
  cache(): this {
    return this.persist();
  }

  /**
   * Writes the shape and columns into a new directory under the context's checkpoint directory, reads them back, compares
   * checksums, and only then cuts lineage: from now on they are read from there if they are wanted after `unpersist`, by
   * this graph and by those that share them. The files stay when the program ends.
   *
   * Eager.
   *
   * @throws SuperstepError INVALID_ARGUMENT if no checkpoint directory is set; BLOCK_CORRUPT if what is read back is not
   *   what was written. A file that is lost or damaged later fails with BLOCK_CORRUPT whoever needs it.
   */
  async checkpoint(options: { readonly signal?: AbortSignal } = {}): Promise<this> {
    await checkpointParts(this.parts, options);
    return this;
  }

  /** True once the lineage of shape, vertices and edges was cut. */
  get isCheckpointed(): boolean {
    return checkpointFiles(this.parts).length === 3;
  }

  /** The files that take the place of lineage, as far as it was cut: of the shape, the vertices and the edges. */
  get checkpointFiles(): string[] {
    return checkpointFiles(this.parts);
  }

  /** Gives the graph's own columns back to the arena; what other graphs share stays. Used again, they are made again. */
  async unpersist(): Promise<void> {
    this.#vertices = undefined;
    this.#edges = undefined;
    await this.#life.release();
  }
}
