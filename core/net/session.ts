/**
 * The caller's side of the handshake, over whatever carries its messages.
 */
import { excerpt, SuperstepError } from "../errors.ts";
import { proofKey, helloKey } from "./gate.ts";
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
} from "./handshake.ts";
import { decodeMessage, encodeMessage, messageBytes, openPath, provePath } from "./protocol.ts";
import type { Segments } from "./segments.ts";
import type { Address, Role } from "./transport.ts";

const helloBytes = messageBytes("Hello");
const challengeBytes = messageBytes("Challenge");
const proofBytes = messageBytes("Proof");
const welcomeBytes = messageBytes("Welcome");

/** A session that is open. */
export interface Session {
  /** Authenticates calls on its connection. */
  readonly token: Buffer;
  /** Those of this process, if the other side can read them. */
  readonly segments?: Segments;
}

/** Calls `path` with `value` under `key` of its metadata, and nothing else; resolves with the answer's bytes. */
export type Say = (path: string, key: string, value: Buffer) => Promise<Buffer>;

/**
 * Proves both sides to each other; resolves with the session.
 *
 * @throws SuperstepError UNAUTHENTICATED if the other side cannot prove itself or is of another role; INCOMPATIBLE if it
 *   runs something else.
 */
export async function openSession(
  settings: GrpcSettings,
  address: Address,
  expected: Role,
  say: Say,
): Promise<Session> {
  const { secret, role, versions, segments } = settings;
  const where = `${expected} at ${excerpt(address)}`;
  const hello = { role, expected, nonce: newNonce() };
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
  if (challenge.role !== expected) {
    const hint = `it is a ${challenge.role}; check the address`;
    throw new SuperstepError("UNAUTHENTICATED", `${where}: is no ${expected}: ${hint}`);
  }
  const proof = { proof: callerProof(secret, transcript, versions), versions, segments: segments?.id };
  const welcome = await say(provePath, proofKey, encodeMessage(proofBytes, proofWire, proof));
  const theirs = decodeMessage(welcomeBytes, welcomeWire, welcome, `${where}: welcome`);
  checkVersions(versions, theirs.versions, `this ${role}`, `the ${expected}`);
  const isShared = segments !== undefined && theirs.segments === segments.id;
  return { token: sessionToken(secret, transcript), ...(isShared ? { segments } : {}) };
}

/** Why a handshake failed for want of a connection, and what to do. `details`: what the layer below says. */
export function connectError(
  { role }: GrpcSettings,
  address: Address,
  expected: Role,
  error: SuperstepError,
  details: string,
): SuperstepError {
  const where = `${expected} at ${excerpt(address)}`;
  if (error.code === "UNAUTHENTICATED")
    return new SuperstepError("UNAUTHENTICATED", `${where}: refused this ${role}: ${error.message}`);
  if (error.code !== "UNREACHABLE") return error;
  return new SuperstepError("UNREACHABLE", `${where}: ${reasonOf(details)}`, { details: { address } });
}

function reasonOf(details: string): string {
  if (/ECONNREFUSED/.test(details)) return "nothing listens there; start it, or check the port";
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/.test(details)) return "no machine of this name is known; check it";
  if (/EHOSTUNREACH|ENETUNREACH/.test(details)) return "there is no route to it; check address and network";
  if (/no answer within/.test(details)) return `${details}; check address and network`;
  if (/certificate|TLS|SSL|ssl|alert/.test(details)) return `TLS failed: ${excerpt(details, 200)}`;
  return `what answers there is no process of Superstep, or the connection broke: ${excerpt(details, 200)}`;
}
