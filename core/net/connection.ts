/**
 * One connection to a server, with the session that is open on it. When it breaks, the next call makes it again.
 */
import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { Client, credentials, Metadata, type ChannelCredentials, type ServiceError, status } from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { errorOf, isWithoutSession } from "./callFailure.ts";
import { sessionKey } from "./gate.ts";
import { bulkWindowBytes, commonOptions, type GrpcSettings } from "./grpcOptions.ts";
import { connectError, openSession } from "./session.ts";
import { rolesOf } from "./tls.ts";
import type { Address, Role } from "./transport.ts";

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
      ...(settings.tls === undefined ? {} : { "grpc.ssl_target_name_override": "superstep" }), // no name is checked
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
    return openSession(this.#settings, this.address, this.#expected, async (path, key, value) => {
      try {
        return await this.#say(path, key, value, deadline);
      } catch (error) {
        const mapped = this.errorOf(error, "handshake");
        if (!(mapped instanceof SuperstepError) || this.#isClosed) throw mapped;
        const { code, details = "" } = error as Partial<ServiceError>;
        const text = code === status.DEADLINE_EXCEEDED ? `no answer within ${deadlineMs} ms` : details;
        throw connectError(this.#settings, this.address, this.#expected, mapped, text);
      }
    });
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
