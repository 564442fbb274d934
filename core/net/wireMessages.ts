/**
 * The messages of `messages.ts` on the wire: which values of theirs are accepted.
 */
import type { BlockId, OperatorRef } from "../host/task.ts";
import { consequences, type FailureKind } from "../schedule/failure.ts";
import type { Launch } from "../schedule/protocol.ts";
import type { BlockGroup } from "../storage/blockId.ts";
import type {
  ArenaRange,
  Calls,
  Command,
  Downloads,
  DriverRecovery,
  FailureMessage,
  HostEvent,
  HostStats,
  Incarnation,
  Payload,
  PeerMessage,
  StageMessage,
  Uploads,
  Versions,
} from "./messages.ts";
import {
  bytes,
  duration,
  enumeration,
  flag,
  integer,
  list,
  natural,
  optional,
  prose,
  record,
  refused,
  text,
  theOneOf,
  union,
  type Wire,
} from "./wire.ts";

/** The fields of one variant of a union. */
type Variant<U extends { readonly type: string }, K extends U["type"]> = Omit<Extract<U, { readonly type: K }>, "type">;

/** Names that processes give themselves and each other. */
const name = text(256);
const address = text(512);
const path = text(4096);
const reason = prose(65_536);
const args = list(text(131_072));
const driverRecovery = record<DriverRecovery>({
  checkpointDir: optional(path),
  checkpointEvery: optional(integer(1)),
  resume: optional(flag),
  resumeOtherNode: optional(flag),
  chaos: optional(text(4096)),
});
const exitCode = integer(-(2 ** 31), 2 ** 31 - 1);

const empty: Wire<Record<never, never>> = record<Record<never, never>>({});
const incarnation = { host: natural, incarnation: name };

export const versionsWire: Wire<Versions> = record<Versions>({ protocol: natural, build: name, node: name });

export const blockIdWire: Wire<BlockId> = union<BlockId, "kind">("kind", {
  shuffle: record({ shuffle: natural, map: natural, reduce: natural }),
  rdd: record({ rdd: natural, partition: natural }),
  broadcast: record({ broadcast: natural }),
});

const blockGroup = union<BlockGroup, "kind">("kind", {
  shuffle: record({ shuffle: natural }),
  rdd: record({ rdd: natural }),
  broadcast: record({ broadcast: natural }),
});

const failure = record<FailureMessage>({
  kind: enumeration<FailureKind>("FAILURE_KIND", consequences),
  error: bytes(),
});

const stored = record<{ number: number; byteLength: number }>({ number: natural, byteLength: natural });
const inline = bytes();

const payload: Wire<Payload> = {
  write: (value) => ("inline" in value ? { inline: value.inline } : { stored: stored.write(value) }),
  read: (wire, where) => {
    if (typeof wire !== "object" || wire === null) throw refused(where, "a payload", wire);
    const { inline: here, stored: there } = wire as { inline?: unknown; stored?: unknown };
    return theOneOf(wire as Record<string, unknown>, ["inline", "stored"], where) === "inline"
      ? { inline: inline.read(here, where) }
      : stored.read(there, where);
  },
};

const operatorNames = record<OperatorRef>({ module: text(512), name });

/** Names are checked here and again where the module is loaded: no path leaves the package. */
const operator: Wire<OperatorRef> = {
  write: operatorNames.write,
  read: (wire, where) => {
    const read = operatorNames.read(wire, where);
    if (!/^[\w-]+(\/[\w-]+)*$/.test(read.module))
      throw refused(`${where}.module`, "names between slashes", read.module);
    return read;
  },
};

const launch = record<Launch>({
  id: natural,
  jobId: natural,
  stageId: natural,
  partition: natural,
  attempt: natural,
  slot: natural,
  host: natural,
});

const hosts = list(natural);

/** A list that may be absent is a message of its own in the schema. */
const optionalHosts: Wire<readonly number[] | undefined> = {
  write: (value) => (value === undefined ? undefined : { hosts: hosts.write(value) }),
  read: (wire, where) => (wire === undefined ? undefined : hosts.read((wire as { hosts?: unknown }).hosts, where)),
};

