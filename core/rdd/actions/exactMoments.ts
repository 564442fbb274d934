/**
 * Count, sum, sum of squares and range of doubles, exact inside, each result rounded once.
 */
import { ExactSum } from "../../exactSum.ts";

/** The state of ExactMoments as plain data. */
export interface MomentParts {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: readonly number[];
  readonly squares: readonly (readonly number[])[];
}

/**
 * A square is added as its rounded value and the error of that, both doubles. So that neither leaves the range of
 * doubles, very large and very small numbers are scaled by a power of two first; each scale has a sum of its own.
 */
const scales = [
  { upTo: 2 ** -400, factor: 2 ** 600, exponent: -1200 },
  { upTo: 2 ** 500, factor: 1, exponent: 0 },
  { upTo: Infinity, factor: 2 ** -600, exponent: 1200 },
] as const;

/** Partials of an ExactSum count units of 2^-1074. */
const unitExponent = -1074;

export class ExactMoments {
  count = 0;
  /** NaN of no numbers, or if one is NaN; likewise `max`. */
  get min(): number {
    return this.count === 0 ? NaN : this.#min;
  }
  get max(): number {
    return this.count === 0 ? NaN : this.#max;
  }
  #min = Infinity;
  #max = -Infinity;
  readonly #sum = new ExactSum();
  readonly #squares = scales.map(() => new ExactSum());

  add(x: number): void {
    this.count++;
    this.#min = Math.min(this.#min, x);
    this.#max = Math.max(this.#max, x);
    this.#sum.add(x);
    const size = Math.abs(x);
    const scale = size < scales[0].upTo ? 0 : size < scales[1].upTo ? 1 : 2;
    const scaled = x * scales[scale].factor;
    const square = scaled * scaled;
    const squares = this.#squares[scale]!;
    squares.add(square);
    if (Number.isFinite(square)) squares.add(squareError(scaled, square));
  }

  merge({ count, min, max, sum, squares }: MomentParts): void {
    this.count += count;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
    this.#sum.merge(sum);
    squares.forEach((partials, scale) => this.#squares[scale]!.merge(partials));
  }

  parts(): MomentParts {
    const squares = this.#squares.map((sum) => sum.partials());
    return { count: this.count, min: this.#min, max: this.#max, sum: this.#sum.partials(), squares };
  }

  get sum(): number {
    return this.#sum.value();
  }

  get mean(): number {
    if (this.count === 0) return NaN;
    const sum = this.#sum.value();
    // A sum beyond the range of doubles has a mean within it: only numbers that are not finite are set aside.
    if (!this.#isFinite()) return sum;
    return nearestDouble(exactly(this.#sum), BigInt(this.count), unitExponent);
  }

  /** (count * sum of squares - sum^2) / count^2. */
  get variance(): number {
    if (this.count === 0 || !this.#isFinite()) return NaN;
    const n = BigInt(this.count);
    const least = unitExponent + scales[0].exponent;
    const squares = this.#squares.reduce(
      (total, part, scale) => total + (exactly(part) << BigInt(scales[scale]!.exponent - scales[0].exponent)),
      0n,
    );
    const sum = exactly(this.#sum);
    const numerator = n * squares - ((sum * sum) << BigInt(2 * unitExponent - least));
    return nearestDouble(numerator, n * n, least);
  }

  #isFinite(): boolean {
    return Number.isFinite(this.#min) && Number.isFinite(this.#max);
  }
}

/** x * x - square, exactly: Dekker, A floating-point technique for extending the available precision (1971). */
function squareError(x: number, square: number): number {
  const split = x * (2 ** 27 + 1);
  const high = split - (split - x);
  const low = x - high;
  return high * high - square + 2 * high * low + low * low;
}

/** The sum, in units of 2^-1074. */
function exactly(sum: ExactSum): bigint {
  const [, first, ...digits] = sum.partials();
  const scaled = digits.reduceRight((total, digit) => (total << 32n) + BigInt(digit), 0n);
  return scaled << BigInt(32 * first!);
}

/** The double nearest to numerator / denominator * 2^exponent, ties to even; denominator > 0. */
function nearestDouble(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  if (numerator < 0n) return -nearestDouble(-numerator, denominator, exponent);
  // The result lies in [2^(size - 1), 2^(size + 1)): 53 bits of it, or 54, fewer where doubles are subnormal.
  const size = bitLength(numerator) - bitLength(denominator) + exponent;
  let unit = Math.max(size - 53, unitExponent);
  let mantissa = roundedQuotient(numerator, denominator, exponent - unit);
  if (mantissa > 2n ** 53n) mantissa = roundedQuotient(numerator, denominator, exponent - ++unit);
  return unit > 971 ? Infinity : Number(mantissa) * 2 ** unit;
}

/** The integer nearest to a / b * 2^shift, ties to even. */
function roundedQuotient(a: bigint, b: bigint, shift: number): bigint {
  const above = shift > 0 ? a << BigInt(shift) : a;
  const below = shift < 0 ? b << BigInt(-shift) : b;
  const quotient = above / below;
  const twiceRest = (above - quotient * below) * 2n;
  const isUp = twiceRest > below || (twiceRest === below && (quotient & 1n) === 1n);
  return isUp ? quotient + 1n : quotient;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
