import { deepStrictEqual } from "node:assert";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { decodeValues, encodeValues } from "../../../core/column/codec.ts";
import { hasCode, SuperstepError } from "../../../core/errors.ts";

function roundTrip(values: unknown[]): unknown[] {
  return decodeValues(encodeValues(values));
}

function refusal(values: unknown[]): { message: string; path: unknown; index: unknown } {
  try {
    encodeValues(values);
  } catch (error) {
    expect(hasCode(error, "NOT_SHIPPABLE")).toBe(true);
    const { message, details } = error as SuperstepError;
    return { message, path: details["path"], index: details["index"] };
  }
  throw new Error("it travelled");
}

const loneSurrogates = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
const key = fc.oneof(
  fc.string(),
  fc.constantFrom("id", "name", "__proto__", "constructor", "toString", "0", "1", "length"),
);
const primitive = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    2 ** 31,
    -(2 ** 31),
    2 ** 31 - 1,
    5e-324,
    null,
    undefined,
    true,
    false,
  ),
  fc.bigInt(),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, -(2n ** 63n) - 1n, 0n, 2n ** 200n),
  fc.string({ unit: "grapheme" }),
  loneSurrogates,
);

/** Own properties under any name, without a setter running. */
function objectOf(entries: [string, unknown][], prototype: object | null = Object.prototype): object {
  const result = Object.create(prototype) as object;
  for (const [name, value] of entries) {
    Object.defineProperty(result, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return result;
}

const typedArray = fc.oneof(
  fc.uint8Array(),
  fc.float64Array({ noNaN: false }),
  fc.float32Array(),
  fc.int16Array(),
  fc.bigUint64Array(),
  fc.uint8ClampedArray(),
);

/** Any one value that travels unchanged. */
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small", withCrossShrink: true },
    primitive,
    fc.array(tie("value"), { maxLength: 12 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) => objectOf(entries)),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) => objectOf(entries, null)),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
    fc.date({ noInvalidDate: false }),
    typedArray,
    fc.uint8Array().map((bytes) => bytes.slice().buffer),
    fc.constantFrom(/a+/g, /[\u{1f600}\\/]/u, new RegExp("")),
  ),
}));

/** Sequences of like values, as partitions hold them: each takes one of the columnar paths, nested and with gaps. */
const { like: likeValues } = fc.letrec<{ like: fc.Arbitrary<unknown> }>((tie) => ({
  like: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<fc.Arbitrary<unknown>>(
      fc.integer(),
      fc.integer({ min: 0, max: 3 }),
      fc.double(),
      fc.boolean(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt(),
      fc.string(),
      fc.constantFrom("rome", "oslo", "köln", "東京", "", "🦜"),
      loneSurrogates,
      fc.constant(null),
      fc.constant(undefined),
      fc.constant({}),
      fc.constant([]),
      primitive,
    ),
    fc
      .tuple(tie("like"), fc.integer({ min: 1, max: 18 }))
      .map(([item, n]) => fc.array(item, { minLength: n, maxLength: n })),
    tie("like").map((item) => fc.array(item, { maxLength: 6 })),
    tie("like").map((item) => fc.option(item, { freq: 3 })),
    tie("like").map((item) => fc.option(item, { freq: 3, nil: undefined })),
    fc
      .tuple(fc.uniqueArray(key, { minLength: 1, maxLength: 4 }), fc.array(tie("like"), { minLength: 4, maxLength: 4 }))
      .map(([keys, items]) =>
        fc.tuple(...items.slice(0, keys.length)).map((values) => objectOf(keys.map((name, i) => [name, values[i]]))),
      ),
  ),
}));
const likeSequence = likeValues.chain((item) => fc.array(item, { maxLength: 40 }));

