import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callWires, downloadWires, uploadWires } from "../../../core/net/wireMessages.ts";
import { decodeMessage, encodeMessage, methods } from "../../../core/net/protocol.ts";
import type {
  CallName,
  Calls,
  Command,
  DownloadName,
  Downloads,
  HostEvent,
  UploadName,
  Uploads,
} from "../../../core/net/messages.ts";
import { consequences, type FailureKind } from "../../../core/schedule/failure.ts";
import type { Wire } from "../../../core/net/wire.ts";
import { fuzz, fuzzTimeoutMs } from "../../support/fuzz.ts";

const life = { host: 3, incarnation: "f00" };
const versions = { protocol: 1, build: "0.1.0", node: "v20.0.0" };
const operator = { module: "core/rdd/computePartition", name: "computePartition" };
const inline = { inline: new Uint8Array([0, 255, 7]) };
const stored = { number: 5, byteLength: 2 ** 33 };
const peers = [{ host: 0, incarnation: "", address: "[::1]:80" }];
const launch = { id: 1, jobId: 2, stageId: 3, partition: 4, attempt: 0, slot: 6, host: 7 };

type EachType<U extends { readonly type: string }> = {
  readonly [K in U["type"]]: readonly Extract<U, { readonly type: K }>[];
};

const commands: EachType<Command> = {
  launch: [
    { type: "launch", launch, params: inline, epoch: 0 },
    {
      type: "launch",
      launch,
      params: stored,
      epoch: 9,
      tasksOnHost: 2,
      stage: {
        operator,
        shared: inline,
        exchange: { sends: 1, receive: operator, awaits: 0 },
        hosts: [1, 2],
      },
    },
    {
      type: "launch",
      launch,
      params: stored,
      epoch: 9,
      stage: { operator, shared: stored, exchange: { sends: 1, receive: operator }, hosts: [] },
    },
  ],
  cancel: [{ type: "cancel", launch: 1, slot: 2 }],
  forget: [
    { type: "forget", stages: [1, 0], broadcasts: [] },
    { type: "forget", stages: [], broadcasts: [2 ** 53 - 1] },
  ],
  moduleHooks: [{ type: "moduleHooks", urls: ["file:///a.mjs"] }],
  collectGarbage: [{ type: "collectGarbage" }],
  startThreads: [{ type: "startThreads" }],
  endThread: [
    { type: "endThread", slot: 0 },
    { type: "endThread", slot: 2 ** 40 },
  ],
  removeBlocks: [
    { type: "removeBlocks", group: { kind: "shuffle", shuffle: 0 } },
    { type: "removeBlocks", group: { kind: "rdd", rdd: 1 } },
    { type: "removeBlocks", group: { kind: "broadcast", broadcast: 2 } },
  ],
  releasePayloads: [{ type: "releasePayloads", numbers: [1, 2] }],
  peers: [{ type: "peers", peers }],
};

const failures = (Object.keys(consequences) as FailureKind[]).map((kind) => ({ kind, error: new Uint8Array([1]) }));

const events: EachType<HostEvent> = {
  slotAdded: [{ type: "slotAdded", slot: 0 }],
  slotRemoved: [{ type: "slotRemoved", slot: 0, failure: failures[0]! }],
  taskStarted: [{ type: "taskStarted", launch: 0 }],
  taskFinished: [{ type: "taskFinished", launch: 0, result: inline, contributions: stored }],
  taskFailed: failures.map((failure) => ({ type: "taskFailed", launch: 0, failure })),
  blockStored: [
    { type: "blockStored", id: { kind: "shuffle", shuffle: 0, map: 1, reduce: 2 }, byteLength: 0 },
    { type: "blockStored", id: { kind: "rdd", rdd: 0, partition: 1 }, byteLength: 1 },
    { type: "blockStored", id: { kind: "broadcast", broadcast: 0 }, byteLength: 2 },
  ],
  blockDropped: [{ type: "blockDropped", id: { kind: "rdd", rdd: 0, partition: 1 } }],
  exchanged: [{ type: "exchanged", jobId: 1, stageId: 2, bytes: 3, computeMs: 0.25, shipMs: 1e9, waitMs: 0 }],
  warning: [
    { type: "warning", code: "C", text: "" },
    { type: "warning", code: "C", text: "ü\u0000", error: new Uint8Array(0) },
  ],
};

