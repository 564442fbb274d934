/**
 * Cuts sorted space into ranges of about equal content, by a sample.
 */

/** Sample size a range: enough that ranges differ by little. */
const samplesPerRange = 64;

/** Which of `numEntries` entries to sample for `numRanges` ranges: every so many-th. */
export function sampleEvery(numEntries: number, numRanges: number): number[] {
  const step = Math.max(1, Math.floor(numEntries / (numRanges * samplesPerRange)));
  const entries: number[] = [];
  for (let entry = 0; entry < numEntries; entry += step) entries.push(entry);
  return entries;
}

/** Ranges [from, to) that cover everything, cut at numRanges - 1 values of the sorted sample; undefined is no bound. */
export function splitSample<T>(sorted: readonly T[], numRanges: number): { from: T | undefined; to: T | undefined }[] {
  const cuts: T[] = [];
  for (let range = 1; range < numRanges && sorted.length > 0; range++) {
    cuts.push(sorted[Math.floor((sorted.length * range) / numRanges)]!);
  }
  return [...cuts, undefined].map((to, range) => ({ from: cuts[range - 1], to }));
}
