import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeValues, encodeValues } from "../../core/column/codec.ts";
import { SuperstepError } from "../../core/errors.ts";
import { checkErrorRecord, decodeError, encodeError, rootSuperstepError } from "../../core/remoteError.ts";
import { kindOfThrown } from "../../core/schedule/failure.ts";

/** To another thread and back. */
const travel = (thrown: unknown): Error => decodeError(JSON.parse(JSON.stringify(encodeError(thrown))));

class RouteError extends TypeError {
  override name = "RouteError";
}

describe("encodeError and decodeError", () => {
  it("keep name, message, stack and code of an error", () => {
    const error = Object.assign(new RouteError("no way"), { code: "ENOENT" });
    expect(travel(error)).toMatchObject({ name: "RouteError", message: "no way", stack: error.stack, code: "ENOENT" });
  });

  it("keep code and details of Superstep's own errors", () => {
    const error = new SuperstepError("TYPE_MISMATCH", "field", { details: { row: 3, path: ["a", null] } });
    const copy = travel(error);
    expect(copy).toBeInstanceOf(SuperstepError);
    expect(copy).toMatchObject({
      name: "SuperstepError",
      code: "TYPE_MISMATCH",
      message: "field",
      details: error.details,
    });
  });

  it("take for Superstep's own only what has one of its codes", () => {
    const error = Object.assign(new Error("x"), { name: "SuperstepError", code: "MADE_UP" });
    expect(travel(error)).not.toBeInstanceOf(SuperstepError);
    expect(encodeError(error).superstep).toBeUndefined();
  });

  it("keep causes and the errors of an aggregate", () => {
    const error = new AggregateError([new Error("one"), "two"], "both", { cause: new RangeError("why") });
    const copy = travel(error) as AggregateError;
    expect(copy.cause).toMatchObject({ name: "RangeError", message: "why" });
    expect(copy.errors).toMatchObject([{ message: "one" }, { message: expect.stringContaining('"two"') }]);
  });

  it("end where causes go in circles or very deep, and aggregates are very long, and say so", () => {
    const circle = new Error("circle");
    circle.cause = circle;
    expect(JSON.stringify(encodeError(circle))).toContain("left out");
    let deep = new Error("0");
    for (let i = 1; i < 1000; i++) deep = new Error(String(i), { cause: deep });
    expect(JSON.stringify(encodeError(deep))).toContain("left out");
    const long = new AggregateError(Array.from({ length: 100 }, (_, i) => new Error(`error ${i}`)));
    expect(encodeError(long).errors?.at(-1)?.message).toBe("84 more errors left out");
  });

  it("cut very long messages and say by how much", () => {
    expect(encodeError(new Error("x".repeat(70_000))).message).toMatch(/x… \(4464 more characters\)$/);
  });

  it("are taken from another process whatever was thrown, with any details and causes", () => {
    const fields = { name: fc.constantFrom("SuperstepError", "Error"), code: fc.constantFrom("TASK_FAILED", "X", 5) };
    const more = { message: fc.string(), details: fc.anything(), cause: fc.anything(), errors: fc.anything() };
    const thrown = fc
      .record({ ...fields, ...more }, { requiredKeys: [] })
      .map((own) => Object.assign(new Error(), own));
    const check = (value: unknown): void => {
      const record = encodeError(value);
      expect(checkErrorRecord(decodeValues(encodeValues([record]))[0])).toEqual(record);
    };
    fc.assert(fc.property(fc.oneof(thrown, fc.anything()), check), { numRuns: 500, seed: 60 });
    let deep = new SuperstepError("TASK_FAILED", "0");
    for (let i = 1; i < 100; i++) deep = new SuperstepError("TASK_FAILED", `${i}`, { cause: deep });
    check(deep);
    let details = {};
    for (let i = 0; i < 100; i++) details = { details };
    check(new SuperstepError("TASK_FAILED", "", { details }));
  });

  const throwing = (): never => {
    throw new Error("not even this");
  };
  const proxies: ProxyHandler<object> = { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing };
  const strange: [string, unknown, RegExp][] = [
    ["null", null, /^null was thrown$/],
    ["undefined", undefined, /^undefined was thrown$/],
    ["a string", "text", /^"text" was thrown, a string and not an Error$/],
    ["a number", NaN, /^NaN was thrown/],
    ["a bigint", 5n, /^5n was thrown/],
    ["a symbol", Symbol("s"), /^Symbol\(s\) was thrown/],
    ["a function", () => 1, /was thrown, a function/],
    ["a plain object", { reason: "because" }, /\{"reason":"because"\} was thrown/],
    ["an object that cannot be shown", { toJSON: throwing }, /\[object Object\] was thrown/],
    ["a frozen error", Object.freeze(new Error("frozen")), /^frozen$/],
    ["an error of another realm", runInNewContext("new Error('elsewhere')"), /^elsewhere$/],
    [
      "an error that cannot be cloned",
      Object.assign(new Error("uncloneable"), { fn: throwing, s: Symbol("s") }),
      /^uncloneable$/,
    ],
    ["an error whose message throws", Object.defineProperty(new Error("x"), "message", { get: throwing }), /^$/],
    ["an error whose stack throws", Object.defineProperty(new Error("x"), "stack", { get: throwing }), /^x$/],
    ["an error whose message is an object", Object.assign(new Error("x"), { message: { toString: throwing } }), /^$/],
    ["an error whose cause throws", Object.defineProperty(new Error("x"), "cause", { get: throwing }), /^x$/],
    ["an error without a prototype", Object.setPrototypeOf(new Error("bare"), null), /bare/],
    ["a proxy that throws at everything", new Proxy({}, proxies), /was thrown, an object/],
    ["a proxy of an error that throws at everything", new Proxy(new Error("x"), proxies), /was thrown/],
    ["a revoked proxy", (({ proxy, revoke }) => (revoke(), proxy))(Proxy.revocable({}, {})), /was thrown/],
    ["a SuperstepError whose details are circular", circularDetails(), /^circular$/],
  ];
  it.each(strange)("survive %s", (_what, thrown, message) => {
    const copy = travel(thrown);
    expect(copy).toBeInstanceOf(Error);
    expect(copy.message).toMatch(message);
    expect(typeof copy.stack).toBe("string");
  });
});

