/**
 * How many partitions records get when nobody says: a function of their count alone, never of the machine, so that
 * results are the same bits on every machine.
 */

const recordsPerPartition = 32_768;
const fewest = 8;
const most = 64;

/**
 * One partition for every 32,768 records, but at least 8 (or one a record, or one), so that few records that are much
 * work each find several threads, and at most 64, since a shuffle makes a block for each two partitions.
 */
export function defaultNumPartitions(numRecords: number): number {
  const bySize = Math.ceil(numRecords / recordsPerPartition);
  return Math.max(1, Math.min(numRecords, Math.max(fewest, Math.min(bySize, most))));
}
