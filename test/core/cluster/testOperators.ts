import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { OperatorRef } from "../../../core/host/task.ts";

const dist = fileURLToPath(new URL("../../../dist/", import.meta.url));
let count = 0;

/** Operators of a test: threads load operators from the built package alone, so that is where they are put, for now. */
export class TestOperators {
  readonly #module: string;
  readonly #file: string;

  /** `source`: an ES module that exports operators. It can import the package's modules as `../core/….js`. */
  constructor(source: string) {
    const name = `operators-${process.pid}-${++count}`;
    this.#module = `test-operators/${name}`;
    this.#file = path.join(dist, "test-operators", `${name}.js`);
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, source);
  }

  ref(name: string): OperatorRef {
    return { module: this.#module, name };
  }

  get fileName(): string {
    return path.basename(this.#file);
  }

  remove(): void {
    rmSync(this.#file);
  }
}
