import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { EOL, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { describe, expect, it } from "vitest";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.resolve(here, "../../../dist/core/function");

/** What a program of the folder `programs` prints, run by plain Node. */
function run(program: string): unknown {
  return JSON.parse(execFileSync(process.execPath, [path.join(here, "programs", program)], { encoding: "utf8" }));
}

interface Row {
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly refused?: string;
  readonly modules?: readonly (readonly [url: string, name: string])[];
}

describe("functions of a program run by Node itself", () => {
  const rows = run("closures.mjs") as Record<string, Row>;
  const numbers = pathToFileURL(path.join(here, "programs/numbers.mjs")).href;

  it("import again what they imported, by module and name", () => {
    expect(rows["function"]).toMatchObject({ result: 2, modules: [[numbers, "bump"]] });
    expect(rows["default"]).toMatchObject({ result: 100, modules: [[numbers, "default"]] });
    expect(rows["class"]).toMatchObject({ result: 1, modules: [[numbers, "Clock"]] });
    expect(rows["namespace"]).toMatchObject({ result: 4, modules: [[numbers, null]] });
    expect(rows["node"]).toMatchObject({ result: ["function", EOL] });
    expect(rows["node"]!.modules).toContainEqual(["node:os", "default"]);
    expect(rows["instance"]).toMatchObject({ result: "number", modules: [["node:perf_hooks", "performance"]] });
  });

  it("import packages as their file would", () => {
    expect(rows["package"]!.result).toBe(2);
    expect(rows["package"]!.modules![0]![0]).toMatch(/^file:.*\/node_modules\/acorn\/dist\/acorn\.mjs$/);
  });

  it("take imported data as it is here, where importing it again would give another", () => {
    expect(rows["data"]!.result).toEqual([rows["drawn"], { 0: 1, 1: 2, 2: 3 }]);
    expect(rows["data"]!.modules).toEqual([]);
  });

  it("take variables of the main file along, and never import it: it would run again", () => {
    expect(rows["own"]).toMatchObject({ result: 6, modules: [] });
    expect(rows["back"]).toMatchObject({ result: 6, modules: [] });
  });

  it("import inside, relative to their own file", () => {
    expect(rows["dynamic"]!.result).toBe(2);
    expect(rows["missing"]!.error!.message).toContain("nowhere.mjs");
  });

  it("are refused for import.meta", () => {
    expect(rows["meta"]!.refused).toMatch(/^map: fn is a function that uses `import\.meta`/);
  });

  it("may be methods", () => {
    expect(rows["method"]).toMatchObject({ result: 8, modules: [] });
  });
});

describe("an error thrown by a revived function", () => {
  const pairs = run("throws.mjs") as Record<string, [string, string]>;

  it.each(Object.keys(pairs))("names the user's file, line and column: %s", (name) => {
    const [original, revived] = pairs[name]!.map((stack) => ({
      message: stack.split("\n")[0],
      // from the throw to the call, which stands in `stackOf`: who called that is another
      places: stack.split(/\n.* stackOf /)[0]!.match(/throws\.mjs:\d+:\d+/g)!,
    }));

    expect(original!.places.length).toBeGreaterThan(0);
    expect(revived).toEqual({ message: original!.message, places: original!.places });
    expect(pairs[name]![1]).toContain(`${pathToFileURL(path.join(here, "programs/throws.mjs")).href}:`);
  });

  it("names the function", () => {
    expect(pairs["fail"]![1]).toContain("at fail (");
    expect(pairs["throughHelper"]![1]).toMatch(/at fail \(.*\n\s+at throughHelper \(/);
    expect(pairs["method"]![1]).toMatch(/at fail \(.*\n\s+at method \(/);
    expect(pairs["declared"]![1]).toContain("at declared (");
  });
});

describe("variables before their declaration", () => {
  const results = run("uninitialised.mjs") as Record<string, string>;

  it.each([
    ["module", "offset"],
    ["class", "Late"],
    ["itself", "itself"],
    ["block", "inner"],
    ["function", "local"],
  ])("are refused: %s", (name, variable) => {
    expect(results[name]).toBe(`map: fn captures \`${variable}\`, which has no value yet. Define it before this call.`);
  });

  it("are told from variables that are undefined", () => {
    const taken = Object.keys(results).filter((name) => results[name] === "taken");
    expect(taken).toEqual([
      "block, after",
      "function, after",
      "of a function that has run",
      "var",
      "let without value",
      "undefined",
      "module, after",
      "textually before",
      "after an await",
    ]);
  });
});

describe("functions that tools have written anew", () => {
  it("travel from CommonJS, with Node's modules", () => {
    expect(run("required.cjs")).toEqual({
      result: "b4",
      parse: "function",
      refused:
        "map: fn captures `require`, `require` of Node itself, which is not copied. " +
        "Import it with an import statement, or by import(…) inside the function.",
    });
  });

  it.each([
    ["kept names", { keepNames: true }],
    ["kept names, made small", { keepNames: true, minify: true }],
  ])("travel from esbuild with %s", async (_name, options) => {
    const folder = mkdtempSync(path.join(tmpdir(), "superstep-shipped-"));
    try {
      const { code } = await transform(
        `import { ship } from ${JSON.stringify(`${dist}/ship.js`)};
         import { revive } from ${JSON.stringify(`${dist}/revive.js`)};
         class Box { value = 1; get() { return this?.value ?? 0; } }
         export const outer = (x) => {
           const inner = (y) => y ** 2 + new Box().get();
           function named(z) { return inner(z); }
           return [named(x), inner.name.length > 0];
         };
         const fn = await revive(structuredClone(ship(outer, "map", "fn")), { importModule: (url) => import(url) });
         process.stdout.write(JSON.stringify(fn(3)));`,
        { format: "esm", ...options, supported: { "top-level-await": true } },
      );
      const file = path.join(folder, "program.mjs");
      writeFileSync(file, code);
      expect(JSON.parse(execFileSync(process.execPath, [file], { encoding: "utf8" }))).toEqual([10, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a process that may not use the inspector", () => {
  it("is told so by a typed error", () => {
    const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const code = `
      import { ship } from ${JSON.stringify(`${dist}/ship.js`)};
      const x = 1;
      try { ship(() => x, "map", "fn"); } catch ({ code, message }) { process.stdout.write(code + " " + message); }`;
    const { stdout } = spawnSync(process.execPath, [flag, "--allow-fs-read=*", "--input-type=module", "-e", code], {
      encoding: "utf8",
    });
    expect(stdout).toMatch(/^NOT_SHIPPABLE .*inspector/);
  });
});
