/**
 * Between the gRPC library and handlers: bytes of calls, uploads and downloads, decoded for handlers that are known to be
 * allowed to run.
 */
import type { ServerHttp2Stream } from "node:http2";
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { ByteReceiver, extentWire, framed, scatter, StreamReader, totalBytes } from "./byteStream.ts";
import { messageTooLarge, statusOf } from "./callFailure.ts";
import type { CallFrame } from "./callFrames.ts";
import { FrameSender } from "./frameSender.ts";
import { refusedTo } from "./gate.ts";
import type { GrpcSettings } from "./grpcOptions.ts";
import type { CallName, DownloadName, UploadName } from "./messages.ts";
import {
  callWireOf,
  decodeMessage,
  downloadWireOf,
  encodeMessage,
  type Method,
  methods,
  uploadWireOf,
} from "./protocol.ts";
import type { Caller, Handlers, UploadHandler } from "./transport.ts";
import type { RingReader } from "./ringReader.ts";
import type { Segments } from "./segments.ts";
import { sendBytes } from "./sendBytes.ts";
import { Watchdog } from "./watchdog.ts";

/** A call that may be answered: who calls, and the stream of HTTP/2 below it. */
export interface Admitted {
  readonly caller: Caller;
  readonly stream: ServerHttp2Stream;
  /** Those of this process, if the caller can read them, and they its. */
  readonly segments?: Segments;
}

export type AdmittedOf = (metadata: Metadata) => Admitted;

/** The response to a request that came as bytes. */
type Answer = (request: Buffer, caller: Caller) => Promise<Buffer>;

/** Takes an upload all of whose bytes are there at once, behind its first part: `fill` brings them into their places. */
type TakeWhole = (part: Buffer, byteLength: number, fill: Fill, caller: Caller) => Promise<Buffer>;
type Fill = (places: readonly Uint8Array[]) => void;

/** Answers to methods, by path, that need no stream of their own. */
export interface Answers {
  readonly calls: ReadonlyMap<string, { readonly method: Method; readonly answer: Answer }>;
  readonly uploads: ReadonlyMap<string, { readonly method: Method; readonly take: TakeWhole }>;
}

/** Answers to all calls, and to uploads of few bytes. */
export function answersOf(handlers: Handlers, settings: GrpcSettings): Answers {
  const all = [...methods.values()];
  const of = (kind: Method["kind"]): readonly Method[] => all.filter((method) => method.kind === kind);
  return {
    calls: new Map(
      of("call").map((method) => [method.path, { method, answer: responder(method, handlers, settings) }]),
    ),
    uploads: new Map(
      of("upload").map((method) => [method.path, { method, take: wholeTaker(method, handlers, settings) }]),
    ),
  };
}

/** Answers one call of a standing stream, if its caller may make it. `rings`: of its caller, if they can be read here. */
export async function answerFor(
  answers: Answers,
  call: CallFrame,
  caller: Caller,
  rings: RingReader | undefined,
): Promise<Buffer> {
  const found = answers.calls.get(call.method) ?? answers.uploads.get(call.method);
  const refused = refusedTo(caller.role, found?.method, call.method);
  if (refused !== undefined) throw refused;
  const message = Buffer.from(call.message.buffer, call.message.byteOffset, call.message.byteLength);
  const { data, stored } = call;
  const isWhole = data !== undefined || stored !== undefined;
  if ("answer" in found! && !isWhole) return found.answer(message, caller);
  if ("take" in found!) {
    if (data !== undefined) return found.take(message, data.byteLength, (places) => scatter(data, places), caller);
    if (stored !== undefined && rings !== undefined)
      return found.take(message, stored.byteLength, (places) => rings.read(stored, places), caller);
  }
  throw new SuperstepError("INVALID_ARGUMENT", `${found!.method.name}: only an upload, and each, has data`);
}

function responder(method: Method, handlers: Handlers, settings: GrpcSettings): Answer {
  const wires = callWireOf(method.name as CallName);
  const handler = handlers.calls[method.name as CallName] as
    ((request: unknown, caller: Caller) => Promise<unknown>) | undefined;
  return async (bytes, caller) => {
    if (handler === undefined) throw notServed(method, settings);
    const limit = settings.maxControlBytes;
    if (bytes.length > limit) throw messageTooLarge(method.name, bytes.length, limit);
    const request = decodeMessage(method.request, wires.request, bytes, method.name);
    const response = encodeMessage(method.response, wires.response, await handler(request, caller));
    if (response.length > limit) throw messageTooLarge(`answer to ${method.name}`, response.length, limit);
    return response;
  };
}

/** Answers calls of `method` that have a stream of their own, by its handler. */
export function answerCall(
  method: Method,
  { calls }: Answers,
  admittedOf: AdmittedOf,
): handleUnaryCall<Buffer, Buffer> {
  const { answer } = calls.get(method.path)!;
  return (call, respond) => {
    attempt(() => answer(call.request, admittedOf(call.metadata).caller)).then(
      (response) => respond(null, response),
      (error: unknown) => respond(statusOf(error)),
    );
  };
}

