/**
 * A network in one process: `Transport` over a simulated clock. Calls are delayed, lost on either way, doubled and so
 * overtake one another; pairs of processes are cut off in one direction or both; processes freeze and die. All by one
 * seed.
 */
import { SuperstepError } from "../../core/errors.ts";
import { scatter } from "../../core/net/byteStream.ts";
import type {
  CallName,
  DownloadName,
  Downloads,
  Request,
  Response,
  UploadName,
  Uploads,
} from "../../core/net/messages.ts";
import type {
  Address,
  Caller,
  CallOptions,
  DownloadOptions,
  Handlers,
  Peer,
  Role,
  Server,
  Transport,
} from "../../core/net/transport.ts";
import { type Random, randomFor } from "../../core/random.ts";
import { decodeError, encodeError } from "../../core/remoteError.ts";
import { ProcessClock, type SimClock } from "./simClock.ts";

/** What happens to one call. */
export type CallFault = "requestLost" | "answerLost" | "doubled" | "late" | "reset";

/** Chances, in [0, 1], and delays in milliseconds. */
export interface NetworkFaults {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly chances: Readonly<Record<CallFault, number>>;
  /** Milliseconds by which a call that is `late` is. */
  readonly lateMs: number;
}

export const noFaults: NetworkFaults = {
  minDelayMs: 1,
  maxDelayMs: 1,
  chances: { requestLost: 0, answerLost: 0, doubled: 0, late: 0, reset: 0 },
  lateMs: 0,
};

/** How to end calls that wait for an answer. */
type Calls = Set<(why: string) => void>;

type Method = CallName | UploadName | DownloadName;

const defaultDeadlineMs = 10_000;
const streamDeadlineMs = 60_000;
/** Milliseconds until a caller hears that there is no process, or no more, at an address. */
const refusedMs = 2;

/** All processes and the links between them. */
export class SimNetwork {
  readonly clock: SimClock;
  /** How often each fault struck, and each kind of loss of a process or link. */
  readonly fired: Map<string, number> = new Map();
  readonly #random: Random;
  readonly #listening: Map<Address, { process: SimProcess; handlers: Handlers }> = new Map();
  /** "from>to" of links that lose all. */
  readonly #cut: Set<string> = new Set();
  #faults: NetworkFaults = noFaults;
  #lastPort = 0;
  /** Decides about a call instead of chance, if it returns something. */
  plan: ((method: Method, from: string, to: string) => CallFault | undefined) | undefined;

  constructor(clock: SimClock, seed: number) {
    this.clock = clock;
    this.#random = randomFor(seed, 1);
  }

  set faults(faults: NetworkFaults) {
    this.#faults = faults;
  }

  process(name: string, role: Role, clockOffsetMs = 0): SimProcess {
    return new SimProcess(this, name, role, new ProcessClock(this.clock, clockOffsetMs));
  }

  /** Loses all that is sent from `a` to `b` from now on, and with `both` the other way as well. */
  cut(a: string, b: string, both: boolean): void {
    this.count(both ? "cut" : "oneWayCut");
    this.#cut.add(`${a}>${b}`);
    if (both) this.#cut.add(`${b}>${a}`);
  }

  healAll(): void {
    this.#cut.clear();
  }

  count(what: string): void {
    this.fired.set(what, (this.fired.get(what) ?? 0) + 1);
  }

  listen(process: SimProcess, handlers: Handlers): Address {
    const address = `sim:${++this.#lastPort}`;
    this.#listening.set(address, { process, handlers });
    return address;
  }

  unlisten(address: Address): void {
    this.#listening.delete(address);
  }

