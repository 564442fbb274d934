import type { ServerResponse } from "node:http";

/** Answers with `body` and ends. `policy`: of what the page may load and run. No other page may read, frame or keep it. */
export function sendAnswer(response: ServerResponse, status: number, type: string, body: string, policy: string): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "content-security-policy": policy,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(status === 405 && { allow: "GET" }),
  });
  response.end(body);
}
