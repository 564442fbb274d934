/**
 * A peer over gRPC: calls on one connection, streams of bytes on another, so that no bulk data delays a call.
 */
import type { CallOptions as LibraryCallOptions, ClientReadableStream, Metadata, ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { ByteReceiver, encodeParts, extentWire, totalBytes } from "./byteStream.ts";
import { messageTooLarge } from "./callFailure.ts";
import { Connection, type Cancellable } from "./connection.ts";
import type { GrpcSettings } from "./grpcOptions.ts";
import type { CallName, DownloadName, Downloads, Request, Response, UploadName, Uploads } from "./messages.ts";
import {
  callWireOf,
  decodeMessage,
  downloadWireOf,
  encodeMessage,
  methods,
  uploadWireOf,
  type Method,
} from "./protocol.ts";
import type { Address, CallOptions, Peer, Role } from "./transport.ts";
import { theOneOf } from "./wire.ts";
import { Watchdog } from "./watchdog.ts";

const defaultCallMs = 10_000;
const defaultStreamMs = 60_000;
const identity = (bytes: Buffer): Buffer => bytes;

export class GrpcPeer implements Peer {
  readonly address: Address;
  readonly #settings: GrpcSettings;
  readonly #expected: Role;
  readonly #control: Connection;
  readonly #closed: () => void;
  /** Made with the first stream. */
  #bulk: Connection | undefined;

  /** `control` is open. `closed` is called once, at `close`. */
  constructor(settings: GrpcSettings, expected: Role, control: Connection, closed: () => void) {
    this.address = control.address;
    this.#settings = settings;
    this.#expected = expected;
    this.#control = control;
    this.#closed = closed;
  }

  async call<M extends CallName>(name: M, request: Request<M>, options: CallOptions = {}): Promise<Response<M>> {
    const method = methods.get(name)!;
    const wires = callWireOf(name);
    const where = this.#whereOf(name);
    const { deadlineMs = defaultCallMs, signal } = options;
    const bytes = encodeMessage(method.request, wires.request, request);
    if (bytes.length > this.#settings.maxControlBytes)
      throw messageTooLarge(where, bytes.length, this.#settings.maxControlBytes);
    const deadline = Date.now() + deadlineMs;
    const answer = await this.#control.run(where, deadlineMs, (metadata) =>
      endable<Buffer>(this.#control, signal, where, (settle) => {
        const { path } = method;
        const library: LibraryCallOptions = { deadline };
        return this.#control.client.makeUnaryRequest(path, identity, identity, bytes, metadata, library, settle);
      }),
    );
    return decodeMessage(method.response, wires.response, answer, where) as Response<M>;
  }

  async upload<M extends UploadName>(
    name: M,
    header: Uploads[M],
    bytes: readonly Uint8Array[],
    options: CallOptions = {},
  ): Promise<void> {
    const method = methods.get(name)!;
    const where = this.#whereOf(name);
    const first = method.request.encode({
      header: uploadWireOf(name).write(header),
      extent: extentWire.write({ byteLength: totalBytes(bytes), checksum: "crc32" }),
    });
    if (first.length > this.#settings.maxControlBytes)
      throw messageTooLarge(where, first.length, this.#settings.maxControlBytes);
    const bulk = this.#bulkConnection(where);
    await bulk.run(where, this.#settings.handshakeMs, (metadata) =>
      this.#send(bulk, method, where, first, bytes, metadata, options),
    );
  }

  async download<M extends DownloadName>(
    name: M,
    request: Downloads[M],
    options: CallOptions = {},
  ): Promise<Uint8Array<SharedArrayBuffer> | undefined> {
    const method = methods.get(name)!;
    const where = this.#whereOf(name);
    const bytes = encodeMessage(method.request, downloadWireOf(name), request);
    if (bytes.length > this.#settings.maxControlBytes)
      throw messageTooLarge(where, bytes.length, this.#settings.maxControlBytes);
    const bulk = this.#bulkConnection(where);
    return bulk.run(where, this.#settings.handshakeMs, (metadata) =>
      this.#receive(bulk, method, where, bytes, metadata, options),
    );
  }

  close(): void {
    this.#control.close();
    this.#bulk?.close();
    this.#closed();
  }

  #bulkConnection(where: string): Connection {
    if (this.#control.isClosed) throw this.#control.closedError(where);
    this.#bulk ??= new Connection(this.#settings, this.address, this.#expected);
    return this.#bulk;
  }

  #whereOf(name: string): string {
    return `${name} at ${this.address}`;
  }

  #send(
    bulk: Connection,
    method: Method,
    where: string,
    first: Buffer,
    bytes: readonly Uint8Array[],
    metadata: Metadata,
    { deadlineMs = defaultStreamMs, signal }: CallOptions,
  ): Promise<unknown> {
    return endable(bulk, signal, where, (settle) => {
      let isOver = false;
      let wake = (): void => {};
      const finish = (error: Error | null, answer?: Buffer): void => {
        isOver = true;
        watchdog.stop();
        wake();
        settle(error, answer);
      };
      const call = bulk.client.makeClientStreamRequest(method.path, identity, identity, metadata, {}, finish);
      const watchdog = new Watchdog(deadlineMs, () => {
        finish(noProgress(where, deadlineMs));
        call.cancel();
      });
      call.on("drain", () => wake());
      call.on("error", () => {}); // comes to `finish` too
      const progress = (): void => watchdog.progress();
      const pump = async (): Promise<void> => {
        call.write(first, progress);
        for (const part of encodeParts(bytes)) {
          if (isOver) return;
          if (!call.write(part, progress)) await new Promise<void>((resolve) => (wake = resolve));
        }
        if (!isOver) call.end();
      };
      pump().catch((error: unknown) => {
        finish(error as Error);
        call.cancel();
      });
      return call;
    });
  }

  #receive(
    bulk: Connection,
    method: Method,
    where: string,
    request: Buffer,
    metadata: Metadata,
    { deadlineMs = defaultStreamMs, signal }: CallOptions,
  ): Promise<Uint8Array<SharedArrayBuffer> | undefined> {
    return endable(bulk, signal, where, (settle) => {
      const call: ClientReadableStream<Buffer> = bulk.client.makeServerStreamRequest(
        method.path,
        identity,
        identity,
        request,
        metadata,
      );
      let isMissing = false;
      let received: { bytes: Uint8Array<SharedArrayBuffer>; receiver: ByteReceiver } | undefined;
      const finish = (error: Error | null, bytes?: Uint8Array<SharedArrayBuffer>): void => {
        watchdog.stop();
        settle(error, bytes);
      };
      const fail = (error: unknown): void => {
        finish(error as Error);
        call.cancel();
      };
      const watchdog = new Watchdog(deadlineMs, () => fail(noProgress(where, deadlineMs)));
      call.on("data", (bytes: Buffer) => {
        watchdog.progress();
        try {
          const part = method.response.decode(bytes);
          if (received !== undefined) received.receiver.take(part);
          else if (!isMissing && theOneOf(part, ["extent", "missing"], where) === "missing") isMissing = true;
          else received = this.#room(part, where);
        } catch (error) {
          fail(error);
        }
      });
      call.on("error", (error: ServiceError) => finish(error));
      call.on("status", ({ code }) => {
        if (code !== status.OK) return; // `error` has it
        try {
          if (received === undefined && !isMissing) throw new SuperstepError("BLOCK_CORRUPT", `${where}: empty stream`);
          received?.receiver.close();
          finish(null, received?.bytes);
        } catch (error) {
          finish(error as Error);
        }
      });
      return call;
    });
  }

  /** Memory for a download: as much as the peer says, up to the limit. */
  #room(
    part: Record<string, unknown>,
    where: string,
  ): { bytes: Uint8Array<SharedArrayBuffer>; receiver: ByteReceiver } {
    const { byteLength } = extentWire.read(part["extent"], `${where}: extent`);
    const limit = this.#settings.maxStreamBytes;
    if (byteLength > limit) {
      const message = `${where}: a stream must have at most maxStreamBytes, ${limit}, bytes, got ${byteLength}`;
      throw new SuperstepError("MESSAGE_TOO_LARGE", message, {
        details: { bytes: byteLength, limit, setting: "maxStreamBytes" },
      });
    }
    let buffer: SharedArrayBuffer;
    try {
      buffer = new SharedArrayBuffer(byteLength);
    } catch (error) {
      throw new SuperstepError("OUT_OF_MEMORY", `${where}: no memory for ${byteLength} bytes`, { cause: error });
    }
    const bytes = new Uint8Array(buffer);
    return { bytes, receiver: new ByteReceiver(where, byteLength, [bytes]) };
  }
}

/** A call that ends once: with its answer, an error, the signal, or its connection. */
function endable<T>(
  connection: Connection,
  signal: AbortSignal | undefined,
  where: string,
  start: (settle: (error: Error | null, answer?: T) => void) => Cancellable,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(cancelled(where));
      return;
    }
    let isSettled = false;
    const settle = (error: Error | null, answer?: T): void => {
      if (isSettled) return;
      isSettled = true;
      untrack();
      signal?.removeEventListener("abort", abort);
      if (error === null) resolve(answer as T);
      else reject(error);
    };
    const call = start(settle);
    const abort = (): void => {
      settle(cancelled(where));
      call.cancel();
    };
    const untrack = connection.track({
      cancel: () => {
        settle(connection.closedError(where));
        call.cancel();
      },
    });
    signal?.addEventListener("abort", abort);
  });
}

function cancelled(where: string): SuperstepError {
  return new SuperstepError("CANCELLED", `${where}: cancelled`);
}

function noProgress(where: string, deadlineMs: number): SuperstepError {
  return new SuperstepError("UNREACHABLE", `${where}: no progress within ${deadlineMs} ms`);
}
