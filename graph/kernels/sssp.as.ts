/**
 * Relaxation, band by band; see `relax.ts`.
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
const isBadAt: usize = 24;

/** What is made of a distance and a length: their sum, the greater of them, or that of the distance and minus the length. */
const add: u32 = 0;
const most: u32 = 1;

/**
 * The sum of weights [from, to). Sets in the state which of these some weight is not: 1 a finite number >= 0, 2 an integer up
 * to 255, 4 one up to 65535, 8 exact as a 32-bit float.
 */
export function surveyWeights(weights: usize, from: u32, to: u32, state: usize): f64 {
  const zero = f64x2.splat(0);
  let sums = zero;
  let most = zero;
  let areGood = i64x2.splat(-1);
  let areWhole = areGood;
  let areFloats = areGood;
  let i = from;
  for (; i + 1 < to; i += 2) {
    const pair = v128.load(weights + ((<usize>i) << 3));
    sums = f64x2.add(sums, pair);
    most = f64x2.pmax(most, pair);
    areGood = v128.and(areGood, f64x2.ge(pair, zero));
    areWhole = v128.and(areWhole, f64x2.eq(f64x2.floor(pair), pair));
    areFloats = v128.and(areFloats, f64x2.eq(f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(pair)), pair));
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  let largest = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  let isGood = i64x2.all_true(areGood);
  let isWhole = i64x2.all_true(areWhole);
  let isFloat = i64x2.all_true(areFloats);
  if (i < to) {
    const weight = double(weights, i);
    sum += weight;
    largest = max(largest, weight);
    isGood = isGood && weight >= 0;
    isWhole = isWhole && floor(weight) == weight;
    isFloat = isFloat && <f64>(<f32>weight) == weight;
  }
  const not: u64 =
    u64(!isGood || largest == Infinity) |
    (u64(!isWhole || largest > 255) << 1) |
    (u64(!isWhole || largest > 65535) << 2) |
    (u64(!isFloat) << 3);
  atomic.or<u64>(state, not);
  return sum;
}

/** Weights [from, to) in `width` bytes each, which hold them exactly. */
export function narrowWeights(weights: usize, from: u32, to: u32, width: u32, out: usize): void {
  if (width == 1) {
    for (let i = from; i < to; i++) store<u8>(out + <usize>i, <u8>(<u32>double(weights, i)));
  } else if (width == 2) {
    for (let i = from; i < to; i++) store<u16>(out + ((<usize>i) << 1), <u16>(<u32>double(weights, i)));
  } else {
    for (let i = from; i < to; i++) store<f32>(out + ((<usize>i) << 2), <f32>double(weights, i));
  }
}

/** Narrow weights of entries [from, to), from those by position. */
export function gatherWeights(narrow: usize, positions: usize, from: u32, to: u32, width: u32, out: usize): void {
  if (width == 1) {
    for (let i = from; i < to; i++) store<u8>(out + <usize>i, load<u8>(narrow + <usize>word(positions, i)));
  } else if (width == 2) {
    for (let i = from; i < to; i++) {
      store<u16>(out + ((<usize>i) << 1), load<u16>(narrow + ((<usize>word(positions, i)) << 1)));
    }
  } else {
    for (let i = from; i < to; i++) setWord(out, i, word(narrow, word(positions, i)));
  }
}

/** Marks the state if some of the lengths [from, to) is NaN or -0. */
export function surveyBounds(lengths: usize, from: u32, to: u32, state: usize): void {
  let isBad = false;
  for (let i = from; i < to; i++) {
    const length = double(lengths, i);
    isBad = isBad || isOdd(length);
  }
  if (isBad) atomic.or<u64>(state, 1);
}

/** True for NaN and -0, which do not compare as they count. */
function isOdd(value: f64): bool {
  return value != value || (value == 0 && reinterpret<u64>(value) != 0);
}

/** The weight of entry or position `i`. */
function weightAt(weights: usize, i: u32, width: u32): f64 {
  if (width == 1) return <f64>load<u8>(weights + <usize>i);
  if (width == 8) return double(weights, i);
  if (width == 2) return <f64>load<u16>(weights + ((<usize>i) << 1));
  return <f64>load<f32>(weights + ((<usize>i) << 2));
}

/** Every vertex of [from, to) at distance Infinity, in no list. */
export function initDistances(distances: usize, flags: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) setDouble(distances, v, Infinity);
  memory.fill(flags + from, 0, to - from);
}

/**
 * Distances of [from, to) from the attributes that vertices start with, none above `initial`; of minus those if `isTurned`.
 * Vertices below Infinity wait in `far`; the state has the least of those. Marks the state if an attribute is NaN, -0, or, turned
 * or not, -Infinity.
 */
export function startDistances(
  values: usize,
  isTurned: bool,
  initial: f64,
  distances: usize,
  flags: usize,
  from: u32,
  to: u32,
  far: usize,
  state: usize,
  buffer: usize,
): void {
  let isBad = false;
  let count: u32 = 0;
  let least: f64 = Infinity;
  for (let v = from; v < to; v++) {
    const value = double(values, v);
    const distance = min<f64>(isTurned ? 0 - value : value, initial);
    isBad = isBad || isOdd(value) || distance == -Infinity;
    setDouble(distances, v, distance);
    const isFound = distance < Infinity;
    store<u8>(flags + v, isFound ? inFar : 0);
    if (!isFound) continue;
    least = min(least, distance);
    setWord(buffer, count++, v);
    if (count == bufferWords) {
      flush(buffer, count, far, state + farTailAt);
      count = 0;
    }
  }
  flush(buffer, count, far, state + farTailAt);
  lower(state + leastAt, least);
  if (isBad) atomic.or<u64>(state + isBadAt, 1);
}

/** Turns the distances of [from, to) round again: minus each, and 0 for 0. */
export function turnDistances(distances: usize, from: u32, to: u32): void {
  for (let v = from; v < to; v++) setDouble(distances, v, 0 - double(distances, v));
}

/**
 * Takes entries [from, to) of `list` and offers their neighbours a way through them. A neighbour that takes it waits in
 * `near` if its distance is below `bound`, else in `far`. Entries leave their list with the first of two sets of rows.
 * Weights take `width` bytes: by entry, or, unless `positions` is 0, by the position there; none if all are `constant`.
 */
export function relax(
  list: usize,
  from: u32,
  to: u32,
  rowStart: usize,
  neighbours: usize,
  positions: usize,
  weights: usize,
  width: u32,
  constant: f64,
  kind: u32,
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
      const weight = width == 0 ? constant : weightAt(weights, positions == 0 ? entry : word(positions, entry), width);
      const offered = kind == add ? distance + weight : max<f64>(distance, kind == most ? weight : 0 - weight);
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
