import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const main = path.join(root, "bundle/cli/main.js");

function superstep(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  return { status, stdout, stderr };
}

/** The modules in the files that a run of the command loads, as V8's coverage lists these: paths below the root. */
function modulesLoadedBy(args: readonly string[]): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), "superstep-modules-"));
  try {
    superstep(args, { NODE_V8_COVERAGE: folder });
    const urls = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(path.join(folder, name), "utf8")) as { result: { url: string }[] };
      return result.map(({ url }) => url);
    });
    const files = urls.filter((url) => url.startsWith("file:")).map((url) => path.relative(root, fileURLToPath(url)));
    return files.flatMap((file) => [file, ...modulesIn(file)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of what a file was bundled, if it was. */
function modulesIn(file: string): string[] {
  if (!file.startsWith("bundle/")) return [];
  return [...readFileSync(path.join(root, file), "utf8").matchAll(/^\/\/ (dist\/\S+\.js)$/gm)].map(([, name]) => name!);
}

describe("the superstep command", () => {
  it("prints five examples when it stands alone", () => {
    const { status, stdout, stderr } = superstep([]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.match(/^ {2}superstep /gm)).toHaveLength(5);
  });

  it("prints the version of its package", () => {
    const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
    expect(superstep(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("says what is wrong on one line of standard error, with exit code 2 and no stack", () => {
    const { status, stdout, stderr } = superstep(["run", "pagernk", "x"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error\[INVALID_ARGUMENT\] run: no algorithm "pagernk"; did you mean pagerank\?[^\n]*\n$/);
    expect(superstep(["run", "pagernk", "x", "--verbose"]).stderr).toMatch(/\n +at /);
  });

  it("needs neither core nor a format library for help: that is what makes it quick", () => {
    for (const args of [[], ["--help"], ["run", "--help"]]) {
      const modules = modulesLoadedBy(args);
      expect(modules).toEqual(expect.arrayContaining(["bundle/cli/main.js", "dist/cli/main.js"]));
      const heavy = modules.filter(
        (name) =>
          /^node_modules\/(?!commander\/)/.test(name) ||
          (/^dist\/(core|graph|viz)\//.test(name) &&
            name !== "dist/core/errors.js" &&
            name !== "dist/core/chaosPlan.js" &&
            name !== "dist/graph/load/table/format.js"),
      );
      expect(heavy).toEqual([]);
    }
  });
});