/** Answers downloads of `method`: an extent, chunks, an end, or that there is nothing. */
export function answerDownload(
  method: Method,
  handlers: Handlers,
  settings: GrpcSettings,
  admittedOf: AdmittedOf,
): handleServerStreamingCall<Buffer, Buffer> {
  const wire = downloadWireOf(method.name as DownloadName);
  const handler = handlers.downloads[method.name as DownloadName] as
    ((request: unknown, caller: Caller) => Promise<readonly Uint8Array[] | undefined>) | undefined;
  return (call) => {
    let isOver = false;
    const end = (): void => {
      isOver = true;
      watchdog.stop();
      sender?.stop();
    };
    const fail = (error: unknown): void => {
      if (!isOver) call.emit("error", statusOf(error));
      end();
    };
    let sender: FrameSender | undefined;
    const watchdog = new Watchdog(settings.streamMs, () =>
      fail(new SuperstepError("UNREACHABLE", `${method.name}: no progress`)),
    );
    call.on("cancelled", end).on("close", end).on("finish", end);
    const send = async (): Promise<void> => {
      const { caller, stream, segments } = admittedOf(call.metadata);
      if (handler === undefined) throw notServed(method, settings);
      const request = decodeMessage(method.request, wire, call.request, method.name);
      const bytes = await handler(request, caller);
      if (isOver) return;
      watchdog.progress();
      call.sendMetadata(new Metadata());
      sender = new FrameSender(stream, () => watchdog.progress());
      if (bytes === undefined) await sender.send([framed(method.response.encode({ missing: {} }))]);
      else {
        const extent = extentWire.write({ byteLength: totalBytes(bytes), checksum: "crc32" }) as object;
        await sender.send([framed(method.response.encode({ extent }))]);
        const ended = new Promise<void>((resolve) => (stream.destroyed ? resolve() : stream.once("close", resolve)));
        await sendBytes(bytes, method.response, sender, ended, segments);
      }
    };
    send().then(() => {
      if (!isOver) call.end();
    }, fail);
  };
}

interface BegunUpload {
  readonly bytes: readonly Uint8Array[];
  readonly byteLength: number;
  readonly take: () => Promise<void>;
}

/** Finds places for the bytes of an upload, from its first part. */
function uploadBeginner(
  method: Method,
  handlers: Handlers,
  settings: GrpcSettings,
): (part: Record<string, unknown>, caller: Caller) => BegunUpload {
  const wire = uploadWireOf(method.name as UploadName);
  const handler = handlers.uploads[method.name as UploadName] as UploadHandler<unknown> | undefined;
  return (part, caller) => {
    if (handler === undefined) throw notServed(method, settings);
    const header = wire.read(part["header"], `${method.name}: header`);
    const { byteLength } = extentWire.read(part["extent"], `${method.name}: extent`);
    const bytes = handler.place(header, byteLength, caller);
    const room = totalBytes(bytes);
    if (room !== byteLength)
      throw new SuperstepError("INVALID_ARGUMENT", `${method.name}: ${byteLength} bytes do not fill ${room}`);
    return { bytes, byteLength, take: () => handler.take(header, bytes, caller) };
  };
}

function wholeTaker(method: Method, handlers: Handlers, settings: GrpcSettings): TakeWhole {
  const begin = uploadBeginner(method, handlers, settings);
  return async (part, found, fill, caller) => {
    const { bytes, byteLength, take } = begin(method.request.decode(part), caller);
    if (byteLength !== found)
      throw new SuperstepError("BLOCK_CORRUPT", `${method.name}: has ${found} of ${byteLength} bytes`);
    fill(bytes);
    await take();
    return method.response.encode({});
  };
}

/** Answers uploads of `method`: places and takes what comes. */
export function answerUpload(
  method: Method,
  handlers: Handlers,
  settings: GrpcSettings,
  admittedOf: AdmittedOf,
): handleClientStreamingCall<Buffer, Buffer> {
  const begin = uploadBeginner(method, handlers, settings);
  return (call, respond) => {
    const { caller, stream, segments } = admittedOf(call.metadata);
    let isOver = false;
    let upload: { readonly begun: BegunUpload; readonly receiver: ByteReceiver } | undefined;
    const finish: sendUnaryData<Buffer> = (error, response) => {
      if (isOver) return;
      isOver = true;
      watchdog.stop();
      respond(error, response);
    };
    const fail = (error: unknown): void => finish(statusOf(error));
    const watchdog = new Watchdog(settings.streamMs, () =>
      fail(new SuperstepError("UNREACHABLE", `${method.name}: no progress`)),
    );
    const reading = segments?.reader();
    stream.once("close", () => reading?.close());
    const receiver = (): ByteReceiver => {
      if (upload !== undefined) return upload.receiver;
      throw new SuperstepError("INVALID_ARGUMENT", `${method.name}: a stream starts with its header`);
    };
    const reader = new StreamReader(method.name, {
      message: (bytes) => {
        const part = method.request.decode(bytes);
        if (upload === undefined) {
          const begun = begin(part, caller);
          upload = { begun, receiver: new ByteReceiver(method.name, begun.byteLength, begun.bytes) };
        } else upload.receiver.part(part, reading);
      },
      chunk: (byteLength, checksum) => receiver().chunk(byteLength, checksum),
      data: (bytes) => receiver().data(bytes),
    });
    stream.removeAllListeners("data"); // the library's own, which would copy every byte three times
    stream.on("data", (bytes: Buffer) => {
      if (isOver) return;
      watchdog.progress();
      try {
        reader.push(bytes);
      } catch (error) {
        fail(error);
      }
    });
    call.on("cancelled", () => {
      isOver = true;
      watchdog.stop();
    });
    call.on("error", fail);
    call.on("end", () => {
      if (isOver) return;
      const take = async (): Promise<void> => {
        if (upload === undefined) throw new SuperstepError("BLOCK_CORRUPT", `${method.name}: the stream is empty`);
        upload.receiver.close();
        watchdog.stop(); // the handler's time is the caller's to limit
        await upload.begun.take();
      };
      take().then(() => finish(null, method.response.encode({})), fail);
    });
    call.resume();
  };
}

function notServed(method: Method, settings: GrpcSettings): SuperstepError {
  return new SuperstepError("INVALID_ARGUMENT", `${method.name}: this ${settings.role} does not serve it`);
}

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  return await run();
}
