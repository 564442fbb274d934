/**
 * TLS between the processes of a cluster: version 1.3, certificates on both sides from one authority of the cluster's own,
 * and the roles of a process in its certificate.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { excerpt, SuperstepError } from "../errors.ts";
import { readPrivateFile } from "./secret.ts";
import type { Role } from "./transport.ts";

/** What a process shows of itself, and whom it believes. PEM. */
export interface TlsIdentity {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` of a directory; the key is its owner's alone.
 *
 * @throws SuperstepError INVALID_ARGUMENT if one cannot be read, they do not belong together, the certificate is not valid
 *   now, or it names no role.
 */
export function readTls(directory: string): TlsIdentity {
  const file = (name: string): string => path.join(directory, name);
  const identity = {
    ca: readPublicFile(file("ca.pem")),
    cert: readPublicFile(file("cert.pem")),
    key: readPrivateFile(file("key.pem"), "tls"),
  };
  const refuse = (name: string, text: string, cause?: unknown): SuperstepError =>
    new SuperstepError("INVALID_ARGUMENT", `tls: ${excerpt(file(name))} ${text}`, { cause });
  const parse = (name: string, pem: Buffer): X509Certificate => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw refuse(name, "holds no certificate", error);
    }
  };
  parse("ca.pem", identity.ca);
  const certificate = parse("cert.pem", identity.cert);
  let isOwnKey: boolean;
  try {
    isOwnKey = certificate.checkPrivateKey(createPrivateKey(identity.key));
  } catch (error) {
    throw refuse("key.pem", "holds no private key", error);
  }
  if (!isOwnKey) throw refuse("key.pem", "is not the key of cert.pem");
  const now = new Date();
  if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo))
    throw refuse("cert.pem", `is valid from ${certificate.validFrom} to ${certificate.validTo}, not now`);
  if (rolesOf(certificate).size === 0)
    throw refuse("cert.pem", "names no role: it needs a subject alternative name such as URI:superstep:role:driver");
  return identity;
}

/** The roles that a certificate names: its subject alternative names `URI:superstep:role:…`. */
export function rolesOf(certificate: X509Certificate): ReadonlySet<Role> {
  const names = (certificate.subjectAltName ?? "").split(", ");
  const roles = (["driver", "executor", "master", "worker", "client"] as const).filter((role) =>
    names.includes(`URI:superstep:role:${role}`),
  );
  return new Set(roles);
}

/** True if nothing beyond this machine can reach `host`: 127.0.0.0/8, ::1 or localhost. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function readPublicFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    throw new SuperstepError("INVALID_ARGUMENT", `tls: ${excerpt(file)} cannot be read (${reason})`, { cause: error });
  }
}
