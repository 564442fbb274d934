import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { basename } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { SuperstepError } from "../../../core/errors.ts";
import { ship, type AnyFunction } from "../../../core/function/ship.ts";
import { notShippable, shippable } from "../../../core/function/shippable.ts";

/** What cannot travel: a function that captures it, and the text its refusal must contain. */
const rows: Record<string, () => [fn: unknown, ...says: string[]]> = {
  "a native function itself": () => [Math.abs, "fn is a native function", "arrow function"],
  "a native function": () => {
    const { sqrt } = Math;
    return [(x: number) => sqrt(x), "captures `sqrt`, a native function", "global name"];
  },
  "a native function in an object": () => {
    const ops = { round: Math.round };
    return [(x: number) => ops.round(x), "captures `ops.round`, a native function"];
  },
  "a bound function itself": () => [((a: number, b: number) => a + b).bind(null, 1), "fn is a bound function"],
  "a bound function": () => {
    const add = ((a: number, b: number) => a + b).bind(null, 1);
    return [(x: number) => add(x), "captures `add`, a bound function", "arrow function"];
  },
  "a function of Node itself": () => [basename, "fn is a function without a source", "arrow function"],
  "a class itself": () => [class Thing {}, "fn is a class"],
  "this of an arrow": () => {
    const make = function (this: { n: number }) {
      return () => this.n;
    };
    return [make.call({ n: 1 }), "fn is a function that uses `this`", "variables"];
  },
  "this of a function": () => [
    function (this: unknown) {
      return this;
    },
    "fn is a function that uses `this`",
  ],
  "this of a captured function": () => {
    const helper = function (this: unknown): unknown {
      return this;
    };
    return [() => helper.call(1), "captures `helper`, a function that uses `this`"];
  },
  "this of an arrow in a captured object": () => {
    const make = function (this: { n: number }) {
      return { get: () => this.n };
    };
    const box = make.call({ n: 1 });
    return [() => box.get(), "captures `box.get`, a function that uses `this`"];
  },
  super: () => {
    const child = {
      __proto__: { name: () => "parent" },
      name(this: void) {
        return (super.name as () => string)();
      },
    };
    return [child.name, "uses `super`"];
  },
  "new.target": () => [
    function () {
      return new.target;
    },
    "uses `new.target`",
  ],
  "the arguments of the function around": () => {
    const make = function (..._given: number[]) {
      return () => arguments[0] as number; // oxlint-disable-line prefer-rest-params
    };
    return [make(1), "uses `arguments`", "names"];
  },
  eval: () => [(code: string) => eval(code) as unknown, "uses `eval`"], // oxlint-disable-line no-eval
  "a private method": () => {
    class Secret {
      #hidden(): number {
        return 1;
      }
      get(): AnyFunction {
        return this.#hidden; // oxlint-disable-line unbound-method
      }
    }
    return [new Secret().get(), "not valid by itself"];
  },
  "a getter": () => {
    const options = {
      get now() {
        return Date.now();
      },
    };
    return [() => options.now, "captures `options.now`, a property with a getter", "Read it first"];
  },
  "the function of a getter": () => {
    const clock = {
      get now() {
        return 1;
      },
    };
    const read = Object.getOwnPropertyDescriptor(clock, "now")!.get!; // oxlint-disable-line unbound-method
    return [() => read(), "captures `read`, a getter or setter"];
  },
  "a socket in an object": () => {
    const options = { retries: 3, socket: new Socket() };
    return [() => options.retries, "captures `options.socket`, a Socket", "Open it inside the function"];
  },
  "a stream": () => {
    const out = new PassThrough();
    return [() => out.write(""), "captures `out`, a PassThrough"];
  },
  "an event emitter": () => {
    const events = new EventEmitter();
    return [() => events.emit("x"), "captures `events`, an EventEmitter"];
  },
  "an AbortSignal": () => {
    const { signal } = new AbortController();
    return [() => signal.aborted, "captures `signal`, an AbortSignal"];
  },
  "an instance of a class with methods": () => {
    class Model {
      weights = [1];
      predict(): number {
        return 1;
      }
    }
    const model = new Model();
    return [() => model.predict(), "captures `model`, an instance of Model", "plain values"];
  },
  "an instance of a class that inherits methods": () => {
    class Base {
      run(): void {}
    }
    class Derived extends Base {
      n = 1;
    }
    const found = { deep: [new Derived()] };
    return [() => found, "captures `found.deep[0]`, an instance of Derived"];
  },
  "a URL": () => {
    const home = new URL("http://localhost");
    return [() => home.href, "captures `home`, an instance of URL"];
  },
  "a Map of a class of its own": () => {
    class Cache extends Map<string, number> {}
    const cache = new Cache();
    return [() => cache.size, "captures `cache`, an instance of Cache"];
  },
  "a typed array of a class of its own": () => {
    class Row extends Float64Array {}
    const row = new Row(1);
    return [() => row[0], "captures `row`, an instance of Row"];
  },
  "a WeakMap": () => {
    const seen = new WeakMap<object, number>();
    return [(x: object) => seen.has(x), "captures `seen`, a WeakMap", "Map or Set"];
  },
  "a WeakSet": () => {
    const seen = new WeakSet();
    return [(x: object) => seen.has(x), "captures `seen`, a WeakSet"];
  },
  "a WeakRef": () => {
    const held = new WeakRef({});
    return [() => held.deref(), "captures `held`, a WeakRef"];
  },
  "a Promise": () => {
    const soon = Promise.resolve(1);
    return [() => soon, "captures `soon`, a Promise", "Await it first"];
  },
  "a generator under way": () => {
    const steps = (function* () {
      yield 1;
    })();
    return [() => steps.next(), "captures `steps`, a generator that is under way", "array"];
  },
  "a Proxy": () => {
    const watched = new Proxy({ a: 1 }, {});
    return [() => watched.a, "captures `watched`, a Proxy"];
  },
  "a symbol": () => {
    const kind = Symbol.for("kind");
    return [() => kind, "captures `kind`, a symbol", "string"];
  },
  "properties under symbols": () => {
    const tagged = { [Symbol("tag")]: 1 };
    return [() => tagged, "captures `tagged`, an object with properties under symbols"];
  },
  "a global under another name": () => {
    const M = Math;
    return [() => M.PI, "captures `M`"];
  },
  "a hidden property": () => {
    const odd = Object.defineProperty({ a: 1 }, "secret", { value: 2, enumerable: false });
    return [() => odd, "captures `odd.secret`, a hidden property"];
  },
  "an array with further properties": () => {
    const match = /a/.exec("a")!;
    return [() => match[0], "captures `match`, an array with properties besides its items"];
  },
  "an Error": () => {
    const failure = new TypeError("x");
    return [() => failure.message, "captures `failure`, an Error", "message"];
  },
  "an arguments object": () => {
    const given = (function (..._rest: number[]): unknown {
      return arguments; // oxlint-disable-line prefer-rest-params
    })(1);
    return [() => given, "captures `given`, an arguments object"];
  },
  "a value of a Map": () => {
    const parts = new Map([["a b", new Socket()]]);
    return [() => parts.size, 'captures `parts.get("a b")`, a Socket'];
  },
  "a key that has to be quoted": () => {
    const parts = { "a b\n": { c: Symbol("x") } };
    return [() => parts, 'captures `parts["a b\\n"].c`, a symbol'];
  },
  "a detached buffer": () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return [() => bytes.length, "captures `bytes`, a buffer that was given away"];
  },
  "a buffer that may grow": () => {
    const Growing = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
    const bytes = new Uint8Array(new Growing(8, { maxByteLength: 16 }));
    return [() => bytes.length, "captures `bytes`, a buffer whose size may change"];
  },
  "a view of 4 GiB of shared memory": () => {
    const memory = new WebAssembly.Memory({ initial: 65536, maximum: 65536, shared: true });
    const column = new Float64Array(memory.buffer, 0, 10);
    return [() => column[0], "captures `column`, a view of 4 GiB", "slice()"];
  },
  "what says that it cannot travel": () => {
    const social = { [notShippable]: "a Graph, which cannot travel. Collect what it needs first." };
    return [() => social, "fn captures `social`, a Graph, which cannot travel. Collect what it needs first."];
  },
  "what says so inside an object and behind a getter of its class": () => {
    class Context {
      get [notShippable](): string {
        return "a Context, which cannot travel. Use it outside the function.";
      }
    }
    const app = { ctx: new Context() };
    return [() => app, "captures `app.ctx`, a Context, which cannot travel."];
  },
  "a recipe whose data cannot travel": () => {
    const made = { [shippable]: () => ({ module: "node:path", export: "join", data: { socket: new Socket() } }) };
    return [() => made, "captures `made.socket`, a Socket"];
  },
  "a recipe that needs itself": () => {
    const made: object = { [shippable]: () => ({ module: "node:path", export: "join", data: [made] }) };
    return [() => made, "captures `made[0]`, an object that is needed to make itself"];
  },
  "what a captured function captures": () => {
    const socket = new Socket();
    const options = { send: () => socket.connecting };
    const helper = (): boolean => options.send();
    return [() => helper(), "fn captures `socket` through `options.send` of `helper`, a Socket"];
  },
  "a variable without value yet": () => {
    const fn = (x: number): number => x + later;
    const before = attempt(fn);
    const later = 1;
    return [before, "captures `later`, which has no value yet"];
  },
  "a class without value yet": () => {
    const fn = (): object => new Later();
    const before = attempt(fn);
    class Later {}
    return [before, "captures `Later`, which has no value yet"];
  },
  "the variable it is being assigned to": () => {
    const before: unknown = attempt(() => before);
    return [before, "captures `before`, which has no value yet"];
  },
  "a variable it assigns": () => {
    let sum = 0;
    const fn = (x: number): void => {
      sum += x;
    };
    void sum;
    return [fn, "captures `sum`, and assigns it", "accumulator"];
  },
  "a variable that a captured function assigns": () => {
    let state = 1;
    const next = (): number => ++state;
    return [() => next(), "captures `state` through `next`, and assigns it"];
  },
  "a variable assigned by a pattern and by a loop": () => {
    let a = 0;
    let b = 0;
    void [a, b];
    return [
      (xs: number[]) => {
        [a = 0] = xs;
        for (b of xs) void b;
      },
      "captures `a`, and assigns it",
    ];
  },
  "a class with static state": () => {
    class Registry {
      static count = 0;
    }
    return [() => Registry.count, "captures `Registry`, a class with static state"];
  },
  "a constructor with methods on its prototype": () => {
    function Old(): void {}
    Old.prototype.run = () => 1;
    return [() => new (Old as unknown as new () => object)(), "captures `Old`, a constructor with methods"];
  },
  "a function of Node itself, unknown by name": () => {
    const hidden = new Socket().on; // oxlint-disable-line unbound-method
    return [() => hidden, "captures `hidden`, a function of Node itself", "Import it"];
  },
  "an instance whose text would upset a terminal": () => {
    const parts = { ["\u001b[31m\u202e"]: new Socket() };
    return [() => parts, 'captures `parts["\\u001b[31m\\u202e"]`'];
  },
};

describe("F65: a function is refused at the call for", () => {
  it.each(Object.keys(rows))("%s", (name) => {
    const [fn, ...says] = rows[name]!();
    const error = fn instanceof SuperstepError ? fn : attempt(fn);

    expect(error).toMatchObject({ name: "SuperstepError", code: "NOT_SHIPPABLE" });
    const { message, details } = error as SuperstepError;
    expect(message.startsWith("mapVertices: fn ")).toBe(true);
    for (const text of says) expect(message).toContain(text);
    expect(details).toMatchObject({ operation: "mapVertices", argument: "fn" });
  });

  it("what is no function, as INVALID_ARGUMENT", () => {
    expect(() => ship(3 as never, "map", "fn")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "map: fn must be a function, got 3" }) as Error,
    );
  });

  it("a deep place, with its variable and way as details", () => {
    const list = [{ socket: new Socket() }];
    const helper = (): unknown => list;
    expect((attempt(() => helper()) as SuperstepError).details).toMatchObject({
      variable: "list[0].socket",
      through: ["helper"],
    });
  });
});

function attempt(fn: unknown): unknown {
  try {
    return ship(fn as AnyFunction, "mapVertices", "fn");
  } catch (error) {
    return error;
  }
}
