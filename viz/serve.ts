/**
 * Serves one view to this machine's browser, for as long as the program wants.
 *
 * Bound to 127.0.0.1. The page itself holds no data and is served to anyone who asks by the right host name; the data
 * needs the token, 32 random bytes that travel in the fragment of the URL and then in a header. GET only.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SuperstepError } from "../core/errors.ts";
import { sendAnswer } from "../core/net/pageAnswer.ts";
import { pathOf, refusalOf, refusals } from "../core/net/pageRequest.ts";
import { pageModel, type ViewOptions } from "./model.ts";
import { emptyPage, policyOf } from "./page.ts";
import type { ReducedGraph } from "./reducedGraph.ts";

export interface ServeOptions extends ViewOptions {
  /** In [0, 65535]. Default: 0, any that is free. */
  readonly port?: number | undefined;
}

/** A view being served. */
export interface ServedView {
  /** Opens the view: "http://127.0.0.1:PORT/#token=…". Whoever knows it can see the data: do not log it. */
  readonly url: string;
  readonly port: number;
  /** Ends all connections and the server. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts serving `view`; resolves once it can be opened. The layout is "live" unless the options say otherwise.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option names a column that does not exist, or if the port is
 *         taken.
 */
export async function serve(view: ReducedGraph, options: ServeOptions): Promise<ServedView> {
  const data = JSON.stringify(pageModel(view, { ...options, layout: options.layout ?? "live" }));
  const token = randomBytes(32).toString("base64url");
  const page = emptyPage();
  const policy = `${policyOf(page)}; frame-ancestors 'none'`;
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    const { port } = server.address() as AddressInfo;
    const names = [`127.0.0.1:${port}`, `localhost:${port}`];
    const refusal = refusalOf(request, { names, dataPaths: ["/api/graph"], token });
    if (refusal !== undefined) sendAnswer(response, refusal, "text/plain", refusals[refusal], policy);
    else if (pathOf(request) === "/") sendAnswer(response, 200, "text/html; charset=utf-8", page, policy);
    else sendAnswer(response, 200, "application/json", data, policy);
  });
  server.maxConnections = 64;
  await listening(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}/#token=${token}`,
    port,
    close: () => (closed ??= closing(server)),
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => reject(portError(error, port));
    server.once("error", refuse);
    server.listen({ host: "127.0.0.1", port }, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}

function portError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return error;
  const why = error.code === "EACCES" ? "this user may not listen there" : "another program listens there";
  return new SuperstepError(
    "INVALID_ARGUMENT",
    `serve: port ${port} is not to be had: ${why}. Choose another, or 0 for any.`,
    {
      details: { port },
      cause: error,
    },
  );
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
