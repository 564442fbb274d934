/**
 * A master's way to one worker: commands in order, each tried again once, then the worker counts as gone.
 */
import { hasCode } from "../../errors.ts";
import type { CallName, Request } from "../../net/messages.ts";
import type { Address, Peer, Transport } from "../../net/transport.ts";

/** Calls that workers serve. */
export type WorkerCall = Extract<CallName, `worker.${string}`>;

/** Carries commands to a worker, one after the other. */
export class WorkerLink {
  readonly #transport: Transport;
  readonly #address: Address;
  #peer: Peer | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(transport: Transport, address: Address) {
    this.#transport = transport;
    this.#address = address;
  }

  /** Resolves once the worker has taken it. Rejects with UNREACHABLE after a second try, or with what the worker said. */
  send<M extends WorkerCall>(method: M, request: Request<M>): Promise<void> {
    const sent = this.#last.then(() => this.#sendNow(method, request));
    this.#last = sent.catch(() => undefined); // each caller hears of its own
    return sent;
  }

  /** Ends the connection. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#peer?.close();
  }

  async #sendNow<M extends WorkerCall>(method: M, request: Request<M>): Promise<void> {
    for (let isSecond = false; ; isSecond = true) {
      try {
        await (await this.#connected()).call(method, request);
        return;
      } catch (error) {
        this.#peer?.close();
        this.#peer = undefined;
        if (isSecond || this.#isClosed || !hasCode(error, "UNREACHABLE")) throw error;
      }
    }
  }

  async #connected(): Promise<Peer> {
    if (this.#peer !== undefined) return this.#peer;
    const peer = await this.#transport.connect(this.#address, "worker");
    if (this.#isClosed) peer.close();
    this.#peer = peer;
    return peer;
  }
}
