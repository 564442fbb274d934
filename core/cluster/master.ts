/** Where tasks run, as a user says it. */
import os from "node:os";
import { excerpt, SuperstepError } from "../errors.ts";

/** A master that this version can run. */
export interface LocalMaster {
  readonly kind: "local";
  readonly numThreads: number;
}

const maxThreads = 1024;
const forms = "local[T] with T threads, 1 to 1024, or local[*] with one per core of this machine";

/**
 * Reads a master: `local[T]` or `local[*]`.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it is of another form, or of one that this version does not have.
 */
export function parseMaster(master: string): LocalMaster {
  if (master === "local[*]") return { kind: "local", numThreads: os.availableParallelism() };
  const threads = /^local\[([1-9]\d{0,3})\]$/.exec(String(master))?.[1];
  if (threads !== undefined && Number(threads) <= maxThreads) return { kind: "local", numThreads: Number(threads) };
  const isKnown = /^(local-cluster\[\d+,\s*\d+\]|superstep:\/\/.+)$/.test(String(master));
  const message = isKnown
    ? `master: ${excerpt(master)} is not available in this version; use ${forms}`
    : `master: must be ${forms}, got ${excerpt(master)}`;
  throw new SuperstepError("INVALID_ARGUMENT", message, { details: { where: "master", what: "master", rule: forms } });
}
