import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random, randomFor, seedWords } from "../../core/random.ts";

const many = 200_000;

function draws(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.nextUint32());
}

describe("Random", () => {
  it("gives the published outputs of xoshiro128** from state 1, 2, 3, 4", () => {
    // From the authors' xoshiro128starstar.c 1.1, as in the tests of Rust's rand_xoshiro.
    expect(draws(new Random([1, 2, 3, 4]), 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it("agrees with the same recurrence in 64-bit integers over 10,000 steps", () => {
    const mask = 0xffffffffn;
    const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
    const s = [0xdeadbeefn, 0x80000000n, 0xffffffffn, 7n];
    const random = new Random(s.map(Number));
    for (let i = 0; i < 10_000; i++) {
      const expected = (rotate((s[1]! * 5n) & mask, 7n) * 9n) & mask;
      const t = (s[1]! << 9n) & mask;
      s[2]! ^= s[0]!;
      s[3]! ^= s[1]!;
      s[1]! ^= s[2]!;
      s[0]! ^= s[3]!;
      s[2]! ^= t;
      s[3] = rotate(s[3]!, 11n);
      if (random.nextUint32() !== Number(expected)) throw new Error(`step ${i} differs`);
    }
  });

  it("refuses the one state that never leaves zero", () => {
    expect(() => new Random([0, 0, 0, 0])).toThrow(/not all 0/);
  });

  it("makes next() of the upper 27 and 26 bits of two draws, in [0, 1)", () => {
    const random = randomFor(1);
    const twin = randomFor(1);
    let sum = 0;
    for (let i = 0; i < many; i++) {
      const [high, low] = draws(twin, 2);
      const x = random.next();
      if (x !== Number(((BigInt(high!) >> 5n) << 26n) | (BigInt(low!) >> 6n)) / 2 ** 53) throw new Error(`draw ${i}`);
      if (!(x >= 0 && x < 1)) throw new Error(`${x} is out of range`);
      sum += x;
    }
    expect(Math.abs(sum / many - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / many));
  });

  it.each([1, 2, 3, 7, 10, 2 ** 31 + 1, 2 ** 32, 2 ** 32 + 2, 3 * 2 ** 51, 2 ** 53])(
    "draws nextInt(%d) evenly from its whole range",
    (n) => {
      const random = randomFor(2, n);
      const buckets = Math.min(n, 10);
      const counts = Array.from({ length: buckets }, () => 0);
      for (let i = 0; i < many; i++) {
        const x = random.nextInt(n);
        if (!Number.isInteger(x) || x < 0 || x >= n) throw new Error(`${x} is out of range`);
        counts[Math.floor((x / n) * buckets)]!++;
      }
      const chiSquare = counts.reduce((sum, count) => sum + (count - many / buckets) ** 2 / (many / buckets), 0);
      expect(chiSquare).toBeLessThan(35); // 9 degrees of freedom: once in 10,000 seeds, and the seed is fixed
    },
  );

  it("refuses a range that is empty, fractional or too large", () => {
    for (const n of [0, -1, 1.5, NaN, Infinity, 2 ** 53 + 2]) expect(() => randomFor(1).nextInt(n)).toThrow(/nextInt/);
  });

  it("draws normal numbers with the moments and tails of the normal distribution", () => {
    const random = randomFor(3);
    const xs = Array.from({ length: many }, () => random.normal());
    const mean = (power: number): number => xs.reduce((sum, x) => sum + x ** power, 0) / many;
    expect(Math.abs(mean(1))).toBeLessThan(5 / Math.sqrt(many));
    expect(Math.abs(mean(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / many));
    expect(Math.abs(mean(3))).toBeLessThan(5 * Math.sqrt(15 / many));
    expect(Math.abs(mean(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / many));
    const beyond2 = xs.filter((x) => Math.abs(x) > 2).length / many;
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(5 * Math.sqrt(0.0455 / many));
    const pairs = xs.reduce((sum, x, i) => sum + x * (xs[i + 1] ?? 0), 0) / many;
    expect(Math.abs(pairs)).toBeLessThan(5 / Math.sqrt(many));
  });

  it("shuffles in place into every order equally often", () => {
    const random = randomFor(4);
    const counts = new Map<string, number>();
    const rounds = 24_000;
    for (let i = 0; i < rounds; i++) {
      const values = ["a", "b", "c", "d"];
      expect(random.shuffle(values)).toBe(values);
      counts.set(values.join(""), (counts.get(values.join("")) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(60); // 23 degrees of freedom
    expect(random.shuffle(new Uint32Array([5])).length).toBe(1);
    expect(random.shuffle([])).toEqual([]);
  });
});

describe("seedWords", () => {
  it("gives the published outputs of seed_seq_fe128", () => {
    // NumPy's tests of SeedSequence, which come from the author's C++.
    const published: [number[], number[]][] = [
      [
        [3735928559, 195939070, 229505742, 305419896],
        [3914649087, 576849849, 3593928901, 2229911004],
      ],
      [
        [164546577, 4166754639, 1765190214, 1303880213],
        [3562296087, 3191708229, 1147942216, 3726991905],
      ],
      [
        [2766103236, 2883057919, 4029656435, 862374500],
        [296367413, 4262059219, 13109864, 3283683422],
      ],
    ];
    for (const [entropy, words] of published) expect([...seedWords(entropy)]).toEqual(words);
  });

  it("lets words beyond the fourth reach all four", () => {
    const base = seedWords([1, 2, 3, 4, 5, 6]);
    for (const other of [seedWords([1, 2, 3, 4, 5, 7]), seedWords([1, 2, 3, 4, 6, 5]), seedWords([1, 2, 3, 4, 5])]) {
      for (let i = 0; i < 4; i++) expect(other[i]).not.toBe(base[i]);
    }
  });
});

describe("randomFor", () => {
  it("repeats itself, and tells any two lists of numbers apart", () => {
    const list = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 4 });
    const first = ([seed, ...streams]: number[]): number[] => draws(randomFor(seed!, ...streams), 2);
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(first(a)).toEqual(first(a));
        const same = a.length === b.length && a.every((x, i) => x === b[i]);
        if (!same) expect(first(a)).not.toEqual(first(b));
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it("tells streams apart that share words: (1), (1, 0), (0, 1), (2^32), and ids beyond 2^32", () => {
    const lists = [[1], [1, 0], [0, 1], [2 ** 32], [1, 0, 0], [1, 2 ** 40], [1, 2 ** 40 + 1], [-1], [0.5]];
    const firsts = lists.map(([seed, ...streams]) => draws(randomFor(seed!, ...streams), 2).join());
    expect(new Set(firsts).size).toBe(lists.length);
    expect(randomFor(-0, -0).nextUint32()).toBe(randomFor(0, 0).nextUint32());
  });

  it("keeps the same numbers for ever", () => {
    expect(draws(randomFor(42), 3)).toEqual([1699017360, 4065636258, 4059776821]);
    expect(draws(randomFor(42, 7, 3), 3)).toEqual([1368299199, 3929289113, 953083399]);
  });

  it("gives neighbouring streams unrelated numbers", () => {
    const xs = Array.from({ length: many }, (_, id) => randomFor(5, id).next());
    const mean = xs.reduce((sum, x) => sum + x, 0) / many;
    const lag = xs.reduce((sum, x, i) => sum + (x - 0.5) * ((xs[i + 1] ?? 0.5) - 0.5), 0) / many;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / many));
    expect(Math.abs(lag)).toBeLessThan(5 / 12 / Math.sqrt(many));
    expect(new Set(xs).size).toBe(many);
  });

  it("refuses what names no stream", () => {
    expect(() => randomFor(NaN)).toThrow(/finite/);
    expect(() => randomFor(1, Infinity)).toThrow(/finite/);
  });
});
