/**
 * The sending side of exchanges on one host: what tasks deliver is gathered by host, sent early where it is much, and all
 * of it before the end of the stage's last task here is told. So when a stage has ended, nothing of it is on its way.
 */
import { hasCode, SuperstepError } from "../../errors.ts";
import { PartBuilder } from "../../host/exchangeParts.ts";
import type { Clock } from "../../net/clock.ts";
import type { RingEntry } from "../../net/segmentRing.ts";
import { encodeError } from "../../remoteError.ts";
import type { TaskFailure } from "../../schedule/failure.ts";

/** What deliveries are made of. */
export interface DeliveriesOptions {
  readonly host: number;
  readonly clock: Clock;
  /** Milliseconds out of reach after which a host counts as one that nothing can be delivered to. */
  readonly patienceMs: number;
  /** Sends a part to a host's mailbox; rejects with UNREACHABLE, or NO_CAPACITY, if it is to be tried again. */
  readonly send: (to: number, part: Part, signal: AbortSignal) => Promise<void>;
  readonly exchanged: (report: StageReport) => void;
}

/** A part on its way. */
export interface Part {
  readonly mailbox: number;
  readonly part: number;
  readonly pieces: readonly Uint8Array[];
  /** Where the same bytes lie in a ring. */
  readonly entry?: RingEntry | undefined;
}

/** What a stage sent from this host; see `ExchangeReport`. */
export interface StageReport {
  readonly jobId: number;
  readonly stageId: number;
  readonly bytes: number;
  readonly computeMs: number;
  readonly shipMs: number;
  readonly waitMs: number;
}

/** A stage that takes part. */
interface Sending {
  readonly jobId: number;
  readonly mailbox: number;
  readonly outboxes: ReadonlyMap<number, Outbox>;
  readonly closing: AbortController;
  /** Tasks of the stage on this host, and those of them that ended well, by partition. */
  readonly numTasks: number;
  readonly finished: Set<number>;
  readonly startedAt: number;
  readonly waitMs: number;
  bytes: number;
  /** The launch whose end is not told before all has arrived. */
  heldLaunch: number | undefined;
  misdirected: SuperstepError | undefined;
}

interface Outbox {
  readonly gathered: PartBuilder;
  parts: number;
  /** Ends when all parts handed over so far have arrived. */
  sent: Promise<void>;
}

/** Bytes for one host from which on they are sent before the stage's tasks have ended. */
const earlyBytes = 2 ** 20;
const firstRetryMs = 20;
const maxRetryMs = 1000;
/** Why a stage stops sending: given, so that none is made up with a stack, each time. */
const noLongerWanted = "its stage has ended";

