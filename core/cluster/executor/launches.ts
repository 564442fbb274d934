/**
 * Launches as they come from the driver: what a task needs is fetched, its stage made known, then it runs on its thread.
 */
import type { LocalHost } from "../../host/localHost.ts";
import type { OperatorRef } from "../../host/task.ts";
import type { Command, StageMessage } from "../../net/messages.ts";
import { encodeError } from "../../remoteError.ts";
import { kindOfThrown, type TaskFailure } from "../../schedule/failure.ts";
import type { Exchange } from "../../schedule/job.ts";
import type { Launch } from "../../schedule/protocol.ts";
import { valueOf } from "../payloads.ts";
import type { Deliveries } from "./deliveries.ts";
import type { HostEvents } from "./hostEvents.ts";
import type { Mailboxes } from "./mailboxes.ts";

/** What launches are made of. */
export interface LaunchesOptions {
  readonly host: Pick<LocalHost, "launch" | "cancel">;
  readonly events: HostEvents;
  readonly deliveries: Deliveries;
  readonly mailboxes: Mailboxes;
  /** Fetches a payload from the driver. */
  readonly download: (number: number) => Promise<Uint8Array | undefined>;
}

interface Stage {
  readonly operator: OperatorRef;
  readonly shared: unknown;
  readonly exchange: Exchange | undefined;
}

const cancelled: TaskFailure = {
  kind: "cancelled",
  error: { name: "Cancelled", message: "the task was cancelled before it had started" },
};

export class Launches {
  readonly #options: LaunchesOptions;
  readonly #stages: Map<number, Promise<Stage>> = new Map();
  /** Launches whose tasks are not on their threads yet. */
  readonly #pending: Set<number> = new Set();

  constructor(options: LaunchesOptions) {
    this.#options = options;
  }

  /** Runs a task as soon as all is here that it needs. Its end is told by events, whatever happens. */
  take(command: Command & { type: "launch" }): void {
    const { launch, stage, tasksOnHost = 0 } = command;
    if (stage !== undefined && !this.#stages.has(launch.stageId)) {
      const learning = this.#learn(launch, stage, tasksOnHost);
      learning.catch(() => undefined); // told by each task of the stage
      this.#stages.set(launch.stageId, learning);
    }
    this.#pending.add(launch.id);
    this.#run(command).catch((error: unknown) => {
      if (this.#pending.delete(launch.id)) this.#options.events.taskFailed(launch.id, failureOf(error));
    });
  }

  cancel(launch: number, slot: number): void {
    const { events, host } = this.#options;
    if (this.#pending.delete(launch)) events.taskFailed(launch, cancelled);
    events.cancel(launch);
    host.cancel({ id: launch, slot });
  }

  forget(stages: readonly number[]): void {
    for (const stage of stages) {
      this.#stages.delete(stage);
      const mailbox = this.#options.deliveries.forget(stage);
      if (mailbox !== undefined) this.#options.mailboxes.close(mailbox);
    }
  }

  async #run({ launch, params: payload, epoch }: Command & { type: "launch" }): Promise<void> {
    const { host, events, mailboxes, download } = this.#options;
    const learning = this.#stages.get(launch.stageId);
    if (learning === undefined) throw new Error(`stage ${launch.stageId} was never sent to this host`);
    const [stage, params] = await Promise.all([learning, valueOf(payload, download)]);
    if (!this.#pending.has(launch.id)) return; // cancelled
    const { operator, shared, exchange } = stage;
    if (exchange?.awaits !== undefined) mailboxes.checkKnown(exchange.awaits);
    this.#pending.delete(launch.id);
    events.launched(launch);
    host.launch({ launch, operator, shared, params, epoch });
  }

  async #learn({ stageId, jobId }: Launch, message: StageMessage, tasksOnHost: number): Promise<Stage> {
    const { deliveries, mailboxes, download } = this.#options;
    const { operator, exchange, hosts = [] } = message;
    const shared = await valueOf(message.shared, download);
    if (exchange !== undefined && this.#stages.has(stageId)) {
      deliveries.begin(stageId, jobId, exchange.sends, hosts, tasksOnHost);
      await mailboxes.open(exchange, shared);
    }
    return { operator, shared, exchange };
  }
}

/** The driver not being there for a moment is not the task's fault; all else would fail again. */
function failureOf(error: unknown): TaskFailure {
  const record = encodeError(error);
  const kind = kindOfThrown(record);
  return {
    kind: record.superstep?.code === "UNREACHABLE" ? "notStarted" : kind === "userError" ? "permanent" : kind,
    error: record,
  };
}
