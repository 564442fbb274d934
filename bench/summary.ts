/**
 * Numbers of several runs in words.
 */

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** "median (min to max)", times in milliseconds. */
export function spread(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.length === 1 ? inMs(low) : `${inMs(median(values))} (${inMs(low)} to ${inMs(high)})`;
}

/** "1.23 x": how `value` compares with `base`. */
export function ratio(value: number, base: number): string {
  return `${(value / base).toFixed(2)} x`;
}

/** Milliseconds, or microseconds, rounded to what can be told apart. */
export function inMs(ms: number): string {
  if (ms < 0.1) return `${Math.round(1000 * ms)} µs`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en")} ms`;
}

/** A table with aligned columns; the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
  return lines.map((line) => `  ${line.trimEnd()}`).join("\n");
}