const stats = {
  residentBytes: 1,
  arenaBytes: 2,
  blocks: 3,
  blockMemoryBytes: 4,
  blockDiskBytes: 5,
  spilledBlocks: 6,
  droppedBlocks: 7,
  busyThreads: 8,
  sentBytes: 9,
  receivedBytes: 10,
};

const recovery = {
  checkpointDir: "/shared/saved",
  checkpointEvery: 3,
  resume: true,
  resumeOtherNode: false,
  chaos: "kill-host@superstep=2#seed=7",
};

type DriverState = Calls["master.driverStatus"][1]["state"];
const states: Readonly<Record<DriverState, true>> = {
  waiting: true,
  running: true,
  finished: true,
  failed: true,
  lost: true,
  killed: true,
  unknown: true,
};

/** Every field of every message, each with a value of its own where that is possible. */
const calls: { readonly [M in CallName]: { request: readonly Calls[M][0][]; response: readonly Calls[M][1][] } } = {
  "driver.register": {
    request: [{ executor: "e", address: "h:1", numThreads: 2, pid: 3, versions }],
    response: [{ host: 1, incarnation: "i", config: new Uint8Array([9]), moduleHooks: ["a", "b"], peers }],
  },
  "driver.heartbeat": { request: [{ ...life, stats }], response: [{}] },
  "driver.report": {
    request: [{ ...life, first: 1, events: Object.values(events).flat() }],
    response: [{ next: 0 }],
  },
  "driver.locate": {
    request: [{ ...life, ids: [{ kind: "broadcast", broadcast: 1 }] }],
    response: [{ epoch: 1, hosts: [[], [0, 2]] }],
  },
  "driver.locateShuffle": {
    request: [{ ...life, shuffle: 4 }],
    response: [{ epoch: 1, hosts: [-1, 0, 5] }],
  },
  "executor.command": {
    request: [{ ...life, first: 1, commands: Object.values(commands).flat() }],
    response: [{ next: 2 ** 53 - 1 }],
  },
  "executor.stop": { request: [life], response: [{}] },
  "master.registerWorker": {
    request: [
      {
        worker: "w",
        address: "h:1",
        cores: 2,
        memoryBytes: 2 ** 40,
        versions,
        executors: [{ application: "a", executor: "e", cores: 1, memoryBytes: 5 }],
        drivers: ["d"],
      },
    ],
    response: [{ heartbeatMs: 1, timeoutMs: 2 }],
  },
  "master.workerHeartbeat": { request: [{ worker: "w" }], response: [{ known: true }, { known: false }] },
  "master.endWorker": { request: [{ worker: "w" }], response: [{}] },
  "master.registerApplication": {
    request: [
      {
        application: "a",
        name: "n",
        driverAddress: "h:1",
        cores: 0,
        coresPerExecutor: 1,
        memoryBytesPerExecutor: 2,
        versions,
      },
    ],
    response: [
      {
        state: "waiting",
        workers: 1,
        freeCores: 2,
        executors: 3,
        waiting: "for",
        heartbeatMs: 4,
        timeoutMs: 5,
      },
      {
        state: "running",
        workers: 0,
        freeCores: 0,
        executors: 0,
        waiting: "",
        heartbeatMs: 0,
        timeoutMs: 0,
      },
    ],
  },
  "master.applicationHeartbeat": {
    request: [{ application: "a", after: 3, replace: false }],
    response: [
      {
        known: true,
        workers: 1,
        executors: 2,
        waiting: "w",
        ended: [{ executor: "e", text: "t", drained: true }],
        next: 4,
        silent: ["s"],
      },
    ],
  },
  "master.endApplication": { request: [{ application: "a" }], response: [{}] },
  "master.killExecutor": { request: [{ application: "a", executor: "e" }], response: [{}] },
  "master.executorEnded": {
    request: [{ worker: "w", application: "a", executor: "e", text: "t", drained: false }],
    response: [{}],
  },
  "master.submitDriver": {
    request: [
      { submission: "s", program: "p", args: ["", "--x"], cores: 1, versions },
      { submission: "s", program: "p", args: [], cores: 1, versions, recovery },
    ],
    response: [{ state: "running" }],
  },
  "master.driverStatus": {
    request: [{ submission: "s" }],
    response: (Object.keys(states) as DriverState[]).map((state) => ({ state, exitCode: -1, text: "t" })),
  },
  "master.killDriver": { request: [{ submission: "s" }], response: [{}] },
  "master.driverEnded": {
    request: [{ worker: "w", submission: "s", exitCode: 2 ** 31 - 1, text: "t" }],
    response: [{}],
  },
  "worker.launchExecutor": {
    request: [{ application: "a", executor: "e", driverAddress: "d", cores: 1, memoryBytes: 2 }],
    response: [{}],
  },
  "worker.stopExecutor": { request: [{ application: "a", executor: "e", force: true }], response: [{}] },
  "worker.launchDriver": {
    request: [
      { submission: "s", program: "p", args: ["a"], cores: 3 },
      { submission: "s", program: "p", args: [], cores: 3, recovery: { chaos: "kill-host@stage=1" } },
    ],
    response: [{}],
  },
  "worker.stopDriver": { request: [{ submission: "s" }], response: [{}] },
};

