/** Where tasks run, as a user says it. */
import os from "node:os";
import { excerpt, SuperstepError } from "../errors.ts";
import type { Address } from "../net/transport.ts";

/** Where tasks run. */
export type Master =
  | { readonly kind: "local"; readonly numThreads: number }
  | { readonly kind: "localCluster"; readonly numExecutors: number; readonly numThreads: number }
  | { readonly kind: "standalone"; readonly address: Address };

const maxThreads = 1024;
const maxExecutors = 64;
const forms =
  `local[T] with T threads, 1 to ${maxThreads}; local[*] with one per core of this machine; ` +
  `local-cluster[E,T] with E processes, 1 to ${maxExecutors}, of T threads; or superstep://host:port`;

/**
 * Reads a master: `local[T]`, `local[*]`, `local-cluster[E,T]` or `superstep://host:port`, an IPv6 address in brackets.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it is of another form.
 */
export function parseMaster(master: string): Master {
  const text = String(master);
  if (text === "local[*]") return { kind: "local", numThreads: os.availableParallelism() };
  const threads = /^local\[([1-9]\d{0,3})\]$/.exec(text)?.[1];
  if (threads !== undefined && Number(threads) <= maxThreads) return { kind: "local", numThreads: Number(threads) };
  const cluster = /^local-cluster\[([1-9]\d?), *([1-9]\d{0,3})\]$/.exec(text);
  if (cluster !== null) {
    const [numExecutors, numThreads] = [Number(cluster[1]), Number(cluster[2])];
    if (numExecutors <= maxExecutors && numThreads <= maxThreads)
      return { kind: "localCluster", numExecutors, numThreads };
  }
  const address = /^superstep:\/\/((?:\[[\da-f:.]+\]|[\w.-]+):(\d{1,5}))\/?$/i.exec(text);
  if (address !== null && Number(address[2]) >= 1 && Number(address[2]) <= 65535) {
    return { kind: "standalone", address: address[1]! };
  }
  throw new SuperstepError("INVALID_ARGUMENT", `master: must be ${forms}, got ${excerpt(master)}`, {
    details: { where: "master", what: "master", rule: forms },
  });
}
