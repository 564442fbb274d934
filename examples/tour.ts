/**
 * A first program: load an edge list, rank its vertices, run a Pregel program with a captured variable, make a graph of
 * one's own and cut it down.
 *
 *   node dist/examples/tour.js [EDGES]                         after the build
 *   superstep pregel examples/tour.ts EDGES                    TypeScript as it is
 *
 * Expected, without EDGES (that is, of examples/data/follows.txt): a table of the ten highest ranks, 27 with 2.684 first,
 * and below it
 *
 *   ranks converged: true
 *   distances from 30 after 5 supersteps: 120 of 127 vertices reached, the farthest 5 away
 *   adults: 1 of 127 users
 */
import { fileURLToPath } from "node:url";
import { Context, Graph, GraphLoader } from "superstep";

const file = process.argv[2] ?? fileURLToPath(new URL("../../examples/data/follows.txt", import.meta.url));

const ctx = await Context.create({ master: "local[*]" });
const graph = await GraphLoader.edgeListFile(ctx, file);

const { graph: ranked, converged } = await graph.pageRank({ tolerance: 1e-6 });
console.table(await ranked.vertices.top(10, ([, rank]) => rank));
console.log(`ranks converged: ${converged}`);

const source = 30; // captured by the functions below, and shipped with them
const { graph: distances, supersteps } = await graph
  .mapVertices((id) => (id === source ? 0 : Infinity))
  .pregel({
    initialMessage: Infinity,
    activeDirection: "out",
    order: "supersteps", // they are counted below
    vertexProgram: (_id, distance, offered) => Math.min(distance, offered),
    sendMessage: (edge) => {
      if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
    },
    mergeMessage: (a, b) => Math.min(a, b),
  });
const reached = distances.vertices.values().filter((distance) => distance < Infinity);
console.log(
  `distances from ${source} after ${supersteps} supersteps: ${await reached.count()} of ` +
    `${await distances.numVertices()} vertices reached, the farthest ${await reached.max()} away`,
);

const follows = graph.edges;
const users = ctx.parallelize<[number, { name: string; age: number }]>([[1, { name: "Ada", age: 36 }]]);
const social = Graph.create(users, follows, { defaultVertex: { name: "?", age: 0 } });
const adults = social.subgraph({ vertex: (_id, user) => user.age > 30 });
console.log(`adults: ${await adults.numVertices()} of ${await social.numVertices()} users`);

await ctx.stop();