  /**
   * One exchange with whoever listens at `address`: `handle` runs there, perhaps never, perhaps twice; its first answer
   * that arrives is the result.
   */
  exchange<T>(
    from: SimProcess,
    address: Address,
    method: Method | "connect",
    handle: (handlers: Handlers, caller: Caller, receiver: SimProcess) => Promise<T>,
    { deadlineMs = defaultDeadlineMs, signal }: CallOptions = {},
    peerCalls?: Calls,
  ): Promise<T> {
    const to = this.#listening.get(address)?.process;
    const fault = this.#faultOf(method, from.name, to?.name ?? "nobody");
    if (fault !== undefined) this.count(`${fault}`);
    return new Promise<T>((resolvePromise, rejectPromise) => {
      const settle = (): void => {
        deadline.clear();
        from.calls.delete(unreachable);
        peerCalls?.delete(unreachable);
        to?.callers.delete(died);
        signal?.removeEventListener("abort", aborted);
      };
      const resolve = (result: T): void => {
        settle();
        resolvePromise(result);
      };
      const reject = (error: Error): void => {
        settle();
        rejectPromise(error);
      };
      const unreachable = (why: string): void =>
        reject(new SuperstepError("UNREACHABLE", `${from.name}: ${method} to ${to?.name ?? address}: ${why}`));
      const aborted = (): void => unreachable("aborted");
      const died = (): void => void from.clock.after(refusedMs, () => unreachable("it has died"));
      const deadline = from.clock.after(deadlineMs, () => unreachable(`no answer within ${deadlineMs} ms`));
      from.calls.add(unreachable);
      peerCalls?.add(unreachable);
      if (signal?.aborted === true) return aborted();
      signal?.addEventListener("abort", aborted, { once: true });
      if (to === undefined || to.isDead) return void from.clock.after(refusedMs, () => unreachable("nobody is there"));
      if (fault === "reset") from.clock.after(this.#delay(), () => unreachable("the connection broke"));

      const answer = (result: T | undefined, error: unknown): void => {
        if (fault === "answerLost" || fault === "reset") return;
        this.#travel(to, from, this.#delay(fault), () =>
          error === undefined ? resolve(result as T) : reject(error as Error),
        );
      };
      const arrive = (): void => {
        const listening = this.#listening.get(address);
        if (listening === undefined || to.isDead) {
          this.#travel(to, from, refusedMs, () => unreachable("it has died"));
          return;
        }
        to.callers.add(died);
        handle(listening.handlers, { role: from.role, remoteAddress: from.name }, to).then(
          (result) => answer(copied(result), undefined),
          (error: unknown) => answer(undefined, decodeError(encodeError(error))),
        );
      };
      if (fault === "requestLost") return;
      this.#travel(from, to, this.#delay(fault), arrive);
      if (fault === "doubled") this.#travel(from, to, this.#delay("late"), arrive);
    });
  }

  #faultOf(method: Method | "connect", from: string, to: string): CallFault | undefined {
    if (method !== "connect" && this.plan !== undefined) return this.plan(method, from, to);
    let at = this.#random.next();
    for (const [fault, chance] of Object.entries(this.#faults.chances)) {
      if (at < chance) return fault as CallFault;
      at -= chance;
    }
    return undefined;
  }

  #delay(fault?: CallFault): number {
    const { minDelayMs, maxDelayMs, lateMs } = this.#faults;
    const usual = minDelayMs + this.#random.next() * (maxDelayMs - minDelayMs);
    return fault === "late" ? usual + this.#random.next() * lateMs : usual;
  }

  /** Lost if the link is cut at its start; held while the receiver is frozen. */
  #travel(from: SimProcess, to: SimProcess, delayMs: number, arrive: () => void): void {
    if (this.#cut.has(`${from.name}>${to.name}`)) return this.count("lostOnCutLink");
    this.clock.after(delayMs, () => to.whenAwake(arrive));
  }
}

/** One process: its clock, and its way to the others. Dead, it does nothing any more, and nothing reaches it. */
export class SimProcess implements Transport {
  readonly name: string;
  readonly role: Role;
  readonly clock: ProcessClock;
  isDead = false;
  readonly #network: SimNetwork;
  readonly #addresses: Set<Address> = new Set();
  /** Calls of its own that wait for an answer, and those who wait for one of its. */
  readonly calls: Calls = new Set();
  readonly callers: Set<() => void> = new Set();
  #thawed: Promise<void> | undefined;

  constructor(network: SimNetwork, name: string, role: Role, clock: ProcessClock) {
    this.#network = network;
    this.name = name;
    this.role = role;
    this.clock = clock;
  }

