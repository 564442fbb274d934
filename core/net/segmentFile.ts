/**
 * Files in a run's directory of segments: how they are named, made, and opened by other processes.
 */
import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readdirSync, statfsSync, unlinkSync } from "node:fs";
import path from "node:path";
import { SuperstepError } from "../errors.ts";

const namePattern = /^\d{1,10}-[0-9a-f]{32}$/;

/** A name that no other file has: it tells the process that writes it. */
export function newSegmentName(): string {
  return `${process.pid}-${randomBytes(16).toString("hex")}`;
}

/** Makes a file of this user's alone, to write and read; undefined where there is no room for two of `byteLength`. */
export function makeSegment(directory: string, name: string, byteLength: number): number | undefined {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < 2 * byteLength) return undefined;
  return openSync(path.join(directory, name), "wx+", 0o600);
}

/**
 * Opens what another process made.
 *
 * @throws SuperstepError UNREACHABLE if it is not there; INVALID_ARGUMENT if it cannot be a segment.
 */
export function openSegment(directory: string, name: string, access: "read" | "write"): number {
  if (!namePattern.test(name)) throw new SuperstepError("INVALID_ARGUMENT", "segment: no such name");
  const flags = access === "read" ? constants.O_RDONLY : constants.O_RDWR;
  let handle: number;
  try {
    handle = openSync(path.join(directory, name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw new SuperstepError("UNREACHABLE", "segment: cannot be opened", { cause });
  }
  const stat = fstatSync(handle);
  if (stat.isFile() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0) return handle;
  closeSync(handle);
  throw new SuperstepError("INVALID_ARGUMENT", "segment: is no file of this user's alone");
}

/** Removes a file that this process made, if it is there. */
export function removeSegment(directory: string, name: string): void {
  try {
    unlinkSync(path.join(directory, name));
  } catch {
    // it was never made, or somebody removed the directory
  }
}

/** Removes what a process that has ended left behind. */
export function removeSegmentsOf(pid: number, directory: string): void {
  try {
    for (const name of readdirSync(directory)) if (name.startsWith(`${pid}-`)) unlinkSync(path.join(directory, name));
  } catch {
    // it is gone, or goes with the run
  }
}
