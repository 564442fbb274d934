import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joined, packValue, unpackValue } from "../../../core/cluster/payload.ts";

const arenaBytes = 1 << 20;
const through = <T>(value: T): T => unpackValue(joined(packValue(value, arenaBytes))) as T;

const shared = (...bytes: number[]): SharedArrayBuffer => {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
};

describe("packValue", () => {
  it("carries what structured cloning carries, -0, NaN, bigints and undefined too", () => {
    const value = {
      numbers: [0, -0, NaN, Infinity, 2 ** 53, 0.1],
      nothing: [undefined, null],
      big: -(10n ** 30n),
      map: new Map<unknown, unknown>([
        [undefined, 1],
        [NaN, new Set([1, "a", undefined])],
      ]),
      date: new Date(5),
      pattern: /a+/gi,
      bytes: new Uint16Array([1, 2, 3]),
      text: "\ud800é",
    };
    const copy = through(value);
    expect(copy).toEqual(structuredClone(value));
    expect(Object.is(copy.numbers[1], -0)).toBe(true);
  });

  it("gives shared buffers of their own, one for all views of one", () => {
    const buffer = shared(1, 2, 3, 4, 5, 6, 7, 8);
    const value = {
      buffer,
      all: new Uint8Array(buffer),
      part: new Uint16Array(buffer, 2, 2),
      inside: [{ deep: new DataView(buffer, 4, 3) }],
      other: new Float64Array(new SharedArrayBuffer(16)).fill(-0),
    };
    const copy = through(value);
    expect(copy.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(copy.buffer).not.toBe(buffer);
    expect(copy.all.buffer).toBe(copy.buffer);
    expect(copy.part.buffer).toBe(copy.buffer);
    expect(copy.inside[0]!.deep.buffer).toBe(copy.buffer);
    expect([...copy.all]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...copy.part]).toEqual([...value.part]);
    expect([copy.inside[0]!.deep.byteOffset, copy.inside[0]!.deep.byteLength]).toEqual([4, 3]);
    expect(copy.other.buffer).not.toBe(copy.buffer);
    expect(copy.other.every((x) => Object.is(x, -0))).toBe(true);
    copy.all[0] = 9;
    expect(value.all[0]).toBe(1);
  });

  it("puts shared buffers back into Maps and Sets, in their places, and leaves what it was given alone", () => {
    const [a, b, c] = [shared(1), shared(2), shared(3)];
    const map = new Map<unknown, unknown>([
      [null, 0],
      [a, new Uint8Array(b)],
      [undefined, [c, new Set([c, undefined, a])]],
    ]);
    const copy = through(map);
    expect([...map.keys()]).toEqual([null, a, undefined]);
    const [first, second, third] = [...copy];
    expect(first).toEqual([null, 0]);
    expect(new Uint8Array(second![0] as SharedArrayBuffer)[0]).toBe(1);
    expect((second![1] as Uint8Array)[0]).toBe(2);
    const [inArray, set] = third![1] as [SharedArrayBuffer, Set<unknown>];
    expect(third![0]).toBe(undefined);
    expect([...set]).toEqual([inArray, undefined, second![0]]);
    expect([...set][0]).toBe(inArray);
    expect([...set][2]).toBe(second![0]);
  });

  it("keeps holes as holes", () => {
    const value = [[1, , 3], { items: [, new Uint8Array(shared(1))] }]; // oxlint-disable-line no-sparse-arrays
    const copy = through(value) as [unknown[], { items: unknown[] }];
    expect(1 in copy[0]).toBe(false);
    expect(0 in copy[1].items).toBe(false);
    expect(copy[1].items).toHaveLength(2);
  });

  it("agrees with structured cloning on any plain value, with shared buffers anywhere", () => {
    const leaf = fc.oneof(fc.double(), fc.string(), fc.bigInt(), fc.constant(undefined), fc.boolean());
    const bytes = fc.uint8Array({ maxLength: 9 });
    const sharedBytes = bytes.map((values) => new Uint8Array(shared(...values)));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        bytes,
        sharedBytes,
        fc.array(tie("tree"), { maxLength: 6 }),
        fc.dictionary(fc.string(), tie("tree"), { maxKeys: 4, noNullPrototype: true }),
        fc.array(fc.tuple(tie("tree"), tie("tree")), { maxLength: 3 }).map((entries) => new Map(entries)),
        fc.array(tie("tree"), { maxLength: 3 }).map((items) => new Set(items)),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(through(value)).toEqual(structuredClone(value));
      }),
      { numRuns: 300, seed: 42 },
    );
  });

  it.each([
    ["a function", { f: () => 1 }],
    ["a symbol", [Symbol("s")]],
    ["a WeakMap", new WeakMap()],
    ["a class instance", new (class Odd { method(): number { return 1; } })()], // prettier-ignore
    ["a view over the arena", new Uint8Array(new SharedArrayBuffer(arenaBytes), 0, 8)],
  ])("refuses %s", (_, value) => {
    expect(() => packValue(value, arenaBytes)).toThrow(expect.objectContaining({ code: "NOT_SHIPPABLE" }));
  });

  it("refuses a cycle", () => {
    const value: unknown[] = [];
    value.push(value);
    expect(() => packValue(value, arenaBytes)).toThrow(expect.objectContaining({ code: "NOT_SHIPPABLE" }));
  });
});

describe("unpackValue", () => {
  it("reads any damaged bytes as another value or as BLOCK_CORRUPT, never otherwise", () => {
    const value = { a: new Uint8Array(shared(1, 2, 3)), b: [1, { c: new Map([[1, shared(4)]]) }] };
    const whole = joined(packValue(value, arenaBytes));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isCut) => {
        const damaged = isCut ? whole.slice(0, at) : whole.slice();
        if (!isCut) damaged[at] = damaged[at]! ^ flip;
        try {
          unpackValue(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: "BLOCK_CORRUPT" });
        }
      }),
      { numRuns: 1000, seed: 1 },
    );
  });
});
