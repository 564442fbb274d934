/**
 * One connection to a server, with the session that is open on it. When it breaks, the next call makes it again.
 */
import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { Client, credentials, Metadata, type ChannelCredentials, type ServiceError, status } from "@grpc/grpc-js";
import { excerpt, SuperstepError } from "../errors.ts";
import { errorOf, isWithoutSession } from "./callFailure.ts";
import { helloKey, proofKey, sessionKey } from "./gate.ts";
import { bulkWindowBytes, commonOptions, type GrpcSettings } from "./grpcOptions.ts";
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
} from "./handshake.ts";
import { decodeMessage, encodeMessage, messageBytes, openPath, provePath } from "./protocol.ts";
import { rolesOf } from "./tls.ts";
import type { Address, Role } from "./transport.ts";

const helloBytes = messageBytes("Hello");
const challengeBytes = messageBytes("Challenge");
const proofBytes = messageBytes("Proof");
const welcomeBytes = messageBytes("Welcome");

const identity = (bytes: Buffer): Buffer => bytes;
const nothing = Buffer.alloc(0);

/** A call under way that can be ended. */
export interface Cancellable {
  cancel(): void;
}

/** A connection of its own: shared with no other `Connection`. */
export class Connection {
  readonly address: Address;
  readonly #settings: GrpcSettings;
  readonly #expected: Role;
  readonly #client: Client;
  readonly #underWay = new Set<Cancellable>();
  #session: Promise<Buffer> | undefined;
  #isClosed = false;

