/**
 * What driver, executors, master and workers say to each other: the protocol as TypeScript sees it. `superstep.proto`
 * is the same on the wire, with a comment per field.
 *
 * Control messages are small (at most 4 MiB, `maxControlBytes`); whatever can be large travels as a stream of chunks,
 * or as a `Payload`. Every call is idempotent: it has a key (host and incarnation, and a sequence number, an id or a
 * name), and a repeat changes nothing and gets the first answer.
 */
import type { FailureKind } from "../schedule/failure.ts";
import type { Launch } from "../schedule/protocol.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type { BlockId, OperatorRef } from "../host/task.ts";

/** Values encoded by `encodeValues`: here, or to be downloaded from the sender (`payload`) under a number. */
export type Payload = { readonly inline: Uint8Array } | { readonly number: number; readonly byteLength: number };

/** A process of the cluster, in its present life. */
export interface Incarnation {
  /** Of the driver's hosts: 1, 2, …; 0 is the driver's own process. */
  readonly host: number;
  /** Random, new with every registration: messages with a retired one are refused. */
  readonly incarnation: string;
}

/** What must be equal on both sides: bits may differ otherwise. */
export interface Versions {
  readonly protocol: number;
  readonly build: string;
  readonly node: string;
}

/** A failure as it travels. */
export interface FailureMessage {
  readonly kind: FailureKind;
  /** An ErrorRecord, encoded by `encodeValues`. */
  readonly error: Uint8Array;
}

/** What a driver tells an executor, in order. */
export type Command =
  | {
      readonly type: "launch";
      readonly launch: Launch;
      readonly params: Payload;
      /** With the first task of a stage on this host. */
      readonly stage?: StageMessage;
      /** Locations of shuffles learned before this epoch are to be asked for again. */
      readonly epoch: number;
      /** Tasks of this stage that this host gets in all, where the stage has an exchange. */
      readonly tasksOnHost?: number;
    }
  | { readonly type: "cancel"; readonly launch: number; readonly slot: number }
  | { readonly type: "forget"; readonly stages: readonly number[]; readonly broadcasts: readonly number[] }
  | { readonly type: "moduleHooks"; readonly urls: readonly string[] }
  | { readonly type: "collectGarbage" }
  | { readonly type: "startThreads" }
  /** A thread is to be ended, whatever it does. */
  | { readonly type: "endThread"; readonly slot: number }
  | { readonly type: "removeBlocks"; readonly group: BlockGroup }
  /** Payloads of the executor's that the driver has, or does not want any more. */
  | { readonly type: "releasePayloads"; readonly numbers: readonly number[] }
  /** All executors that are there now: whom to fetch from and deliver to. */
  | { readonly type: "peers"; readonly peers: readonly PeerMessage[] };

/** A stage as an executor learns of it. */
export interface StageMessage {
  readonly operator: OperatorRef;
  readonly shared: Payload;
  readonly exchange?: { readonly sends: number; readonly receive: OperatorRef; readonly awaits?: number };
  /** Hosts that take part in the exchange. */
  readonly hosts?: readonly number[];
}

/** Where an executor can be reached by the others. */
export interface PeerMessage extends Incarnation {
  readonly address: string;
}

/** What an executor tells its driver, in order. */
export type HostEvent =
  | { readonly type: "slotAdded"; readonly slot: number }
  | { readonly type: "slotRemoved"; readonly slot: number; readonly failure: FailureMessage }
  | { readonly type: "taskStarted"; readonly launch: number }
  | {
      readonly type: "taskFinished";
      readonly launch: number;
      readonly result: Payload;
      readonly contributions: Payload;
    }
  | { readonly type: "taskFailed"; readonly launch: number; readonly failure: FailureMessage }
  | { readonly type: "blockStored"; readonly id: BlockId; readonly byteLength: number }
  | { readonly type: "blockDropped"; readonly id: BlockId }
  /** All that the tasks of a stage on this host delivered has arrived. Comes before the last of their ends. */
  | {
      readonly type: "exchanged";
      readonly jobId: number;
      readonly stageId: number;
      /** Bytes sent to other hosts. */
      readonly bytes: number;
      /** Milliseconds: from first launch to last end, then until all had arrived; and idle before, since the last exchange. */
      readonly computeMs: number;
      readonly shipMs: number;
      readonly waitMs: number;
    }
  | { readonly type: "warning"; readonly code: string; readonly text: string; readonly error?: Uint8Array };

