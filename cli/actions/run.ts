/**
 * `superstep run`: load, compute, show, write.
 */
import { explainGraph } from "../../graph/explain.ts";
import { exitCodes } from "../exitCodes.ts";
import type { RunRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { computeOutcome } from "./computeOutcome.ts";
import { countsOf, loadGraph, throwIfInterrupted, withContext } from "./engine.ts";
import { presentResult } from "./presentResult.ts";
import { checkFiles } from "./resultFile.ts";

/** Runs an algorithm over a graph; resolves to the exit code. */
export async function run(request: RunRequest, session: Session): Promise<number> {
  const { input } = request;
  await checkFiles(request, input);
  return withContext(request, session, async (ctx) => {
    const loaded = await loadGraph(ctx, input, request, session);
    if (request.explain) session.note(await explainGraph(loaded.graph));
    const started = performance.now();
    const outcome = await computeOutcome(request, loaded, session);
    const computeMs = performance.now() - started;
    throwIfInterrupted(session);
    await presentResult(request, session, {
      ...outcome,
      algorithm: request.algorithm,
      report: loaded.report,
      counts: await countsOf(loaded, input),
      computeMs,
      events: ctx.driver.events,
    });
    return outcome.converged || !request.requireConvergence ? exitCodes.ok : exitCodes.notConverged;
  });
}
