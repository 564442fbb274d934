"""igraph, C, one thread: python igraph_peer.py THREADS FILE RUNS SOURCE [TASK]

Its PageRank (PRPACK) runs until it has converged, not for 20 rounds; triangles are counted in a simple undirected copy.

Install: python3 -m venv peers && peers/bin/pip install igraph
Then:    SUPERSTEP_BENCH_PYTHON=peers/bin/python npm run bench -- --suite
"""

import sys
import time

from common import Report, absent, resident, since_start, squares

try:
    import igraph
except ImportError:
    absent("pip install igraph")

file, runs, source = sys.argv[2], int(sys.argv[3]), sys.argv[4]
start_ms = since_start()
before = resident()
started = time.perf_counter()
graph = igraph.Graph.Read_Ncol(file, names=True, weights=True, directed=True)
load_ms = (time.perf_counter() - started) * 1000
loaded = resident() - before
start = graph.vs.find(name=source).index


def distances(weights=None):
    return graph.distances(source=[start], weights=weights, mode="out")[0]


def finite(values):
    return sum(value for value in values if value < float("inf"))


report = Report(
    version=f"igraph {igraph.__version__}",
    numVertices=graph.vcount(),
    numEdges=graph.ecount(),
    startMs=start_ms,
    loadMs=load_ms,
    residentBytes=loaded,
)
report.add("components", runs, lambda: graph.connected_components(mode="weak"), len)
report.add("bfs", runs, distances, finite)
report.add("sssp", runs, lambda: distances("weight"), finite)
report.add("pageRank", runs, lambda: graph.pagerank(damping=0.85), squares)
simple = graph.as_undirected(mode="collapse").simplify()


def triangles():
    # clustering coefficients by the same pass over adjacency; their number at a vertex follows from its degree
    return simple.transitivity_local_undirected(mode="zero")


def count_triangles(coefficients):
    return round(sum(c * d * (d - 1) / 2 for c, d in zip(coefficients, simple.degree())) / 3)


report.add("triangles", 1, triangles, count_triangles)
