/**
 * How the processes of a cluster reach each other: gRPC between processes, a simulated network in tests. Above it
 * nobody knows which.
 */
import type { CallName, DownloadName, Downloads, Request, Response, UploadName, Uploads } from "./messages.ts";
import type { StoredBytes } from "./segmentRing.ts";

/** "host:port"; IPv6 in brackets. */
export type Address = string;

/** What a process is to its peers. It is part of what the handshake proves. */
export type Role = "driver" | "executor" | "master" | "worker" | "client";

/** Limits of one call. */
export interface CallOptions {
  /** Milliseconds until it fails; for streams, without progress. Default 10,000; streams 60,000. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** How a download comes. */
export interface DownloadOptions extends CallOptions {
  /**
   * Where the bytes are to be written, in order: as many as will come. What is there is undefined if it fails; nothing is
   * written after it has ended.
   */
  readonly into?: readonly Uint8Array[];
}

/** Limits of an upload, and how its bytes can get there. */
export interface UploadOptions extends CallOptions {
  /** Where the same bytes lie, in a ring of this process: they are taken from there, if the peer can read it. */
  readonly stored?: StoredBytes | undefined;
}

/**
 * A peer that was reached and has proven who it is. Calls reject with a SuperstepError: UNREACHABLE (not there, gone,
 * no answer within the deadline), UNAUTHENTICATED, MESSAGE_TOO_LARGE (with the size and the limit), BLOCK_CORRUPT (bytes
 * arrived damaged), or what the handler threw.
 */
export interface Peer {
  readonly address: Address;
  call<M extends CallName>(method: M, request: Request<M>, options?: CallOptions): Promise<Response<M>>;
  /** Sends bytes in chunks of 1 MiB, with checksums. They must not change meanwhile. Resolves when the peer has them. */
  upload<M extends UploadName>(
    method: M,
    header: Uploads[M],
    bytes: readonly Uint8Array[],
    options?: UploadOptions,
  ): Promise<void>;
  /**
   * Bytes in a SharedArrayBuffer of their size, checked; with `into` none, for they are there. Undefined if the peer does
   * not have them.
   */
  download<M extends DownloadName>(
    method: M,
    request: Downloads[M],
    options?: DownloadOptions,
  ): Promise<Uint8Array<SharedArrayBuffer> | undefined>;
  /** Ends the connection; calls under way reject with UNREACHABLE. Idempotent. */
  close(): void;
}

/** Who calls, as the handshake proved. */
export interface Caller {
  readonly role: Role;
  readonly remoteAddress: Address;
}

/** Answers calls. What a handler throws reaches the caller as the same SuperstepError. */
export interface Handlers {
  /** Which roles may call a method is part of the protocol, not of the handlers. */
  readonly calls: { readonly [M in CallName]?: (request: Request<M>, caller: Caller) => Promise<Response<M>> };
  /** Gets all bytes, checked, where they were asked for: `place` says where they are to be written. */
  readonly uploads: { readonly [M in UploadName]?: UploadHandler<Uploads[M]> };
  /** Gives the bytes to send, which must not change meanwhile; undefined if there are none. */
  readonly downloads: {
    readonly [M in DownloadName]?: (
      request: Downloads[M],
      caller: Caller,
    ) => Promise<readonly Uint8Array[] | undefined>;
  };
}

/** Takes an upload. */
export interface UploadHandler<Header> {
  /** Memory for `byteLength` bytes, in the order sent; throws to refuse. Called before any byte is read. */
  readonly place: (header: Header, byteLength: number, caller: Caller) => readonly Uint8Array[];
  /** All bytes are there, and their checksums hold. */
  readonly take: (header: Header, bytes: readonly Uint8Array[], caller: Caller) => Promise<void>;
}

/** A server that listens. */
export interface Server {
  /** As peers reach it: the host it was given, and the port it got. */
  readonly address: Address;
  /** Stops listening and ends all connections. Idempotent. */
  close(): Promise<void>;
}

/** Where a server listens. */
export interface ServeOptions {
  /** Default "127.0.0.1". */
  readonly host?: string;
  /** Default any free one. */
  readonly port?: number;
  /** False: neither listening nor the connections of peers keep this process alive. Default true. */
  readonly keepsAlive?: boolean;
}

/** The way to all peers. */
export interface Transport {
  /**
   * Reaches a peer, proves who both sides are, and that they can work together.
   *
   * @throws SuperstepError UNREACHABLE, UNAUTHENTICATED or INCOMPATIBLE, within `deadlineMs` (default 5,000), saying what
   *   to do.
   */
  connect(address: Address, expected: Role, options?: CallOptions): Promise<Peer>;
  serve(handlers: Handlers, options?: ServeOptions): Promise<Server>;
  /** Ends all connections. */
  close(): Promise<void>;
}
