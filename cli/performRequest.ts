/**
 * Does what a request asks for. Each action is loaded when it is asked for.
 */
import type { Request } from "./requests.ts";
import { type Session, inSession } from "./session.ts";

/** Performs `request` in a session of its own, and resolves to the exit code. */
export function performRequest(request: Request): Promise<number> {
  return inSession(request, (session) => act(request, session));
}

async function act(request: Request, session: Session): Promise<number> {
  switch (request.command) {
    case "run":
      return (await import("./actions/run.ts")).run(request, session);
    case "pregel":
      return (await import("./actions/pregel.ts")).pregel(request, session);
    case "info":
      return (await import("./actions/info.ts")).info(request, session);
    case "convert":
      return (await import("./actions/convert.ts")).convert(request, session);
    case "generate":
      return (await import("./actions/generate.ts")).generate(request, session);
    case "view":
      return (await import("./actions/view.ts")).view(request, session);
    case "master":
      return (await import("./actions/master.ts")).master(request, session);
    case "worker":
      return (await import("./actions/worker.ts")).worker(request, session);
    case "submit":
      return (await import("./actions/submit.ts")).submit(request, session);
  }
}