const stage = record<StageMessage>({
  operator,
  shared: payload,
  exchange: optional(
    record<NonNullable<StageMessage["exchange"]>>({ sends: natural, receive: operator, awaits: optional(natural) }),
  ),
  hosts: optionalHosts,
});

const peer = record<PeerMessage>({ ...incarnation, address });
const peers = list(peer);
const urls = list(path);

const command = union<Command, "type">("type", {
  launch: record<Variant<Command, "launch">>({
    launch,
    params: payload,
    stage: optional(stage),
    epoch: natural,
    tasksOnHost: optional(natural),
  }),
  cancel: record({ launch: natural, slot: natural }),
  forget: record({ stages: list(natural), broadcasts: list(natural) }),
  moduleHooks: record({ urls }),
  collectGarbage: empty,
  startThreads: empty,
  endThread: record({ slot: natural }),
  removeBlocks: record({ group: blockGroup }),
  releasePayloads: record({ numbers: list(natural) }),
  peers: record({ peers }),
});

const event = union<HostEvent, "type">("type", {
  slotAdded: record({ slot: natural }),
  slotRemoved: record({ slot: natural, failure }),
  taskStarted: record({ launch: natural }),
  taskFinished: record({ launch: natural, result: payload, contributions: payload }),
  taskFailed: record({ launch: natural, failure }),
  blockStored: record({ id: blockIdWire, byteLength: natural }),
  blockDropped: record({ id: blockIdWire }),
  exchanged: record({
    jobId: natural,
    stageId: natural,
    bytes: natural,
    computeMs: duration,
    shipMs: duration,
    waitMs: duration,
  }),
  warning: record<Variant<HostEvent, "warning">>({ code: name, text: reason, error: optional(bytes()) }),
});

const stats = record<HostStats>({
  residentBytes: natural,
  arenaBytes: natural,
  blocks: natural,
  blockMemoryBytes: natural,
  blockDiskBytes: natural,
  spilledBlocks: natural,
  droppedBlocks: natural,
  busyThreads: natural,
  sentBytes: natural,
  receivedBytes: natural,
});

const hostList: Wire<readonly number[]> = {
  write: (value) => ({ hosts: hosts.write(value) }),
  read: (wire, where) => {
    if (typeof wire !== "object" || wire === null) throw refused(where, "a list of hosts", wire);
    return hosts.read((wire as { hosts?: unknown }).hosts, where);
  },
};

type CallWires = {
  readonly [M in keyof Calls]: { readonly request: Wire<Calls[M][0]>; readonly response: Wire<Calls[M][1]> };
};

function call<Req, Res>(request: Wire<Req>, response: Wire<Res>): { request: Wire<Req>; response: Wire<Res> } {
  return { request, response };
}

const next = record<{ next: number }>({ next: natural });
const waitingState = enumeration<"waiting" | "running">("WAITING_STATE", { waiting: true, running: true });
const submission = record<{ submission: string }>({ submission: name });
const application = record<{ application: string }>({ application: name });

