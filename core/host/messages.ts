/**
 * What a host's main thread and its worker threads say to each other.
 */
import type { MessagePort } from "node:worker_threads";
import type { ColumnRef } from "../column/types.ts";
import type { RingShare, StoredBytes } from "../net/segmentRing.ts";
import type { ErrorRecord } from "../remoteError.ts";
import type { FailureKind } from "../schedule/failure.ts";
import type { Contribution } from "../schedule/protocol.ts";
import type { BlockId, OperatorRef, StorageLevel } from "./task.ts";

/** What a thread is born with. */
export interface ThreadData {
  readonly memory: WebAssembly.Memory;
  /** One entry: the launch that is cancelled, or 0. */
  readonly cancelFlag: Int32Array<SharedArrayBuffer>;
  /** Set if what its tasks deliver can be read by other processes from there. */
  readonly ring: RingShare | undefined;
  /** URLs of modules to register as ES module hooks before the first task. */
  readonly moduleHooks: readonly string[];
}

/** What a thread can forget: nothing will ask for it again. */
export interface Forget {
  readonly stages: readonly number[];
  readonly broadcasts: readonly number[];
}

/** From the main thread. */
export type ToThread =
  | {
      readonly type: "run";
      readonly launch: number;
      readonly jobId: number;
      readonly stageId: number;
      readonly partition: number;
      readonly attempt: number;
      readonly params: unknown;
      /** With the first task of a stage that this thread gets. */
      readonly stage?: { readonly operator: OperatorRef; readonly shared: unknown };
      readonly forget?: Forget;
    }
  | { readonly type: "forget"; readonly forget: Forget }
  | { readonly type: "moduleHooks"; readonly urls: readonly string[] }
  | { readonly type: "collectGarbage" }
  | { readonly type: "loadOperators"; readonly operators: readonly OperatorRef[] }
  | { readonly type: "replies"; readonly replies: readonly Reply[] };

/** To a request for a block. */
export type Reply =
  | { readonly type: "answer"; readonly request: number; readonly bytes: Uint8Array | undefined }
  | { readonly type: "refusal"; readonly request: number; readonly error: ErrorRecord };

/** For a block, or with one. */
export type BlockRequest =
  | { readonly type: "fetchBlock"; readonly request: number; readonly id: BlockId }
  | {
      readonly type: "storeBlock";
      readonly request: number;
      readonly id: BlockId;
      readonly bytes: Uint8Array;
      readonly level: StorageLevel;
    };

/** A message to a host: bytes, and behind them those of slices of the arena. */
export interface Parcel {
  readonly bytes: Uint8Array;
  readonly columns: readonly ColumnRef<"uint8">[];
}

/** Messages to one host. */
export interface Delivery {
  readonly host: number;
  readonly parcels: readonly Parcel[];
  /** Where they lie, as one part of an exchange, in the thread's ring: until that is told that they are over. */
  readonly stored?: StoredBytes;
}

/** From a worker thread. */
export type FromThread =
  | { readonly type: "ready" }
  | {
      readonly type: "done";
      readonly launch: number;
      readonly result: unknown;
      readonly contributions: readonly Contribution[];
    }
  | {
      readonly type: "failed";
      readonly launch: number;
      readonly kind: FailureKind;
      readonly error: ErrorRecord;
      /** The task's function has not returned, and may never: the thread is of no more use. */
      readonly isStuck: boolean;
    }
  /** Something that a task left behind failed after the task's end. `task`: which one, if that can be told. */
  | { readonly type: "stray"; readonly task: string | undefined; readonly error: ErrorRecord }
  /** All that a task asked for in one turn. */
  | { readonly type: "blocks"; readonly requests: readonly BlockRequest[] }
  /** To the hosts of other tasks of the stage that runs. */
  | { readonly type: "deliver"; readonly stageId: number; readonly deliveries: readonly Delivery[] }
  /** The answer goes to `port`, then `flag` is set to 1: the thread waits for it. */
  | {
      readonly type: "fetchBlockNow";
      readonly id: BlockId;
      readonly port: MessagePort;
      readonly flag: Int32Array<SharedArrayBuffer>;
    };
