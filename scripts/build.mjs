// Builds the package into dist/: TypeScript by tsc, kernels by asc, the protocol as it is, the viewer's page by esbuild,
// the command's execute bit. Then bundle/ of dist/: see bundle.mjs.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundlePage } from "../viz/browser/bundle.mjs";
import { bundle } from "./bundle.mjs";
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
await bundlePage(`${root}dist/viz/page.html`);
await bundle(root);
for (const folder of ["dist", "bundle"]) chmodSync(`${root}${folder}/cli/main.js`, 0o755);
