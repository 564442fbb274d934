/**
 * Between the gRPC library and handlers: bytes of calls, uploads and downloads, decoded for handlers that are known to be
 * allowed to run.
 */
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  sendUnaryData,
} from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { ByteReceiver, encodeParts, extentWire, totalBytes } from "./byteStream.ts";
import { messageTooLarge, statusOf } from "./callFailure.ts";
import type { GrpcSettings } from "./grpcOptions.ts";
import type { CallName, DownloadName, UploadName } from "./messages.ts";
import { callWireOf, decodeMessage, downloadWireOf, encodeMessage, uploadWireOf, type Method } from "./protocol.ts";
import type { Caller, Handlers, UploadHandler } from "./transport.ts";
import { Watchdog } from "./watchdog.ts";

type CallerOf = (metadata: Metadata) => Caller;

/** Answers calls of `method` by its handler. */
export function answerCall(
  method: Method,
  handlers: Handlers,
  settings: GrpcSettings,
  callerOf: CallerOf,
): handleUnaryCall<Buffer, Buffer> {
  const wires = callWireOf(method.name as CallName);
  const handler = handlers.calls[method.name as CallName] as
    ((request: unknown, caller: Caller) => Promise<unknown>) | undefined;
  const answer = async (bytes: Buffer, caller: Caller): Promise<Buffer> => {
    if (handler === undefined) throw notServed(method, settings);
    const limit = settings.maxControlBytes;
    if (bytes.length > limit) throw messageTooLarge(method.name, bytes.length, limit);
    const request = decodeMessage(method.request, wires.request, bytes, method.name);
    const response = encodeMessage(method.response, wires.response, await handler(request, caller));
    if (response.length > limit) throw messageTooLarge(`answer to ${method.name}`, response.length, limit);
    return response;
  };
  return (call, respond) => {
    attempt(() => answer(call.request, callerOf(call.metadata))).then(
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
  callerOf: CallerOf,
): handleServerStreamingCall<Buffer, Buffer> {
  const wire = downloadWireOf(method.name as DownloadName);
  const handler = handlers.downloads[method.name as DownloadName] as
    ((request: unknown, caller: Caller) => Promise<readonly Uint8Array[] | undefined>) | undefined;
  return (call) => {
    let isOver = false;
    let wake = (): void => {};
    const watchdog = new Watchdog(settings.streamMs, () => {
      call.emit("error", statusOf(new SuperstepError("UNREACHABLE", `${method.name}: no progress`)));
      end();
    });
    const end = (): void => {
      isOver = true;
      watchdog.stop();
      wake();
    };
    call.on("cancelled", end).on("close", end).on("error", end);
    call.on("drain", () => {
      watchdog.progress();
      wake();
    });
    const send = async (): Promise<void> => {
      const caller = callerOf(call.metadata);
      if (handler === undefined) throw notServed(method, settings);
      const request = decodeMessage(method.request, wire, call.request, method.name);
      const bytes = await handler(request, caller);
      watchdog.progress();
      if (isOver) return;
      if (bytes === undefined) {
        call.write(method.response.encode({ missing: {} }));
        return;
      }
      const extent = extentWire.write({ byteLength: totalBytes(bytes), checksum: "crc32" }) as object;
      call.write(method.response.encode({ extent }));
      for (const part of encodeParts(bytes)) {
        if (isOver) return;
        if (!call.write(part)) await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    send().then(
      () => {
        if (!isOver) call.end();
      },
      (error: unknown) => {
        if (!isOver) call.emit("error", statusOf(error));
        end();
      },
    );
    call.once("finish", () => watchdog.stop());
  };
}

/** Answers uploads of `method`: places and takes what comes. */
export function answerUpload(
  method: Method,
  handlers: Handlers,
  settings: GrpcSettings,
  callerOf: CallerOf,
): handleClientStreamingCall<Buffer, Buffer> {
  const wire = uploadWireOf(method.name as UploadName);
  const handler = handlers.uploads[method.name as UploadName] as UploadHandler<unknown> | undefined;
  return (call, respond) => {
    let isOver = false;
    let upload: { header: unknown; bytes: readonly Uint8Array[]; receiver: ByteReceiver } | undefined;
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
    const begin = (part: Record<string, unknown>, caller: Caller): NonNullable<typeof upload> => {
      if (handler === undefined) throw notServed(method, settings);
      const header = wire.read(part["header"], `${method.name}: header`);
      const { byteLength } = extentWire.read(part["extent"], `${method.name}: extent`);
      const bytes = handler.place(header, byteLength, caller);
      const room = totalBytes(bytes);
      if (room !== byteLength)
        throw new SuperstepError("INVALID_ARGUMENT", `${method.name}: ${byteLength} bytes do not fill ${room}`);
      return { header, bytes, receiver: new ByteReceiver(method.name, byteLength, bytes) };
    };
    call.on("data", (bytes: Buffer) => {
      if (isOver) return;
      watchdog.progress();
      try {
        const part = method.request.decode(bytes);
        if (upload === undefined) upload = begin(part, callerOf(call.metadata));
        else upload.receiver.take(part);
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
        await handler!.take(upload.header, upload.bytes, callerOf(call.metadata));
      };
      take().then(() => finish(null, method.response.encode({})), fail);
    });
  };
}

function notServed(method: Method, settings: GrpcSettings): SuperstepError {
  return new SuperstepError("INVALID_ARGUMENT", `${method.name}: this ${settings.role} does not serve it`);
}

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  return await run();
}
