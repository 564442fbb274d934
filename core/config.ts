/**
 * Every setting of the core: default, unit, range. One place; checked once, when a driver is made.
 */
import os from "node:os";
import { invalidArgument } from "./errors.ts";

/** The settings of a driver, all resolved. */
export interface Config {
  /**
   * Failed attempts of one task at which its job fails. At least 1. Default 4, on `local[T]` 1: in one process a retry
   * meets the same fault.
   */
  readonly maxTaskFailures: number;
  /** Attempts of one stage without success, after lost map outputs, at which its job fails. At least 1. Default 4. */
  readonly maxStageAttempts: number;
  /** As `maxStageAttempts`, counted over the whole life of a stage. At least 1. Default 16. */
  readonly maxStageAttemptsInAll: number;
  /** Milliseconds between a lost map output and its recomputation, so that losses gather. [0, 60000]. Default 200. */
  readonly resubmitDelayMs: number;
  /** Milliseconds that a cancelled task has to stop before its thread is terminated. [0, 600000]. Default 1000. */
  readonly cancelGraceMs: number;
  /** Milliseconds that a terminated thread has to end before it is abandoned. [10, 600000]. Default 10000. */
  readonly abandonMs: number;
  /** Milliseconds that a thread has to start. [100, 600000]. Default 30000. */
  readonly threadStartMs: number;
  /** Milliseconds that jobs wait while no thread of any host is there. [0, 3600000]. Default 30000. */
  readonly noHostGraceMs: number;
  /** Heap limit of a thread in MiB, [16, 1048576], or 0 for Node's own limit. Default 0. */
  readonly threadHeapMiB: number;
  /** Bytes of shared memory that columns can take: a multiple of 65536, up to 4 GiB - 64 KiB, the default. */
  readonly arenaBytes: number;
  /** Bytes of blocks kept in memory; beyond, they are spilled or dropped. At least 0. Default a quarter of memory. */
  readonly blockMemoryBytes: number;
  /** Directory under which a private one is made for blocks on disk. Default the system's temporary directory. */
  readonly spillDirectory: string;
}

/** Settings as a caller gives them: any of them. */
export type ConfigOptions = { readonly [K in keyof Config]?: Config[K] | undefined };

const wasmPage = 65536;

type NumberSetting = Exclude<keyof Config, "spillDirectory">;

/** Smallest and largest value of each number, and what else must hold. All are integers. */
const ranges: Readonly<Record<NumberSetting, { min: number; max: number; also?: number; multipleOf?: number }>> = {
  maxTaskFailures: { min: 1, max: 1000 },
  maxStageAttempts: { min: 1, max: 1000 },
  maxStageAttemptsInAll: { min: 1, max: 1000 },
  resubmitDelayMs: { min: 0, max: 60_000 },
  cancelGraceMs: { min: 0, max: 600_000 },
  abandonMs: { min: 10, max: 600_000 },
  threadStartMs: { min: 100, max: 600_000 },
  noHostGraceMs: { min: 0, max: 3_600_000 },
  threadHeapMiB: { min: 16, max: 1_048_576, also: 0 },
  arenaBytes: { min: wasmPage, max: 65535 * wasmPage, multipleOf: wasmPage },
  blockMemoryBytes: { min: 0, max: Number.MAX_SAFE_INTEGER },
};

/**
 * The settings in `options`, and defaults for all others. `isLocal`: tasks run in this very process.
 *
 * @throws SuperstepError INVALID_ARGUMENT if a name is unknown or a value out of range.
 */
export function resolveConfig(options: ConfigOptions = {}, isLocal = true): Config {
  const config: Config = {
    maxTaskFailures: isLocal ? 1 : 4,
    maxStageAttempts: 4,
    maxStageAttemptsInAll: 16,
    resubmitDelayMs: 200,
    cancelGraceMs: 1000,
    abandonMs: 10_000,
    threadStartMs: 30_000,
    noHostGraceMs: 30_000,
    threadHeapMiB: 0,
    arenaBytes: 65535 * wasmPage,
    blockMemoryBytes: Math.floor(availableMemory() / 4),
    spillDirectory: os.tmpdir(),
  };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(config, name))
      throw invalidArgument("config", "a setting", `one of ${Object.keys(config).join(", ")}`, name);
    if (name === "spillDirectory") {
      if (typeof value !== "string" || value === "" || value.includes("\0"))
        throw invalidArgument("config", name, "a directory's path", value);
    } else checkNumber(name as NumberSetting, value);
    Object.assign(config, { [name]: value });
  }
  return Object.freeze(config);
}

function checkNumber(name: NumberSetting, value: unknown): void {
  const { min, max, also, multipleOf } = ranges[name];
  if (value === also) return;
  const fits = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  if (fits && (multipleOf === undefined || (value as number) % multipleOf === 0)) return;
  const rule = `an integer in [${min}, ${max}]${also === undefined ? "" : ` or ${also}`}`;
  throw invalidArgument(
    "config",
    name,
    multipleOf === undefined ? rule : `${rule}, a multiple of ${multipleOf}`,
    value,
  );
}

/** Bytes of memory that this process may use: the machine's, or less if a container says so. */
function availableMemory(): number {
  const constrained = process.constrainedMemory();
  const total = os.totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}
