/**
 * How a process gets at a standalone cluster: its secret, TLS, and the address that others reach it by.
 */
import { createSocket } from "node:dgram";
import { excerpt, SuperstepError } from "../errors.ts";
import { Secret, secretVariable } from "../net/secret.ts";
import { isLoopback, readTls, type TlsIdentity } from "../net/tls.ts";
import type { Address } from "../net/transport.ts";
import { defaultSecretFile } from "./standalone/defaultSecret.ts";

/** What a user says of it; all of it is optional. */
export interface ClusterAccessOptions {
  /** A file with the secret, readable by its owner alone. Default: the environment, or the file of a master on this machine. */
  readonly secretFile?: string | undefined;
  /** The secret itself, where a parent process handed it on. Comes before all others. */
  readonly secret?: Secret | undefined;
  /** A directory with ca.pem, cert.pem and key.pem. Needed for a cluster of several machines. */
  readonly tls?: string | undefined;
  /** Lets it listen beyond this machine with a secret alone. Default false. */
  readonly insecureNoTls?: boolean | undefined;
  /** The address that others reach this process by. Default: the one from which it reaches the master. */
  readonly host?: string | undefined;
}

/** What `grpcTransport` and `serve` need. */
export interface ClusterAccess {
  readonly secret: Secret;
  readonly tls: TlsIdentity | undefined;
  readonly insecureNoTls: boolean;
  readonly host: string;
}

/** Names of environment variables that stand in for options. */
export const accessVariables = {
  secretFile: "SUPERSTEP_SECRET_FILE",
  tls: "SUPERSTEP_TLS",
  host: "SUPERSTEP_HOST",
} as const;

/** Taken from the environment once: there it is removed, so that no child inherits it. */
let environmentSecret: Secret | undefined;

/**
 * What is needed to reach the master at `master`: from the options, else from the environment, else, where the master is
 * on this machine, from the file that it made.
 *
 * @throws SuperstepError UNAUTHENTICATED if there is no secret, saying where one could come from; UNREACHABLE if the master's
 *   name is not known; INVALID_ARGUMENT if a file cannot be used, or TLS is needed and not there.
 */
export async function clusterAccess(master: Address, options: ClusterAccessOptions = {}): Promise<ClusterAccess> {
  const { env } = process;
  const secret = findSecret(master, options);
  const directory = options.tls ?? env[accessVariables.tls];
  const tls = directory === undefined || directory === "" ? undefined : readTls(directory);
  const { insecureNoTls = false } = options;
  const host = options.host ?? env[accessVariables.host] ?? (await ownAddressTowards(master));
  if (!isLoopback(host) && tls === undefined && !insecureNoTls) {
    const text =
      `superstep://${master}: processes on other machines are reached over TLS alone (this one would listen on ` +
      `${excerpt(host)}). Give --tls DIR, with ca.pem, cert.pem and key.pem, or ${accessVariables.tls}`;
    throw new SuperstepError("INVALID_ARGUMENT", text, { details: { host } });
  }
  return { secret, tls, insecureNoTls, host };
}

/** Host and port of an address. */
export function splitAddress(address: Address): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(at + 1)) };
}

function findSecret(master: Address, { secret, secretFile }: ClusterAccessOptions): Secret {
  if (secret !== undefined) return secret;
  if (secretFile !== undefined) return Secret.fromFile(secretFile);
  environmentSecret = Secret.fromEnvironment() ?? environmentSecret;
  if (environmentSecret !== undefined) return environmentSecret;
  const named = process.env[accessVariables.secretFile];
  if (named !== undefined && named !== "") return Secret.fromFile(named);
  const { host, port } = splitAddress(master);
  const ways = `--secret-file FILE, ${accessVariables.secretFile} or ${secretVariable}`;
  if (!isLoopback(host))
    throw new SuperstepError("UNAUTHENTICATED", `superstep://${master}: a secret is needed: ${ways}`);
  try {
    return Secret.fromFile(defaultSecretFile(port));
  } catch (error) {
    const text =
      `superstep://${master}: no secret was given, and no master of this user has left one for that port. ` +
      `Start \`superstep master --port ${port}\`, or give its secret: ${ways}`;
    throw new SuperstepError("UNAUTHENTICATED", text, { cause: error });
  }
}

/** The address of this machine from which packets go to `master`. Nothing is sent. */
async function ownAddressTowards(master: Address): Promise<string> {
  const { host, port } = splitAddress(master);
  if (isLoopback(host)) return host === "::1" ? host : "127.0.0.1";
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  try {
    return await new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", () => resolve(socket.address().address));
      socket.connect(port, host); // with a callback, that and no event would hear of a failure
    });
  } catch (error) {
    const text = `superstep://${master}: no way to ${host} (${(error as NodeJS.ErrnoException).code}). Check the address.`;
    throw new SuperstepError("UNREACHABLE", text, { cause: error });
  } finally {
    socket.close();
  }
}
