/**
 * The way to one peer, for as long as it is wanted: connected when first used, and again after the connection broke.
 */
import { hasCode, SuperstepError } from "../errors.ts";
import type { CallName, DownloadName, Downloads, Request, Response, UploadName, Uploads } from "../net/messages.ts";
import type { Address, CallOptions, DownloadOptions, Peer, Role, Transport, UploadOptions } from "../net/transport.ts";

/** What calls, uploads and downloads need of a peer. */
export type Calling = Pick<Peer, "call" | "upload" | "download">;

/** Longest deadlines of calls, and of streams without progress: see `Transport`. Milliseconds. */
const longestCallMs = 10_000;
const longestStreamMs = 60_000;

/** A peer that is reached anew when it was lost. Errors are those of `Transport.connect` and of `Peer`. */
export class PeerLink implements Calling {
  readonly address: Address;
  readonly #transport: Transport;
  readonly #role: Role;
  readonly #closing: AbortController = new AbortController();
  #peer: Promise<Peer> | undefined;
  #callMs = longestCallMs;
  #streamMs = longestStreamMs;

  constructor(transport: Transport, address: Address, role: Role) {
    this.#transport = transport;
    this.address = address;
    this.#role = role;
  }

  /**
   * Sets deadlines such that what is lost on the way can be sent again before anybody is given up for it: a third of the
   * host timeout for calls, half of it for streams without progress.
   */
  heed({ hostTimeoutMs }: { readonly hostTimeoutMs: number }): this {
    this.#callMs = Math.min(longestCallMs, Math.ceil(hostTimeoutMs / 3));
    this.#streamMs = Math.min(longestStreamMs, Math.ceil(hostTimeoutMs / 2));
    return this;
  }

  call<M extends CallName>(method: M, request: Request<M>, options: CallOptions = {}): Promise<Response<M>> {
    return this.#using((peer) => peer.call(method, request, { deadlineMs: this.#callMs, ...options }), options);
  }

  upload<M extends UploadName>(
    method: M,
    header: Uploads[M],
    bytes: readonly Uint8Array[],
    options: UploadOptions = {},
  ): Promise<void> {
    return this.#using(
      (peer) => peer.upload(method, header, bytes, { deadlineMs: this.#streamMs, ...options }),
      options,
    );
  }

  download<M extends DownloadName>(
    method: M,
    request: Downloads[M],
    options: DownloadOptions = {},
  ): Promise<Uint8Array<SharedArrayBuffer> | undefined> {
    return this.#using((peer) => peer.download(method, request, { deadlineMs: this.#streamMs, ...options }), options);
  }

  /** Ends the connection, made or not; calls under way, and later ones, reject with UNREACHABLE. Idempotent. */
  close(): void {
    this.#closing.abort();
    const peer = this.#peer;
    this.#peer = undefined;
    peer?.then(
      (connected) => connected.close(),
      () => undefined,
    );
  }

  async #using<R>(use: (peer: Peer) => Promise<R>, { signal }: CallOptions): Promise<R> {
    const peer = await this.#connected();
    try {
      return await use(peer);
    } catch (error) {
      if (hasCode(error, "UNREACHABLE") && signal?.aborted !== true) this.#drop(peer);
      throw error;
    }
  }

  async #connected(): Promise<Peer> {
    const { signal } = this.#closing;
    if (signal.aborted) throw new SuperstepError("UNREACHABLE", `${this.address}: the connection was closed`);
    const connecting = (this.#peer ??= this.#transport.connect(this.address, this.#role, { signal }));
    try {
      return await connecting;
    } catch (error) {
      if (this.#peer === connecting) this.#peer = undefined;
      throw error;
    }
  }

  #drop(peer: Peer): void {
    const connected = this.#peer;
    void connected?.then((current) => {
      if (current !== peer || this.#peer !== connected) return;
      this.#peer = undefined;
      peer.close();
    });
  }
}
