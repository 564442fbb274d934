import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binary, f64, get, i32, type Callee, type Local } from "../../../core/compile/tree.ts";
import { ByteList } from "../../../core/compile/wasm/byteList.ts";
import { moduleBytes } from "../../../core/compile/wasm/moduleBytes.ts";

/** LEB128 read back, by the definition. */
function readSigned(bytes: Uint8Array): bigint {
  let value = 0n;
  bytes.forEach((byte, at) => {
    value |= BigInt(byte & 0x7f) << BigInt(7 * at);
  });
  const bits = 7 * bytes.length;
  return (bytes.at(-1)! & 0x40) === 0 ? value : value - (1n << BigInt(bits));
}

describe("ByteList", () => {
  it("writes signed and unsigned LEB128", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(0xffffffff), (signed, unsigned) => {
        const [first, second] = [new ByteList(), new ByteList()];
        first.signed(signed);
        second.unsigned(unsigned);
        expect(readSigned(first.toBytes())).toBe(signed);
        const bytes = second.toBytes();
        expect(bytes.every((byte, at) => (byte & 0x80) !== 0 || at === bytes.length - 1)).toBe(true);
        expect(bytes.reduceRight((all, byte) => all * 128 + (byte & 0x7f), 0)).toBe(unsigned);
      }),
    );
  });

  it("grows, and writes every NaN as the one of columns", () => {
    const list = new ByteList();
    for (let at = 0; at < 1000; at++) list.byte(at & 0xff);
    list.double(new Float64Array(new BigUint64Array([0xfff8dead00000001n]).buffer)[0]!);
    expect(list.toBytes().length).toBe(1008);
    expect(Buffer.from(list.toBytes().slice(1000)).toString("hex")).toBe("000000000000f87f");
  });
});

describe("moduleBytes", () => {
  it("makes a valid module with imports, functions of its own and several results", () => {
    const x: Local = { type: "f64", name: "x", isFixed: true };
    const y: Local = { type: "i32", name: "y", isFixed: true };
    const imported: Callee = { name: "twice", params: ["f64"], result: "f64" };
    const own: Callee = {
      name: "own",
      params: ["f64"],
      result: "f64",
      body: {
        params: [x],
        body: [],
        results: [{ op: "call", type: "f64", callee: imported, args: [binary("f64.add", get(x), f64(1))] }],
      },
    };
    const { bytes, imports } = moduleBytes({
      params: [y, x],
      body: [],
      results: [{ op: "call", type: "f64", callee: own, args: [get(x)] }, binary("i32.add", get(y), i32(-7))],
    });
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(imports.map(({ name }) => name)).toEqual(["twice"]);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const functions = { twice: (value: number) => value * 2 };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { arena: { memory }, functions });
    expect((exports["run"] as (...args: number[]) => number[])(5, 20)).toEqual([42, -2]);
  });
});
