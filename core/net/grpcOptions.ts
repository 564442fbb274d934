/**
 * Settings of the gRPC transport, and what follows from them for the library.
 */
import { readFileSync } from "node:fs";
import type { ChannelOptions } from "@grpc/grpc-js";
import { invalidArgument } from "../errors.ts";
import { chunkBytes } from "./byteStream.ts";
import type { Versions } from "./messages.ts";
import { protocolVersion } from "./protocol.ts";
import type { Secret } from "./secret.ts";
import { Segments } from "./segments.ts";
import type { TlsIdentity } from "./tls.ts";
import type { Role } from "./transport.ts";

/** How a process speaks with its peers. */
export interface GrpcTransportOptions {
  readonly role: Role;
  readonly secret: Secret;
  /** Without it nothing listens beyond loopback, unless `insecureNoTls` allows it. */
  readonly tls?: TlsIdentity | undefined;
  /** Lets a server listen beyond loopback with a secret alone: anybody on the way can read and change all. Default no. */
  readonly insecureNoTls?: boolean | undefined;
  /** What this process says that it runs. Default what it does run. */
  readonly versions?: Versions | undefined;
  /** Bytes of a control message, both ways. [65536, 64 MiB]. Default 4 MiB. */
  readonly maxControlBytes?: number | undefined;
  /** Milliseconds between two pings of a connection, and until an answer must be there. Default 5000. */
  readonly keepaliveMs?: number | undefined;
  /** Connections to one server; more are closed at once. Default 1024. */
  readonly maxConnections?: number | undefined;
  /** Connections to one server that have not proven themselves; of more the oldest is closed. Default 64. */
  readonly maxUnproven?: number | undefined;
  /** Milliseconds that a connection has to prove itself. Default 5000. */
  readonly handshakeMs?: number | undefined;
  /** Milliseconds until a wrong proof is answered. Default 1000. */
  readonly wrongSecretMs?: number | undefined;
  /** The directory of a run, in this machine's memory, through which its processes bring bytes to each other. Default none. */
  readonly segmentDirectory?: string | undefined;
  /** Milliseconds without progress after which a server ends a stream. Default 60,000. */
  readonly streamMs?: number | undefined;
  /** Bytes that a download may have. Default 4 GiB. */
  readonly maxStreamBytes?: number | undefined;
}

/** The options with all defaults. */
export type GrpcSettings = {
  readonly [K in Exclude<keyof GrpcTransportOptions, "segmentDirectory">]-?: K extends "tls"
    ? TlsIdentity | undefined
    : NonNullable<GrpcTransportOptions[K]>;
} & { readonly segments: Segments | undefined };

/** Bytes that a receiver lets a sender be ahead, of bulk data. */
export const bulkWindowBytes: number = 8 * 2 ** 20;

/** Smallest and largest value of each number. */
const ranges = {
  maxControlBytes: [65_536, 64 * 2 ** 20],
  keepaliveMs: [10, 600_000],
  maxConnections: [1, 1_000_000],
  maxUnproven: [1, 1_000_000],
  handshakeMs: [10, 600_000],
  wrongSecretMs: [0, 60_000],
  streamMs: [10, 3_600_000],
  maxStreamBytes: [1, 2 ** 40],
} as const;

/** @throws SuperstepError INVALID_ARGUMENT if a number is out of range. */
export function settingsOf(options: GrpcTransportOptions): GrpcSettings {
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) continue;
    throw invalidArgument("grpcTransport", name, `an integer in [${min}, ${max}]`, value);
  }
  return {
    role: options.role,
    secret: options.secret,
    tls: options.tls,
    insecureNoTls: options.insecureNoTls ?? false,
    versions: options.versions ?? ownVersions(),
    maxControlBytes: options.maxControlBytes ?? 4 * 2 ** 20,
    keepaliveMs: options.keepaliveMs ?? 5000,
    maxConnections: options.maxConnections ?? 1024,
    maxUnproven: options.maxUnproven ?? 64,
    handshakeMs: options.handshakeMs ?? 5000,
    wrongSecretMs: options.wrongSecretMs ?? 1000,
    segments: options.segmentDirectory === undefined ? undefined : new Segments(options.segmentDirectory),
    streamMs: options.streamMs ?? 60_000,
    maxStreamBytes: options.maxStreamBytes ?? 2 ** 32,
  };
}

/** What both ends of a connection set alike. */
export function commonOptions(settings: GrpcSettings): ChannelOptions {
  return {
    "grpc.max_receive_message_length": Math.max(settings.maxControlBytes, chunkBytes + 1024),
    "grpc.max_send_message_length": -1, // checked before, with a better message
    "grpc.keepalive_time_ms": settings.keepaliveMs,
    "grpc.keepalive_timeout_ms": settings.keepaliveMs,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.enable_channelz": 0,
  };
}

/** What this process runs. */
export function ownVersions(): Versions {
  const file = ["../../package.json", "../../../package.json"].map((path) => new URL(path, import.meta.url));
  return { protocol: protocolVersion, build: buildOf(file), node: process.version };
}

/** The version in the package's own description: beside the sources, or one level above what is built. */
function buildOf(files: readonly URL[]): string {
  for (const file of files) {
    try {
      const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { name?: unknown; version?: unknown };
      if (name === "superstep" && typeof version === "string") return version;
    } catch {
      // not here: the next place
    }
  }
  throw new Error("internal error: the package's package.json was not found");
}