  constructor(settings: GrpcSettings, address: Address, expected: Role) {
    this.#settings = settings;
    this.address = address;
    this.#expected = expected;
    this.#client = new Client(`dns:${address}`, credentialsOf(settings, expected), {
      ...commonOptions(settings),
      "grpc-node.flow_control_window": bulkWindowBytes,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_retries": 0,
      "grpc.enable_http_proxy": 0,
      "grpc.service_config_disable_resolution": 1,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1000,
      "grpc.dns_min_time_between_resolutions_ms": 1000,
    });
  }

  get client(): Client {
    return this.#client;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Opens the session now, unless it is open. `deadlineMs`: of all of it. */
  async open(deadlineMs: number): Promise<void> {
    await this.#open(deadlineMs);
  }

  /**
   * Runs a call with the metadata of the session; once more, with a new session, if the connection turns out to be a new
   * one. What `run` rejects with comes out as an error that callers know; `where` names the call.
   */
  async run<T>(where: string, deadlineMs: number, run: (metadata: Metadata) => Promise<T>): Promise<T> {
    for (let isRetry = false; ; isRetry = true) {
      if (this.#isClosed) throw this.closedError(where);
      const opened = this.#open(deadlineMs);
      const token = await opened;
      try {
        const metadata = new Metadata();
        metadata.set(sessionKey, token);
        return await run(metadata);
      } catch (error) {
        if (isWithoutSession(error) && !this.#isClosed) {
          if (this.#session === opened) this.#session = undefined;
          if (!isRetry) continue;
        }
        throw this.errorOf(error, where);
      }
    }
  }

  /** Ends with this connection. Returns what takes it out again. */
  track(call: Cancellable): () => void {
    this.#underWay.add(call);
    return () => this.#underWay.delete(call);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const call of this.#underWay) call.cancel();
    this.#client.close();
  }

  closedError(where: string): SuperstepError {
    return new SuperstepError("UNREACHABLE", `${where}: the connection was closed`);
  }

  /** The error of a call as callers know it. */
  errorOf(error: unknown, where: string): Error {
    if (error instanceof SuperstepError) return error;
    if (this.#isClosed) return this.closedError(where);
    const { code, metadata } = error as Partial<ServiceError>;
    if (typeof code === "number" && metadata !== undefined) return errorOf(error as ServiceError, where);
    return error instanceof Error ? error : new Error(String(error));
  }

  #open(deadlineMs: number): Promise<Buffer> {
    if (this.#session !== undefined) return this.#session;
    const opening = this.#handshake(Date.now() + deadlineMs, deadlineMs);
    this.#session = opening;
    opening.catch(() => {
      if (this.#session === opening) this.#session = undefined;
    });
    return opening;
  }

  async #handshake(deadline: number, deadlineMs: number): Promise<Buffer> {
    const { secret, role, versions } = this.#settings;
    const where = `${this.#expected} at ${excerpt(this.address)}`;
    const say = async (path: string, key: string, value: Buffer): Promise<Buffer> => {
      try {
        return await this.#say(path, key, value, deadline);
      } catch (error) {
        throw this.#explain(error, where, deadlineMs);
      }
    };
    const hello = { role, expected: this.#expected, nonce: newNonce() };
    const challenge = decodeMessage(
      challengeBytes,
      challengeWire,
      await say(openPath, helloKey, encodeMessage(helloBytes, helloWire, hello)),
      `${where}: challenge`,
    );
    const transcript = {
      callerRole: role,
      serverRole: challenge.role,
      callerNonce: hello.nonce,
      serverNonce: challenge.nonce,
    };
    if (!isSame(serverProof(secret, transcript), challenge.proof)) {
      const hint = "it holds another secret; give both the same one";
      throw new SuperstepError("UNAUTHENTICATED", `${where}: could not prove that it belongs to this cluster: ${hint}`);
    }
    if (challenge.role !== this.#expected) {
      const hint = `it is a ${challenge.role}; check the address`;
      throw new SuperstepError("UNAUTHENTICATED", `${where}: is no ${this.#expected}: ${hint}`);
    }
    const proof = { proof: callerProof(secret, transcript, versions), versions };
    const welcome = await say(provePath, proofKey, encodeMessage(proofBytes, proofWire, proof));
    const theirs = decodeMessage(welcomeBytes, welcomeWire, welcome, `${where}: welcome`).versions;
    checkVersions(versions, theirs, `this ${role}`, `the ${this.#expected}`);
    return sessionToken(secret, transcript);
  }

  #say(path: string, key: string, value: Buffer, deadline: number): Promise<Buffer> {
    const metadata = new Metadata();
    metadata.set(key, value);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        identity,
        identity,
        nothing,
        metadata,
        { deadline },
        (error, answer) => {
          untrack();
          if (error) reject(error);
          else resolve(answer ?? nothing);
        },
      );
      const untrack = this.track(call);
    });
  }

  #explain(error: unknown, where: string, deadlineMs: number): Error {
    const mapped = this.errorOf(error, where);
    const { code, details = "" } = error as Partial<ServiceError>;
    if (!(mapped instanceof SuperstepError) || mapped.code !== "UNREACHABLE" || this.#isClosed) {
      if (mapped instanceof SuperstepError && mapped.code === "UNAUTHENTICATED")
        return new SuperstepError(
          "UNAUTHENTICATED",
          `${where}: refused this ${this.#settings.role}: ${mapped.message}`,
        );
      return mapped;
    }
    const text =
      code === status.DEADLINE_EXCEEDED
        ? `no answer within ${deadlineMs} ms; check address and network`
        : reasonOf(details);
    return new SuperstepError("UNREACHABLE", `${where}: ${text}`, { details: { address: this.address } });
  }
}

/** Why a connection could not be made, and what to do. */
function reasonOf(details: string): string {
  if (/ECONNREFUSED/.test(details)) return "nothing listens there; start it, or check the port";
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/.test(details)) return "no machine of this name is known; check it";
  if (/EHOSTUNREACH|ENETUNREACH/.test(details)) return "there is no route to it; check address and network";
  if (/certificate|TLS|SSL|ssl|alert/.test(details)) return `TLS failed: ${excerpt(details, 200)}`;
  return `what answers there is no process of Superstep, or the connection broke: ${excerpt(details, 200)}`;
}

function credentialsOf({ tls }: GrpcSettings, expected: Role): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const context = createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key, minVersion: "TLSv1.3" });
  return credentials.createFromSecureContext(context, {
    // the authority is the cluster's own and the certificate names the role, on whatever machine it runs
    checkServerIdentity: (_host, { raw }) =>
      rolesOf(new X509Certificate(raw)).has(expected)
        ? undefined
        : new Error(`the certificate is not one of a ${expected}`),
  });
}
