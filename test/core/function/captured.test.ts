import path, { join as joinPaths } from "node:path";
import { describe, expect, it } from "vitest";
import { revive } from "../../../core/function/revive.ts";
import { ship, type AnyFunction } from "../../../core/function/ship.ts";
import { shippable } from "../../../core/function/shippable.ts";
import * as helpers from "./imported.ts";
import { Base, lastPart, triple } from "./imported.ts";
import { useReviver } from "./throughThread.ts";

/** What travels: a function that captures it, its arguments, and what it must answer. */
interface Row {
  readonly fn: AnyFunction;
  readonly args?: readonly unknown[];
  readonly gives: unknown;
}

const rows: Record<string, () => Row> = {
  nothing: () => ({ fn: (x: number) => x + 1, args: [1], gives: 2 }),
  "a number": () => {
    const source = 30;
    return { fn: (x: number) => x === source, args: [30], gives: true };
  },
  NaN: () => {
    const value = NaN;
    return { fn: () => value, gives: NaN };
  },
  "minus zero": () => {
    const value = -0;
    return { fn: () => 1 / value, gives: -Infinity };
  },
  "a bigint beyond 2^64": () => {
    const value = 2n ** 70n;
    return { fn: (x: bigint) => x + value, args: [1n], gives: 1180591620717411303425n };
  },
  "a string with line ends and quotes": () => {
    const value = "a\"\n\u2028'`${x}";
    return { fn: () => value, gives: "a\"\n\u2028'`${x}" };
  },
  "undefined, null and booleans": () => {
    const nothing = undefined;
    const none = null;
    const yes = true;
    return { fn: () => [nothing, none, yes], gives: [undefined, null, true] };
  },
  "a nested plain object": () => {
    const options = { limits: { low: -1, high: [1, { deep: "x" }] } };
    return { fn: () => options, gives: { limits: { low: -1, high: [1, { deep: "x" }] } } };
  },
  "an array with holes": () => {
    const sparse = [1, , 3]; // oxlint-disable-line no-sparse-arrays
    return { fn: () => [sparse.length, 1 in sparse, sparse[2]], gives: [3, false, 3] };
  },
  "a date": () => {
    const when = new Date(86_400_000);
    return { fn: () => when.toISOString(), gives: "1970-01-02T00:00:00.000Z" };
  },
  "a regular expression under way": () => {
    const word = /a(?<rest>.)/gu;
    word.lastIndex = 2;
    return { fn: () => word.exec("ab ac")?.groups?.["rest"], gives: "c" };
  },
  "a Map with objects as keys": () => {
    const key = { id: 1 };
    const names = new Map<object, string>([[key, "one"]]);
    return { fn: () => names.get(key), gives: "one" };
  },
  "a Set, in its order": () => {
    const ids = new Set([3, 1, 2]);
    return { fn: (x: number) => [ids.has(x), [...ids].join()], args: [1], gives: [true, "3,1,2"] };
  },
  "a typed array": () => {
    const weights = Float64Array.of(0.5, -0, NaN);
    return { fn: (i: number) => weights[i], args: [2], gives: NaN };
  },
  "two views of one buffer": () => {
    const bytes = new Uint8Array(16).fill(1, 9);
    const word = new Uint32Array(bytes.buffer, 8, 2);
    return {
      fn: () => {
        bytes[8] = 255;
        return [word[0], word[1], word.length];
      },
      gives: [0x010101ff, 0x01010101, 2],
    };
  },
  "a DataView": () => {
    const view = new DataView(new ArrayBuffer(12), 4, 8);
    view.setFloat32(0, 1.5);
    return { fn: () => [view.getFloat32(0), view.byteLength], gives: [1.5, 8] };
  },
  "a Buffer": () => {
    const text = Buffer.from("grüße");
    return { fn: () => text.toString("utf8"), gives: "grüße" };
  },
  "64-bit integers": () => {
    const ids = BigInt64Array.of(-1n, 2n ** 62n);
    return { fn: () => ids[1], gives: 2n ** 62n };
  },
  "an object captured twice": () => {
    const shared = { n: 0 };
    const holder = { shared };
    return { fn: () => holder.shared === shared, gives: true };
  },
  "a circle of objects": () => {
    const node: { name: string; next?: object } = { name: "a" };
    node.next = { name: "b", next: node };
    return { fn: () => (node as { next: { next: unknown } }).next.next === node, gives: true };
  },
  "a chain of 20,000 objects": () => {
    let list: { next: unknown } | undefined;
    for (let i = 0; i < 20_000; i++) list = { next: list };
    const head = list;
    return {
      fn: () => {
        let n = 0;
        for (let at: { next: unknown } | undefined = head; at; at = at.next as never) n++;
        return n;
      },
      gives: 20_000,
    };
  },
  "an object without prototype": () => {
    const table = Object.assign(Object.create(null) as Record<string, number>, { toString: 1 });
    return { fn: () => [table["toString"], Object.getPrototypeOf(table)], gives: [1, null] };
  },
  "a property called __proto__": () => {
    const odd = JSON.parse('{ "__proto__": 7 }') as object;
    return { fn: () => Object.entries(odd), gives: [["__proto__", 7]] };
  },
  "an instance of a class with fields only": () => {
    class Point {
      x = 1;
      y = 2;
    }
    const point = new Point();
    return { fn: () => point.x + point.y, gives: 3 };
  },
  "a function": () => {
    const square = (x: number): number => x * x;
    return { fn: (x: number) => square(x) + 1, args: [3], gives: 10 };
  },
  "a function that captures another": () => {
    const offset = 5;
    const shift = (x: number): number => x + offset;
    const twice = (x: number): number => shift(shift(x));
    return { fn: (x: number) => twice(x), args: [0], gives: 10 };
  },
  "an arrow that calls itself": () => {
    const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
    return { fn: (n: number) => factorial(n), args: [5], gives: 120 };
  },
  itself: () => {
    const countDown = (n: number): number[] => (n === 0 ? [0] : [n, ...countDown(n - 1)]);
    return { fn: countDown, args: [2], gives: [2, 1, 0] };
  },
  "functions that call each other": () => {
    const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);
    const isOdd = (n: number): boolean => n !== 0 && isEven(n - 1);
    return { fn: (n: number) => [isEven(n), isOdd(n)], args: [7], gives: [false, true] };
  },
  "a circle of three functions through an object": () => {
    const a = (n: number): string => (n === 0 ? "a" : steps.b(n - 1));
    const b = (n: number): string => (n === 0 ? "b" : c(n - 1));
    const c = (n: number): string => (n === 0 ? "c" : a(n - 1));
    const steps = { b };
    return { fn: (n: number) => a(n), args: [5], gives: "c" };
  },
  "a named function expression": () => ({
    fn: function fibonacci(n: number): number {
      return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    },
    args: [10],
    gives: 55,
  }),
  "a function declaration, hoisted": () => {
    return { fn: (x: number) => later(x), args: [1], gives: -1 };
    function later(x: number): number {
      return -x;
    }
  },
  "a method shorthand": () => {
    const step = 2;
    const program = {
      vertexProgram(this: void, _id: number, attr: number, message: number) {
        return attr + message * step;
      },
    };
    return { fn: program.vertexProgram, args: [0, 1, 2], gives: 5 };
  },
  "a method whose name it uses for something else": () => {
    const add = (a: number, b: number): number => a + b;
    const ops = {
      add(this: void, a: number) {
        return add(a, 1);
      },
    };
    return { fn: ops.add, args: [1], gives: 2 };
  },
  "a method under a computed key": () => {
    const key = "a key";
    const ops = {
      [key](x: number) {
        return x + 1;
      },
    };
    return { fn: ops[key]!, args: [1], gives: 2 };
  },
  "an async method": () => {
    const ops = {
      async later(this: void, x: number) {
        return Promise.resolve(x);
      },
    };
    return { fn: ops.later, args: [4], gives: 4 };
  },
  "a generator": () => {
    const end = 3;
    const range = function* () {
      for (let i = 0; i < end; i++) yield i;
    };
    return { fn: () => [...range()], gives: [0, 1, 2] };
  },
  "an async generator method": () => {
    const ops = {
      async *count(this: void) {
        yield 1;
        yield 2;
      },
    };
    const { count } = ops;
    return {
      fn: async () => {
        const all: number[] = [];
        for await (const each of count()) all.push(each);
        return all;
      },
      gives: [1, 2],
    };
  },
  "functions in an object": () => {
    const ops = { add: (a: number, b: number) => a + b, neg: (a: number) => -a };
    return { fn: () => ops.neg(ops.add(1, 2)), gives: -3 };
  },
  "a method that uses this of its object": () => {
    const scale = {
      factor: 2,
      apply(x: number) {
        return x * this.factor;
      },
    };
    return { fn: (x: number) => scale.apply(x), args: [4], gives: 8 };
  },
  "functions in an array, a Map and a Set": () => {
    const one = (): number => 1;
    const list = [one];
    const byName = new Map([["one", one]]);
    const all = new Set([one]);
    return { fn: () => list[0] === byName.get("one") && all.has(one), gives: true };
  },
  "a function with properties": () => {
    const rule = Object.assign((x: number) => x > rule.limit, { limit: 3 });
    return { fn: (x: number) => rule(x), args: [4], gives: true };
  },
  "a name that a parameter shadows": () => {
    const hidden = new WeakMap();
    void hidden;
    return { fn: (hidden: number) => hidden + 1, args: [1], gives: 2 };
  },
  "a name that a block, a loop and a catch shadow": () => {
    const x = new WeakMap();
    void x;
    return {
      fn: () => {
        const seen: unknown[] = [];
        {
          const x = 1;
          seen.push(x);
        }
        for (const x of [2]) seen.push(x);
        for (let x = 3; x < 4; x++) seen.push(x);
        try {
          throw 4;
        } catch (x) {
          seen.push(x);
        }
        return seen;
      },
      gives: [1, 2, 3, 4],
    };
  },
  "a default that sees the outer variable, not the inner one": () => {
    const x = 10;
    return {
      fn: (a = x) => {
        var x = 1; // oxlint-disable-line no-var
        return [a, x];
      },
      gives: [10, 1],
    };
  },
  "defaults and computed keys of a pattern": () => {
    const fallback = 7;
    const key = "k";
    return {
      fn: ({ a = fallback, [key]: b }: { a?: number; [key: string]: unknown }) => [a, b],
      args: [{ k: 2 }],
      gives: [7, 2],
    };
  },
  "a label, a key and a property named like something that cannot travel": () => {
    const outer = new WeakMap();
    void outer;
    return {
      fn: (record: { outer: number }) => {
        outer: for (;;) break outer;
        return { outer: record.outer };
      },
      args: [{ outer: 3 }],
      gives: { outer: 3 },
    };
  },
  "a var that is hoisted over something that cannot travel": () => {
    const late = new WeakMap();
    void late;
    return {
      fn: () => {
        const before = () => late;
        if (before() === undefined) {
          var late: number | undefined = 1; // oxlint-disable-line no-var
        }
        return before();
      },
      gives: 1,
    };
  },
  "a class": () => {
    class Counter {
      #n = 0;
      up(): number {
        return ++this.#n;
      }
    }
    return {
      fn: () => {
        const counter = new Counter();
        counter.up();
        return counter.up();
      },
      gives: 2,
    };
  },
  "a class that extends another and overrides it": () => {
    const suffix = "!";
    class Animal {
      say(): string {
        return "hm";
      }
      static make(): Animal {
        return new this();
      }
    }
    class Dog extends Animal {
      override say(): string {
        return super.say() + suffix;
      }
    }
    return { fn: () => [Dog.make().say(), new Dog() instanceof Animal], gives: ["hm!", true] };
  },
  "classes that make each other": () => {
    class Left {
      other(): Right {
        return new Right();
      }
    }
    class Right extends Left {
      name(): string {
        return "right";
      }
    }
    return { fn: () => new Left().other().other().name(), gives: "right" };
  },
  "a class that extends one of a module": () => {
    class Derived extends Base {}
    return { fn: () => new Derived().hello(), gives: "hello from Derived" };
  },
  "a class inside": () => {
    const start = 4;
    return {
      fn: () => {
        class Inner {
          at = start;
          next(): number {
            return this.at + 1;
          }
        }
        return new Inner().next();
      },
      gives: 5,
    };
  },
  "a function inside that has its own this and arguments": () => ({
    fn: () => {
      const inner = {
        n: 2,
        get(this: { n: number }, ..._rest: number[]): number[] {
          return [this.n, arguments.length]; // oxlint-disable-line prefer-rest-params
        },
      };
      return inner.get(1, 1);
    },
    gives: [2, 2],
  }),
  "nothing, and stays in strict mode": () => ({
    fn: () =>
      (function (this: unknown) {
        return this;
      })(),
    gives: undefined,
  }),
  "its own arguments": () => ({
    fn: function () {
      return arguments.length; // oxlint-disable-line prefer-rest-params
    },
    args: [1, 2, 3],
    gives: 3,
  }),
  globals: () => ({
    fn: (x: number) => [Math.max(x, 1), structuredClone({ x }), typeof setTimeout, Number.isInteger(x), undefined],
    args: [2],
    gives: [2, { x: 2 }, "function", true, undefined],
  }),
  "the typeof of a name that does not exist": () => ({
    // @ts-expect-error: exists nowhere
    fn: () => typeof nowhere,
    gives: "undefined",
  }),
  "a template tag and optional chains": () => {
    const tag = (parts: TemplateStringsArray, ...values: unknown[]): string => parts.join("|") + values.join();
    const maybe = undefined as { f?: { g: () => number } } | undefined;
    return { fn: (x: number) => [tag`a${x}b${x}`, maybe?.f?.g()], args: [1], gives: ["a|b|1,1", undefined] };
  },
  "the variable of each round of a loop": () => {
    const fns: (() => number)[] = [];
    for (let i = 0; i < 3; i++) fns.push(() => i);
    const [first, , third] = fns;
    return { fn: () => [first!(), third!()], gives: [0, 2] };
  },
  "what a catch caught": () => {
    try {
      throw { reason: "tested" };
    } catch (thrown) {
      return { fn: () => thrown, gives: { reason: "tested" } };
    }
  },
  "two closures of one function": () => {
    const adder =
      (n: number): ((x: number) => number) =>
      (x) =>
        x + n;
    const [one, ten] = [adder(1), adder(10)];
    return { fn: (x: number) => ten(one(x)), args: [0], gives: 11 };
  },
  "comments and strings that look like code": () => {
    const n = 1;
    return {
      fn: function /* ( */ named(/* ) => */ x: string) {
        // return wrong;
        return `${x}(/*${n}*/)` + /["'`/(]/.source;
      },
      args: ["a"],
      gives: "a(/*1*/)[\"'`/(]",
    };
  },
  "an import, with what it captures in its module": () => ({ fn: (x: number) => triple(x), args: [2], gives: 6 }),
  "an import that imports": () => ({ fn: (file: string) => lastPart(file), args: ["/a/b.c"], gives: "b.c" }),
  "members of a namespace, whatever else is in it": () => ({
    fn: (x: number) => helpers.triple(x) + helpers.lastPart("a/b").length,
    args: [1],
    gives: 4,
  }),
  "imports of Node's modules": () => ({
    fn: () => [joinPaths("a", "b"), path.sep.length],
    gives: [path.join("a", "b"), 1],
  }),
  "an import inside": () => ({
    fn: async (text: string) => {
      const { createHash } = await import("node:crypto");
      return createHash("sha1").update(text).digest("hex");
    },
    args: [""],
    gives: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  }),
  "an object that says how it is made again": () => {
    const counter = {
      [shippable]: () => ({
        module: new URL("programs/factory.mjs", import.meta.url).href,
        export: "makeCounter",
        data: { start: 40, step: (n: number) => n + 1 },
      }),
      next: (): number => {
        throw new Error("not here");
      },
    };
    const options = { nested: [counter] };
    return { fn: () => [counter.next(), counter.next(), options.nested[0] === counter], gives: [41, 42, true] };
  },
};

