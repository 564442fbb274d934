"""NetworKit, C++ with OpenMP: python networkit_peer.py THREADS FILE RUNS SOURCE [TASK]

Install: python3 -m venv peers && peers/bin/pip install networkit
Then:    SUPERSTEP_BENCH_PYTHON=peers/bin/python npm run bench -- --suite
"""

import sys
import time

from common import Report, absent, resident, since_start, squares

try:
    import networkit as nk
except ImportError:
    absent("pip install networkit")

threads, file, runs, source = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
nk.setNumberOfThreads(threads)
start_ms = since_start()
before = resident()
started = time.perf_counter()
reader = nk.graphio.EdgeListReader(" ", 0, continuous=False, directed=True)
graph = reader.read(file)
load_ms = (time.perf_counter() - started) * 1000
loaded = resident() - before
start = reader.getNodeMap()[str(source)]


def page_rank():
    algorithm = nk.centrality.PageRank(graph, damp=0.85, tol=1e-30)
    algorithm.maxIterations = 20
    algorithm.run()
    return algorithm.scores()


def components():
    algorithm = nk.components.WeaklyConnectedComponents(graph)
    algorithm.run()
    return algorithm.numberOfComponents()


def bfs():
    algorithm = nk.distance.BFS(graph, start, storePaths=False)
    algorithm.run()
    return algorithm.getDistances()


def dijkstra():
    algorithm = nk.distance.Dijkstra(graph, start, storePaths=False)
    algorithm.run()
    return algorithm.getDistances()


undirected = None


def triangles():
    algorithm = nk.centrality.LocalClusteringCoefficient(undirected, turbo=True)
    algorithm.run()
    return algorithm.scores()


def count_triangles(scores):
    degrees = nk.centrality.DegreeCentrality(undirected).run().scores()
    return round(sum(score * degree * (degree - 1) / 2 for score, degree in zip(scores, degrees)) / 3)


def finite(distances):
    return sum(distance for distance in distances if distance < 1e300)


report = Report(
    version=f"NetworKit {nk.__version__}",
    numVertices=graph.numberOfNodes(),
    numEdges=graph.numberOfEdges(),
    startMs=start_ms,
    loadMs=load_ms,
    residentBytes=loaded,
)
report.add("components", runs, components, lambda count: count)
report.add("bfs", runs, bfs, finite)
report.add("sssp", runs, dijkstra, finite)
report.add("pageRank", runs, page_rank, squares)
undirected = nk.graphio.EdgeListReader(" ", 0, continuous=False, directed=False).read(file)
undirected.removeMultiEdges()
report.add("triangles", 1, triangles, count_triangles)
