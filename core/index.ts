/**
 * The core: distributed collections, and what they run on. It knows nothing of graphs.
 *
 * A tour, in the order in which a job meets the files:
 *
 *   context      the entry point: makes RDDs, holds the driver
 *   rdd/         RDDs are data: `plan` is the shape of a node, `rdd` the class, one file a kind of RDD with both halves
 *                (start with `mapPartitions`), `actions/` what ends in a result, `runAction` how a job begins
 *   function/    takes functions apart, with what they capture, and puts them together in tasks
 *   schedule/    `stages` cuts lineage at shuffles, `dagScheduler` decides what runs when; pure
 *   cluster/     the driver: a shell of clocks and promises around the scheduler
 *   host/        threads over one shared memory, each running one task at a time: `rdd/computePartition` is what runs
 *   shuffle/     map side and reduce side of wide operators
 *   storage/     blocks in memory and on disk: persisted partitions, shuffles, broadcasts
 *   column/      typed columns in the shared memory, the encoding of records, keys: order, hash, equality
 */
export { Context, type ContextOptions } from "./context.ts";
export type { CheckpointDefaults } from "./programCheckpoints.ts";
export { RDD } from "./rdd/rdd.ts";
export type { SortKey } from "./rdd/rddActions.ts";
export type { Partitioning } from "./rdd/choosePartitioner.ts";
export { customPartitioner, hashPartitioner, samePartitioner } from "./rdd/partitioner.ts";
export type {
  CustomPartitioner,
  Dependency,
  HashPartitioner,
  NarrowDependency,
  Partitioner,
  Plan,
  RangePartitioner,
  ShuffleDependency,
} from "./rdd/plan.ts";
export type { ActionOptions } from "./rdd/runAction.ts";
export type { MapPartitionsOptions, PartitionFunction } from "./rdd/mapPartitions.ts";
export type { SampleOptions } from "./rdd/sample.ts";
export type { SortOptions } from "./rdd/sortBy.ts";
export type { TextFileOptions } from "./rdd/textFile.ts";
export type { ZipFunction } from "./rdd/zipPartitions.ts";
export type { SaveOptions } from "./rdd/actions/saveAsTextFile.ts";
export type { Stats } from "./rdd/actions/stats.ts";
export type { TakeSampleOptions } from "./rdd/actions/takeSample.ts";
export type { TreeOptions } from "./rdd/actions/treeAggregate.ts";
export type { Cogrouped } from "./rdd/cogroup.ts";
export { Accumulator } from "./accumulator.ts";
export { Broadcast } from "./broadcast.ts";
export { Driver, type DriverOptions, type TasksSpec } from "./cluster/driver.ts";
export type { Config, ConfigOptions } from "./config.ts";
export type { ClusterOptions } from "./contextDefaults.ts";
export { SuperstepError, hasCode, type ErrorCode, type ErrorDetails } from "./errors.ts";
export { notShippable, shippable, type NotShippable, type Shippable } from "./function/shippable.ts";
export type { StorageLevel } from "./host/task.ts";
export type { EventBus, EventListener, SuperstepEvent } from "./schedule/events.ts";
export type { JobSpec, RunOptions, StageSpec } from "./schedule/job.ts";
export { Arena } from "./column/arena.ts";
export { fromArrowTable, toArrowTable, type ArrowSource } from "./column/arrow.ts";
export { freeColumns, readerOf, type ColumnReader } from "./column/columnSet.ts";
export type { ColumnRef, ColumnSet, Field, FieldType, Schema } from "./column/types.ts";
export { randomFor, Random } from "./random.ts";
export { ExactSum } from "./exactSum.ts";
