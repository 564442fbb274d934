/**
 * What the map side of a shuffle does, as data.
 */
import type { Partitioner } from "../rdd/plan.ts";
import type { Aggregator } from "./aggregator.ts";

/** The key is itself the number of the bucket. */
export interface IndexPartitioner {
  readonly kind: "index";
  readonly numPartitions: number;
}

/** How the map side files its records, pairs [key, value], into the buckets that the reduce side reads. */
export interface MapSide {
  readonly partitioner: Partitioner | IndexPartitioner;
  /** Values of one key are combined within a map partition before they are sent; the buckets then hold combiners. */
  readonly aggregator?: Aggregator | undefined;
}