const ranges = [
  { offset: 0, length: 1 },
  { offset: 2 ** 32 - 8, length: 8 },
];
const id = { kind: "shuffle", shuffle: 1, map: 2, reduce: 3 } as const;

const uploads: { readonly [M in UploadName]: readonly Uploads[M][] } = {
  "executor.writeArena": [{ ...life, ranges, number: 7, since: 5 }],
  "executor.deliver": [{ ...life, mailbox: 1, from: { host: 2, incarnation: "x" }, part: 0 }],
};

const downloads: { readonly [M in DownloadName]: readonly Downloads[M][] } = {
  "executor.readBlocks": [
    { ...life, ids: [] },
    { ...life, ids: [id, id] },
  ],
  "executor.readArena": [{ ...life, ranges }],
  "executor.payload": [{ ...life, number: 1 }],
  "driver.readBlocks": [{ ...life, ids: [{ kind: "broadcast", broadcast: 0 }] }],
  "driver.payload": [{ ...life, number: 0 }],
};

const sampled: { name: string; there: unknown; back: () => unknown }[] = [];
for (const [name, { request, response }] of Object.entries(calls)) {
  const method = methods.get(name as CallName)!;
  const wires = callWires[name as CallName] as unknown as { request: Wire<unknown>; response: Wire<unknown> };
  for (const [side, values] of [
    ["request", request],
    ["response", response],
  ] as const) {
    for (const value of values as readonly unknown[]) {
      const back = (): unknown =>
        decodeMessage(method[side], wires[side], encodeMessage(method[side], wires[side], value), name);
      sampled.push({ name: `${side} of ${name}`, there: value, back });
    }
  }
}
for (const [name, values] of Object.entries(downloads)) {
  const { request } = methods.get(name as DownloadName)!;
  const wire = downloadWires[name as DownloadName] as Wire<unknown>;
  for (const value of values) {
    const back = (): unknown => decodeMessage(request, wire, encodeMessage(request, wire, value), name);
    sampled.push({ name: `request of ${name}`, there: value, back });
  }
}
for (const [name, values] of Object.entries(uploads)) {
  const { request } = methods.get(name as UploadName)!;
  const wire = uploadWires[name as UploadName] as Wire<unknown>;
  for (const value of values as readonly unknown[]) {
    const back = (): unknown =>
      wire.read(request.decode(request.encode({ header: wire.write(value) }))["header"], name);
    sampled.push({ name: `header of ${name}`, there: value, back });
  }
}

