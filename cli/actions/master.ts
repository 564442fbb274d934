/**
 * `superstep master`: a master and its status page, until Ctrl-C.
 */
import { randomBytes } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { SuperstepError } from "../../core/errors.ts";
import { accessVariables, splitAddress } from "../../core/cluster/clusterAccess.ts";
import { defaultSecretFile, makeDefaultSecret } from "../../core/cluster/standalone/defaultSecret.ts";
import { Master } from "../../core/cluster/standalone/master.ts";
import { serveStatus } from "../../core/cluster/standalone/statusServer.ts";
import { grpcTransport } from "../../core/net/grpcTransport.ts";
import { Secret, secretVariable } from "../../core/net/secret.ts";
import { isLoopback, readTls } from "../../core/net/tls.ts";
import { exitCodes } from "../exitCodes.ts";
import type { MasterRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { interrupted } from "./interrupted.ts";

/** Serves until interrupted; resolves to the exit code. */
export async function master(request: MasterRequest, session: Session): Promise<number> {
  const { host = "127.0.0.1", port, insecureNoTls, stateFile, heartbeat, timeout } = request;
  const { secret, source, settle } = findSecret(request, host);
  const tls = request.tls === undefined ? undefined : readTls(request.tls);
  const transport = grpcTransport({ role: "master", secret, tls, insecureNoTls });
  session.ending = "stopping the master; executors go on";
  const note = (text: string): void => session.note(`master: ${text}`);
  let running: Master | undefined;
  let status: Awaited<ReturnType<typeof serveStatus>> | undefined;
  try {
    running = await Master.start({
      transport,
      host,
      port,
      stateFile,
      ...(heartbeat !== undefined && { heartbeatMs: heartbeat }),
      ...(timeout !== undefined && { timeoutMs: timeout }),
      note,
    });
    const file = settle?.(splitAddress(running.address).port);
    const master = running;
    status = await serveStatus({
      // without certificates it is for this machine alone
      host: tls === undefined && !isLoopback(host) ? "127.0.0.1" : host,
      port: request.statusPort,
      // as long as the secret is the same, so is the token: it can be given to what reads /metrics
      token: secret.hmac("superstep status page").toString("base64url"),
      status: () => master.status,
      tls,
    });
    note(`listening on superstep://${running.address}; secret: ${file ?? source}; status page: ${status.url}`);
    session.print(`${status.link}\n`);
    await interrupted(session.signal);
    return exitCodes.ok;
  } finally {
    await status?.close();
    await running?.stop();
    await transport.close();
    settle?.(undefined);
  }
}

interface FoundSecret {
  readonly secret: Secret;
  /** Where it is from, for people. */
  readonly source: string;
  /** Puts a secret that was made here where others look for it; without a port removes what is not in its place. */
  readonly settle?: (port: number | undefined) => string;
}

/** @throws SuperstepError UNAUTHENTICATED if there is none and others than this machine are to be served. */
function findSecret({ secretFile, port }: MasterRequest, host: string): FoundSecret {
  if (secretFile !== undefined) return { secret: Secret.fromFile(secretFile), source: secretFile };
  const given = Secret.fromEnvironment();
  if (given !== undefined) return { secret: given, source: secretVariable };
  if (!isLoopback(host)) {
    const ways = `--secret-file FILE, ${accessVariables.secretFile} or ${secretVariable}`;
    const text = `master: to serve other machines it needs a secret: ${ways}. \`openssl rand -hex 32\` makes a good one.`;
    throw new SuperstepError("UNAUTHENTICATED", text);
  }
  if (port !== 0) {
    const file = defaultSecretFile(port);
    makeDefaultSecret(file);
    return { secret: Secret.fromFile(file), source: file };
  }
  const unsettled = `${defaultSecretFile(0)}-${randomBytes(6).toString("hex")}`;
  makeDefaultSecret(unsettled);
  return {
    secret: Secret.fromFile(unsettled),
    source: unsettled,
    settle: (found) => {
      if (found === undefined) rmSync(unsettled, { force: true });
      else renameSync(unsettled, defaultSecretFile(found));
      return found === undefined ? "" : defaultSecretFile(found);
    },
  };
}
