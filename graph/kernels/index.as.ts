/**
 * The kernels: loops over columns of the arena, by address. One module, instantiated once a thread.
 */
export { flattenOffsets } from "./rows.as";
export { countMarks, largestWord, markWords, numberMarks } from "./number.as";
export { countKeys, gatherWords, scatterEdges, sortBucket, writeRowVertices } from "./order.as";
export { countEntries, listMarked, listTouched, unmark, writeSpans } from "./active.as";
export { compress, hook, linkRest, linkSeconds, markOthers, writeIds32, writeIds64, writeRoots } from "./components.as";
export {
  clearBits,
  collectLevel,
  initDepths,
  listToBits,
  searchDown,
  searchFrom,
  searchUp,
  writeDepths,
} from "./bfs.as";
export {
  gatherWeights,
  initDistances,
  narrowWeights,
  relax,
  split,
  startDistances,
  surveyBounds,
  surveyWeights,
  turnDistances,
} from "./sssp.as";
export {
  clear,
  copyDistinct,
  countDistinct,
  countTriangles,
  rankByDegree,
  rankEnds,
  startLists,
  sumCounts,
} from "./triangles.as";
export { tileBlock } from "./tiles.as";
