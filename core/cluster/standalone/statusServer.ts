/**
 * Serves a master's status page, its data and `/metrics`: HTTP on this machine's own addresses, HTTPS elsewhere.
 *
 * The page holds no data and is served to anyone who asks by the right name; data and metrics need the token. GET only.
 */
import { randomBytes } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { invalidArgument, SuperstepError } from "../../errors.ts";
import { sendAnswer } from "../../net/pageAnswer.ts";
import { pathOf, refusalOf, refusals } from "../../net/pageRequest.ts";
import type { ClusterStatus } from "./clusterStatus.ts";
import { metricsText } from "./metrics.ts";
import { statusPage, statusPolicy } from "./statusPage.ts";

/** What a status server is made of. */
export interface StatusServerOptions {
  readonly status: () => ClusterStatus;
  /** Where it listens: an address of this machine only, unless there is `tls`. Default 127.0.0.1. */
  readonly host?: string;
  /** In [0, 65535]. Default 0, any that is free. */
  readonly port?: number;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** What data and metrics are asked for with, as `Authorization: Bearer …`. Default: random. */
  readonly token?: string;
}

/** A status server that listens. */
export interface StatusServer {
  /** Without the token. */
  readonly url: string;
  /** Opens the page. Whoever knows it can see the data. */
  readonly link: string;
  readonly port: number;
  /** Ends all connections and the server. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts it; resolves once it listens.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it is to listen beyond this machine without TLS, or the port is taken.
 */
export async function serveStatus(options: StatusServerOptions): Promise<StatusServer> {
  const { host = "127.0.0.1", port = 0, tls, token = randomBytes(32).toString("base64url"), status } = options;
  if (tls === undefined && !/^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host))
    throw invalidArgument("status page", "the host", "one of this machine unless there is TLS", host);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { port: own } = server.address() as AddressInfo;
    const path = pathOf(request);
    const refusal = refusalOf(request, { names: namesOf(host, own), dataPaths: ["/api/status", "/metrics"], token });
    const send = (code: number, type: string, body: string): void =>
      sendAnswer(response, code, type, body, statusPolicy);
    if (refusal !== undefined) send(refusal, "text/plain; charset=utf-8", refusals[refusal]);
    else if (path === "/") send(200, "text/html; charset=utf-8", statusPage);
    else if (path === "/metrics") send(200, "text/plain; version=0.0.4; charset=utf-8", metricsText(status()));
    else send(200, "application/json", JSON.stringify(status()));
  };
  const limits = { maxHeaderSize: 16_384, requestTimeout: 10_000, headersTimeout: 5000 };
  const server: Server =
    tls === undefined
      ? createHttpServer(limits, listener)
      : createHttpsServer({ ...limits, cert: tls.cert, key: tls.key, minVersion: "TLSv1.3" }, listener);
  server.maxConnections = 64;
  await listening(server, host, port);
  const { port: own } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  const url = `${tls === undefined ? "http" : "https"}://${name}:${own}`;
  let closed: Promise<void> | undefined;
  return { url, link: `${url}/#token=${token}`, port: own, close: () => (closed ??= closing(server)) };
}

/** What the server can be called, with its port. */
function namesOf(host: string, port: number): string[] {
  const own = host.includes(":") ? `[${host}]` : host.toLowerCase();
  return [...new Set([own, "127.0.0.1", "[::1]", "localhost"])].map((name) => `${name}:${port}`);
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const text = `status page: cannot listen on ${host}, port ${port} (${error.code}). Choose another, or 0 for any.`;
      reject(new SuperstepError("INVALID_ARGUMENT", text, { details: { port }, cause: error }));
    };
    server.once("error", refuse);
    server.listen({ host, port }, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
