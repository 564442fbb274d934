// Compiles the kernels, graph/kernels/*.as.ts, to dist/graph/kernels/kernels.wasm; does nothing if that is newer than they.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = "graph/kernels/";
const output = "dist/graph/kernels/kernels.wasm";

/** Resolves to true if the kernels are compiled; what is wrong with them is printed. */
export async function compileKernels() {
  if (!isStale()) return true;
  mkdirSync(`${root}dist/graph/kernels`, { recursive: true });
  const { default: asc } = await import("assemblyscript/asc");
  const flags =
    "-O3 --noAssert --runtime stub --use abort= --enable threads,simd " +
    "--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536";
  const files = ["--baseDir", root, "--outFile", output];
  const { error } = await asc.main([`${sources}index.as.ts`, ...flags.split(" "), ...files], {
    stdout: process.stderr,
    stderr: process.stderr,
  });
  return error === null;
}

function isStale() {
  const made = modified(`${root}${output}`);
  const inputs = readdirSync(`${root}${sources}`).filter((name) => name.endsWith(".as.ts"));
  const files = [...inputs.map((name) => `${root}${sources}${name}`), fileURLToPath(import.meta.url)];
  return made === undefined || files.some((file) => modified(file) > made);
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
