/**
 * What servers of pages for a browser ask of each request. The page itself holds no data and is answered to anyone who
 * asks by the right name; data needs the token. GET only.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What a server answers, and to whom. */
export interface PageAccess {
  /** What the server can be called, with its port, in lower case: "127.0.0.1:4040". */
  readonly names: readonly string[];
  /** Paths of data, which need the token: "/api/graph". The page is at "/"; there is nothing else. */
  readonly dataPaths: readonly string[];
  /** Expected as `Authorization: Bearer …`. */
  readonly token: string;
}

/** The text of each refusal, by its status. */
export const refusals = {
  401: "401 the token is missing or wrong: open the link that was printed",
  403: "403 asked by another site",
  404: "404 nothing here",
  405: "405 GET only",
  421: "421 this server does not go by that name",
} as const;

/** The status of a request that is refused; undefined if it may be answered. */
export function refusalOf(
  request: IncomingMessage,
  { names, dataPaths, token }: PageAccess,
): keyof typeof refusals | undefined {
  const { host, origin, authorization } = request.headers;
  if (host === undefined || !names.includes(host.toLowerCase())) return 421;
  if (request.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length > 1) return 421;
  if (request.method !== "GET") return 405;
  const path = pathOf(request);
  if (path === "/") return undefined;
  if (!dataPaths.includes(path)) return 404;
  if (origin !== undefined && !names.some((name) => origin === `http://${name}` || origin === `https://${name}`))
    return 403;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return 403;
  return isSameText(authorization ?? "", `Bearer ${token}`) ? undefined : 401;
}

/** The path that is asked for, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0]!;
}

/** Compares in a time that says nothing about where two texts differ. */
function isSameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
