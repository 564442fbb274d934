/**
 * What a thread's tasks send to other hosts, on its way there: gathered, since each message to another thread costs some ten
 * microseconds. Where the thread has a ring, what is much goes into it at once, and its main thread is told where it lies.
 */
import type { MessagePort } from "node:worker_threads";
import type { Arena } from "../column/arena.ts";
import type { ColumnRef } from "../column/types.ts";
import type { SegmentRing } from "../net/segmentRing.ts";
import { sharedCopy } from "../storage/sharedCopy.ts";
import { PartBuilder } from "./exchangeParts.ts";
import type { Delivery, FromThread, Parcel } from "./messages.ts";

/** Bytes from on which parcels do not wait for the end of their task: with a ring more, for a note costs a third of a ms. */
const earlyBytes = 2 ** 20;
const earlyStoredBytes = 2 ** 22;
/** Bytes up to which a message is copied along, rather than into shared memory of its own. */
const smallBytes = 4096;
/** Bytes for one host from which on a ring is worth its while: fewer go along with a call. */
const minStoredBytes = 2 ** 16;

export class ThreadDeliveries {
  readonly #port: MessagePort;
  readonly #arena: Arena;
  readonly #ring: SegmentRing | undefined;
  /** By host. */
  #parcels: Map<number, Parcel[]> = new Map();
  #stageId = 0;
  #byteLength = 0;

  constructor(port: MessagePort, arena: Arena, ring: SegmentRing | undefined) {
    this.#port = port;
    this.#arena = arena;
    this.#ring = ring;
  }

  /** Takes a message of a task of the stage; see `TaskContext.deliver`. */
  deliver(stageId: number, host: number, bytes: Uint8Array, columns: readonly ColumnRef<"uint8">[] = []): void {
    if (stageId !== this.#stageId) this.flush();
    this.#stageId = stageId;
    const parcel = { bytes: own(bytes), columns };
    const toHost = this.#parcels.get(host);
    if (toHost === undefined) this.#parcels.set(host, [parcel]);
    else toHost.push(parcel);
    this.#byteLength += bytesOf(parcel);
    if (this.#byteLength >= (this.#ring === undefined ? earlyBytes : earlyStoredBytes)) this.flush();
  }

  /** Forgets what was gathered: its task failed. */
  clear(): void {
    this.#parcels = new Map();
    this.#byteLength = 0;
  }

  /** Hands over what was gathered: before the end of the task is told. */
  flush(): void {
    if (this.#parcels.size === 0) return;
    const deliveries = Array.from(this.#parcels, ([host, parcels]) => this.#delivery(host, parcels));
    this.clear();
    this.#port.postMessage({ type: "deliver", stageId: this.#stageId, deliveries } satisfies FromThread);
  }

  #delivery(host: number, parcels: readonly Parcel[]): Delivery {
    if (this.#ring === undefined) return { host, parcels };
    if (parcels.reduce((sum, parcel) => sum + bytesOf(parcel), 0) < minStoredBytes) return { host, parcels };
    const part = new PartBuilder();
    for (const { bytes, columns } of parcels) part.add([bytes, ...columns.map((column) => this.#arena.view(column))]);
    const { byteLength } = part;
    const stored = this.#ring.write(part.take(), byteLength);
    return stored === undefined ? { host, parcels } : { host, parcels, stored };
  }
}

function bytesOf({ bytes, columns }: Parcel): number {
  return columns.reduce((sum, { length }) => sum + length, bytes.byteLength);
}

/** The bytes as they are now, in memory that can be sent: a view that keeps far more alive than it shows is copied too. */
function own(bytes: Uint8Array): Uint8Array {
  const { buffer, byteLength } = bytes;
  if (buffer instanceof SharedArrayBuffer && buffer.byteLength <= 2 * byteLength + 1024) return bytes;
  return byteLength <= smallBytes ? bytes.slice() : sharedCopy(bytes);
}