export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #stages: Map<number, Sending> = new Map();
  #lastEnd: number | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** A stage becomes known: the hosts that take part, and how many of its tasks this one gets. Idempotent. */
  begin(stageId: number, jobId: number, mailbox: number, hosts: readonly number[], numTasks: number): void {
    if (this.#stages.has(stageId)) return;
    const { host, clock } = this.#options;
    const others = hosts.filter((other) => other !== host);
    const now = clock.now();
    this.#stages.set(stageId, {
      jobId,
      mailbox,
      outboxes: new Map(
        others.map((other) => [other, { gathered: new PartBuilder(), parts: 0, sent: Promise.resolve() }]),
      ),
      closing: new AbortController(),
      numTasks,
      finished: new Set(),
      startedAt: now,
      waitMs: this.#lastEnd === undefined ? 0 : now - this.#lastEnd,
      bytes: 0,
      heldLaunch: undefined,
      misdirected: undefined,
    });
  }

  /**
   * Takes messages, each in pieces, that a task delivers to another host of its stage; to any other, the stage's last task
   * here fails. `entry`: where they lie together, if they do: they go at once.
   */
  deliver(stageId: number, to: number, messages: readonly (readonly Uint8Array[])[], entry?: RingEntry): void {
    const sending = this.#stages.get(stageId);
    const outbox = sending?.outboxes.get(to);
    if (sending === undefined || outbox === undefined) {
      entry?.over();
      if (sending === undefined) return; // nothing of the stage is wanted any more
      const text = `exchange: deliver: host must be another one that takes part in the stage, got ${to}`;
      sending.misdirected ??= new SuperstepError("INVALID_ARGUMENT", text, { details: { host: to } });
      return;
    }
    const part = entry === undefined ? outbox.gathered : new PartBuilder();
    for (const message of messages) part.add(message);
    if (entry !== undefined) this.#postEntry(sending, to, outbox, part.take(), entry);
    else if (part.byteLength >= earlyBytes) this.#post(sending, to, outbox);
  }

  /**
   * A task ended well. For the last one here of a stage with an exchange there is something to wait for, before its end
   * is told: that all has arrived, or, if that cannot be, what the task ends with instead.
   */
  finished(stageId: number, partition: number, launch: number): Promise<TaskFailure | undefined> | undefined {
    const sending = this.#stages.get(stageId);
    if (sending === undefined || sending.finished.has(partition)) return undefined;
    sending.finished.add(partition);
    if (sending.finished.size < sending.numTasks) return undefined;
    return this.#finish(sending, stageId, launch);
  }

  async #finish(sending: Sending, stageId: number, launch: number): Promise<TaskFailure | undefined> {
    const { clock, exchanged } = this.#options;
    const computedAt = clock.now();
    sending.heldLaunch = launch;
    for (const [to, outbox] of sending.outboxes) if (outbox.gathered.byteLength > 0) this.#post(sending, to, outbox);
    try {
      await Promise.all([...sending.outboxes.values()].map(({ sent }) => sent));
      if (sending.misdirected !== undefined) throw sending.misdirected;
    } catch (error) {
      return { kind: sending.closing.signal.aborted ? "cancelled" : "permanent", error: encodeError(error) };
    } finally {
      sending.heldLaunch = undefined;
    }
    const { jobId, bytes, startedAt, waitMs } = sending;
    this.#lastEnd = clock.now();
    const [computeMs, shipMs] = [computedAt - startedAt, this.#lastEnd - computedAt];
    exchanged({ jobId, stageId, bytes, computeMs, shipMs, waitMs });
    return undefined;
  }

  /** Stops sending if a cancelled launch waits for nothing else. */
  cancel(launch: number): void {
    for (const sending of this.#stages.values())
      if (sending.heldLaunch === launch) sending.closing.abort(noLongerWanted);
  }

  /** No task of the stage runs any more: what was not sent is not sent. Returns its mailbox, if it had one. */
  forget(stageId: number): number | undefined {
    const sending = this.#stages.get(stageId);
    sending?.closing.abort(noLongerWanted);
    this.#stages.delete(stageId);
    return sending?.mailbox;
  }

  #post(sending: Sending, to: number, outbox: Outbox): void {
    const { mailbox } = sending;
    sending.bytes += outbox.gathered.byteLength;
    const part: Part = { mailbox, part: outbox.parts++, pieces: outbox.gathered.take() };
    outbox.sent = outbox.sent.then(() => this.#send(to, part, sending.closing.signal));
    outbox.sent.catch(() => undefined); // whoever ends the stage looks at it
  }

  /** Sends a note of where a part lies, beside others that are on their way: they are small. */
  #postEntry(sending: Sending, to: number, outbox: Outbox, pieces: readonly Uint8Array[], entry: RingEntry): void {
    const { mailbox, closing } = sending;
    sending.bytes += entry.stored.byteLength;
    const sent = this.#send(to, { mailbox, part: outbox.parts++, pieces, entry }, closing.signal).finally(entry.over);
    outbox.sent = Promise.all([outbox.sent, sent]).then(() => undefined);
    outbox.sent.catch(() => undefined);
  }

  async #send(to: number, whole: Part, signal: AbortSignal): Promise<void> {
    const { host, clock, patienceMs, send } = this.#options;
    let part = whole;
    let deadline: number | undefined;
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(maxRetryMs, 2 * retryMs)) {
      if (signal.aborted) throw new SuperstepError("CANCELLED", "exchange: its stage has ended");
      try {
        return await send(to, part, signal);
      } catch (cause) {
        if (part.entry !== undefined && hasCode(cause, "BLOCK_CORRUPT")) {
          part.entry.unreadable();
          part = { ...whole, entry: undefined };
          continue; // on a stream
        }
        const isThere = hasCode(cause, "NO_CAPACITY"); // it only has no thread for the stage yet, or no room
        if (signal.aborted || !(isThere || hasCode(cause, "UNREACHABLE"))) throw cause;
        deadline = isThere ? undefined : (deadline ?? clock.now() + patienceMs);
        if (deadline !== undefined && clock.now() + retryMs > deadline) {
          const message = `exchange: host ${host} could not deliver to host ${to} within ${patienceMs} ms`;
          throw new SuperstepError("HOST_LOST", message, { cause, details: { host, to } });
        }
      }
      await pause(clock, retryMs, signal);
    }
  }
}

/** Resolves after `ms`, or when `signal` aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.clear();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.after(ms, end);
    signal.addEventListener("abort", end);
  });
}
