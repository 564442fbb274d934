/**
 * The compiled loops over text: instances of a module with memory of its own, not the arena. What the functions do stands in
 * `text/*.as.ts`.
 */
import { getRandomValues } from "node:crypto";
import { readFileSync } from "node:fs";
import { SuperstepError } from "../../core/errors.ts";
import type { Address } from "./kernels.ts";

/** The exports of the module. */
export interface TextKernels {
  setKeys(start: bigint, first: bigint, second: bigint): void;
  createDictionary(): Address;
  freeDictionary(dictionary: Address): void;
  sizeOf(dictionary: Address): number;
  usedBytesOf(dictionary: Address): number;
  copyStrings(dictionary: Address, place: number, offsets: Address, bytes: Address): void;
  intern(dictionary: Address, at: Address, length: number): number;

  layOut(
    isDelimited: boolean,
    delimiter: number,
    allowsQuotes: boolean,
    hasIntegers: boolean,
    fields: number,
    minColumns: number,
    maxColumns: number,
    maxFieldBytes: number,
    maxLineBytes: number,
  ): void;
  setColumns(ids: number, attrs: number): Address;
  setColumn(index: number, field: number, mode: number, dictionary: Address): void;
  textRoom(numBytes: number): Address;
  cellRoom(numBytes: number): Address;
  readRows(at: Address, to: Address, maxRows: number, isWide: boolean): number;
  stoppedAt(): Address;
  largestId(numRows: number): number;
  valuesOf(column: number): Address;
  kindsOf(column: number): number;
  numLeftOf(column: number): number;
  leftOf(column: number): Address;
  beginsOf(column: number): Address;
  endsOf(column: number): Address;

  makeRoom(numStrings: number, numBytes: number): void;
  addStrings(
    offsets: Address,
    bytes: Address,
    used: Address,
    from: number,
    to: number,
    firstEntry: number,
    low: Address,
    lowEnd: Address,
    high: Address,
    highEnd: Address,
  ): void;
  addedBytes(): number;
  sortStrings(): number;
  takeSorted(from: number, to: number, entries: Address, places: Address, offsets: Address, bytes: Address): number;
}

/** Most rows of one call of `readRows`. */
export const batchRows = 2048;

/** How `readRows` takes a column of attributes: a row whose weight is no plain number is not read, a cell is left to the caller. */
export const columnMode = { weight: 0, cell: 1, number: 2, string: 3 } as const;

/**
 * An instance, and its memory. What it holds is freed with it.
 *
 * A memory reserves 4 GiB of addresses and more, of which a process has only so many: so one that is released is taken by the
 * next instance of this thread, unless it was collected by then.
 */
export class TextMemory {
  readonly kernels: TextKernels;
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL("./text.wasm", import.meta.url)));
    this.#memory = takeReleased() ?? new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const imports = { env: { memory: this.#memory } };
    this.kernels = new WebAssembly.Instance(compiled, imports).exports as unknown as TextKernels;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    const keys = getRandomValues(new BigUint64Array(3));
    this.kernels.setKeys(keys[0]!, keys[1]!, keys[2]!);
  }

  /** Leaves the memory to another instance. Nothing may be called after. */
  release(): void {
    released.push(new WeakRef(this.#memory));
  }

  /** All of the memory: valid until it grows, which any call may make it. */
  get bytes(): Uint8Array {
    const { buffer } = this.#memory;
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer);
    return this.#bytes;
  }

  /** `length` words from an address on, valid as long. */
  words(at: Address, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, at, length);
  }

  /** `length` doubles. */
  doubles(at: Address, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, length);
  }
}

let compiled: WebAssembly.Module | undefined;
const released: WeakRef<WebAssembly.Memory>[] = [];

function takeReleased(): WebAssembly.Memory | undefined {
  while (released.length > 0) {
    const memory = released.pop()!.deref();
    if (memory !== undefined) return memory;
  }
  return undefined;
}

/** What the module throws when its memory cannot grow, as an error that says so; anything else as it is. */
export function textMemoryError(error: unknown, what: string): unknown {
  if (!(error instanceof WebAssembly.RuntimeError)) return error;
  return new SuperstepError(
    "OUT_OF_MEMORY",
    `${what}: the strings at hand must fit the memory of a thread, at most 4 GiB. Use more partitions or a machine with more memory.`,
    { cause: error },
  );
}