describe("messages on the wire", () => {
  it.each(sampled)("come back as they were: $name", ({ there, back }) => {
    expect(back()).toEqual(there);
  });

  it("are refused when a field is missing, whichever it is", () => {
    const required = sampled.filter(({ name }) => name.startsWith("request of driver.re"));
    expect(required.length).toBeGreaterThan(2);
    const { request } = methods.get("driver.register")!;
    const wire = callWires["driver.register"].request;
    const whole = request.decode(encodeMessage(request, wire, calls["driver.register"].request[0]!));
    for (const field of Object.keys(whole)) {
      const { [field]: _left, ...rest } = whole;
      expect(() => wire.read(rest, "request"), field).toThrow(new RegExp(`request\\.${field}`));
    }
  });

  it.each([
    ["a path", { shuffle: { shuffle: "../../etc/passwd", map: 0, reduce: 0 } }],
    ["an absolute path", { shuffle: { shuffle: 1, map: "/etc/passwd", reduce: 0 } }],
    ["a NUL", { rdd: { rdd: "1\0", partition: 0 } }],
    ["a long string", { rdd: { rdd: 1, partition: "9".repeat(100_000) } }],
    ["a negative number", { shuffle: { shuffle: -1, map: 0, reduce: 0 } }],
    ["a fraction", { shuffle: { shuffle: 1, map: 0.5, reduce: 0 } }],
    ["not a number", { rdd: { rdd: Number.NaN, partition: 0 } }],
    ["infinity", { rdd: { rdd: 1, partition: Infinity } }],
    ["2^53", { broadcast: { broadcast: 2 ** 53 } }],
    ["2^64 - 1, as -1 arrives", { broadcast: { broadcast: 2 ** 64 } }],
    ["no kind", {}],
    ["two kinds", { rdd: { rdd: 1, partition: 0 }, broadcast: { broadcast: 0 } }],
    ["a missing number", { shuffle: { shuffle: 1, reduce: 0 } }],
    ["null", null],
    ["a string instead of a struct", "shuffle-1-0-0"],
  ])("F85: a block id with %s is refused", (_what, id) => {
    for (const wire of [downloadWires["executor.readBlocks"], downloadWires["driver.readBlocks"]])
      expect(() => wire.read({ host: 1, incarnation: "a", ids: [id] }, "request")).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error,
      );
  });

  it("refuse operators outside the package", () => {
    const wire = callWires["executor.command"].request;
    for (const module of ["../x", "/etc/x", "a//b", "a/../b", "file:///x", "a.js", "", "a\\b", "node:fs"]) {
      const stage = { operator: { module, name: "x" }, shared: { inline: new Uint8Array(0) } };
      const command = { launch: { launch, params: { inline: new Uint8Array(0) }, epoch: 0, stage } };
      expect(() => wire.read({ ...life, first: 0, commands: [command] }, "r"), module).toThrow(/module/);
    }
  });

  it("refuse unknown values of enumerations, also the one that means none", () => {
    const wire = callWires["driver.report"].request;
    const { request } = methods.get("driver.report")!;
    const numKinds = Object.keys(consequences).length;
    for (const kind of [0, numKinds + 1, 99, -1]) {
      const failure = { kind, error: new Uint8Array(0) };
      const report = { ...life, first: 0, events: [{ taskFailed: { launch: 1, failure } }] };
      expect(() => wire.read(request.decode(request.encode(report)), "report")).toThrow(/kind/);
    }
  });

  it(
    "F83: never do anything but decode or be refused, whatever bytes come",
    () => {
      const all = [...methods.values()];
      const valid = all.map((method) => {
        if (method.kind !== "call") return Buffer.from([8, 1, 18, 1, 97]);
        const wire = callWires[method.name as CallName].request as unknown as Wire<unknown>;
        return encodeMessage(method.request, wire, calls[method.name as CallName].request[0]);
      });
      const attempt = (at: number, bytes: Buffer): void => {
        const method = all[at]!;
        try {
          if (method.kind === "call")
            (callWires[method.name as CallName].request as unknown as Wire<unknown>).read(
              method.request.decode(bytes),
              method.name,
            );
          else if (method.kind === "download")
            (downloadWires[method.name as DownloadName] as Wire<unknown>).read(
              method.request.decode(bytes),
              method.name,
            );
          else {
            const { header } = method.request.decode(bytes);
            (uploadWires[method.name as UploadName] as Wire<unknown>).read(header, method.name);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
        }
      };
      const index = fc.integer({ min: 0, max: all.length - 1 });
      fc.assert(
        fc.property(index, fc.uint8Array({ maxLength: 200 }), (at, bytes) => attempt(at, Buffer.from(bytes))),
        fuzz(3000, 83),
      );
      const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(index, damage, fc.nat(), (at, changes, cut) => {
          const bytes = Buffer.from(valid[at]!);
          for (const [where, value] of changes) bytes[where % bytes.length] = value;
          attempt(at, cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes);
        }),
        fuzz(3000, 84),
      );
      const deep = Buffer.concat([Buffer.alloc(100_000, 0x1b), Buffer.alloc(100_000, 0x1c)]); // groups within groups
      const huge = Buffer.concat([Buffer.from([0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.alloc(64)]);
      const many = Buffer.alloc(4 * 2 ** 20, Buffer.from([0x22, 0x00])); // 2 million empty messages
      for (const bytes of [deep, huge]) all.forEach((_method, at) => attempt(at, bytes));
      attempt(
        all.findIndex(({ name }) => name === "driver.report"),
        many,
      );
    },
    fuzzTimeoutMs(2),
  );
});