/** What an executor holds and does, for accounts and the status page. Bytes. */
export interface HostStats {
  readonly residentBytes: number;
  readonly arenaBytes: number;
  readonly blocks: number;
  readonly blockMemoryBytes: number;
  readonly blockDiskBytes: number;
  /** Blocks that left memory so far: written to disk, and dropped. */
  readonly spilledBlocks: number;
  readonly droppedBlocks: number;
  readonly busyThreads: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** What a driver on a worker does against losses, and has happen on purpose. */
export interface DriverRecovery {
  /** Absolute, on the machine of its worker: where checkpoints of supersteps are written. */
  readonly checkpointDir?: string | undefined;
  /** Supersteps between two of them: at least 1. */
  readonly checkpointEvery?: number | undefined;
  /** Goes on from the last one. */
  readonly resume?: boolean | undefined;
  /** Also if another version of Node wrote it. */
  readonly resumeOtherNode?: boolean | undefined;
  /** Faults on purpose, as `parseChaos` reads them. */
  readonly chaos?: string | undefined;
}

/** Calls with one message each way: request and response by method. `driver.*` is served by drivers, and so on. */
export interface Calls {
  "driver.register": [
    {
      /** What launched it knows it by: a random name, so that a repeat is the same executor. */
      readonly executor: string;
      readonly address: string;
      readonly numThreads: number;
      readonly pid: number;
      readonly versions: Versions;
    },
    {
      readonly host: number;
      readonly incarnation: string;
      /** A Config, encoded by `encodeValues`. */
      readonly config: Uint8Array;
      readonly moduleHooks: readonly string[];
      readonly peers: readonly PeerMessage[];
    },
  ];
  "driver.heartbeat": [Incarnation & { readonly stats: HostStats }, Record<never, never>];
  /** Events `first`, `first + 1`, …: those that the driver has already are skipped. Answers with the next it expects. */
  "driver.report": [
    Incarnation & { readonly first: number; readonly events: readonly HostEvent[] },
    { readonly next: number },
  ];
  /** The hosts that hold blocks: one entry an id asked for, empty where none does. */
  "driver.locate": [
    Incarnation & { readonly ids: readonly BlockId[] },
    { readonly epoch: number; readonly hosts: readonly (readonly number[])[] },
  ];
  /** Map outputs of a whole shuffle: the host of each, -1 where it is missing. */
  "driver.locateShuffle": [
    Incarnation & { readonly shuffle: number },
    { readonly epoch: number; readonly hosts: readonly number[] },
  ];
  /** Commands `first`, `first + 1`, …, as `driver.report`. */
  "executor.command": [
    Incarnation & { readonly first: number; readonly commands: readonly Command[] },
    { readonly next: number },
  ];
  "executor.stop": [Incarnation, Record<never, never>];
  "master.registerWorker": [
    {
      readonly worker: string;
      readonly address: string;
      readonly cores: number;
      readonly memoryBytes: number;
      readonly versions: Versions;
      /** Executors that run on it already: after a restart of the master. */
      readonly executors: readonly {
        readonly application: string;
        readonly executor: string;
        readonly cores: number;
        readonly memoryBytes: number;
      }[];
      /** Submissions whose drivers run on it already. */
      readonly drivers: readonly string[];
    },
    { readonly heartbeatMs: number; readonly timeoutMs: number },
  ];
  "master.workerHeartbeat": [
    { readonly worker: string },
    /** False: the master does not know it, and it is to register again. */
    { readonly known: boolean },
  ];
  /** A worker stops: its executors have ended. */
  "master.endWorker": [{ readonly worker: string }, Record<never, never>];
  "master.registerApplication": [
    {
      readonly application: string;
      readonly name: string;
      readonly driverAddress: string;
      /** Threads wanted in all, and of each executor at most; 0 for all that are to be had. */
      readonly cores: number;
      readonly coresPerExecutor: number;
      readonly memoryBytesPerExecutor: number;
      readonly versions: Versions;
    },
    {
      readonly state: "waiting" | "running";
      readonly workers: number;
      readonly freeCores: number;
      /** Executors that it has: they register with its driver, or have. */
      readonly executors: number;
      /** What it waits for, empty once it has an executor: "0 of 3 workers have free cores". */
      readonly waiting: string;
      readonly heartbeatMs: number;
      readonly timeoutMs: number;
    },
  ];
  "master.applicationHeartbeat": [
    {
      readonly application: string;
      /** Ended executors that it was told of already: the `next` of the last answer, 0 at first. */
      readonly after: number;
      /** False: executors that end are not replaced any more. */
      readonly replace: boolean;
    },
    {
      /** False: the master does not know it, and it is to register again. */
      readonly known: boolean;
      readonly workers: number;
      readonly executors: number;
      readonly waiting: string;
      /** Executors of the application that ended, with why: numbers `after`, `after + 1`, … */
      readonly ended: readonly {
        readonly executor: string;
        readonly text: string;
        /** It was told to end, or its worker is lost: no task is to blame. */
        readonly drained: boolean;
      }[];
      /** The number of the next one that ends. */
      readonly next: number;
      /** Executors that are there, whose workers the master has not heard of for half its timeout. */
      readonly silent: readonly string[];
    },
  ];
  "master.endApplication": [{ readonly application: string }, Record<never, never>];
  /** Ends an executor as a failure would: drivers ask for it. */
  "master.killExecutor": [{ readonly application: string; readonly executor: string }, Record<never, never>];
  "master.executorEnded": [
    {
      readonly worker: string;
      readonly application: string;
      readonly executor: string;
      readonly text: string;
      /** It was told to end. */
      readonly drained: boolean;
    },
    Record<never, never>,
  ];
  /** Runs a program with its driver on a worker. */
  "master.submitDriver": [
    {
      readonly submission: string;
      /** Of a file that the worker can read. */
      readonly program: string;
      readonly args: readonly string[];
      /** Threads that its application wants in all; 0 for all that are to be had. The driver itself takes one core. */
      readonly cores: number;
      readonly versions: Versions;
      readonly recovery?: DriverRecovery | undefined;
    },
    { readonly state: "waiting" | "running" },
  ];
  "master.driverStatus": [
    { readonly submission: string },
    {
      readonly state: "waiting" | "running" | "finished" | "failed" | "lost" | "killed" | "unknown";
      readonly exitCode: number;
      readonly text: string;
    },
  ];
  "master.killDriver": [{ readonly submission: string }, Record<never, never>];
  "master.driverEnded": [
    { readonly worker: string; readonly submission: string; readonly exitCode: number; readonly text: string },
    Record<never, never>,
  ];
  "worker.launchExecutor": [
    {
      readonly application: string;
      readonly executor: string;
      readonly driverAddress: string;
      readonly cores: number;
      readonly memoryBytes: number;
    },
    Record<never, never>,
  ];
  "worker.stopExecutor": [
    {
      readonly application: string;
      readonly executor: string;
      /** At once, as a failure would end it. */
      readonly force: boolean;
    },
    Record<never, never>,
  ];
  "worker.launchDriver": [
    {
      readonly submission: string;
      readonly program: string;
      readonly args: readonly string[];
      readonly cores: number;
      readonly recovery?: DriverRecovery | undefined;
    },
    Record<never, never>,
  ];
  "worker.stopDriver": [{ readonly submission: string }, Record<never, never>];
}

/** Bytes to a peer: the header by method. Answered with an empty message once the peer has taken all of them. */
export interface Uploads {
  /** Bytes [offset, offset + length) of the arena. */
  "executor.writeArena": Incarnation & {
    readonly ranges: readonly ArenaRange[];
    /** Of this attempt to write: each has a larger one than those before. */
    readonly number: number;
    /** Attempts with smaller numbers are over: what still comes of them is not to be written. */
    readonly since: number;
  };
  /** What tasks of the exchange `mailbox` on host `from` send to this host; `part` counts from 0. */
  "executor.deliver": Incarnation & {
    readonly mailbox: number;
    readonly from: Incarnation;
    readonly part: number;
  };
}

/** A run of bytes of an arena: the same place in all arenas of a run. */
export interface ArenaRange {
  readonly offset: number;
  readonly length: number;
}

/** Bytes from a peer: the request by method. A block that is not there is `undefined`. */
export interface Downloads {
  /** Blocks, as `answerBlocks` puts them together. */
  "executor.readBlocks": Incarnation & { readonly ids: readonly BlockId[] };
  "executor.readArena": Incarnation & { readonly ranges: readonly ArenaRange[] };
  "executor.payload": Incarnation & { readonly number: number };
  /** Of the driver's own store: broadcasts. */
  "driver.readBlocks": Incarnation & { readonly ids: readonly BlockId[] };
  "driver.payload": Incarnation & { readonly number: number };
}

export type CallName = keyof Calls;
export type UploadName = keyof Uploads;
export type DownloadName = keyof Downloads;
export type Request<M extends CallName> = Calls[M][0];
export type Response<M extends CallName> = Calls[M][1];
