/**
 * What an executor reports, as its driver's listener hears it: in order, and only of what runs there.
 */
import { decodeValues } from "../column/codec.ts";
import { excerpt, invalidArgument, SuperstepError } from "../errors.ts";
import type { HostListener } from "../host/host.ts";
import type { FailureMessage, HostEvent, Payload } from "../net/messages.ts";
import { OrderedReceiver } from "../net/orderedLink.ts";
import { checkErrorRecord, encodeError, type ErrorRecord } from "../remoteError.ts";
import { kindOfThrown, type TaskFailure } from "../schedule/failure.ts";
import type { Contribution } from "../schedule/protocol.ts";
import { payloadBytes, valueOf } from "./payloads.ts";

/** What host reports are made of. */
export interface HostReportsOptions {
  readonly host: number;
  /** Threads that it said it has. */
  readonly numThreads: number;
  readonly listener: HostListener;
  readonly maxResultBytes: number;
  /** Fetches a payload of the executor's. */
  readonly download: (number: number) => Promise<Uint8Array | undefined>;
  /** The executor need not keep these payloads any more. */
  readonly fetched: (numbers: readonly number[]) => void;
  /** A launch has ended: what it was given is not needed any more. */
  readonly ended: (params: Payload) => void;
  /** The executor reported what cannot be. */
  readonly broken: (why: string) => void;
}

type Finished = HostEvent & { readonly type: "taskFinished" };

interface FetchedResult {
  readonly result: unknown;
  readonly contributions: readonly Contribution[];
}

