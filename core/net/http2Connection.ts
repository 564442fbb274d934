/**
 * A caller's connection: gRPC's calls written to HTTP/2 directly. The gRPC library spends more time on a call than all
 * the rest of its way takes, and copies each byte of a stream several times.
 */
import { X509Certificate } from "node:crypto";
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { framed } from "./byteStream.ts";
import { errorOf } from "./callFailure.ts";
import { sessionKey } from "./gate.ts";
import { bulkWindowBytes, type GrpcSettings } from "./grpcOptions.ts";
import type { Segments } from "./segments.ts";
import { connectError, openSession, type Session } from "./session.ts";
import { rolesOf } from "./tls.ts";
import type { Address, Role } from "./transport.ts";

/** A connection that has proven itself. */
interface Opened {
  readonly connected: ClientHttp2Session;
  readonly session: Session;
}

/** One call. Ends once: `ended` resolves if its status is OK, else rejects with the call's error. */
export interface Http2Call {
  readonly stream: ClientHttp2Stream;
  readonly ended: Promise<void>;
}

/** A call of a session. */
export interface SessionCall extends Http2Call {
  /** Those of this process, if the other side can read them. */
  readonly segments: Segments | undefined;
}

/** A connection of its own, made when it is opened or first used, and again when it broke. */
export class Http2Connection {
  readonly #settings: GrpcSettings;
  readonly address: Address;
  readonly #expected: Role;
  #opening: Promise<Opened> | undefined;
  #session: ClientHttp2Session | undefined;
  /** Whoever waits for an answer: without any, the connection keeps no process alive. */
  #numWaiting = 0;
  #isClosed = false;

  constructor(settings: GrpcSettings, address: Address, expected: Role) {
    this.#settings = settings;
    this.address = address;
    this.#expected = expected;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Opens it now, unless it is open, within `deadlineMs`.
   *
   * @throws SuperstepError as of `Transport.connect`.
   */
  async open(deadlineMs: number = this.#settings.handshakeMs): Promise<void> {
    await this.#open(deadlineMs);
  }

  /** Starts a call of `path`; `where` names it in errors. Keeps no process alive: see `hold`. */
  async start(path: string, where: string): Promise<SessionCall> {
    if (this.#isClosed) throw this.closedError(where);
    const { connected, session } = await this.#open(this.#settings.handshakeMs);
    if (this.#isClosed) throw this.closedError(where);
    return { ...startCall(connected, path, sessionKey, session.token, where), segments: session.segments };
  }

  /** Somebody waits for an answer, until `release`. */
  hold(): void {
    if (this.#numWaiting++ === 0) this.#session?.ref();
  }

  release(): void {
    if (--this.#numWaiting === 0 && this.#session?.connecting === false) this.#session.unref();
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.destroy();
  }

  closedError(where: string): SuperstepError {
    return new SuperstepError("UNREACHABLE", `${where}: the connection was closed`);
  }

  #open(deadlineMs: number): Promise<Opened> {
    if (this.#opening !== undefined) return this.#opening;
    const opening = this.#connect(deadlineMs);
    this.#opening = opening;
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }

  async #connect(deadlineMs: number): Promise<Opened> {
    const session = this.#dial();
    this.#session = session;
    let failure = "the connection broke";
    session.on("error", (error) => (failure = error.message));
    session.once("connect", () => {
      if (!session.destroyed) session.setLocalWindowSize(bulkWindowBytes); // it may be closed in the turn it connects
    });
    session.once("close", () => {
      clearInterval(keepalive);
      if (this.#session === session) {
        this.#session = undefined;
        this.#opening = undefined;
      }
    });
    const keepalive = keepAlive(session, this.#settings.keepaliveMs);
    const timer = setTimeout(() => {
      failure = `no answer within ${deadlineMs} ms`;
      session.destroy();
    }, deadlineMs);
    try {
      const opened = await openSession(this.#settings, this.address, this.#expected, async (path, key, value) => {
        const call = startCall(session, path, key, value, "handshake");
        const chunks: Buffer[] = [];
        call.stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        call.stream.end(framed(Buffer.alloc(0)));
        try {
          await call.ended;
        } catch (error) {
          if (this.#isClosed) throw this.closedError("handshake");
          if (!(error instanceof SuperstepError)) throw error;
          throw connectError(this.#settings, this.address, this.#expected, error, failure);
        }
        return Buffer.concat(chunks).subarray(5);
      });
      if (this.#numWaiting === 0) session.unref();
      return { connected: session, session: opened };
    } catch (error) {
      session.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #dial(): ClientHttp2Session {
    const { tls } = this.#settings;
    const settings = { initialWindowSize: bulkWindowBytes, enablePush: false };
    const options = { settings, maxSessionMemory: Number.MAX_SAFE_INTEGER };
    if (tls === undefined) return http2.connect(`http://${this.address}`, options);
    return http2.connect(`https://${this.address}`, {
      ...options,
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      minVersion: "TLSv1.3",
      // the certificate names the role, on whatever machine it runs
      checkServerIdentity: (_host, { raw }) =>
        rolesOf(new X509Certificate(raw)).has(this.#expected)
          ? undefined
          : new Error(`the certificate is not one of a ${this.#expected}`),
    });
  }
}

function startCall(session: ClientHttp2Session, path: string, key: string, value: Buffer, where: string): Http2Call {
  let stream: ClientHttp2Stream;
  try {
    stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      [key]: value.toString("base64"),
    });
  } catch (error) {
    throw new SuperstepError("UNREACHABLE", `${where}: the connection broke`, { cause: error }); // it is closing
  }
  let last: IncomingHttpHeaders = {};
  let reason = "the connection broke";
  const ended = new Promise<void>((resolve, reject) => {
    const heard = (headers: IncomingHttpHeaders): void => {
      last = headers;
      if ("grpc-status" in headers && !stream.writableEnded) stream.close(); // refused: the rest need not be sent
    };
    stream.on("response", heard).on("trailers", heard);
    stream.on("error", (error) => (reason = error.message));
    stream.once("close", () => {
      const error = errorIn(last, reason);
      if (error === undefined) resolve();
      else reject(errorOf(error, where));
    });
  });
  ended.catch(() => {}); // whoever waits for it hears of it
  return { stream, ended };
}

/** What gRPC's trailers say; undefined if the call succeeded. */
function errorIn(headers: IncomingHttpHeaders, reason: string): ServiceError | undefined {
  const code = Number(headers["grpc-status"] ?? Number.NaN);
  if (code === (status.OK as number)) return undefined;
  const isStatus = Number.isInteger(code);
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) {
    if (!key.startsWith("superstep-")) continue;
    metadata.set(key, key.endsWith("-bin") ? Buffer.from(String(value), "base64") : String(value));
  }
  const details = isStatus ? decode(String(headers["grpc-message"] ?? "")) : reason;
  return Object.assign(new Error(details), { code: isStatus ? code : status.UNAVAILABLE, details, metadata });
}

function decode(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

/** Ends a session whose peer does not answer. */
function keepAlive(session: ClientHttp2Session, everyMs: number): NodeJS.Timeout {
  let isWaiting = false;
  return setInterval(() => {
    if (session.connecting || session.destroyed) return;
    if (isWaiting) {
      session.destroy();
      return;
    }
    isWaiting = true;
    session.ping(() => (isWaiting = false));
  }, everyMs).unref();
}
