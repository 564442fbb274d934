/** That the simulated network does to calls what it says: otherwise what is tested on it is tested without faults. */
import { describe, expect, it } from "vitest";
import { hasCode } from "../../core/errors.ts";
import type { HostEvent } from "../../core/net/messages.ts";
import { OrderedReceiver, OrderedSender } from "../../core/net/orderedLink.ts";
import type { Handlers, Peer } from "../../core/net/transport.ts";
import { SimClock } from "./simClock.ts";
import { type CallFault, noFaults, SimNetwork, type SimProcess } from "./simNetwork.ts";

const me = { host: 1, incarnation: "a" };

/** A driver that takes reports, and an executor connected to it. */
async function pair(seed = 1): Promise<{
  readonly clock: SimClock;
  readonly network: SimNetwork;
  readonly driver: SimProcess;
  readonly executor: SimProcess;
  readonly peer: Peer;
  /** Numbers of first events, as calls came in. */
  readonly came: number[];
}> {
  const clock = new SimClock();
  const network = new SimNetwork(clock, seed);
  const driver = network.process("driver", "driver");
  const executor = network.process("executor", "executor");
  const came: number[] = [];
  const handlers: Handlers = {
    calls: {
      "driver.report": ({ first }, { role }) => {
        if (role !== "executor") throw new Error(role);
        came.push(first);
        return Promise.resolve({ next: first + 1 });
      },
    },
    uploads: {
      "executor.writeArena": {
        place: (_header, byteLength) => [bytes.subarray(0, 1), bytes.subarray(1, byteLength)],
        take: () => Promise.resolve(),
      },
    },
    downloads: { "driver.payload": ({ number }) => Promise.resolve(number === 1 ? [bytes, bytes] : undefined) },
  };
  const bytes = new Uint8Array(3);
  const { address } = await driver.serve(handlers);
  const peer = await clock.run(executor.connect(address, "driver"), 100);
  return { clock, network, driver, executor, peer, came };
}

const report = (first: number) => ({ ...me, first, events: [] });
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "answered",
    (error: unknown) => (hasCode(error, "UNREACHABLE") ? "UNREACHABLE" : error),
  );

describe("SimNetwork", () => {
  it("carries calls, uploads and downloads, and errors with their codes", async () => {
    const { clock, peer } = await pair();
    expect(await clock.run(peer.call("driver.report", report(4)), 100)).toEqual({ next: 5 });
    await clock.run(
      peer.upload("executor.writeArena", { ...me, ranges: [], number: 1, since: 1 }, [
        Uint8Array.of(7),
        Uint8Array.of(8, 9),
      ]),
      100,
    );
    const got = await clock.run(peer.download("driver.payload", { ...me, number: 1 }), 100);
    expect([...got!]).toEqual([7, 8, 9, 7, 8, 9]);
    expect(await clock.run(peer.download("driver.payload", { ...me, number: 2 }), 100)).toBeUndefined();
    const refused = clock.run(peer.call("executor.stop", me), 100);
    await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  const struck: [CallFault, string, number][] = [
    // fault, what the caller gets, how often the handler ran
    ["requestLost", "UNREACHABLE", 0],
    ["answerLost", "UNREACHABLE", 1],
    ["reset", "UNREACHABLE", 1],
    ["doubled", "answered", 2],
    ["late", "answered", 1],
  ];
  it.each(struck)("%s: the caller gets %s, the handler runs %i times", async (fault, expected, times) => {
    const { clock, network, peer, came } = await pair();
    network.faults = { ...noFaults, lateMs: 500 };
    network.plan = () => fault;
    expect(await clock.run(codeOf(peer.call("driver.report", report(0))), 10_001)).toBe(expected);
    await clock.pass(1000);
    expect(came).toHaveLength(times);
    expect(network.fired.get(fault)).toBe(1);
  });

  it("lets late calls be overtaken", async () => {
    const { clock, network, peer, came } = await pair();
    network.faults = { ...noFaults, lateMs: 500 };
    network.plan = () => (came.length === 0 ? "late" : undefined);
    const late = peer.call("driver.report", report(1));
    network.plan = undefined;
    await clock.run(Promise.all([late, peer.call("driver.report", report(2))]), 1000);
    expect(came).toEqual([2, 1]);
  });

  it("loses on a link that is cut, in its direction only, until it is healed", async () => {
    for (const [from, to, runs] of [
      ["executor", "driver", 0],
      ["driver", "executor", 1],
    ] as const) {
      const { clock, network, peer, came } = await pair();
      network.cut(from, to, false);
      expect(await clock.run(codeOf(peer.call("driver.report", report(0))), 10_001)).toBe("UNREACHABLE");
      expect(came).toHaveLength(runs);
      network.healAll();
      expect(await clock.run(codeOf(peer.call("driver.report", report(1))), 100)).toBe("answered");
    }
  });

  it("tells of death at once, holds what comes to the frozen, and both stop clocks", async () => {
    const { clock, driver, executor, peer, came } = await pair();
    const ticks: number[] = [];
    driver.clock.after(50, () => ticks.push(clock.now()));
    const from = clock.now();
    driver.freeze(300);
    const call = codeOf(peer.call("driver.report", report(0)));
    await clock.pass(200);
    expect([came, ticks]).toEqual([[], []]);
    expect(await clock.run(call, 200)).toBe("answered");
    expect(ticks).toEqual([from + 300]);
    driver.clock.after(50, () => ticks.push(clock.now()));
    driver.die();
    expect(await clock.run(codeOf(peer.call("driver.report", report(1))), 20)).toBe("UNREACHABLE");
    await clock.pass(100);
    expect([came.length, ticks.length]).toEqual([1, 1]);
    executor.die();
  });

  it("carries an ordered link's items once each and in order, whatever happens, for 100 seeds", async () => {
    const fired = new Map<string, number>();
    for (let seed = 0; seed < 100; seed++) {
      const clock = new SimClock();
      const network = new SimNetwork(clock, seed);
      const [driver, executor] = [network.process("driver", "driver"), network.process("executor", "executor")];
      const taken: number[] = [];
      const receiver = new OrderedReceiver<HostEvent>((event) => taken.push((event as { slot: number }).slot));
      const { address } = await driver.serve({
        calls: { "driver.report": async ({ first, events }) => ({ next: receiver.receive(first, events) }) },
        uploads: {},
        downloads: {},
      });
      const peer = await clock.run(executor.connect(address, "driver"), 100);
      const chances = { requestLost: 0.1, answerLost: 0.1, doubled: 0.1, late: 0.2, reset: 0.1 };
      network.faults = { minDelayMs: 1, maxDelayMs: 30, lateMs: 20_000, chances };
      const sender = new OrderedSender<HostEvent>({
        clock: executor.clock,
        send: async (first, events, signal) =>
          (await peer.call("driver.report", { ...me, first, events }, { signal, deadlineMs: 1000 })).next,
        sizeOf: () => 1,
        failed: (error) => {
          throw error;
        },
        maxBatchItems: 3,
      });
      for (let slot = 0; slot < 40; slot++) {
        sender.push({ type: "slotAdded", slot });
        await clock.pass(slot % 7);
      }
      await clock.run(sender.flushed(), 600_000);
      expect(taken, `seed ${seed}`).toEqual(Array.from({ length: 40 }, (_, slot) => slot));
      sender.close();
      for (const [fault, count] of network.fired) fired.set(fault, (fired.get(fault) ?? 0) + count);
    }
    for (const fault of ["requestLost", "answerLost", "doubled", "late", "reset"]) {
      expect(fired.get(fault), fault).toBeGreaterThan(50);
    }
  });
});
