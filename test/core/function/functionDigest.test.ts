import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { functionDigest } from "../../../core/function/functionDigest.ts";
import { ship, type AnyFunction } from "../../../core/function/ship.ts";

const none = async (): Promise<undefined> => undefined;
const digestOf = (fn: AnyFunction): Promise<string> => functionDigest(ship(fn, "test", "fn"), none);

const root = mkdtempSync(path.join(os.tmpdir(), "superstep-digest-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const adding = (step: unknown) => (x: number) => [x, step];

describe("functionDigest", () => {
  it.each<[string, () => unknown]>([
    ["numbers", () => 0.1],
    ["-0", () => -0],
    ["records", () => ({ a: [1, 2n, "x", undefined, null], b: new Map([[1, new Set([2])]]) })],
    ["typed arrays", () => Float64Array.of(1, NaN, -0)],
    ["shared memory", () => new Uint8Array(new SharedArrayBuffer(4))],
    ["functions", () => (y: number) => y * 2],
    ["dates and expressions", () => [new Date(5), /a/gi]],
  ])("is equal for functions that capture equal %s", async (_what, make) => {
    expect(await digestOf(adding(make()))).toBe(await digestOf(adding(make())));
  });

  it("differs with any value that is captured, and with the source", async () => {
    const plain = [0, -0, 1, 1n, "1", true, null, undefined, NaN];
    const nested = [[1], [1, 2], { a: 1 }, { b: 1 }, { a: 2 }, new Map([[1, 2]]), new Set([1, 2])];
    const others = [
      Float64Array.of(1),
      Float64Array.of(2),
      Float32Array.of(1),
      new Date(1),
      new Date(2),
      /a/,
      /a/g,
      /b/,
    ];
    const functions = [(y: number) => y, (y: number) => y + 1];
    const values: unknown[] = [...plain, ...nested, ...others, ...functions];
    const digests = await Promise.all(values.map((value) => digestOf(adding(value))));
    expect(new Set(digests).size).toBe(values.length);
    expect(await digestOf((x: number) => x + 1)).not.toBe(await digestOf((x: number) => x + 2));
    expect(await digestOf(() => 1)).toMatch(/^[\da-f]{64}$/);
  });

  it("depends neither on where the file lies nor on the line", async () => {
    const load = async (folder: string, text: string): Promise<AnyFunction> => {
      const file = path.join(mkdtempSync(path.join(root, folder)), "program.mjs");
      writeFileSync(file, text);
      return ((await import(pathToFileURL(file).href)) as { fn: AnyFunction }).fn;
    };
    const text = "const step = 3;\nexport const fn = (x) => x + step;\n";
    const digest = await digestOf(await load("a", text));
    expect(await digestOf(await load("b", `// a comment\n\n${text}`))).toBe(digest);
    expect(await digestOf(await load("c", text.replace("3", "4")))).not.toBe(digest);
  });

  it("depends on the text of a module whose export is captured, not on its place", async () => {
    const load = async (text: string): Promise<AnyFunction> => {
      const folder = mkdtempSync(path.join(root, "modules-"));
      writeFileSync(path.join(folder, "helper.mjs"), text);
      writeFileSync(
        path.join(folder, "program.mjs"),
        `import { helper } from "./helper.mjs";\nexport const fn = (x) => helper(x);\n`,
      );
      return ((await import(pathToFileURL(path.join(folder, "program.mjs")).href)) as { fn: AnyFunction }).fn;
    };
    const text = "export function helper(x) {\n  return x + 1;\n}\n";
    const digest = await digestOf(await load(text));
    expect(await digestOf(await load(text))).toBe(digest);
    expect(await digestOf(await load(text.replace("1", "2")))).not.toBe(digest);
  });
});
