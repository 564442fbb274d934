/**
 * What a thread's tasks send to other hosts, on its way to the main thread, which sends it on: gathered, since each
 * message to another thread costs some ten microseconds.
 */
import type { MessagePort } from "node:worker_threads";
import type { ColumnRef } from "../column/types.ts";
import { sharedCopy } from "../storage/sharedCopy.ts";
import type { FromThread, Parcel } from "./messages.ts";

/** Bytes from on which parcels do not wait for the end of their task. */
const earlyBytes = 2 ** 20;
/** Bytes up to which a message is copied along, rather than into shared memory of its own. */
const smallBytes = 4096;

export class ThreadDeliveries {
  readonly #port: MessagePort;
  #parcels: Parcel[] = [];
  #stageId = 0;
  #byteLength = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** Takes a message of a task of the stage; see `TaskContext.deliver`. */
  deliver(stageId: number, host: number, bytes: Uint8Array, columns: readonly ColumnRef<"uint8">[] = []): void {
    if (stageId !== this.#stageId) this.flush();
    this.#stageId = stageId;
    this.#parcels.push({ host, bytes: own(bytes), columns });
    this.#byteLength += bytes.byteLength + columns.reduce((sum, { length }) => sum + length, 0);
    if (this.#byteLength >= earlyBytes) this.flush();
  }

  /** Forgets what was gathered: its task failed. */
  clear(): void {
    this.#parcels = [];
    this.#byteLength = 0;
  }

  /** Hands over what was gathered: before the end of the task is told. */
  flush(): void {
    if (this.#parcels.length === 0) return;
    const parcels = this.#parcels;
    this.clear();
    this.#port.postMessage({ type: "deliver", stageId: this.#stageId, parcels } satisfies FromThread);
  }
}

/** The bytes as they are now, in memory that can be sent: a view that keeps far more alive than it shows is copied too. */
function own(bytes: Uint8Array): Uint8Array {
  const { buffer, byteLength } = bytes;
  if (buffer instanceof SharedArrayBuffer && buffer.byteLength <= 2 * byteLength + 1024) return bytes;
  return byteLength <= smallBytes ? bytes.slice() : sharedCopy(bytes);
}
