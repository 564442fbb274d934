import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { checkEncoded, encodeValues } from "../../../core/column/codec.ts";

class Point {
  x = 1;
}

describe("checkEncoded", () => {
  it("accepts all that the way may change", () => {
    const shared = { n: 1 };
    const sparse: number[] = [];
    sparse[2] = 3;
    const error = Object.assign(new RangeError("far"), { code: 7, cause: new Error("near") });
    const values: unknown[] = [
      -0,
      NaN,
      undefined,
      null,
      7n,
      "a",
      shared,
      shared,
      sparse,
      new Point(),
      Buffer.from("ab"),
      error,
    ];
    values.push(new Map([[{ a: [1] }, new Set(["x"])]]), new Date(NaN), /a+/g, new Float32Array([1, NaN]));
    values.push(Object.assign(new Error("y"), { name: 5 }), new DOMException("stop", "AbortError"));
    values.push(new DataView(new ArrayBuffer(3)), Object.create(null));
    expect(() => checkEncoded(values, encodeValues(values))).not.toThrow();
  });

  it.each<[what: string, given: unknown, written: unknown, where: string]>([
    ["a number", 1, 2, "[0]: 2, not 1"],
    ["the sign of zero", -0, 0, "[0]: 0, not"],
    ["a kind", 1, "1", '[0]: "1", not 1'],
    ["null for undefined", { a: undefined }, { a: null }, "[0][0][1]: null, not undefined"],
    ["a key", { a: 1 }, { b: 1 }, '[0][0][0]: "b", not "a"'],
    ["the order of keys", { a: 1, b: 2 }, { b: 2, a: 1 }, '[0][0][0]: "b", not "a"'],
    ["a length", [1, 2], [1], "[0]: 1 of 2 items"],
    ["a field that is not there", {}, { a: 1 }, "[0]: 1 of 0 items"],
    ["a key of a map", new Map([[1, 2]]), new Map([[2, 2]]), "[0][0][0]: 2, not 1"],
    ["an item of a set", new Set([1]), new Set([2]), "[0][0]: 2, not 1"],
    ["a date", new Date(5), new Date(6), "[0]: 6, not 5"],
    ["an expression", /a/g, /a/i, '[0]: "/a/i", not "/a/g"'],
    ["a byte", new Int16Array([1]), new Int16Array([-1]), "[0]: other bytes"],
    ["the sign of zero in a column", new Float64Array([-0]), new Float64Array([0]), "[0][0]: 0, not"],
    ["a type of bytes", new Int8Array(1), new Uint8Array(1), "[0]: "],
    ["a byte of a buffer", new Uint8Array([1]).buffer, new Uint8Array([2]).buffer, "[0]: other bytes"],
    ["a message", new Error("a"), new Error("b"), '[0][1]: "b", not "a"'],
    ["an array for an object", {}, [], "[0]: "],
  ])("finds %s", (_what, given, written, where) => {
    expect(() => checkEncoded([given], encodeValues([written]))).toThrow(`reads differently, at ${where}`);
  });
});

describe("SUPERSTEP_DEBUG", () => {
  const program = `
    import { encodeValues } from ${JSON.stringify(new URL("../../../dist/core/column/codec.js", import.meta.url).href)};
    let reads = 0;
    const fickle = new Proxy([0], { get: (target, name) => (name === "0" ? reads++ : target[name]) });
    try {
      encodeValues([fickle]);
      console.log("encoded");
    } catch (error) {
      console.log(error.code);
    }`;

  it.each([
    ["1", "BLOCK_CORRUPT"],
    ["0", "encoded"],
  ])("set to %s: %s, for a value that is another at each look", (SUPERSTEP_DEBUG, outcome) => {
    const env = { ...process.env, SUPERSTEP_DEBUG };
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { env, encoding: "utf8" });
    expect(stdout.trim()).toBe(outcome);
  });
});
