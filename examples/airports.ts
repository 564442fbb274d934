/**
 * The US flight network: the airports that matter most, what hangs together, the shortest routes from one airport, and
 * a picture of it all.
 *
 *   npm start            (or, once built: node dist/examples/airports.js [OUT_DIRECTORY])
 *
 * Expected: the ten airports of highest PageRank, Atlanta first; one component of 305 airports; routes from
 * Seattle; out/airports.csv, out/airports.html; status 0.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Context, GraphLoader, exportHtml, fromGraph, reduce, vertexTable, writeTable } from "superstep";

interface Airport {
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly routes: number;
}

const data = fileURLToPath(new URL("../../examples/data/", import.meta.url));
const out = path.resolve(process.argv[2] ?? "out");
const home = "SEA";

const started = performance.now();
const phase = (text: string): void => {
  console.error(`[${((performance.now() - started) / 1000).toFixed(2).padStart(5)} s] ${text}`);
};

const ctx = await Context.create({ master: "local[*]" });
try {
  const { graph: all, report } = await GraphLoader.load(ctx, path.join(data, "flights-airport.csv"), {
    src: "origin",
    dst: "destination",
    weight: "count",
    vertices: { paths: path.join(data, "airports.csv"), options: { id: "iata" } },
  });
  phase(
    `read ${report.edges.numEdges.toLocaleString("en")} routes and ${report.vertices!.numVertices.toLocaleString("en")} airports`,
  );

  // Airports with at least one flight.
  const flown = all
    .outerJoinVertices(all.degrees, (_id, row, degree): Airport => ({
      name: String(row["name"]),
      city: String(row["city"]),
      state: String(row["state"]),
      latitude: Number(row["latitude"]),
      longitude: Number(row["longitude"]),
      routes: degree ?? 0,
    }))
    .subgraph({ vertex: (_id, airport) => airport.routes > 0 });
  const numAirports = await flown.numVertices();
  phase(`kept the ${numAirports} airports with flights`);

  // A busy route leads on more often than a rare one: ranks are weighted by the number of flights.
  const ranked = await flown.pageRank({ tolerance: 1e-9, weight: "count" });
  phase(`ranked them: ${ranked.supersteps} supersteps, converged: ${ranked.converged}`);

  const components = await flown.connectedComponents();
  phase(`found what hangs together: ${components.supersteps} supersteps`);

  // Miles along the great circle, from the coordinates of both ends.
  const byMiles = flown.mapTriplets(({ srcAttr: a, dstAttr: b }) => {
    const radians = Math.PI / 180;
    const [latA, latB] = [a.latitude * radians, b.latitude * radians];
    const dLon = (b.longitude - a.longitude) * radians;
    const h = Math.sin((latB - latA) / 2) ** 2 + Math.cos(latA) * Math.cos(latB) * Math.sin(dLon / 2) ** 2;
    return 2 * 3958.8 * Math.asin(Math.sqrt(h));
  });
  const routes = await byMiles.sssp({ source: home, weight: "attr" });
  phase(`found the shortest routes from ${home}: ${routes.supersteps} supersteps`);

  const result = flown
    .outerJoinVertices(ranked.graph.vertices, (_id, airport, rank) => ({ ...airport, rank: rank ?? 0 }))
    .outerJoinVertices(components.graph.vertices, (_id, airport, component) => ({
      ...airport,
      component: String(component),
    }))
    .outerJoinVertices(routes.graph.vertices, (_id, airport, miles) => ({
      ...airport,
      milesFromHome: miles ?? Infinity,
    }));

  await mkdir(out, { recursive: true });
  await writeTable(await vertexTable(result, { id: "iata" }), path.join(out, "airports.csv"), { force: true });
  const reduced = reduce(await fromGraph(result), [{ kind: "top", k: 200 }], { by: "rank", weightBy: "count" });
  const page = exportHtml(reduced, {
    title: "US airports by PageRank, 2008",
    sizeBy: "rank",
    colourBy: "state",
    labelBy: "city",
    weightBy: "count",
  });
  await writeFile(path.join(out, "airports.html"), page);
  phase(
    `wrote ${path.relative(process.cwd(), path.join(out, "airports.csv"))} and ${path.relative(process.cwd(), path.join(out, "airports.html"))}`,
  );

  console.log(`\nTop airports by PageRank, weighted by flights`);
  const nameOf = new Map(await flown.vertices.collect());
  const top = await ranked.graph.vertices.top(10, ([, rank]) => rank);
  top.forEach(([id, rank], at) => {
    const airport = nameOf.get(id)!;
    console.log(
      `${String(at + 1).padStart(3)}  ${id}  ${rank.toFixed(3).padStart(7)}  ${airport.name}, ${airport.city}, ${airport.state}`,
    );
  });

  console.log(`\nConnected components`);
  const sizes = [...(await components.graph.vertices.map(([, component]) => component).countByValue())];
  for (const [component, size] of sizes.toSorted((a, b) => b[1] - a[1]).slice(0, 5)) {
    console.log(`  ${String(size).padStart(5)} airports, the first of them ${component}`);
  }

  console.log(`\nFarthest shortest routes from ${home}`);
  const reached = routes.graph.vertices.filter(([, miles]) => miles < Infinity);
  for (const [id, miles] of await reached.top(5, ([, distance]) => distance)) {
    const route = await routes.pathTo(id);
    console.log(`  ${miles.toFixed(0).padStart(6)} miles  ${route!.vertices.join(" > ")}  (${nameOf.get(id)!.name})`);
  }
  console.log(`\nOpen ${path.join(out, "airports.html")} in a browser to look around.`);
} finally {
  await ctx.stop();
}
