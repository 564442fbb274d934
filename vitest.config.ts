import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig, type Plugin, type TestProjectInlineConfiguration } from "vitest/config";

const root = path.dirname(fileURLToPath(import.meta.url));
/** Tests that start programs: commands, examples, a browser. */
const programs = ["cli/", "examples/", "package/", "viz/browser/", "graph/realGraphs", "readme"].map((start) =>
  start.endsWith("/") ? `${start}**/*.test.ts` : `${start}.test.ts`,
);
const clusters = "**/*.cluster.test.ts";
const layers = /^(core|graph|viz|cli|examples|bench)\//;

/**
 * Tests import sources (`../../core/rdd/rdd.ts`) and run what is built from them (`dist/core/rdd/rdd.js`): what users
 * get, the files that worker threads load, and no function of ours rewritten by the test runner.
 */
function testWhatIsBuilt(): Plugin {
  return {
    name: "test-what-is-built",
    enforce: "pre",
    resolveId(source, importer) {
      if (importer === undefined || !(source.startsWith(".") || source === "superstep")) return null;
      const file = source === "superstep" ? path.join(root, "index.ts") : path.resolve(path.dirname(importer), source);
      const relative = path.relative(root, file);
      if (!layers.test(relative) && relative !== "index.ts") return null;
      const built = path.join(root, "dist", relative.replace(/\.ts$/, ".js"));
      if (!existsSync(built)) throw new Error(`${relative} is not built: run npm run build`);
      return { id: built, external: true };
    },
  };
}

function project(name: string, test: TestProjectInlineConfiguration["test"]): TestProjectInlineConfiguration {
  return { extends: true, test: { name, maxWorkers: 2, ...test } };
}

const report = process.env["SUPERSTEP_TEST_REPORT"];

export default defineConfig({
  plugins: [testWhatIsBuilt()],
  test: {
    dir: "test",
    server: { deps: { external: [/\/(dist|bundle)\//] } },
    // bounds of hangs alone: a busy machine is many times slower than an idle one
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: "forks",
    projects: [
      project("units", { exclude: [...configDefaults.exclude, ...programs, clusters] }),
      project("programs", { include: programs, exclude: [...configDefaults.exclude, clusters] }),
      // a cluster is several processes that keep all cores busy, and there is one at a time on a machine
      project("clusters", { include: [clusters], maxWorkers: 1, sequence: { groupOrder: 1 } }),
    ],
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
