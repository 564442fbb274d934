/**
 * A peer over gRPC: calls on one connection, streams of bytes on another, so that no bulk data delays a call.
 */
import { constants, type ClientHttp2Stream } from "node:http2";
import type { CallOptions as LibraryCallOptions } from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { BulkConnection } from "./bulkConnection.ts";
import { ByteReceiver, endWire, extentWire, framed, framesOf, StreamReader, totalBytes } from "./byteStream.ts";
import { messageTooLarge } from "./callFailure.ts";
import type { Cancellable, Connection } from "./connection.ts";
import { FrameSender } from "./frameSender.ts";
import type { GrpcSettings } from "./grpcOptions.ts";
import type { CallName, DownloadName, Downloads, Request, Response, UploadName, Uploads } from "./messages.ts";
import { callWireOf, decodeMessage, downloadWireOf, encodeMessage, methods, uploadWireOf } from "./protocol.ts";
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
  #bulk: BulkConnection | undefined;

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
    await this.#stream(method.path, where, options, async (stream, progress) => {
      stream.resume(); // the answer is empty: that it is there is all
      const sender = new FrameSender(stream, progress);
      stream.once("close", () => sender.stop());
      await sender.send([framed(first)]);
      await sender.sendAll(framesOf(bytes, method.request));
      stream.end();
    });
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
    let isMissing = false;
    let received: { bytes: Uint8Array<SharedArrayBuffer>; receiver: ByteReceiver } | undefined;
    const begun = (): ByteReceiver => {
      if (received !== undefined) return received.receiver;
      throw new SuperstepError("INVALID_ARGUMENT", `${where}: a stream starts with its extent`);
    };
    const reader = new StreamReader(where, {
      message: (message) => {
        const part = method.response.decode(message);
        if (received !== undefined) received.receiver.end(endWire.read(part["end"], `${where}: end`));
        else if (!isMissing && theOneOf(part, ["extent", "missing"], where) === "missing") isMissing = true;
        else received = this.#room(part, where);
      },
      chunk: (byteLength, checksum) => begun().chunk(byteLength, checksum),
      data: (data) => begun().data(data),
    });
    await this.#stream(method.path, where, options, async (stream, progress, fail) => {
      stream.on("data", (data: Buffer) => {
        progress();
        try {
          reader.push(data);
        } catch (error) {
          fail(error as Error);
        }
      });
      stream.end(framed(bytes));
    });
    if (isMissing) return undefined;
    if (received === undefined) throw new SuperstepError("BLOCK_CORRUPT", `${where}: the stream is empty`);
    received.receiver.close();
    return received.bytes;
  }

  close(): void {
    this.#control.close();
    this.#bulk?.close();
    this.#closed();
  }

  #whereOf(name: string): string {
    return `${name} at ${this.address}`;
  }

  /** One call on the connection for bytes, by `run`: until it ended, failed, made no progress or was cancelled. */
  async #stream(
    path: string,
    where: string,
    { deadlineMs = defaultStreamMs, signal }: CallOptions,
    run: (stream: ClientHttp2Stream, progress: () => void, fail: (error: Error) => void) => Promise<void>,
  ): Promise<void> {
    if (signal?.aborted === true) throw cancelled(where);
    if (this.#control.isClosed) throw this.#control.closedError(where);
    this.#bulk ??= new BulkConnection(this.#settings, this.address, this.#expected);
    const { stream, ended } = await this.#bulk.start(path, where);
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        watchdog.stop();
        signal?.removeEventListener("abort", abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const fail = (error: Error): void => {
        settle(error);
        stream.close(constants.NGHTTP2_CANCEL);
      };
      const abort = (): void => fail(cancelled(where));
      const watchdog = new Watchdog(deadlineMs, () => fail(noProgress(where, deadlineMs)));
      signal?.addEventListener("abort", abort);
      ended.then(() => settle(), settle);
      run(stream, () => watchdog.progress(), fail).catch(fail);
      if (signal?.aborted === true) abort();
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
