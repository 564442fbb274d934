"""GraphX on Spark local[THREADS]: python graphx_peer.py THREADS FILE RUNS SOURCE [TASK]

Calls the classes of GraphX in the jars that pyspark brings along. Java 17 or later must be installed. GraphX knows no
weights in ShortestPaths, so there is no SSSP; its BFS is ShortestPaths to one landmark over the edges turned round.

Install: python3 -m venv peers && peers/bin/pip install pyspark
Then:    SUPERSTEP_BENCH_PYTHON=peers/bin/python npm run bench -- --suite
"""

import shutil
import sys
import time

from common import Report, absent, only, since_start, squares

try:
    import pyspark
    from pyspark import SparkConf, SparkContext
except ImportError:
    absent("pip install pyspark")
if shutil.which("java") is None:
    absent("pip install pyspark, and install a Java runtime, 17 or later")

threads, file, runs, source = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
conf = SparkConf().setMaster(f"local[{threads}]").setAppName("bench").set("spark.driver.memory", "8g")
conf.set("spark.ui.enabled", "false").set("spark.log.level", "ERROR")
sc = SparkContext(conf=conf)
jvm = sc._jvm
graphx = jvm.org.apache.spark.graphx
level = jvm.org.apache.spark.storage.StorageLevel.MEMORY_ONLY()
int_tag = jvm.scala.reflect.ClassTag.Int()


def resident():
    if only is not None:
        return 0
    runtime = jvm.java.lang.Runtime.getRuntime()
    jvm.java.lang.System.gc()
    return runtime.totalMemory() - runtime.freeMemory()


start_ms = since_start()
before = resident()
started = time.perf_counter()
graph = graphx.GraphLoader.edgeListFile(sc._jsc.sc(), file, False, int(threads), level, level)
num_edges = graph.edges().count()
num_vertices = graph.vertices().count()
load_ms = (time.perf_counter() - started) * 1000
loaded = resident() - before


def counted(make):
    def run():
        made = make()
        made.vertices().count()
        return made

    return run


def vertices(made):
    """[id, value as text] of every vertex."""
    return [str(row) for row in made.vertices().toJavaRDD().collect()]


def values(made):
    return [float(row.rsplit(",", 1)[1].rstrip(")")) for row in vertices(made)]


def hops(made):
    return sum(int(row.rsplit("-> ", 1)[1].rstrip(")")) for row in vertices(made) if "-> " in row)


landmarks = jvm.scala.jdk.javaapi.CollectionConverters.asScala([source]).toSeq()
report = Report(
    version=f"Spark {pyspark.__version__}",
    numVertices=num_vertices,
    numEdges=num_edges,
    startMs=start_ms,
    loadMs=load_ms,
    residentBytes=loaded,
)
report.add(
    "components",
    runs,
    counted(lambda: graphx.lib.ConnectedComponents.run(graph, int_tag, int_tag)),
    lambda made: len(set(values(made))),
)
report.add("bfs", runs, counted(lambda: graphx.lib.ShortestPaths.run(graph.reverse(), landmarks, int_tag)), hops)
report.add(
    "pageRank",
    runs,
    counted(lambda: graphx.lib.PageRank.run(graph, 20, 0.15, int_tag, int_tag)),
    lambda made: squares(values(made)),
)
report.add(
    "triangles",
    1,
    counted(lambda: graphx.lib.TriangleCount.run(graph, int_tag, int_tag)),
    lambda made: sum(values(made)) / 3,
)
sc.stop()
