import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { resolveModule } from "../../../core/function/resolveModule.ts";

const root = realpathSync(mkdtempSync(path.join(tmpdir(), "superstep-resolve-")));
afterAll(() => rmSync(root, { recursive: true }));

/** Packages as they come; each file exports its own URL, so that Node itself tells where an import led. */
const files: Record<string, object> = {
  "package.json": { name: "self", exports: { ".": "./src/main.mjs", "./x/*": "./src/*.mjs" }, imports: { "#in": "./src/a.mjs", "#node": "path", "#url": "node:path", "#dep": "plain" } },
  "node_modules/plain/package.json": { main: "lib/start" },
  "node_modules/nomain/package.json": {},
  "node_modules/@scope/dual/package.json": { exports: { import: "./i.mjs", require: "./r.cjs" } },
  "node_modules/sub/package.json": {
    exports: {
      ".": [{ browser: "./b.mjs" }, { node: { import: "./n.mjs" }, default: "./d.mjs" }],
      "./deep/*.js": "./lib/*.mjs",
      "./deep/other/*.js": "./lib2/*.mjs",
      "./deep/private/*": null,
      "./package.json": "./package.json",
    },
  },
  "node_modules/string/package.json": { exports: "./only.mjs" },
}; // prettier-ignore
const modules = [
  "src/main.mjs", "src/a.mjs", "src/deeper/from.mjs", "node_modules/plain/lib/start.js", "node_modules/plain/other.mjs",
  "node_modules/nomain/index.js", "node_modules/@scope/dual/i.mjs", "node_modules/sub/n.mjs", "node_modules/sub/lib/x.mjs",
  "node_modules/sub/lib2/x.mjs", "node_modules/sub/lib/other/x.mjs",
  "node_modules/string/only.mjs",
]; // prettier-ignore
for (const [name, content] of Object.entries(files)) write(name, JSON.stringify(content));
for (const name of modules)
  write(
    name,
    name.endsWith(".mjs")
      ? "export default import.meta.url;"
      : "module.exports = require('node:url').pathToFileURL(__filename).href;",
  );
write(
  "src/deeper/from.mjs",
  `const found = {};
   for (const specifier of JSON.parse(process.argv[2])) {
     try {
       const { default: value } = await import(specifier);
       found[specifier] = typeof value === "string" ? value : "a builtin";
     } catch {
       found[specifier] = "missing";
     }
   }
   process.stdout.write(JSON.stringify(found));`,
);

function write(name: string, text: string): void {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

describe("resolveModule", () => {
  const from = path.join(root, "src/deeper/from.mjs");
  const specifiers = [
    "../a.mjs", "plain", "plain/other.mjs", "plain/nothing.mjs", "nomain", "@scope/dual", "@scope/none", "sub",
    "sub/deep/x.js", "sub/deep/other/x.js", "sub/deep/private/x.js", "sub/lib/x.mjs", "string", "string/only.mjs", "self", "self/x/a", "self/y", "#in", "#node", "#url",
    "#dep", "#none", "fs", "node:fs/promises", "nowhere",
  ]; // prettier-ignore

  it("leads where Node's own import leads", () => {
    const node = JSON.parse(
      execFileSync(process.execPath, [from, JSON.stringify(specifiers)], { encoding: "utf8" }),
    ) as Record<string, string>;
    const ours = Object.fromEntries(
      specifiers.map((specifier) => {
        const url = resolveModule(specifier, pathToFileURL(from).href);
        return [specifier, url === undefined ? "missing" : url.startsWith("node:") ? "a builtin" : url];
      }),
    );

    expect(ours).toEqual(node);
    expect(Object.values(node).filter((url) => url === "missing")).toHaveLength(9);
  });

  it("takes URLs as they are, and needs a file to start from", () => {
    expect(resolveModule("data:text/javascript,1", pathToFileURL(from).href)).toBe("data:text/javascript,1");
    expect(resolveModule("plain", "node:internal")).toBeUndefined();
  });
});
