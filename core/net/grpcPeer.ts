/**
 * A peer over gRPC: calls on one connection, streams of bytes on another, so that no bulk data delays a call.
 */
import { constants } from "node:http2";
import { SuperstepError } from "../errors.ts";
import { ByteReceiver, extentWire, framed, StreamReader, totalBytes } from "./byteStream.ts";
import { messageTooLarge } from "./callFailure.ts";
import { maxFrameData } from "./callFrames.ts";
import { CallStream } from "./callStream.ts";
import { FrameSender } from "./frameSender.ts";
import type { GrpcSettings } from "./grpcOptions.ts";
import { Http2Connection, type SessionCall } from "./http2Connection.ts";
import type { CallName, DownloadName, Downloads, Request, Response, UploadName, Uploads } from "./messages.ts";
import { callWireOf, decodeMessage, downloadWireOf, encodeMessage, methods, uploadWireOf } from "./protocol.ts";
import { sendBytes } from "./sendBytes.ts";
import type { Address, CallOptions, DownloadOptions, Peer, Role, UploadOptions } from "./transport.ts";
import { theOneOf } from "./wire.ts";
import { Watchdog } from "./watchdog.ts";

const defaultCallMs = 10_000;
const defaultStreamMs = 60_000;

export class GrpcPeer implements Peer {
  readonly address: Address;
  readonly #settings: GrpcSettings;
  readonly #expected: Role;
  readonly #control: Http2Connection;
  readonly #calls: CallStream;
  readonly #closed: () => void;
  /** Made with the first stream. */
  #bulk: Http2Connection | undefined;

  /** `control` is open. `closed` is called once, at `close`. */
  constructor(settings: GrpcSettings, expected: Role, control: Http2Connection, closed: () => void) {
    this.address = control.address;
    this.#settings = settings;
    this.#expected = expected;
    this.#control = control;
    this.#calls = new CallStream(control, settings.maxControlBytes);
    this.#closed = closed;
  }

  async call<M extends CallName>(name: M, request: Request<M>, options: CallOptions = {}): Promise<Response<M>> {
    const method = methods.get(name)!;
    const wires = callWireOf(name);
    const where = this.#whereOf(name);
    const { deadlineMs = defaultCallMs, signal } = options;
    const message = this.#checked(encodeMessage(method.request, wires.request, request), where);
    const answer = await this.#calls.call({ path: method.path, message, where, deadlineMs, signal });
    return decodeMessage(method.response, wires.response, answer as Buffer, where) as Response<M>;
  }

