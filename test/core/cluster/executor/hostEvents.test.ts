import { describe, expect, it } from "vitest";
import { Deliveries } from "../../../../core/cluster/executor/deliveries.ts";
import { HostEvents } from "../../../../core/cluster/executor/hostEvents.ts";
import { Payloads } from "../../../../core/cluster/payloads.ts";
import { SuperstepError } from "../../../../core/errors.ts";
import type { HostEvent } from "../../../../core/net/messages.ts";
import { SimClock } from "../../../simulation/simClock.ts";

/** A stage of one task on this host, which delivers to host 2, and that is out of reach for ever. */
function make(): { clock: SimClock; events: HostEvents; told: HostEvent[] } {
  const clock = new SimClock();
  const send = (): Promise<void> => Promise.reject(new SuperstepError("UNREACHABLE", "it is gone"));
  const deliveries = new Deliveries({ host: 1, clock, patienceMs: 15_000, send, exchanged: () => undefined });
  const told: HostEvent[] = [];
  const push = (event: HostEvent): void => void told.push(event);
  const events = new HostEvents({ payloads: new Payloads(65536), deliveries, push });
  deliveries.begin(7, 1, 5, [1, 2], 1);
  deliveries.deliver(7, 2, [[new Uint8Array(1)]]);
  events.launched({ id: 100, jobId: 1, stageId: 7, partition: 0, attempt: 0, slot: 3, host: 1 });
  return { clock, events, told };
}

describe("a task that has to deliver to a host that is gone", () => {
  it.each(["while it runs", "while it delivers"])("and is cancelled %s ends at once", async (when) => {
    const { clock, events, told } = make();
    if (when === "while it runs") events.cancel(100);
    events.taskFinished(100, "done", []);
    await clock.run(clock.sleep(50), 100);
    if (when === "while it delivers") {
      expect(told).toEqual([]);
      events.cancel(100);
    }
    await clock.run(clock.sleep(1), 10);
    expect(told).toMatchObject([{ type: "taskFailed", launch: 100, failure: { kind: "cancelled" } }]);
    expect(events.numRunning).toBe(0);
  });

  it("and is not cancelled tries for as long as it has patience", async () => {
    const { clock, events, told } = make();
    events.cancel(99);
    events.taskFinished(100, "done", []);
    await clock.run(clock.sleep(13_000), 20_000);
    expect(told).toEqual([]);
    await clock.run(clock.sleep(2_000), 20_000);
    expect(told).toMatchObject([{ type: "taskFailed", launch: 100, failure: { kind: "permanent" } }]);
  });
});
