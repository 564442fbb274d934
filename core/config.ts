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
  /** Milliseconds between two heartbeats of a host. [20, 60000]. Default 2000. */
  readonly heartbeatMs: number;
  /** Milliseconds of silence after which a host is lost: at least 3 heartbeats. [100, 3600000]. Default 15000. */
  readonly hostTimeoutMs: number;
  /** Milliseconds that an executor process has to start and register. [100, 3600000]. Default 30000. */
  readonly hostStartMs: number;
  /**
   * Executors that may be started in place of lost ones without a task ended in between: past that, none. [0, 1000].
   * Default 8.
   */
  readonly maxHostReplacements: number;
  /** Milliseconds that a task waits for a free thread of a host that holds its blocks. [0, 60000]. Default 100. */
  readonly localityWaitMs: number;
  /** Times that a block is asked for again before its task fails to fetch it. [0, 100]. Default 3. */
  readonly maxFetchRetries: number;
  /** Milliseconds before the first of these; each further wait is twice as long. [1, 60000]. Default 250. */
  readonly fetchRetryMs: number;
  /** Bytes of results that one action may bring to the driver. At least 1. Default 1 GiB. */
  readonly maxResultBytes: number;
  /** Milliseconds that a task may run before it is ended and fails, or 0 for no limit. [0, 2^31 - 1]. Default 0. */
  readonly taskDeadlineMs: number;
  /** Runs a second attempt of tasks that take far longer than the others; 0 for no, 1 for yes. Default 0. */
  readonly speculation: number;
  /**
   * Supersteps across executors after which the driver takes a copy of their state, to go on from when an executor is lost.
   * [1, 1000000]. Default 10.
   */
  readonly snapshotEvery: number;
  /** Compiles functions that can be; 0: all run as JavaScript, with the same results. Default 1. */
  readonly compile: number;
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
  heartbeatMs: { min: 20, max: 60_000 },
  hostTimeoutMs: { min: 100, max: 3_600_000 },
  hostStartMs: { min: 100, max: 3_600_000 },
  maxHostReplacements: { min: 0, max: 1000 },
  localityWaitMs: { min: 0, max: 60_000 },
  maxFetchRetries: { min: 0, max: 100 },
  fetchRetryMs: { min: 1, max: 60_000 },
  maxResultBytes: { min: 1, max: Number.MAX_SAFE_INTEGER },
  taskDeadlineMs: { min: 0, max: 2 ** 31 - 1 },
  speculation: { min: 0, max: 1 },
  snapshotEvery: { min: 1, max: 1_000_000 },
  compile: { min: 0, max: 1 },
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
    heartbeatMs: 2000,
    hostTimeoutMs: 15_000,
    hostStartMs: 30_000,
    maxHostReplacements: 8,
    localityWaitMs: 100,
    maxFetchRetries: 3,
    fetchRetryMs: 250,
    maxResultBytes: 2 ** 30,
    taskDeadlineMs: 0,
    speculation: 0,
    snapshotEvery: 10,
    compile: 1,
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
  if (config.hostTimeoutMs < 3 * config.heartbeatMs) {
    const rule = `at least 3 times heartbeatMs, ${3 * config.heartbeatMs}`;
    throw invalidArgument("config", "hostTimeoutMs", rule, config.hostTimeoutMs);
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