describe("a function that captures", () => {
  const inThread = useReviver();

  it.each(Object.keys(rows))("%s, revived here and in a thread", async (name) => {
    const { fn, args = [], gives } = rows[name]!();
    const shipped = ship(fn, "map", "fn");
    const here = await revive(structuredClone(shipped), { importModule: (url) => import(url) });

    expect(await (here as (...args: unknown[]) => unknown)(...args)).toEqual(gives);
    expect(await inThread(shipped, args)).toEqual({ result: gives });
  });

  it("shared memory shares it with the thread", async () => {
    const cells = new Int32Array(new SharedArrayBuffer(8));
    const outcome = await inThread(
      ship(() => Atomics.add(cells, 1, 5), "foreach", "fn"),
      [],
    );

    expect(outcome).toEqual({ result: 0 });
    expect(cells[1]).toBe(5);
  });

  it("variables that change later keeps the values of the call", async () => {
    let limit = 1;
    const list = [1];
    const bytes = Uint8Array.of(1);
    const shipped = ship(() => [limit, list, bytes[0]], "map", "fn");
    limit = 2;
    list.push(2);
    bytes[0] = 2;

    const revived = await revive(structuredClone(shipped), { importModule: (url) => import(url) });
    expect(revived()).toEqual([1, [1], 1]);
    expect(ship(() => limit, "map", "fn").captures).toEqual([{ name: "limit", value: 2 }]);
  });

  it("a part of a large buffer sends that part only", () => {
    const part = new Float64Array(1_000_000).subarray(10, 12);
    const { nodes } = ship(() => part, "map", "fn");

    expect(nodes.flatMap((node) => (node.kind === "buffer" ? [node.bytes.byteLength] : []))).toEqual([16]);
  });

  it("one function in two ways holds it once", () => {
    const square = (x: number): number => x * x;
    const ops = { square };
    const { nodes } = ship((x: number) => square(x) + ops.square(x), "map", "fn");

    expect(nodes.filter((node) => node.kind === "function")).toHaveLength(2);
  });
});

