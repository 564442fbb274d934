/**
 * One process at a time writes the checkpoints of a run: a file in its folder says which.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { excerpt, SuperstepError } from "../../../core/errors.ts";
import { isRunning, startOf } from "../../../core/storage/runningProcess.ts";

const fileName = "in-use";

/** Who holds a folder. `started` tells a process from a later one of the same number; "" where that is not known. */
interface Holder {
  readonly machine: string;
  readonly pid: number;
  readonly started: string;
}

/** Folders that this process holds. */
const held = new Set<string>();

/**
 * Claims a folder, making it if need be; gives it back when the function that is returned is called. The claim of a
 * process that is gone, or was on another machine, counts for nothing.
 *
 * @throws SuperstepError INVALID_ARGUMENT if a process of this machine holds it.
 */
export async function claimFolder(operation: string, folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, fileName);
  await mkdir(folder, { recursive: true });
  const holder = held.has(folder) ? ownHolder() : await holderIn(file);
  if (holder !== undefined && (held.has(folder) || isAlive(holder))) {
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${operation}: process ${holder.pid} runs the same program on the same graph, with checkpoints in ` +
        `${excerpt(folder)}; wait for its end, or give this one another checkpointDirectory`,
      { details: { folder, pid: holder.pid } },
    );
  }
  held.add(folder);
  try {
    await writeFile(file, JSON.stringify(ownHolder()));
  } catch (error) {
    held.delete(folder);
    throw error;
  }
  return async () => {
    if (!held.delete(folder)) return;
    await rm(file, { force: true });
  };
}

function ownHolder(): Holder {
  return { machine: os.hostname(), pid: process.pid, started: startOf(process.pid) ?? "" };
}

async function holderIn(file: string): Promise<Holder | undefined> {
  try {
    const { machine, pid, started } = JSON.parse(await readFile(file, "utf8")) as Holder;
    return Number.isSafeInteger(pid) && pid > 0 ? { machine, pid, started } : undefined;
  } catch {
    return undefined; // none, or cut short as its process died
  }
}

function isAlive({ machine, pid, started }: Holder): boolean {
  if (machine !== os.hostname() || pid === process.pid) return false;
  const start = startOf(pid);
  return start === undefined ? isRunning(pid) : start === started;
}
