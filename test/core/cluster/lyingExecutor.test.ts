/** F84: an executor that holds the secret and reports what cannot be. */
import { afterEach, describe, expect, it } from "vitest";
import type { Launcher } from "../../../core/cluster/launcher.ts";
import { joined, packValue } from "../../../core/cluster/payload.ts";
import { encodeValues } from "../../../core/column/codec.ts";
import { Context } from "../../../core/context.ts";
import { ownVersions } from "../../../core/net/grpcOptions.ts";
import { grpcTransport } from "../../../core/net/grpcTransport.ts";
import type { HostEvent, Incarnation, Payload } from "../../../core/net/messages.ts";
import { Secret } from "../../../core/net/secret.ts";
import type { Address, Peer } from "../../../core/net/transport.ts";
import type { FailureKind } from "../../../core/schedule/failure.ts";

/** What a lying executor answers to the launch of a task. */
type Lie = (launch: number) => readonly HostEvent[];

const failed =
  (thrown: unknown, kind: FailureKind = "userError"): Lie =>
  (launch) => [
    { type: "taskStarted", launch },
    { type: "taskFailed", launch, failure: { kind, error: encodeValues([thrown]) } },
  ];
const packed = (value: unknown): Payload => ({ inline: joined(packValue(value, 0)) });
const added =
  (contributions: unknown): Lie =>
  (launch) => [{ type: "taskFinished", launch, result: packed([]), contributions: packed(contributions) }];
const error = { name: "Error", message: "made up" };
const slots: Lie = () => Array.from({ length: 1000 }, (_, slot) => ({ type: "slotAdded", slot: slot + 2 }));
const nested = (depth: number): object => (depth === 0 ? error : { ...error, cause: nested(depth - 1) });

/** One executor of one thread, in this process, that answers each launch with a lie. */
class Liar implements Launcher {
  readonly #secret: Secret;
  readonly #lie: Lie;
  readonly #transport;
  #me: Incarnation | undefined;
  #peer: Peer | undefined;
  #next = 0;
  #reporting: Promise<unknown> = Promise.resolve();

  constructor(secret: Secret, lie: Lie) {
    this.#secret = secret;
    this.#lie = lie;
    this.#transport = grpcTransport({ role: "executor", secret: this.#secret });
  }

  async start(driver: Address): Promise<number> {
    const { address } = await this.#transport.serve({
      uploads: {},
      downloads: {},
      calls: {
        "executor.command": async ({ first, commands }) => {
          for (const command of commands) if (command.type === "launch") this.#report(this.#lie(command.launch.id));
          return { next: first + commands.length };
        },
        "executor.stop": async () => ({}),
      },
    });
    this.#peer = await this.#transport.connect(driver, "driver");
    const who = { executor: "liar", address, numThreads: 1, pid: process.pid, versions: ownVersions() };
    const { host, incarnation } = await this.#peer.call("driver.register", who);
    this.#me = { host, incarnation };
    this.#report([{ type: "slotAdded", slot: 1 }]);
    await this.#reporting;
    return 1;
  }

  replace(): void {}

  kill(): boolean {
    return false;
  }

  async stop(): Promise<void> {
    await this.#reporting;
    await this.#transport.close();
  }

  #report(events: readonly HostEvent[]): void {
    const first = this.#next;
    this.#next += events.length;
    const report = (): Promise<unknown> => this.#peer!.call("driver.report", { ...this.#me!, first, events });
    this.#reporting = this.#reporting.then(report).catch(() => undefined); // it was given up
  }
}

let context: Context | undefined;
afterEach(() => context?.stop());

/** What a job ends with whose only executor lies; and whether that was given up. */
async function outcomeOf(lie: Lie): Promise<{ readonly code: unknown; readonly isGivenUp: boolean }> {
  const secret = Secret.generate();
  const executors = { launcher: new Liar(secret, lie), transport: grpcTransport({ role: "driver", secret }) };
  // it sends no heartbeats, and is not to be lost for that
  const config = { heartbeatMs: 20_000, hostTimeoutMs: 60_000, noHostGraceMs: 20, maxHostReplacements: 0 };
  context = await Context.create({ config, executors });
  const thrown: unknown = await context
    .range(0, 4, 1, 1)
    .collect()
    .catch((caught: unknown) => caught);
  return { code: (thrown as { code?: unknown }).code, isGivenUp: context.driver.executors.length === 0 };
}

describe("F84: an executor that lies", () => {
  it.each<[string, Lie]>([
    ["an error that is null", failed(null)],
    ["an error that is a number", failed(7)],
    ["an error without a message", failed({ name: "Error" })],
    ["an error whose stack is no text", failed({ ...error, stack: [] })],
    ["an error whose cause is none", failed({ ...error, cause: "none" })],
    ["an error of errors that are none", failed({ ...error, errors: 7 })],
    ["an error of ours without a code", failed({ ...error, superstep: null })],
    ["an error of ours with a code that is none", failed({ ...error, superstep: { code: "NONE", details: {} } })],
    ["details that are no JSON", failed({ ...error, superstep: { code: "TASK_FAILED", details: { a: new Map() } } })],
    ["causes without an end", failed(nested(60))],
    ["bytes that are no error", (launch) => [{ type: "taskFailed", launch, failure: { kind: "userError", error: new Uint8Array(3) } }]],
    ["the end of a thread with an error that is none", () => [{ type: "slotRemoved", slot: 1, failure: { kind: "threadDied", error: encodeValues([null]) } }]],
    ["threads beyond those that it has", slots],
  ])("is given up when it reports %s, and the job ends", async (_what, lie) => {
    expect(await outcomeOf(lie)).toEqual({ code: "HOST_LOST", isGivenUp: true });
  }); // prettier-ignore

  it.each<[string, unknown]>([
    ["null", null],
    ["a number", 5],
    ["a list of what is none", [null, 5, {}]],
    ["a total without a number", [{ value: 1 }]],
  ])("ends the job with INVALID_ARGUMENT when the totals of its task are %s", async (_what, contributions) => {
    expect(await outcomeOf(added(contributions))).toEqual({ code: "INVALID_ARGUMENT", isGivenUp: false });
  });

  it.each<FailureKind>(["cancelled", "notStarted", "hostDrained"])(
    "cannot have a task run for ever by ends that count nothing: %s",
    async (kind) => {
      expect(await outcomeOf(failed(error, kind))).toEqual({ code: "HOST_LOST", isGivenUp: false });
    },
  );

  it("cannot end what runs elsewhere, nor what does not run", async () => {
    const lie: Lie = (launch) => [
      ...failed(error, "permanent")(launch + 1),
      ...failed({ ...error, superstep: { code: "TYPE_MISMATCH", details: {} } })(launch),
    ];
    expect(await outcomeOf(lie)).toEqual({ code: "TYPE_MISMATCH", isGivenUp: false });
  });
});