export class HostReports {
  readonly #options: HostReportsOptions;
  readonly #received: OrderedReceiver<HostEvent>;
  readonly #slots: Set<number> = new Set();
  /** Launches that have not ended, with the parameters they were given. */
  readonly #launches: Map<number, { readonly params: Payload; readonly slot: number }> = new Map();
  /** Ends when the events before have been told: those with results to fetch take their time. */
  #telling: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: HostReportsOptions) {
    this.#options = options;
    this.#received = new OrderedReceiver((event) => this.#take(event));
  }

  /** Takes events numbered from `first`; returns the number of the next one it expects. */
  receive(first: number, events: readonly HostEvent[]): number {
    return this.#received.receive(first, events);
  }

  /** Threads that are there. */
  get slots(): Iterable<number> {
    return this.#slots;
  }

  /** Launches that have not ended. */
  get launches(): Iterable<number> {
    return this.#launches.keys();
  }

  /** A task was sent there. */
  launched(launch: number, slot: number, params: Payload): void {
    this.#launches.set(launch, { params, slot });
  }

  /** A launch has ended. False if it had before, or was never made. */
  end(launch: number): boolean {
    const entry = this.#launches.get(launch);
    if (entry === undefined) return false;
    this.#launches.delete(launch);
    this.#options.ended(entry.params);
    return true;
  }

  /** Nothing is told any more. */
  close(): void {
    this.#isClosed = true;
    for (const launch of this.#launches.keys()) this.end(launch);
  }

  /** Hears an event, after those before it. */
  #take(event: HostEvent): void {
    if (this.#isClosed) return;
    const { broken } = this.#options;
    const fail = (error: unknown): void => broken(`it reported what cannot be: ${excerpt(encodeError(error).message)}`);
    try {
      const telling = this.#telling === undefined ? this.#tell(event) : this.#tellAfter(this.#telling, event);
      if (telling === undefined) return;
      const told = telling.catch(fail).then(() => {
        if (this.#telling === told) this.#telling = undefined;
      });
      this.#telling = told;
    } catch (error) {
      fail(error);
    }
  }

  async #tellAfter(before: Promise<void>, event: HostEvent): Promise<void> {
    // what has to be fetched is fetched while others are
    const isWanted = event.type === "taskFinished" && this.#launches.has(event.launch);
    const fetched = isWanted ? this.#fetch(event) : undefined;
    fetched?.catch(() => undefined);
    await before;
    if (!this.#isClosed) await this.#tell(event, fetched);
  }

  /** Tells the listener; undefined if that is done, or else when it is. */
  #tell(event: HostEvent, fetched?: Promise<FetchedResult>): Promise<void> | undefined {
    const { listener, host } = this.#options;
    switch (event.type) {
      case "slotAdded":
        this.#slots.add(event.slot);
        if (this.#slots.size > this.#options.numThreads) {
          throw invalidArgument("report", "threads", `at most ${this.#options.numThreads}`, this.#slots.size);
        }
        listener.slotAdded(host, event.slot);
        return undefined;
      case "slotRemoved":
        this.#slots.delete(event.slot);
        for (const [launch, { slot }] of this.#launches) if (slot === event.slot) this.end(launch);
        listener.slotRemoved(host, event.slot, failureOf(event.failure));
        return undefined;
      case "taskStarted":
        if (this.#launches.has(event.launch)) listener.taskStarted(event.launch);
        return undefined;
      case "taskFinished":
        return this.#launches.has(event.launch) ? this.#finish(event, fetched) : undefined;
      case "taskFailed":
        if (this.end(event.launch)) listener.taskFailed(event.launch, failureOf(event.failure));
        return undefined;
      case "blockStored":
        listener.blockStored(host, event.id, event.byteLength);
        return undefined;
      case "blockDropped":
        listener.blockDropped(host, event.id);
        return undefined;
      case "exchanged": {
        const { jobId, stageId, bytes, computeMs, shipMs, waitMs } = event;
        listener.exchanged({ host, jobId, stageId, bytes, computeMs, shipMs, waitMs });
        return undefined;
      }
      case "warning":
        listener.warning(event.code, `executor ${host}: ${event.text}`, event.error && recordOf(event.error));
        return undefined;
    }
  }

  async #finish(event: Finished, fetched = this.#fetch(event)): Promise<void> {
    const { listener } = this.#options;
    const { launch } = event;
    try {
      const { result, contributions } = await fetched;
      if (this.end(launch)) listener.taskFinished(launch, result, contributions, payloadBytes(event.result));
    } catch (error) {
      const record = encodeError(error);
      const kind = record.superstep?.code === "UNREACHABLE" ? "hostLost" : kindOfThrown(record);
      if (this.end(launch)) listener.taskFailed(launch, { kind, error: record });
    }
  }

  async #fetch({ launch, result, contributions }: Finished): Promise<FetchedResult> {
    const { listener, maxResultBytes, download, fetched } = this.#options;
    const resultBytes = payloadBytes(result);
    if (resultBytes > maxResultBytes) throw tooLarge(resultBytes, maxResultBytes);
    listener.resultComing(launch, resultBytes);
    const [value, added] = await Promise.all([valueOf(result, download), valueOf(contributions, download)]);
    const numbers = [result, contributions].flatMap((payload) => ("number" in payload ? [payload.number] : []));
    if (numbers.length > 0) fetched(numbers);
    return { result: value, contributions: checkContributions(added) };
  }
}

function failureOf({ kind, error }: FailureMessage): TaskFailure {
  return { kind, error: recordOf(error) };
}

function recordOf(bytes: Uint8Array): ErrorRecord {
  return checkErrorRecord(decodeValues(bytes)[0]);
}

/** @throws SuperstepError INVALID_ARGUMENT if they are none. */
function checkContributions(value: unknown): readonly Contribution[] {
  const isContribution = (item: unknown): boolean =>
    typeof item === "object" && item !== null && "value" in item && Number.isSafeInteger(numberIn(item));
  if (Array.isArray(value) && value.every(isContribution)) return value as Contribution[];
  throw invalidArgument("report", "what a task added", "a list of totals of accumulators", value);
}

function numberIn(contribution: object): unknown {
  return "accumulator" in contribution ? contribution.accumulator : undefined;
}

function tooLarge(bytes: number, limit: number): SuperstepError {
  const message =
    `task result: must be at most maxResultBytes, ${limit} bytes, got ${bytes}. ` +
    "Bring less to the driver, write to files instead, or raise the setting";
  return new SuperstepError("RESULT_TOO_LARGE", message, { details: { bytes, maxResultBytes: limit } });
}
