/**
 * The file in which a master keeps what is to outlive it: a line with checksum and length, then JSON.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { excerpt, SuperstepError } from "../../errors.ts";
import { type ClusterSettings, type ClusterState, createCluster, type DriverRecord } from "./clusterState.ts";

const label = "superstep master state 1";

/** What outlives a master: who is there, in what order they came, and which programs were submitted. */
export interface SavedCluster {
  readonly workers: readonly { readonly id: string; readonly address: string }[];
  readonly applications: readonly {
    readonly id: string;
    readonly name: string;
    readonly driverAddress: string;
    readonly cores: number;
    readonly coresPerExecutor: number;
    readonly memoryBytesPerExecutor: number;
    readonly order: number;
  }[];
  readonly drivers: readonly DriverRecord[];
  readonly nextOrder: number;
}

/** The part of a state that outlives its master. */
export function savedCluster({ workers, awaited, applications, drivers, nextOrder }: ClusterState): SavedCluster {
  return {
    workers: [
      ...[...awaited].map(([id, { address }]) => ({ id, address })),
      ...[...workers.values()].map(({ id, address }) => ({ id, address })),
    ],
    applications: [...applications.values()]
      .filter(({ driverAddress }) => driverAddress !== "")
      .map(({ id, name, driverAddress, cores, coresPerExecutor, memoryBytesPerExecutor, order }) => {
        return { id, name, driverAddress, cores, coresPerExecutor, memoryBytesPerExecutor, order };
      }),
    drivers: [...drivers.values()],
    nextOrder,
  };
}

/**
 * A state that begins where an earlier life of the master ended. It waits for the workers and applications of then to
 * register again.
 */
export function restoreCluster(
  settings: ClusterSettings,
  life: string,
  saved: SavedCluster,
  now: number,
): ClusterState {
  const state = createCluster(settings, life);
  state.nextOrder = saved.nextOrder;
  for (const { id, address } of saved.workers) state.awaited.set(id, { address });
  for (const application of saved.applications) {
    state.applications.set(application.id, {
      ...application,
      isPresent: false,
      heardAt: now,
      replace: true,
      ended: [],
      firstEnded: 0,
      quickEnds: 0,
      notBefore: -Infinity,
    });
  }
  for (const driver of saved.drivers) state.drivers.set(driver.submission, { ...driver });
  if (saved.workers.length + saved.applications.length > 0) state.recoveringUntil = now + settings.timeoutMs;
  return state;
}

/** As `writeMasterFile`, for the first time. @throws SuperstepError INVALID_ARGUMENT if it cannot be written. */
export function beginMasterFile(file: string, saved: SavedCluster): void {
  try {
    writeMasterFile(file, saved);
  } catch (error) {
    const { code = "?" } = error as NodeJS.ErrnoException;
    const text = `master: the state file ${excerpt(file)} cannot be written (${code}). Name one that can be: --state-file`;
    throw new SuperstepError("INVALID_ARGUMENT", text, { details: { file }, cause: error });
  }
}

/** Writes under a temporary name, to the disk, and then under `file`, so that there is always a whole one. */
export function writeMasterFile(file: string, saved: SavedCluster): void {
  const body = Buffer.from(JSON.stringify(saved));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = openSync(temporary, "w", 0o600);
    try {
      writeAll(handle, Buffer.from(`${label} ${checksum(body)} ${body.length}\n`));
      writeAll(handle, body);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
    syncDirectory(path.dirname(file));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * What `writeMasterFile` wrote; undefined if there is no such file.
 *
 * @throws SuperstepError INVALID_INPUT if the file is another one, or damaged.
 */
export function readMasterFile(file: string): SavedCluster | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(file, (error as Error).message, error);
  }
  const end = bytes.indexOf("\n");
  const body = bytes.subarray(end + 1);
  if (!bytes.subarray(0, Math.max(0, end)).toString("latin1").startsWith(`${label} `))
    throw unreadable(file, "it is no state file of a master");
  if (bytes.subarray(0, end).toString("latin1") !== `${label} ${checksum(body)} ${body.length}`)
    throw unreadable(file, "its checksum or length is wrong");
  return JSON.parse(body.toString("utf8")) as SavedCluster;
}

function unreadable(file: string, why: string, cause?: unknown): SuperstepError {
  const text =
    `master: the state file ${excerpt(file)} cannot be read: ${why}. Move it away to start afresh: workers and ` +
    `applications that run register again; submissions that wait are lost`;
  return new SuperstepError("INVALID_INPUT", text, { details: { file }, ...(cause === undefined ? {} : { cause }) });
}

function checksum(body: Uint8Array): string {
  return crc32(body).toString(16).padStart(8, "0");
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(handle, bytes, written);
}

/** Makes a rename survive a crash of the machine, where directories can be synced. */
function syncDirectory(directory: string): void {
  let handle: number;
  try {
    handle = openSync(directory, "r");
  } catch {
    return; // Windows opens no directories
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
