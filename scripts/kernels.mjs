// Compiles the kernels to dist/graph/kernels: *.as.ts to kernels.wasm, text/*.as.ts to text.wasm. Does nothing for a module
// that is newer than its sources.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const common = "-O3 --noAssert --use abort= --initialMemory 1 --maximumMemory 65536";
const modules = [
  // over the arena, by its addresses
  {
    sources: "graph/kernels/",
    output: "kernels.wasm",
    flags: "--runtime stub --enable threads,simd --importMemory --sharedMemory",
  },
  // over memory of its own
  { sources: "graph/kernels/text/", output: "text.wasm", flags: "--runtime minimal --enable simd --importMemory" },
];

/** Resolves to true if the kernels are compiled; what is wrong with them is printed. */
export async function compileKernels() {
  for (const module of modules) if (!(await compileModule(module))) return false;
  return true;
}

async function compileModule({ sources, output, flags }) {
  const outFile = `dist/graph/kernels/${output}`;
  if (!isStale(sources, outFile)) return true;
  mkdirSync(`${root}dist/graph/kernels`, { recursive: true });
  const { default: asc } = await import("assemblyscript/asc");
  const files = ["--baseDir", root, "--outFile", outFile];
  const { error } = await asc.main([`${sources}index.as.ts`, ...common.split(" "), ...flags.split(" "), ...files], {
    stdout: process.stderr,
    stderr: process.stderr,
  });
  return error === null;
}

function isStale(sources, outFile) {
  const made = modified(`${root}${outFile}`);
  const inputs = readdirSync(`${root}${sources}`).filter((name) => name.endsWith(".as.ts"));
  const files = [...inputs.map((name) => `${root}${sources}${name}`), fileURLToPath(import.meta.url)];
  return made === undefined || files.some((file) => modified(file) > made);
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
