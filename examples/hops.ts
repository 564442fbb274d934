/**
 * A vertex program for `superstep pregel`: the fewest flights from one airport to every other.
 *
 *   superstep pregel examples/hops.ts examples/data/flights-airport.csv --top 3 -o hops.csv
 *
 * Expected: 2 supersteps; hops.csv with 305 rows id,value in order of their ids. On standard output the first three:
 *
 *   id   value
 *   ABE      2
 *   ABI      2
 *   ABQ      1
 *
 * FROM=ATL in the environment starts elsewhere: what the functions capture is read here, and travels with them.
 */
import type { PregelProgram } from "superstep";

const from = process.env["FROM"] ?? "SEA";
const unreached = Infinity;

const hops: PregelProgram<number, number> = {
  initialAttr: (id) => (id === from ? 0 : unreached),
  initialMessage: unreached, // beyond any number of flights: changes nothing
  activeDirection: "out",
  vertexProgram: (_id, flights, offered) => Math.min(flights, offered),
  sendMessage: (edge) => {
    if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
  },
  mergeMessage: (a, b) => Math.min(a, b),
};

export default hops;