  async connect(address: Address, _expected: Role, options: CallOptions = {}): Promise<Peer> {
    await this.#network.exchange(this, address, "connect", () => Promise.resolve(), { deadlineMs: 5000, ...options });
    return new SimPeer(this.#network, this, address);
  }

  serve(handlers: Handlers): Promise<Server> {
    const address = this.#network.listen(this, handlers);
    this.#addresses.add(address);
    const close = (): Promise<void> => {
      this.#network.unlisten(address);
      return Promise.resolve();
    };
    return Promise.resolve({ address, close });
  }

  close(): Promise<void> {
    for (const reject of this.calls) reject("closed");
    return Promise.resolve();
  }

  /** Ends it as SIGKILL would: those who wait for its answers hear of it at once. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.clock.die();
    for (const address of this.#addresses) this.#network.unlisten(address);
    for (const tell of this.callers) tell();
  }

  /** Stops it for a while as SIGSTOP would: what arrives meanwhile waits. */
  freeze(ms: number): void {
    this.#network.count("freeze");
    const thawed = this.#network.clock.sleep(ms);
    this.#thawed = thawed;
    void thawed.then(() => (this.#thawed = undefined));
    this.clock.freeze(thawed);
  }

  whenAwake(arrive: () => void): void {
    if (this.isDead || this.#thawed === undefined) arrive();
    else void this.#thawed.then(() => this.whenAwake(arrive));
  }
}

class SimPeer implements Peer {
  readonly address: Address;
  readonly #network: SimNetwork;
  readonly #from: SimProcess;
  /** Calls under way. */
  readonly #open: Calls = new Set();
  #isClosed = false;

  constructor(network: SimNetwork, from: SimProcess, address: Address) {
    this.#network = network;
    this.#from = from;
    this.address = address;
  }

  call<M extends CallName>(method: M, request: Request<M>, options?: CallOptions): Promise<Response<M>> {
    const sent = copied(request);
    return this.#exchange(method, options, async ({ calls }, caller) => {
      const handler = calls[method] ?? refuse(method);
      return await handler(copied(sent), caller);
    });
  }

  upload<M extends UploadName>(
    method: M,
    header: Uploads[M],
    bytes: readonly Uint8Array[],
    options?: CallOptions,
  ): Promise<void> {
    const sent = copied(header);
    const all = Buffer.concat(bytes);
    return this.#exchange(
      method,
      { deadlineMs: streamDeadlineMs, ...options },
      async ({ uploads }, caller, receiver) => {
        const handler = uploads[method] ?? refuse(method);
        const own = copied(sent);
        const places = handler.place(own, all.byteLength, caller);
        // bytes come one after the other: others can come in between, or the end of either side
        await new Promise<void>((resolve) => receiver.clock.after(1, resolve));
        let at = 0;
        for (const place of places) {
          place.set(all.subarray(at, at + place.byteLength));
          at += place.byteLength;
        }
        if (at !== all.byteLength) throw new Error(`${method}: places for ${at} of ${all.byteLength} bytes`);
        await handler.take(own, places, caller);
      },
    );
  }

  async download<M extends DownloadName>(
    method: M,
    request: Downloads[M],
    options?: DownloadOptions,
  ): Promise<Uint8Array<SharedArrayBuffer> | undefined> {
    const sent = copied(request);
    const parts = await this.#exchange(
      method,
      { deadlineMs: streamDeadlineMs, ...options },
      async ({ downloads }, caller) => {
        const handler = downloads[method] ?? refuse(method);
        return await handler(copied(sent), caller);
      },
    );
    if (parts === undefined) return undefined;
    const all = Buffer.concat(parts);
    if (options?.into !== undefined) {
      scatter(all, options.into);
      return new Uint8Array(new SharedArrayBuffer(0));
    }
    const bytes = new Uint8Array(new SharedArrayBuffer(all.byteLength));
    bytes.set(all);
    return bytes;
  }

  close(): void {
    this.#isClosed = true;
    for (const reject of this.#open) reject("closed");
  }

  #exchange<T>(
    method: Method,
    options: CallOptions | undefined,
    handle: (handlers: Handlers, caller: Caller, receiver: SimProcess) => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) return Promise.reject(new SuperstepError("UNREACHABLE", `${this.#from.name}: closed`));
    return this.#network.exchange(this.#from, this.address, method, handle, options, this.#open);
  }
}

function refuse(method: string): never {
  throw new SuperstepError("INVALID_ARGUMENT", `${method}: not served here`);
}

/** A message as another process gets it: nothing of it is shared. */
function copied<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== "object" || value === null) {
    if (typeof value === "function" || typeof value === "symbol") throw new Error(`a message holds a ${typeof value}`);
    return value;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error("a message holds an object of a class");
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, copy(item)]])),
  );
}
