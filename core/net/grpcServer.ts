/**
 * A server of the gRPC transport: listens, lets connections prove themselves, and hands calls to handlers.
 */
import net from "node:net";
import type { ServerHttp2Stream } from "node:http2";
import tls from "node:tls";
import {
  type handleUnaryCall,
  type Metadata,
  Server as GrpcLibraryServer,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { excerpt, invalidArgument, SuperstepError } from "../errors.ts";
import { type Admitted, answerCall, answerDownload, answersOf, answerUpload } from "./answer.ts";
import { answerCalls } from "./answerCalls.ts";
import { Gate, type Admission } from "./gate.ts";
import { bulkWindowBytes, commonOptions, type GrpcSettings } from "./grpcOptions.ts";
import { callsPath, methods, openPath, provePath, type Method } from "./protocol.ts";
import { isLoopback } from "./tls.ts";
import type { Caller, Handlers, ServeOptions, Server } from "./transport.ts";

/** Streams that one connection may have at a time. */
const maxStreams = 128;

const methodsByPath: ReadonlyMap<string, Method> = new Map([...methods.values()].map((one) => [one.path, one]));

/**
 * Listens.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the address is not to be had, or is beyond loopback without TLS.
 */
export async function listen(
  settings: GrpcSettings,
  handlers: Handlers,
  { host = "127.0.0.1", port = 0, keepsAlive = true }: ServeOptions,
): Promise<Server> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw invalidArgument("serve", "port", "an integer in [0, 65535]", port);
  if (!isLoopback(host) && settings.tls === undefined && !settings.insecureNoTls) {
    const rule = "a loopback address, unless TLS is set up: --tls DIR, with ca.pem, cert.pem and key.pem";
    throw invalidArgument("serve", "host", rule, host);
  }
  const server = new GrpcServer(settings, handlers, keepsAlive);
  await server.listen(host, port);
  return server;
}

class GrpcServer implements Server {
  readonly #settings: GrpcSettings;
  readonly #library: GrpcLibraryServer;
  readonly #listener: net.Server;
  readonly #keepsAlive: boolean;
  readonly #inject: (socket: net.Socket) => void;
  /** By remote address and port. In order of arrival. */
  readonly #gates = new Map<string, Gate>();
  readonly #admitted = new WeakMap<Metadata, Admitted>();
  readonly #tuned = new WeakSet<object>();
  #address = "";
  #closed: Promise<void> | undefined;

