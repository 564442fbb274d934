import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  manifestFormat,
  manifestText,
  parseManifest,
  type Manifest,
} from "../../../../graph/superstep/checkpoint/manifest.ts";

const manifest: Manifest = {
  format: manifestFormat,
  run: { operation: "a \n b é", parts: { "the edges": "12", until: "none" }, key: "ab".repeat(32) },
  ordinal: 2,
  writer: { superstep: "1.2.3", node: "v20.19.0" },
  superstep: 30,
  globals: { delta: 0.1, low: -0, none: NaN, all: Infinity, least: -Infinity, tiny: 5e-324 },
  areAllActive: false,
  numVertices: 7,
  schema: { kind: "record", fields: [{ name: "x", type: "number", nullable: true }] },
  columns: [
    { kind: "fixed", type: "float64", hasValidity: true },
    { kind: "encoded", chunks: [{ from: 0, to: 7, bytes: 99 }] },
  ],
  file: { count: 3, crc: 12345, byteLength: 1000 },
};

describe("a manifest as text", () => {
  it("is read as it was written, numbers that JSON lacks included", () => {
    expect(parseManifest(manifestText(manifest))).toEqual(manifest);
    expect(Object.is(parseManifest(manifestText(manifest))!.globals["low"], -0)).toBe(true);
  });

  it("keeps any number to the bit", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const read = parseManifest(manifestText({ ...manifest, globals: { value } }))!;
        expect(Object.is(read.globals["value"], value)).toBe(true);
      }),
    );
  });

  it("is refused with any byte changed, cut anywhere, or with more behind it", () => {
    const bytes = Buffer.from(manifestText(manifest));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flipped) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= flipped;
        expect(parseManifest(changed.toString("utf8"))).toBeUndefined();
        expect(parseManifest(bytes.subarray(0, at).toString("utf8"))).toBeUndefined();
      }),
    );
    expect(parseManifest(`${bytes.toString("utf8")}\n`)).toBeUndefined();
    expect(parseManifest("")).toBeUndefined();
  });

  it("is refused if it is of another form", () => {
    const other = { ...manifest, format: "superstep checkpoint, form 0" } as unknown as Manifest;
    expect(parseManifest(manifestText(other))).toBeUndefined();
  });
});
