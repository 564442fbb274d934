/**
 * The way of a worker or a driver to its master: registers, beats, registers again with a master that was restarted, and
 * never gives up by itself.
 */
import { hasCode } from "../../errors.ts";
import type { Clock, Timer } from "../../net/clock.ts";
import type { CallName, Request, Response } from "../../net/messages.ts";
import type { Address, Peer, Transport } from "../../net/transport.ts";

/** Calls that masters serve. */
export type MasterCall = Extract<CallName, `master.${string}`>;

/** What a master link is made of. */
export interface MasterLinkOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly address: Address;
  /** Registers, for the first time or again, and gives the milliseconds between two heartbeats. */
  readonly register: (link: MasterLink) => Promise<number>;
  /** One heartbeat. False: the master does not know the caller. */
  readonly beat: (link: MasterLink) => Promise<boolean>;
  /** The master is out of reach; it is there again. */
  readonly lost: (error: unknown) => void;
  readonly found: () => void;
}

/** A connection to a master that is made again whenever it is lost. */
export class MasterLink {
  readonly #options: MasterLinkOptions;
  #peer: Peer | undefined;
  #timer: Timer | undefined;
  #heartbeatMs = 1000;
  #isRegistered = false;
  #isLost = false;
  readonly #closing: AbortController = new AbortController();
  #round: Promise<void> = Promise.resolve();

  constructor(options: MasterLinkOptions) {
    this.#options = options;
  }

  /**
   * Registers for the first time, then beats until `close`.
   *
   * @throws SuperstepError of the connection, or of `register`.
   */
  async start(): Promise<void> {
    await this.#register();
    this.#plan();
  }

  /** Asks the master, over the connection that there is or a new one. Errors as of `Peer.call`. */
  async call<M extends MasterCall>(method: M, request: Request<M>): Promise<Response<M>> {
    const peer = await this.#connected();
    try {
      return await peer.call(method, request, { signal: this.#closing.signal });
    } catch (error) {
      if (this.#peer === peer && hasCode(error, "UNREACHABLE")) this.#disconnect();
      throw error;
    }
  }

  /** Stops beating, and ends the connection. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.clear();
    await this.#round;
    this.#disconnect();
  }

  /** True once the master knows the caller. */
  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /** Beats now rather than later. */
  beatNow(): void {
    if (this.#closing.signal.aborted || this.#timer === undefined) return;
    this.#timer.clear();
    this.#timer = undefined;
    this.#round = this.#beat();
  }

  #plan(): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = this.#options.clock.after(this.#heartbeatMs, () => {
      this.#timer = undefined;
      this.#round = this.#beat();
    });
  }

  async #beat(): Promise<void> {
    try {
      if (!this.#isRegistered) await this.#register();
      else if (!(await this.#options.beat(this))) {
        this.#isRegistered = false;
        await this.#register();
      }
      if (this.#isLost) this.#options.found();
      this.#isLost = false;
    } catch (error) {
      this.#disconnect(); // whatever it was, the next beat begins anew
      if (!this.#isLost && !this.#closing.signal.aborted) this.#options.lost(error);
      this.#isLost = true;
    }
    this.#plan();
  }

  async #register(): Promise<void> {
    this.#heartbeatMs = await this.#options.register(this);
    this.#isRegistered = true;
  }

  async #connected(): Promise<Peer> {
    if (this.#peer !== undefined) return this.#peer;
    const { transport, address } = this.#options;
    this.#peer = await transport.connect(address, "master", { signal: this.#closing.signal });
    return this.#peer;
  }

  #disconnect(): void {
    this.#peer?.close();
    this.#peer = undefined;
  }
}