  constructor(settings: GrpcSettings, handlers: Handlers, keepsAlive: boolean) {
    this.#settings = settings;
    this.#keepsAlive = keepsAlive;
    this.#library = new GrpcLibraryServer({
      ...commonOptions(settings),
      "grpc.max_concurrent_streams": maxStreams,
      interceptors: [(method, call) => this.#intercept(method.path, call)],
    });
    this.#addMethods(handlers);
    const injector = this.#library.createConnectionInjector(ServerCredentials.createInsecure());
    this.#inject = (socket) => injector.injectConnection(socket);
    this.#listener = settings.tls === undefined ? net.createServer() : tlsListener(settings.tls);
    if (!keepsAlive) this.#listener.unref();
    this.#listener.maxConnections = settings.maxConnections;
    this.#listener.on("connection", (socket: net.Socket) => this.#limit(socket));
    this.#listener.on(settings.tls === undefined ? "connection" : "secureConnection", (socket: net.Socket) =>
      this.#accept(socket),
    );
  }

  get address(): string {
    return this.#address;
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
      this.#listener.once("error", failed);
      this.#listener.listen({ host, port }, () => {
        this.#listener.off("error", failed);
        this.#listener.on("error", () => {}); // of one connection that could not be accepted
        const { port: got } = this.#listener.address() as net.AddressInfo;
        this.#address = host.includes(":") ? `[${host}]:${got}` : `${host}:${got}`;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#listener.close(() => resolve());
      this.#library.forceShutdown();
      for (const gate of this.#gates.values()) gate.close();
    });
    return this.#closed;
  }

  /** Before TLS: a socket has the time of the handshake for all of it. */
  #limit(socket: net.Socket): void {
    socket.on("error", () => socket.destroy());
    if (!this.#keepsAlive) socket.unref();
    if (socket.remotePort === undefined) {
      socket.destroy(); // gone already
      return;
    }
    const key = keyOf(socket);
    const gate = new Gate(this.#settings, socket);
    this.#gates.set(key, gate);
    const timer = setTimeout(() => {
      if (!gate.isProven) gate.close();
    }, this.#settings.handshakeMs).unref();
    socket.once("close", () => {
      clearTimeout(timer);
      if (this.#gates.get(key) === gate) this.#gates.delete(key);
    });
    const unproven = [...this.#gates.values()].filter((other) => !other.isProven);
    if (unproven.length > this.#settings.maxUnproven) unproven[0]!.close();
  }

  #accept(socket: net.Socket): void {
    const gate = this.#gates.get(keyOf(socket));
    if (gate === undefined || socket.destroyed) {
      socket.destroy();
      return;
    }
    if (socket instanceof tls.TLSSocket) {
      gate.secured(socket);
      socket.on("error", () => socket.destroy());
      const key = keyOf(socket);
      socket.once("close", () => {
        if (this.#gates.get(key) === gate) this.#gates.delete(key);
      });
    }
    this.#inject(socket);
  }

  /** Authentication: nothing is read of a call, and no handler entered, before its connection is proven. */
  #intercept(path: string, call: ServerInterceptingCallInterface): ServerInterceptingCall {
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, admitted) => {
            const { remoteAddress, remotePort } = call.getConnectionInfo();
            const gate = this.#gates.get(keyOf({ remoteAddress, remotePort }));
            if (gate === undefined) return call.sendStatus({ code: status.UNAUTHENTICATED, details: "no connection" });
            const answer = async (): Promise<void> => {
              const admission = await gate.admit(path, methodsByPath.get(path), metadata);
              if ("caller" in admission) {
                const { stream } = call as unknown as { stream: ServerHttp2Stream }; // not in the library's types
                this.#admitted.set(metadata, { ...admission, stream });
                this.#widen(stream);
                admitted(metadata);
              } else finish(call, gate, admission);
            };
            answer().catch(() => gate.close()); // the connection broke meanwhile
          },
        }),
    });
  }

  /** Lets the peer be further ahead than HTTP/2's 64 KiB: for uploads, once it has proven itself. */
  #widen({ session }: ServerHttp2Stream): void {
    if (session === undefined || session.destroyed || this.#tuned.has(session)) return;
    this.#tuned.add(session);
    session.setLocalWindowSize(bulkWindowBytes);
    session.settings({ initialWindowSize: bulkWindowBytes });
  }

  #addMethods(handlers: Handlers): void {
    const identity = (bytes: Buffer): Buffer => bytes;
    const definition: Record<string, object> = {};
    const implementation: UntypedServiceImplementation = {};
    const add = (path: string, kind: Method["kind"] | "calls", handler: UntypedServiceImplementation[string]): void => {
      definition[path] = {
        path,
        requestStream: kind === "upload" || kind === "calls",
        responseStream: kind === "download" || kind === "calls",
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      };
      implementation[path] = handler;
    };
    const admittedOf = (metadata: Metadata): Admitted => {
      const admitted = this.#admitted.get(metadata);
      if (admitted === undefined) throw new Error("internal error: a handler was entered past the gate");
      return admitted;
    };
    const never: handleUnaryCall<Buffer, Buffer> = (_call, answer) => answer({ code: status.INTERNAL });
    add(openPath, "call", never);
    add(provePath, "call", never);
    const answers = answersOf(handlers, this.#settings);
    add(callsPath, "calls", answerCalls(answers, this.#settings, admittedOf) as UntypedServiceImplementation[string]);
    for (const method of methods.values()) {
      const answer =
        method.kind === "call"
          ? answerCall(method, answers, admittedOf)
          : method.kind === "upload"
            ? answerUpload(method, handlers, this.#settings, admittedOf)
            : answerDownload(method, handlers, this.#settings, admittedOf);
      add(method.path, method.kind, answer as UntypedServiceImplementation[string]);
    }
    this.#library.addService(definition as never, implementation);
  }
}

function finish(
  call: ServerInterceptingCallInterface,
  gate: Gate,
  admission: Exclude<Admission, { readonly caller: Caller }>,
): void {
  if ("message" in admission) {
    call.sendMessage(admission.message, () => call.sendStatus({ code: status.OK, details: "" }));
    return;
  }
  call.sendStatus({ code: status.UNKNOWN, details: "", ...admission.status });
  if (admission.isLast === true) setTimeout(() => gate.close(), 100).unref(); // once the answer is on its way
}

function tlsListener({ ca, cert, key }: NonNullable<GrpcSettings["tls"]>): tls.Server {
  const listener = tls.createServer({
    ca,
    cert,
    key,
    minVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["h2"],
  });
  listener.on("tlsClientError", (_error, socket) => socket.destroy());
  return listener;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): SuperstepError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} of ${excerpt(host)} is taken; choose another one, or 0 for any`,
    EADDRNOTAVAIL: `${excerpt(host)} is no address of this machine`,
    EACCES: `port ${port} needs rights that this user does not have; choose one above 1023`,
    ENOTFOUND: `${excerpt(host)} is not known as the name of a machine`,
  };
  const text = reasons[error.code ?? ""] ?? `cannot listen on port ${port} of ${excerpt(host)} (${error.code ?? "?"})`;
  const details = { host, port, reason: error.code ?? "" };
  return new SuperstepError("INVALID_ARGUMENT", `serve: ${text}`, { details, cause: error });
}

function keyOf(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