  async upload<M extends UploadName>(
    name: M,
    header: Uploads[M],
    bytes: readonly Uint8Array[],
    options: UploadOptions = {},
  ): Promise<void> {
    const method = methods.get(name)!;
    const where = this.#whereOf(name);
    const byteLength = totalBytes(bytes);
    const message = this.#checked(
      method.request.encode({
        header: uploadWireOf(name).write(header),
        extent: extentWire.write({ byteLength, checksum: "crc32" }),
      }),
      where,
    );
    const { stored, deadlineMs = defaultStreamMs, signal } = options;
    const isStored = stored !== undefined && (await this.#calls.canRead());
    if (isStored || byteLength <= maxFrameData) {
      const body = isStored ? { stored } : { data: bytes };
      await this.#calls.call({ path: method.path, message, ...body, where, deadlineMs, signal });
      return;
    }
    await this.#stream(method.path, where, options, async ({ stream, ended, segments }, progress) => {
      stream.resume(); // the answer is empty: that it is there is all
      const sender = new FrameSender(stream, progress);
      stream.once("close", () => sender.stop());
      await sender.send([framed(message)]);
      await sendBytes(
        bytes,
        method.request,
        sender,
        ended.catch(() => undefined),
        segments,
      );
      stream.end();
    });
  }

  async download<M extends DownloadName>(
    name: M,
    request: Downloads[M],
    options: DownloadOptions = {},
  ): Promise<Uint8Array<SharedArrayBuffer> | undefined> {
    const method = methods.get(name)!;
    const where = this.#whereOf(name);
    const bytes = this.#checked(encodeMessage(method.request, downloadWireOf(name), request), where);
    let isMissing = false;
    let isOver = false;
    let received: { bytes: Uint8Array<SharedArrayBuffer>; receiver: ByteReceiver } | undefined;
    const begun = (): ByteReceiver => {
      if (received !== undefined) return received.receiver;
      throw new SuperstepError("INVALID_ARGUMENT", `${where}: a stream starts with its extent`);
    };
    const reader = new StreamReader(where, {
      message: (message) => {
        const part = method.response.decode(message);
        if (received !== undefined) received.receiver.part(part, segments);
        else if (!isMissing && theOneOf(part, ["extent", "missing"], where) === "missing") isMissing = true;
        else received = this.#room(part, options.into, where);
      },
      chunk: (byteLength, checksum) => begun().chunk(byteLength, checksum),
      data: (data) => begun().data(data),
    });
    const segments = this.#settings.segments?.reader();
    const ending = this.#stream(method.path, where, options, async ({ stream }, progress, fail) => {
      stream.once("close", () => segments?.close());
      stream.on("data", (data: Buffer) => {
        if (isOver) return; // the places may be somebody else's by now
        progress();
        try {
          reader.push(data);
        } catch (error) {
          fail(error as Error);
        }
      });
      stream.end(framed(bytes));
    });
    try {
      await ending;
    } finally {
      isOver = true;
    }
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

  /** @throws SuperstepError MESSAGE_TOO_LARGE if it is. */
  #checked(message: Buffer, where: string): Buffer {
    const limit = this.#settings.maxControlBytes;
    if (message.length > limit) throw messageTooLarge(where, message.length, limit);
    return message;
  }

  #whereOf(name: string): string {
    return `${name} at ${this.address}`;
  }

  /** One call on the connection for bytes, by `run`: until it ended, failed, made no progress or was cancelled. */
  async #stream(
    path: string,
    where: string,
    { deadlineMs = defaultStreamMs, signal }: CallOptions,
    run: (call: SessionCall, progress: () => void, fail: (error: Error) => void) => Promise<void>,
  ): Promise<void> {
    if (signal?.aborted === true) throw cancelled(where);
    if (this.#control.isClosed) throw this.#control.closedError(where);
    const bulk = (this.#bulk ??= new Http2Connection(this.#settings, this.address, this.#expected));
    bulk.hold();
    try {
      await this.#transfer(await bulk.start(path, where), where, deadlineMs, signal, run);
    } finally {
      bulk.release();
    }
  }

  async #transfer(
    call: SessionCall,
    where: string,
    deadlineMs: number,
    signal: AbortSignal | undefined,
    run: (call: SessionCall, progress: () => void, fail: (error: Error) => void) => Promise<void>,
  ): Promise<void> {
    const { stream, ended } = call;
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
      run(call, () => watchdog.progress(), fail).catch(fail);
      if (signal?.aborted === true) abort();
    });
  }

  /** Memory for a download, if it has none: as much as the peer says, up to the limit. */
  #room(
    part: Record<string, unknown>,
    into: readonly Uint8Array[] | undefined,
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
    if (into !== undefined) {
      const expected = totalBytes(into);
      if (byteLength === expected)
        return { bytes: new Uint8Array(new SharedArrayBuffer(0)), receiver: new ByteReceiver(where, byteLength, into) };
      throw new SuperstepError("BLOCK_CORRUPT", `${where}: a stream of ${byteLength} bytes where ${expected} are due`);
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

function cancelled(where: string): SuperstepError {
  return new SuperstepError("CANCELLED", `${where}: cancelled`);
}

function noProgress(where: string, deadlineMs: number): SuperstepError {
  return new SuperstepError("UNREACHABLE", `${where}: no progress within ${deadlineMs} ms`);
}