describe("encodeValues and decodeValues", () => {
  it("return any sequence of values unchanged", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 20 }), (values) => {
        deepStrictEqual(roundTrip(values), values); // unlike expect's, not misled by a key "constructor"
      }),
      { seed: 1, numRuns: 1500 },
    );
  });

  it("return sequences of like values unchanged, by whatever columns they take", () => {
    fc.assert(
      fc.property(likeSequence, (values) => {
        deepStrictEqual(roundTrip(values), values); // unlike expect's, not misled by a key "constructor"
      }),
      { seed: 2, numRuns: 3000 },
    );
  });

  it("keep the order of keys, and keys that are names of the prototype", () => {
    const json =
      '[{"b":1,"a":2,"__proto__":{"x":3},"constructor":4},{"b":5,"a":6,"__proto__":{"x":7},"constructor":8}]';
    for (const copies of [1, 4]) {
      const values = Array.from({ length: copies }, () => JSON.parse(json) as object[]).flat();
      const back = roundTrip(values) as object[];
      expect(JSON.stringify(back)).toBe(JSON.stringify(values));
      for (const value of back) expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("keep -0 among integers, and records apart whose keys differ or stand in another order", () => {
    const values = [
      [1, -0, 3, 4],
      [
        { a: 1, b: 2 },
        { a: 1, b: 2 },
        { b: 1, a: 2 },
        { a: 3, b: 4 },
      ],
      [
        { a: 1, b: 2 },
        { a: 1, c: 2 },
        { a: 1, d: 2 },
        { a: 3, b: 4 },
      ],
    ];
    for (const each of values) {
      deepStrictEqual(roundTrip(each), each);
      expect(JSON.stringify(roundTrip(each))).toBe(JSON.stringify(each));
    }
  });

  it("take any iterable", () => {
    expect(decodeValues(encodeValues(new Set([1, "a", null])))).toEqual([1, "a", null]);
    expect(decodeValues(encodeValues([]))).toEqual([]);
    expect(
      decodeValues(
        encodeValues(
          (function* () {
            for (let i = 0; i < 100; i++) yield [i, i / 3];
          })(),
        ),
      ),
    ).toEqual(Array.from({ length: 100 }, (_, i) => [i, i / 3]));
  });

  it("write into a SharedArrayBuffer of exactly the size, and read from any offset", () => {
    for (const values of [
      [1.5, 2.5, 3.5, 4.5],
      [1n, 2n, 3n, 4n],
      ["a", "b", "c", "d"],
      [
        [1, 0.5],
        [2, 0.25],
        [3, 1],
        [4, 2],
      ],
    ]) {
      const bytes = encodeValues(values);
      expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
      for (let shift = 1; shift <= 8; shift++) {
        const moved = new Uint8Array(bytes.length + 16);
        moved.set(bytes, shift);
        expect(decodeValues(moved.subarray(shift, shift + bytes.length))).toEqual(values);
      }
    }
  });

  it("write equal values as equal bytes, and every NaN as one", () => {
    const zero = JSON.parse("0") as number;
    const computed = zero / zero; // of the other sign than the literal, on some processors
    for (const make of [
      (nan: number) => [nan],
      (nan: number) => [nan, 1.5, nan, 2],
      (nan: number) => [{ nan }, { nan: 1 }],
    ]) {
      expect(encodeValues(make(computed))).toEqual(encodeValues(make(NaN)));
    }
    const odd = new Float64Array(new BigUint64Array([0xfff8000000000001n, 1n]).buffer);
    const [back] = roundTrip([odd]) as [Float64Array];
    expect(encodeValues([odd])).toEqual(encodeValues([Float64Array.of(NaN, odd[1]!)]));
    expect(back[1]).toBe(odd[1]);
  });

  it("write 8 bytes a double, 4 an integer, and repeated strings once", () => {
    const sizeOf = (make: (i: number) => unknown): number =>
      encodeValues(Array.from({ length: 10_000 }, (_, i) => make(i))).length;
    expect(sizeOf((i) => i / 7)).toBeLessThan(80_100);
    expect(sizeOf((i) => i)).toBeLessThan(40_100);
    expect(sizeOf((i) => [i, i / 7])).toBeLessThan(120_100);
    expect(sizeOf((i) => `a city with a long name ${i % 200}`)).toBeLessThan(20_000);
    expect(sizeOf((i) => ({ id: i, rank: i / 7 }))).toBeLessThan(120_100);
  });

  it("carry long strings and long arrays", () => {
    const long = "déjà vu 🦜 ".repeat(100_000);
    const values = [
      long,
      "x".repeat(1_000_000),
      long.slice(0, 20_000),
      "",
      long,
      { long, list: Array.from(long.slice(0, 999)) },
    ];
    expect(roundTrip(values)).toStrictEqual(values);
    const big = [2n ** 100_000n, -(2n ** 70_001n)];
    expect(roundTrip(big)).toEqual(big);
  });

  it("carry containers 64 deep, not 65", () => {
    const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
      let value: unknown = 7;
      for (let i = 0; i < levels; i++) value = wrap(value);
      return value;
    };
    for (const wrap of [
      (v: unknown) => [v],
      (v: unknown) => ({ v }),
      (v: unknown) => new Map([[v, v]]),
      (v: unknown) => new Set([v]),
    ]) {
      const levels = wrap(1) instanceof Map ? 12 : 64; // a map holds its part twice
      for (const copies of [1, 5]) {
        const values = Array.from({ length: copies }, () => nested(levels, wrap));
        expect(roundTrip(values)).toStrictEqual(values);
      }
      if (levels === 64) expect(refusal([nested(65, wrap)]).message).toMatch(/more than 64 containers deep/);
    }
  });

  it("copy shared objects, fill holes, and leave typed arrays with buffers of their own", () => {
    const shared = { x: 1 };
    const [a, b] = roundTrip([shared, shared]);
    expect(a).toEqual(b);
    expect(a).not.toBe(b);
    // oxlint-disable-next-line no-sparse-arrays
    expect(roundTrip([[1, , 3]])).toStrictEqual([[1, undefined, 3]]);
    const part = new Float64Array([1, 2, 3, 4]).subarray(1, 3);
    const [copy] = roundTrip([part]) as [Float64Array];
    expect([...copy]).toEqual([2, 3]);
    expect(copy.buffer.byteLength).toBe(16);
    const [buffer] = roundTrip([Buffer.from("hi")]) as [Uint8Array];
    expect(buffer.constructor).toBe(Uint8Array);
    const [view] = roundTrip([new DataView(new Uint8Array([1, 2, 3]).buffer, 1)]) as [DataView];
    expect(view.getUint8(0)).toBe(2);
    expect(view.byteLength).toBe(2);
    const sharedFloats = new Float64Array(new SharedArrayBuffer(16)).fill(5);
    expect(roundTrip([sharedFloats])).toEqual([new Float64Array([5, 5])]);
  });

  it("carry data classes and objects of other realms as plain objects", () => {
    class Point {
      x = 1;
      y = 2;
    }
    class Point3 extends Point {
      z = 3;
    }
    expect(roundTrip([new Point(), new Point3()])).toStrictEqual([
      { x: 1, y: 2 },
      { x: 1, y: 2, z: 3 },
    ]);
    const foreign = runInNewContext(
      "({ a: [1], m: new Map([[1, 2]]), d: new Date(5), f: new Float64Array(2) })",
    ) as unknown;
    expect(roundTrip([foreign])).toStrictEqual([
      { a: [1], m: new Map([[1, 2]]), d: new Date(5), f: new Float64Array(2) },
    ]);
  });

  it("refuse what cannot travel, and name its path", () => {
    class Socket {
      fd = 3;
      close(): void {}
    }
    class Both extends Map {
      extra(): void {}
    }
    const cyclic: Record<string, unknown> = { name: "loop" };
    cyclic["self"] = [cyclic];
    const values: [unknown, RegExp, string][] = [
      [() => 1, /function/, ""],
      [Symbol("s"), /Symbol\(s\)/, ""],
      [new WeakMap(), /an instance of WeakMap cannot travel/, ""],
      [new WeakSet(), /WeakSet/, ""],
      [Promise.resolve(1), /an instance of Promise cannot travel/, ""],
      [{ socket: new Socket() }, /an instance of Socket cannot travel/, ".socket"],
      [{ deep: [1, { socket: new Socket() }] }, /Socket/, ".deep[1].socket"],
      [{ "odd key": Socket }, /function Socket/, '["odd key"]'],
      [new Map<unknown, unknown>([["k", { f: isNaN }]]), /function isNaN/, '.get("k").f'],
      [new Set([1, Symbol.iterator]), /Symbol/, "[1]"],
      [new Both(), /Both/, ""],
      [Object.create(Map.prototype), /Map/, ""],
      [new Proxy(() => 1, {}), /function/, ""],
      [Object(5) as unknown, /an instance of Number/, ""],
      [new SharedArrayBuffer(8), /SharedArrayBuffer/, ""],
      [(function* () {})(), /cannot travel/, ""],
      [new URL("http://localhost"), /an instance of URL/, ""],
      [
        {
          get rank() {
            return 1;
          },
        },
        /getter/,
        ".rank",
      ],
      [{ set rank(_: number) {} }, /setter/, ".rank"],
      [{ [Symbol("tag")]: 1 }, /symbol as its key/, "[Symbol(tag)]"],
      [cyclic, /cycle/, ".self[0]"],
    ];
    for (const [value, message, path] of values) {
      for (const fill of [[], [0, "a"], [1, 2, 3, 4, 5], [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }]]) {
        const index = fill.length;
        expect(refusal([...fill, value])).toMatchObject({
          message: expect.stringMatching(message) as string,
          path: `[${index}]${path}`,
          index,
        });
      }
      const rows = Array.from({ length: 6 }, (_, i) => ({ ok: i, bad: i === 4 ? value : i }));
      expect(refusal(rows).path).toBe(`[4].bad${path}`);
      const pairs = Array.from({ length: 6 }, (_, i) => [i, i === 5 ? value : i]);
      expect(refusal(pairs).path).toBe(`[5][1]${path}`);
    }
    expect(roundTrip([1])).toEqual([1]); // and the next block is whole
  });

  it("find cycles among many like values at once", () => {
    const ring = Array.from({ length: 1000 }, (): { next?: unknown; other?: unknown } => ({}));
    ring.forEach((node, i) => {
      node.next = ring[(i + 1) % 1000];
      node.other = ring[(i + 7) % 1000];
    });
    expect(refusal(ring).message).toMatch(/containers deep|cycle/);
    const selfish: unknown[] = [];
    for (let i = 0; i < 5; i++) selfish.push(selfish);
    expect(refusal([selfish, [selfish], selfish, selfish]).message).toMatch(/cycle/);
  });

  describe("errors", () => {
    it("keep name, message, stack, code, details, cause and fields", () => {
      const cause = new SuperstepError("TASK_FAILED", "task 3: failed", { details: { stage: 1, attempts: [1, 2] } });
      const error = Object.assign(new RangeError("out", { cause }), { code: "E1", errno: -2, extra: { a: [1n] } });
      const [back] = roundTrip([error]) as [typeof error];
      expect(back).toBeInstanceOf(RangeError);
      expect(back).toMatchObject({ name: "RangeError", message: "out", code: "E1", errno: -2, extra: { a: [1n] } });
      expect(back.stack).toBe(error.stack);
      expect(Object.keys(back)).toEqual(["code", "errno", "extra"]);
      expect(back.cause).toBeInstanceOf(SuperstepError);
      expect(back.cause).toMatchObject({ code: "TASK_FAILED", message: "task 3: failed", details: cause.details });
      expect((back.cause as Error).stack).toBe(cause.stack);
    });

    it("of other classes arrive as Error under their own name", () => {
      class QueryError extends Error {
        override name = "QueryError";
        retry(): void {}
      }
      const [own, abort] = roundTrip([new QueryError("bad"), new DOMException("stop", "AbortError")]) as Error[];
      expect(own).toBeInstanceOf(Error);
      expect(own!.name).toBe("QueryError");
      expect(abort).toMatchObject({ name: "AbortError", message: "stop" });
    });

    it("always travel, whatever they hold", () => {
      const error = new Error("x") as Error & Record<string, unknown>;
      error["self"] = error;
      error["socket"] = { fd: 1, close() {} };
      error.cause = error;
      Object.defineProperty(error, "trap", {
        enumerable: true,
        get() {
          throw new Error("no");
        },
      });
      let chain = error;
      for (let i = 0; i < 200; i++) chain = new Error(`level ${i}`, { cause: chain }) as typeof error;
      const values = [error, chain, [{ failed: error }], Object.assign(new Error("y"), { name: 5, message: { a: 1 } })];
      const back = roundTrip(values) as Error[];
      expect(back[0]!.message).toBe("x");
      expect(String((back[0] as typeof error)["socket"])).toContain("fd");
      expect(back[0]!.cause).toBe('"Error: x"');
      expect(back[1]!.message).toBe("level 199");
      expect(((back[1]!.cause as Error).cause as Error).message).toBe("level 197");
      expect(back[3]).toMatchObject({ message: '{"a":1}' });
    });

    it("that are their own cause end there", () => {
      const error = new Error("x");
      error.cause = { again: error };
      const [back] = roundTrip([error]) as [Error];
      expect(back.cause).toEqual({ again: '"Error: x"' });
    });

    it("that refer to one another many times stay small", () => {
      const errors = Array.from({ length: 12 }, (_, i) => Object.assign(new Error(`e${i}`), { others: [] as Error[] }));
      for (const error of errors) error.others = errors;
      expect(encodeValues([errors[0]]).length).toBeLessThan(500_000);
      expect(roundTrip([errors[0]])[0]).toMatchObject({ message: "e0" });
    });

    it("that hold what cannot travel leave the shapes after them right", () => {
      const error = Object.assign(new Error("x"), { field: { brandNew: 1, alsoNew: { deep: 2, bad: () => 1 } } });
      const values = [error, { brandNew: 1, alsoNew: 2 }, { deep: 1, bad: 2 }];
      const [, second, third] = roundTrip(values);
      expect([second, third]).toEqual(values.slice(1));
    });
  });
});
