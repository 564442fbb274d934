/**
 * The one way into a server: every call of every connection passes here before a byte of its message is read.
 */
import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Metadata, status, type StatusObject } from "@grpc/grpc-js";
import { excerpt, SuperstepError } from "../errors.ts";
import { statusOf } from "./callFailure.ts";
import type { GrpcSettings } from "./grpcOptions.ts";
import {
  callerProof,
  challengeWire,
  checkVersions,
  helloWire,
  isSame,
  newNonce,
  proofWire,
  serverProof,
  sessionToken,
  welcomeWire,
  type Transcript,
} from "./handshake.ts";
import { callsPath, decodeMessage, encodeMessage, messageBytes, type Method, openPath, provePath } from "./protocol.ts";
import type { Segments } from "./segments.ts";
import type { Session } from "./session.ts";
import { rolesOf } from "./tls.ts";
import type { Caller, Role } from "./transport.ts";

/** The answer to a call: the handler may run, for this caller; or a message or a status, and that is all. */
export type Admission =
  | { readonly caller: Caller; readonly segments?: Segments }
  | { readonly message: Buffer }
  | { readonly status: Partial<StatusObject>; readonly isLast?: boolean };

/** Metadata of a call, keys and values. */
const maxMetadataBytes = 8192;
/** Calls that a connection may make before it has proven itself. */
const maxUnprovenCalls = 8;

export const helloKey = "superstep-hello-bin";
export const proofKey = "superstep-proof-bin";
export const sessionKey = "superstep-session-bin";

const helloBytes = messageBytes("Hello");
const challengeBytes = messageBytes("Challenge");
const proofBytes = messageBytes("Proof");
const welcomeBytes = messageBytes("Welcome");

/** One connection of a server, from its acceptance to its end. */
export class Gate {
  readonly #settings: GrpcSettings;
  #socket: Socket;
  readonly #remoteAddress: string;
  #transcript: Transcript | undefined;
  #session: (Session & { readonly role: Role }) | undefined;
  #unprovenCalls = 0;

  constructor(settings: GrpcSettings, socket: Socket) {
    this.#settings = settings;
    this.#socket = socket;
    const { remoteAddress = "?", remotePort = 0 } = socket;
    this.#remoteAddress = remoteAddress.includes(":")
      ? `[${remoteAddress}]:${remotePort}`
      : `${remoteAddress}:${remotePort}`;
  }

  /** The other side has proven itself. */
  get isProven(): boolean {
    return this.#session !== undefined;
  }

  /** The connection goes on within TLS. */
  secured(socket: TLSSocket): void {
    this.#socket = socket;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Decides about a call of `path`, `method` unless it belongs to the handshake, from its metadata alone. */
  async admit(path: string, method: Method | undefined, metadata: Metadata): Promise<Admission> {
    try {
      if (sizeOf(metadata) > maxMetadataBytes) throw new SuperstepError("MESSAGE_TOO_LARGE", tooMuchMetadata);
      if (path === openPath) return { message: this.#open(onlyBuffer(metadata, helloKey)) };
      if (path === provePath) return { message: await this.#prove(onlyBuffer(metadata, proofKey)) };
      return this.#call(path, method, onlyBuffer(metadata, sessionKey));
    } catch (error) {
      return { status: statusOf(error), isLast: !this.isProven };
    }
  }

  #call(path: string, method: Method | undefined, token: Buffer | undefined): Admission {
    const session = this.#session;
    if (session === undefined || !isSame(session.token, token)) {
      const details = "no session on this connection";
      return { status: { code: status.UNAUTHENTICATED, details }, isLast: this.#isTooMuch() };
    }
    // of what comes on a standing stream, each call is checked by itself
    const refused = path === callsPath ? undefined : refusedTo(session.role, method, path);
    if (refused !== undefined) return { status: statusOf(refused) };
    const caller = { role: session.role, remoteAddress: this.#remoteAddress };
    return session.segments === undefined ? { caller } : { caller, segments: session.segments };
  }

  #open(hello: Buffer | undefined): Buffer {
    if (this.#isTooMuch()) throw new SuperstepError("UNAUTHENTICATED", "too many handshakes on one connection");
    if (hello === undefined) throw new SuperstepError("UNAUTHENTICATED", "a handshake starts with a hello");
    const { role, nonce } = decodeMessage(helloBytes, helloWire, hello, "hello");
    this.#checkCertificate(role);
    const { secret, role: ownRole } = this.#settings;
    const transcript = { callerRole: role, serverRole: ownRole, callerNonce: nonce, serverNonce: newNonce() };
    this.#transcript = transcript;
    const proof = serverProof(secret, transcript);
    return encodeMessage(challengeBytes, challengeWire, { role: ownRole, nonce: transcript.serverNonce, proof });
  }

  async #prove(bytes: Buffer | undefined): Promise<Buffer> {
    const transcript = this.#transcript;
    this.#transcript = undefined; // a challenge is answered once
    if (this.#isTooMuch() || transcript === undefined || bytes === undefined)
      throw new SuperstepError("UNAUTHENTICATED", "a proof answers a challenge");
    const { proof, versions, segments: theirs } = decodeMessage(proofBytes, proofWire, bytes, "proof");
    const { secret, versions: own, role, wrongSecretMs, segments } = this.#settings;
    if (!isSame(callerProof(secret, transcript, versions), proof)) {
      await new Promise((resolve) => setTimeout(resolve, wrongSecretMs).unref());
      throw new SuperstepError("UNAUTHENTICATED", "the secret is another one");
    }
    checkVersions(own, versions, `this ${role}`, `the ${transcript.callerRole}`);
    const session = { token: sessionToken(secret, transcript), role: transcript.callerRole };
    const isShared = segments !== undefined && theirs === segments.id;
    this.#session = isShared ? { ...session, segments } : session;
    return encodeMessage(welcomeBytes, welcomeWire, { versions: own, ...(isShared ? { segments: theirs } : {}) });
  }

  /** With TLS: the certificate of the connection names the role. */
  #checkCertificate(role: Role): void {
    if (this.#settings.tls === undefined) return;
    const peer = this.#socket instanceof TLSSocket ? this.#socket.getPeerCertificate() : undefined;
    if (peer?.raw !== undefined && rolesOf(new X509Certificate(peer.raw)).has(role)) return;
    throw new SuperstepError("UNAUTHENTICATED", `the certificate is not one of a ${role}`);
  }

  #isTooMuch(): boolean {
    return !this.isProven && ++this.#unprovenCalls > maxUnprovenCalls;
  }
}

/** Why a peer of `role` may not call a method; undefined if it may. */
export function refusedTo(role: Role, method: Method | undefined, path: string): SuperstepError | undefined {
  if (method?.callers.has(role) === true) return undefined;
  const message = `${method?.name ?? excerpt(path)}: not open to a peer with the role ${role}`;
  return new SuperstepError("UNAUTHENTICATED", message);
}

const tooMuchMetadata = `metadata must have at most ${maxMetadataBytes} bytes`;

function sizeOf(metadata: Metadata): number {
  let bytes = 0;
  for (const [key, values] of Object.entries(metadata.toHttp2Headers())) {
    const all = Array.isArray(values) ? values : [values];
    for (const value of all) bytes += key.length + String(value).length;
  }
  return bytes;
}

function onlyBuffer(metadata: Metadata, key: string): Buffer | undefined {
  const values = metadata.get(key);
  return values.length === 1 && values[0] instanceof Buffer ? values[0] : undefined;
}