describe("kindOfThrown", () => {
  const of = (thrown: unknown) => kindOfThrown(encodeError(thrown));
  const wrapped = (cause: unknown) => new Error("wrapped", { cause: new Error("twice", { cause }) });

  it.each([
    [new Error("any"), "userError"],
    [null, "userError"],
    [new SuperstepError("TYPE_MISMATCH", ""), "permanent"],
    [new SuperstepError("NOT_SHIPPABLE", ""), "permanent"],
    [new SuperstepError("INVALID_INPUT", ""), "permanent"],
    [new SuperstepError("INVALID_ARGUMENT", ""), "permanent"],
    [new SuperstepError("CANCELLED", ""), "permanent"],
    [new SuperstepError("FETCH_FAILED", ""), "fetchFailed"],
    [new SuperstepError("OUT_OF_MEMORY", ""), "outOfMemory"],
    [new SuperstepError("BLOCK_CORRUPT", ""), "userError"],
    [Object.assign(new Error("full"), { code: "ENOSPC" }), "noSpace"],
    [Object.assign(new Error("full"), { code: "EFBIG" }), "noSpace"],
    [Object.assign(new Error("not there"), { code: "ERR_MODULE_NOT_FOUND" }), "permanent"],
  ])("classes %s as %s, wrapped or not", (thrown, kind) => {
    expect(of(thrown)).toBe(kind);
    expect(of(wrapped(thrown))).toBe(kind);
  });

  it("goes by the innermost of several", () => {
    const inner = new SuperstepError("FETCH_FAILED", "inner", { details: { shuffle: 1 } });
    const outer = new SuperstepError("TYPE_MISMATCH", "outer", { cause: inner });
    expect(of(outer)).toBe("fetchFailed");
    expect(rootSuperstepError(encodeError(outer))).toMatchObject({
      message: "inner",
      superstep: { details: { shuffle: 1 } },
    });
  });
});

function circularDetails(): SuperstepError {
  const details: Record<string, never> = {};
  details["self"] = details as never;
  return new SuperstepError("TYPE_MISMATCH", "circular", { details });
}