/** Request and response of each call. */
export const callWires: CallWires = {
  "driver.register": call(
    record({ executor: name, address, numThreads: natural, pid: natural, versions: versionsWire }),
    record({ ...incarnation, config: bytes(), moduleHooks: urls, peers }),
  ),
  "driver.heartbeat": call(record({ ...incarnation, stats }), empty),
  "driver.report": call(record({ ...incarnation, first: natural, events: list(event) }), next),
  "driver.locate": call(
    record({ ...incarnation, ids: list(blockIdWire) }),
    record({ epoch: natural, hosts: list(hostList) }),
  ),
  "driver.locateShuffle": call(
    record({ ...incarnation, shuffle: natural }),
    record({ epoch: natural, hosts: list(integer(-1), 2 ** 22) }),
  ),
  "executor.command": call(record({ ...incarnation, first: natural, commands: list(command) }), next),
  "executor.stop": call(record<Incarnation>(incarnation), empty),
  "master.registerWorker": call(
    record({
      worker: name,
      address,
      cores: natural,
      memoryBytes: natural,
      versions: versionsWire,
      executors: list(
        record<Calls["master.registerWorker"][0]["executors"][number]>({
          application: name,
          executor: name,
          cores: natural,
          memoryBytes: natural,
        }),
      ),
      drivers: list(name),
    }),
    record({ heartbeatMs: natural, timeoutMs: natural }),
  ),
  "master.workerHeartbeat": call(record({ worker: name }), record({ known: flag })),
  "master.endWorker": call(record({ worker: name }), empty),
  "master.registerApplication": call(
    record({
      application: name,
      name: path,
      driverAddress: address,
      cores: natural,
      coresPerExecutor: natural,
      memoryBytesPerExecutor: natural,
      versions: versionsWire,
    }),
    record({
      state: waitingState,
      workers: natural,
      freeCores: natural,
      executors: natural,
      waiting: reason,
      heartbeatMs: natural,
      timeoutMs: natural,
    }),
  ),
  "master.applicationHeartbeat": call(
    record({ application: name, after: natural, replace: flag }),
    record({
      known: flag,
      workers: natural,
      executors: natural,
      waiting: reason,
      ended: list(
        record<Calls["master.applicationHeartbeat"][1]["ended"][number]>({
          executor: name,
          text: reason,
          drained: flag,
        }),
      ),
      next: natural,
      silent: list(name),
    }),
  ),
  "master.endApplication": call(application, empty),
  "master.killExecutor": call(record({ application: name, executor: name }), empty),
  "master.executorEnded": call(
    record({ worker: name, application: name, executor: name, text: reason, drained: flag }),
    empty,
  ),
  "master.submitDriver": call(
    record<Calls["master.submitDriver"][0]>({
      submission: name,
      program: path,
      args,
      cores: natural,
      versions: versionsWire,
      recovery: optional(driverRecovery),
    }),
    record({ state: waitingState }),
  ),
  "master.driverStatus": call(
    submission,
    record({
      state: enumeration<Calls["master.driverStatus"][1]["state"]>("DRIVER_STATE", {
        waiting: true,
        running: true,
        finished: true,
        failed: true,
        lost: true,
        killed: true,
        unknown: true,
      }),
      exitCode,
      text: reason,
    }),
  ),
  "master.killDriver": call(submission, empty),
  "master.driverEnded": call(record({ worker: name, submission: name, exitCode, text: reason }), empty),
  "worker.launchExecutor": call(
    record({ application: name, executor: name, driverAddress: address, cores: natural, memoryBytes: natural }),
    empty,
  ),
  "worker.stopExecutor": call(record({ application: name, executor: name, force: flag }), empty),
  "worker.launchDriver": call(
    record<Calls["worker.launchDriver"][0]>({
      submission: name,
      program: path,
      args,
      cores: natural,
      recovery: optional(driverRecovery),
    }),
    empty,
  ),
  "worker.stopDriver": call(submission, empty),
};

const ranges = list(record<ArenaRange>({ offset: natural, length: natural }));

/** Header of each upload. */
export const uploadWires: { readonly [M in keyof Uploads]: Wire<Uploads[M]> } = {
  "executor.writeArena": record({ ...incarnation, ranges, number: natural, since: natural }),
  "executor.deliver": record({
    ...incarnation,
    mailbox: natural,
    from: record<Incarnation>(incarnation),
    part: natural,
  }),
};

/** Request of each download. */
export const downloadWires: { readonly [M in keyof Downloads]: Wire<Downloads[M]> } = {
  "executor.readBlocks": record({ ...incarnation, ids: list(blockIdWire) }),
  "executor.readArena": record({ ...incarnation, ranges }),
  "executor.payload": record({ ...incarnation, number: natural }),
  "driver.readBlocks": record({ ...incarnation, ids: list(blockIdWire) }),
  "driver.payload": record({ ...incarnation, number: natural }),
};
