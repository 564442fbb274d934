/**
 * How two processes prove to each other that they hold the same secret, and what each is, without showing it.
 *
 *   caller -> server   Hello       its role, the role it expects, a nonce
 *   server -> caller   Challenge   its role, a nonce, HMAC("server", transcript)
 *   caller -> server   Proof       its versions, HMAC("caller", transcript, versions)
 *   server -> caller   Welcome     its versions
 *
 * The transcript is both roles and both nonces. The server proves first: a process that only took over its port gets
 * nothing. Both derive the session's token from the transcript; it is valid on the connection of the handshake alone.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { SuperstepError } from "../errors.ts";
import type { Versions } from "./messages.ts";
import { encodeMessage, messageBytes } from "./protocol.ts";
import type { Secret } from "./secret.ts";
import type { Role } from "./transport.ts";
import { bytes, enumeration, optional, record, text, type Wire } from "./wire.ts";
import { versionsWire } from "./wireMessages.ts";

/** First words of a caller. */
export interface Hello {
  readonly role: Role;
  readonly expected: Role;
  readonly nonce: Uint8Array;
}

/** The server's answer. */
export interface Challenge {
  readonly role: Role;
  readonly nonce: Uint8Array;
  readonly proof: Uint8Array;
}

/** What a caller says once the server has proven itself. */
export interface Proof {
  readonly proof: Uint8Array;
  readonly versions: Versions;
  /** The id of its segments, if it has any. */
  readonly segments?: string | undefined;
}

/** The server's last words. `segments`: the caller's, if they are its own, too: both run on one machine, for one run. */
export interface Welcome {
  readonly versions: Versions;
  readonly segments?: string | undefined;
}

/** What both sides know of one handshake. */
export interface Transcript {
  readonly callerRole: Role;
  readonly serverRole: Role;
  readonly callerNonce: Uint8Array;
  readonly serverNonce: Uint8Array;
}

const role = enumeration<Role>("ROLE", { driver: true, executor: true, master: true, worker: true, client: true });

export const helloWire: Wire<Hello> = record<Hello>({ role, expected: role, nonce: bytes(32) });
export const challengeWire: Wire<Challenge> = record<Challenge>({ role, nonce: bytes(32), proof: bytes(32) });
const segments = optional(text(200));
export const proofWire: Wire<Proof> = record<Proof>({ proof: bytes(32), versions: versionsWire, segments });
export const welcomeWire: Wire<Welcome> = record<Welcome>({ versions: versionsWire, segments });

const versionsBytes = messageBytes("VersionsMessage");

/** 32 random bytes. */
export function newNonce(): Buffer {
  return randomBytes(32);
}

export function serverProof(secret: Secret, transcript: Transcript): Buffer {
  return secret.hmac("superstep 1 server", ...partsOf(transcript));
}

export function callerProof(secret: Secret, transcript: Transcript, versions: Versions): Buffer {
  const encoded = encodeMessage(versionsBytes, versionsWire, versions);
  return secret.hmac("superstep 1 caller", ...partsOf(transcript), encoded);
}

/** What authenticates calls on the connection of this handshake. */
export function sessionToken(secret: Secret, transcript: Transcript): Buffer {
  return secret.hmac("superstep 1 session", ...partsOf(transcript));
}

/** Compares in a time that says nothing about where they differ. */
export function isSame(expected: Uint8Array, got: Uint8Array | undefined): boolean {
  return got !== undefined && got.length === expected.length && timingSafeEqual(expected, got);
}

/** @throws SuperstepError INCOMPATIBLE if the two differ: results might, too. */
export function checkVersions(ours: Versions, theirs: Versions, us: string, them: string): void {
  if (ours.protocol === theirs.protocol && ours.build === theirs.build && ours.node === theirs.node) return;
  const message = `${us} runs ${describe(ours)}, ${them} runs ${describe(theirs)}; all processes need the same`;
  throw new SuperstepError("INCOMPATIBLE", message, { details: { [us]: { ...ours }, [them]: { ...theirs } } });
}

function describe({ protocol, build, node }: Versions): string {
  return `Superstep ${build} (protocol ${protocol}) on Node ${node}`;
}

function partsOf({ callerRole, serverRole, callerNonce, serverNonce }: Transcript): (string | Uint8Array)[] {
  return [callerRole, serverRole, callerNonce, serverNonce];
}
