/**
 * Does what a request asks for.
 */
import type { Request } from "./requests.ts";
import { type Session, inSession } from "./session.ts";

/** Carries out one kind of request, and gives the exit code. */
export type Action<R extends Request = Request> = (request: R, session: Session) => Promise<number>;

/** Performs `request` in a session of its own, and resolves to the exit code. */
export function performRequest(request: Request): Promise<number> {
  return inSession(request, async (_session) => {
    throw new Error(`${request.command} has no action yet`);
  });
}
