import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";

const root = path.dirname(fileURLToPath(import.meta.url));
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

const report = process.env["SUPERSTEP_TEST_REPORT"];

export default defineConfig({
  plugins: [testWhatIsBuilt()],
  test: {
    dir: "test",
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: "forks",
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