describe("revive", () => {
  const broken = (module: string, name: string): object => ({
    [shippable]: () => ({ module, export: name, data: undefined }),
  });

  it("names the module that is missing on its side", async () => {
    const gone = broken("file:///nowhere/at-all.mjs", "make");
    const shipped = structuredClone(ship(() => gone, "map", "fn"));
    await expect(revive(shipped, { importModule: (url) => import(/* @vite-ignore */ url) })).rejects.toMatchObject({
      code: "NOT_SHIPPABLE",
      message: expect.stringMatching(
        /^map: fn needs the module file:\/\/\/nowhere\/at-all\.mjs, which cannot be/,
      ) as string,
      details: { module: "file:///nowhere/at-all.mjs" },
    });
  });

  it("names the export that is missing on its side", async () => {
    const older = broken("node:path", "teleport");
    const shipped = structuredClone(ship(() => older, "map", "fn"));
    await expect(revive(shipped, { importModule: (url) => import(/* @vite-ignore */ url) })).rejects.toMatchObject({
      code: "NOT_SHIPPABLE",
      details: { module: "node:path", export: "teleport" },
    });
  });

  it("gives the function back its name", async () => {
    const namedByItsVariable = (): number => 1;
    const shipped = structuredClone(ship(namedByItsVariable, "map", "fn"));
    const revived = await revive(shipped, { importModule: (url) => import(/* @vite-ignore */ url) });
    expect(revived.name).toBe("namedByItsVariable");
  });

  it("makes what was captured anew each time", async () => {
    const seen: number[] = [];
    const shipped = structuredClone(ship((x: number) => seen.push(x), "map", "fn"));
    for (let round = 0; round < 2; round++) {
      const revived = await revive(shipped, { importModule: (url) => import(/* @vite-ignore */ url) });
      expect(revived(round)).toBe(1);
    }
    expect(seen).toEqual([]);
  });
});
