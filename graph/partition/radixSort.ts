/**
 * Stable sorting of rows by two unsigned 32-bit keys, in time linear in the rows.
 */

/** Rows column by column: sorted by `major`, then `minor`; `payload` moves along. */
export interface SortRows {
  readonly major: Uint32Array;
  readonly minor: Uint32Array;
  readonly payload?: Uint32Array | undefined;
}

/** Above so many rows digits are wide: fewer passes, while counters and open lines still fit the first cache. */
const wideDigitRows = 16384;
const wideDigitBits = 11;
const narrowDigitBits = 8;

/**
 * Sorts rows [0, numRows) ascending by (major, minor); equal rows keep their order. `spare` has room for as many rows,
 * and payload as `rows` has. Returns where the sorted rows are: `rows` or `spare`; the other one holds leftovers.
 *
 * Radix sort from the least significant digit. Cost: one scan, and two for each digit in which keys differ at all; rows
 * in order already cost the one scan, rows in order by `minor` none of its digits.
 */
export function radixSort(rows: SortRows, spare: SortRows, numRows: number): SortRows {
  if (numRows < 2) return rows;
  const { major, minor } = rows;
  const firstMajor = major[0]!;
  const firstMinor = minor[0]!;
  let differingMajor = 0;
  let differingMinor = 0;
  let minorAscends = true;
  let majorAscends = true;
  let rowsAscend = true;
  let lastMajor = firstMajor;
  let lastMinor = firstMinor;
  for (let row = 1; row < numRows; row++) {
    const thisMajor = major[row]!;
    const thisMinor = minor[row]!;
    differingMajor |= thisMajor ^ firstMajor;
    differingMinor |= thisMinor ^ firstMinor;
    if (thisMinor < lastMinor) {
      minorAscends = false;
      if (thisMajor === lastMajor) rowsAscend = false;
    }
    if (thisMajor < lastMajor) majorAscends = false;
    lastMajor = thisMajor;
    lastMinor = thisMinor;
  }
  if (rowsAscend && majorAscends) return rows;

  const maxBits = numRows >= wideDigitRows ? wideDigitBits : narrowDigitBits;
  let from = rows;
  let to = spare;
  for (const byMinor of [true, false]) {
    if (byMinor && minorAscends) continue;
    for (const { shift, bits } of digits(byMinor ? differingMinor : differingMajor, maxBits)) {
      moveByDigit(byMinor ? from.minor : from.major, from, to, numRows, shift, bits);
      [from, to] = [to, from];
    }
  }
  return from;
}

/** The digits that cover all set bits of `differing`, least significant first, of even width up to `maxBits`. */
function digits(differing: number, maxBits: number): { shift: number; bits: number }[] {
  if (differing === 0) return [];
  const low = 31 - Math.clz32(differing & -differing);
  const width = 32 - Math.clz32(differing) - low;
  const count = Math.ceil(width / maxBits);
  const bits = Math.ceil(width / count);
  return Array.from({ length: count }, (_, digit) => ({ shift: low + digit * bits, bits }));
}

/** One pass: moves all rows from `from` to `to`, ordered by one digit of `keys`, a column of `from`. */
function moveByDigit(
  keys: Uint32Array,
  from: SortRows,
  to: SortRows,
  numRows: number,
  shift: number,
  bits: number,
): void {
  const mask = 2 ** bits - 1;
  const next = new Uint32Array(mask + 1);
  for (let row = 0; row < numRows; row++) next[(keys[row]! >>> shift) & mask]!++;
  let start = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = next[digit]!;
    next[digit] = start;
    start += count;
  }
  const { major: fromMajor, minor: fromMinor, payload: fromPayload } = from;
  const { major: toMajor, minor: toMinor, payload: toPayload } = to;
  if (fromPayload && toPayload) {
    for (let row = 0; row < numRows; row++) {
      const at = next[(keys[row]! >>> shift) & mask]!++;
      toMajor[at] = fromMajor[row]!;
      toMinor[at] = fromMinor[row]!;
      toPayload[at] = fromPayload[row]!;
    }
  } else {
    for (let row = 0; row < numRows; row++) {
      const at = next[(keys[row]! >>> shift) & mask]!++;
      toMajor[at] = fromMajor[row]!;
      toMinor[at] = fromMinor[row]!;
    }
  }
}
