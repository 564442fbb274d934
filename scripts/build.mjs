// Builds the package into dist/: TypeScript by tsc, kernels by asc, the protocol as it is, the viewer's page by esbuild,
// the command's execute bit.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileKernels } from "./kernels.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
if (process.argv.includes("--clean")) rmSync(`${root}dist`, { recursive: true, force: true });

try {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.json`], {
    stdio: "inherit",
  });
} catch {
  process.exit(1); // tsc has printed why
}
if (!(await compileKernels())) process.exit(1); // asc has printed why
copyFileSync(`${root}core/net/superstep.proto`, `${root}dist/core/net/superstep.proto`);
if (existsSync(`${root}viz/browser/bundle.mjs`)) {
  const { bundlePage } = await import("../viz/browser/bundle.mjs");
  await bundlePage(`${root}dist/viz/page.html`);
}
if (existsSync(`${root}dist/cli/main.js`)) chmodSync(`${root}dist/cli/main.js`, 0o755);
