/**
 * What the threads of an executor have to say, as messages to its driver.
 */
import { encodeValues } from "../../column/codec.ts";
import { hasCode } from "../../errors.ts";
import type { HostListener } from "../../host/host.ts";
import type { BlockId } from "../../host/task.ts";
import type { FailureMessage, HostEvent, Payload } from "../../net/messages.ts";
import { encodeError, type ErrorRecord } from "../../remoteError.ts";
import { kindOfThrown, type TaskFailure } from "../../schedule/failure.ts";
import type { Contribution, Launch } from "../../schedule/protocol.ts";
import type { Payloads } from "../payloads.ts";
import type { Deliveries } from "./deliveries.ts";

/** What host events are made of. */
export interface HostEventsOptions {
  readonly payloads: Payloads;
  readonly deliveries: Deliveries;
  readonly push: (event: HostEvent) => void;
}

/** Bytes of an encoded error beyond which only its outermost message travels. */
const maxErrorBytes = 2 ** 18;

/** The listener of an executor's host: an event a call, in order. */
export class HostEvents implements HostListener {
  readonly #options: HostEventsOptions;
  /** Tasks that run here, by launch. */
  readonly #running: Map<number, Launch> = new Map();
  /** Those of them that were cancelled. */
  readonly #cancelled: Set<number> = new Set();

  constructor(options: HostEventsOptions) {
    this.#options = options;
  }

  /** Tasks that run. */
  get numRunning(): number {
    return this.#running.size;
  }

  /** A task is about to be launched. */
  launched(launch: Launch): void {
    this.#running.set(launch.id, launch);
  }

  /** A launch is cancelled: nobody waits for what its stage sends any more, neither now nor once the task has ended. */
  cancel(launch: number): void {
    if (this.#running.has(launch)) this.#cancelled.add(launch);
    this.#options.deliveries.cancel(launch);
  }

  slotAdded(_host: number, slot: number): void {
    this.#options.push({ type: "slotAdded", slot });
  }

  slotRemoved(_host: number, slot: number, failure: TaskFailure): void {
    for (const launch of this.#running.values()) if (launch.slot === slot) this.#ended(launch.id);
    this.#options.push({ type: "slotRemoved", slot, failure: failureMessage(failure) });
  }

  taskStarted(launch: number): void {
    this.#options.push({ type: "taskStarted", launch });
  }

  resultComing(): void {}

  taskFinished(launch: number, result: unknown, contributions: readonly Contribution[]): void {
    const running = this.#running.get(launch);
    const wasCancelled = this.#ended(launch);
    const { payloads, deliveries } = this.#options;
    let packed: { result: Payload; contributions: Payload };
    try {
      packed = { result: payloads.put(result), contributions: payloads.put(contributions) };
    } catch (error) {
      const record = encodeError(error);
      return this.taskFailed(launch, { kind: kindOfThrown(record), error: record });
    }
    const tell = (): void => this.#options.push({ type: "taskFinished", launch, ...packed });
    if (running === undefined) return tell();
    const shipping = deliveries.finished(running.stageId, running.partition, launch);
    if (shipping === undefined) return tell();
    if (wasCancelled) deliveries.cancel(launch);
    void shipping.then((failure) => {
      if (failure === undefined) return tell();
      payloads.release(packed.result);
      payloads.release(packed.contributions);
      this.taskFailed(launch, failure);
    });
  }

  taskFailed(launch: number, failure: TaskFailure): void {
    this.#ended(launch);
    this.#options.push({ type: "taskFailed", launch, failure: failureMessage(failure) });
  }

  blockStored(_host: number, id: BlockId, byteLength: number): void {
    this.#options.push({ type: "blockStored", id, byteLength });
  }

  blockDropped(_host: number, id: BlockId): void {
    this.#options.push({ type: "blockDropped", id });
  }

  exchanged(): void {}

  warning(code: string, text: string, error?: ErrorRecord): void {
    const event = { type: "warning", code, text } as const;
    this.#options.push(error === undefined ? event : { ...event, error: encodeRecord(error) });
  }

  /** A launch runs no more. Returns true if it was cancelled. */
  #ended(launch: number): boolean {
    this.#running.delete(launch);
    return this.#cancelled.delete(launch);
  }
}

/** A failure as it travels: its causes and stacks are left out where they are too long. */
export function failureMessage({ kind, error }: TaskFailure): FailureMessage {
  return { kind, error: encodeRecord(error) };
}

function encodeRecord(error: ErrorRecord): Uint8Array {
  const whole = attemptEncode(error);
  if (whole !== undefined && whole.byteLength <= maxErrorBytes) return whole;
  const { name, message, superstep } = error;
  const code = superstep === undefined ? {} : { superstep: { code: superstep.code, details: {} } };
  return encodeValues([{ name: name.slice(0, 1000), message: message.slice(0, 10_000), ...code }]);
}

function attemptEncode(error: ErrorRecord): Uint8Array | undefined {
  try {
    return encodeValues([error]);
  } catch (failure) {
    if (hasCode(failure, "NOT_SHIPPABLE") || hasCode(failure, "OUT_OF_MEMORY")) return undefined;
    throw failure;
  }
}
