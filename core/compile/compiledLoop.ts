/**
 * Compiled loops: bytes of a module, which travel and can be kept, and what runs them over the columns of an arena.
 */
import { assert } from "../errors.ts";
import { importedFunction } from "./callees.ts";
import type { LoopParams } from "./loopParams.ts";
import { Refused } from "./refused.ts";
import type { Expr, Statement } from "./tree.ts";
import { moduleBytes } from "./wasm/moduleBytes.ts";

/** A loop as a module. The same functions over columns of the same types give the same bytes. */
export interface CompiledLoop {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names of what `run` takes, and of what it gives back. */
  readonly params: readonly string[];
  readonly results: readonly string[];
  /** Functions that whoever runs it provides. */
  readonly hooks: readonly string[];
}

/** Functions that a loop calls, by name. */
export type LoopHooks = Readonly<Record<string, (...args: number[]) => void>>;

/** Code of this many bytes at most: engines take long to optimise more, and from some size on refuse. */
const maxBytes = 65_536;

/**
 * Puts a loop together. `results`: expressions by name, evaluated at the end of the body.
 *
 * @throws Refused if it is too long.
 */
export function assembleLoop(
  params: LoopParams,
  body: readonly Statement[],
  results: Readonly<Record<string, Expr>>,
): CompiledLoop {
  const tree = { params: params.locals, body, results: Object.values(results) };
  const { bytes, imports } = moduleBytes(tree);
  if (bytes.length > maxBytes) throw new Refused("it is too long, with the functions that it calls");
  return {
    bytes,
    params: params.locals.map(({ name }) => name),
    results: Object.keys(results),
    hooks: imports.map(({ name }) => name).filter((name) => importedFunction(name) === undefined),
  };
}

/**
 * A loop over the columns of one arena, in one thread. It runs in rounds of some thousand rows, since an engine replaces
 * first code by fast code between calls only; and so that a cancelled task stops.
 */
export class RunnableLoop {
  readonly #loop: CompiledLoop;
  readonly #run: (...args: unknown[]) => unknown;
  #hooks: LoopHooks = {};

  /** Compiles the module: fast, the engine optimises it while it runs. */
  constructor(loop: CompiledLoop, memory: WebAssembly.Memory) {
    this.#loop = loop;
    const functions: Record<string, (...args: number[]) => unknown> = {};
    const module = new WebAssembly.Module(loop.bytes);
    for (const { name } of importsOf(module)) {
      functions[name] = importedFunction(name) ?? ((...args) => this.#hook(name, args));
    }
    const instance = new WebAssembly.Instance(module, { arena: { memory }, functions });
    this.#run = instance.exports["run"] as (...args: unknown[]) => unknown;
  }

  /** Runs the loop once. `hooks` are those of this run alone. Gives the results by name. */
  run(params: Readonly<Record<string, number>>, hooks: LoopHooks = {}): Readonly<Record<string, number>> {
    this.#hooks = hooks;
    const args = this.#loop.params.map((name) => {
      const value = params[name];
      assert(value !== undefined, `a compiled loop lacks its parameter ${name}`);
      return value;
    });
    const given = this.#run(...args);
    const results: Record<string, number> = {};
    const names = this.#loop.results;
    if (Array.isArray(given)) for (const [at, name] of names.entries()) results[name] = (given as number[])[at]!;
    else if (names.length > 0) results[names[0]!] = given as number;
    return results;
  }

  #hook(name: string, args: readonly number[]): void {
    const hook = this.#hooks[name];
    assert(hook !== undefined, `a compiled loop lacks its function ${name}`);
    hook(...args);
  }
}

function importsOf(module: WebAssembly.Module): readonly { name: string }[] {
  return WebAssembly.Module.imports(module).filter(({ kind }) => kind === "function");
}
