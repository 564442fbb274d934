/**
 * What servers of pages for a browser share: the comparison of tokens, and the headers of every answer.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { ServerResponse } from "node:http";

/** Compares in a time that says nothing about where two texts differ. */
export function isSameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

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
