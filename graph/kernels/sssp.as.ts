/**
 * Shortest distances, band by band; see `sssp.ts`.
 *
 * A byte a vertex says in which lists it waits, so that none is in a list twice.
 */
import { bufferWords, double, flush, lower, setDouble, setWord, word } from "./words.as";

const inNear: u8 = 1;
const inFar: u8 = 2;

/** Byte offsets in the state that threads share: 64 bits each. */
const nearTailAt: usize = 0;
const farTailAt: usize = 8;
const leastAt: usize = 16;
const badAt: usize = 24;

/** The sum of weights [from, to). Marks the state unless each is a finite number >= 0. */
export function checkWeights(weights: usize, from: u32, to: u32, state: usize): f64 {
  let sum: f64 = 0;
  let areGood: u32 = 1;
  for (let i = from; i < to; i++) {
    const weight = double(weights, i);
    areGood &= u32(weight >= 0) & u32(weight < Infinity);
    sum += weight;
  }
  if (areGood == 0) atomic.store<u64>(state + badAt, 1);
  return sum;
}

/** Every vertex of [from, to) at distance Infinity, in no list. */
export function initDistances(distances: usize, flags: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) setDouble(distances, v, Infinity);
  memory.fill(flags + from, 0, to - from);
}

/**
 * Takes entries [from, to) of `list` and offers their neighbours a way through them. A neighbour that takes it waits in
 * `near` if its distance is below `bound`, else in `far`. Entries leave their list with the first of two sets of rows.
 */
export function relax(
  list: usize,
  from: u32,
  to: u32,
  rowStart: usize,
  neighbours: usize,
  positions: usize,
  weights: usize,
  distances: usize,
  flags: usize,
  bound: f64,
  near: usize,
  far: usize,
  state: usize,
  buffer: usize,
  isFirst: bool,
): void {
  const farBuffer = buffer + ((<usize>bufferWords) << 2);
  let numNear: u32 = 0;
  let numFar: u32 = 0;
  for (let i = from; i < to; i++) {
    const u = word(list, i);
    // left before its distance is read: whoever lowers that later puts it back
    if (isFirst) atomic.and<u8>(flags + u, ~inNear);
    const distance = reinterpret<f64>(atomic.load<u64>(distances + ((<usize>u) << 3)));
    const end = word(rowStart, u + 1);
    for (let entry = word(rowStart, u); entry < end; entry++) {
      const v = word(neighbours, entry);
      if (double(distances, v) <= distance) continue; // no way through u is shorter
      const offered = distance + double(weights, positions == 0 ? entry : word(positions, entry));
      if (!lower(distances + ((<usize>v) << 3), offered)) continue;
      if (offered < bound) {
        if (atomic.or<u8>(flags + v, inNear) & inNear) continue;
        setWord(buffer, numNear++, v);
        if (numNear == bufferWords) {
          flush(buffer, numNear, near, state + nearTailAt);
          numNear = 0;
        }
      } else {
        if (atomic.or<u8>(flags + v, inFar) & inFar) continue;
        setWord(farBuffer, numFar++, v);
        if (numFar == bufferWords) {
          flush(farBuffer, numFar, far, state + farTailAt);
          numFar = 0;
        }
      }
    }
  }
  flush(buffer, numNear, near, state + nearTailAt);
  flush(farBuffer, numFar, far, state + farTailAt);
}

/**
 * Sorts entries [from, to) of `far` by their distance: below `settled` they leave, below `bound` they go to `near`, others
 * stay, in `kept`; lowers the least of those in the state.
 */
export function split(
  far: usize,
  from: u32,
  to: u32,
  distances: usize,
  flags: usize,
  settled: f64,
  bound: f64,
  near: usize,
  kept: usize,
  state: usize,
  buffer: usize,
): void {
  const keptBuffer = buffer + ((<usize>bufferWords) << 2);
  let numNear: u32 = 0;
  let numKept: u32 = 0;
  let least: f64 = Infinity;
  for (let i = from; i < to; i++) {
    const v = word(far, i);
    const distance = double(distances, v);
    if (distance < settled) continue;
    if (distance < bound) {
      store<u8>(flags + v, inNear);
      setWord(buffer, numNear++, v);
      if (numNear == bufferWords) {
        flush(buffer, numNear, near, state + nearTailAt);
        numNear = 0;
      }
    } else {
      least = min(least, distance);
      setWord(keptBuffer, numKept++, v);
      if (numKept == bufferWords) {
        flush(keptBuffer, numKept, kept, state + farTailAt);
        numKept = 0;
      }
    }
  }
  flush(buffer, numNear, near, state + nearTailAt);
  flush(keptBuffer, numKept, kept, state + farTailAt);
  lower(state + leastAt, least);
}
