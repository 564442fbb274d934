/**
 * `superstep pregel`: a user's program, in TypeScript as it is, over a graph.
 *
 * A module can export, as its default, a `PregelProgram`, or a function of a graph; one without any export is a program
 * of its own, which has run once it is imported.
 */
import path from "node:path";
import type { Context } from "../../core/context.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { explainGraph } from "../../graph/explain.ts";
import { Graph } from "../../graph/graph.ts";
import { vertexTable } from "../../graph/graphTables.ts";
import type { Row } from "../../graph/load/graphLoader.ts";
import type { PregelProgram } from "../../graph/superstep/pregel.ts";
import type { Run } from "../../graph/types.ts";
import { exitCodes } from "../exitCodes.ts";
import type { PregelRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { countsOf, loadGraph, throwIfInterrupted, withContext, type CommandGraph } from "./engine.ts";
import { importProgram } from "./importProgram.ts";
import { moduleHooks } from "./moduleHooks.ts";
import { presentResult } from "./presentResult.ts";
import { checkFiles } from "./resultFile.ts";

/** A program that is a function: of the loaded graph, to a graph, or a run, or nothing. */
type GraphFunction = (graph: Graph<Row, number>, ctx: Context) => unknown;

type AnyRun = Run<unknown, unknown, Graph<unknown, unknown>>;

/** Runs a program; resolves to the exit code. */
export async function pregel(request: PregelRequest, session: Session): Promise<number> {
  const { input, maxSupersteps } = request;
  await checkFiles(request, input);
  const imported = await importProgram(request, session);
  if (imported === undefined) {
    refuseWhatNeedsAResult(request, "is a program of its own, without a default export");
    return exitCodes.ok;
  }
  const { program } = imported;
  checkProgram(program, request);
  return withContext(request, session, async (ctx) => {
    ctx.driver.setModuleHooks([moduleHooks]);
    const loaded = await loadGraph(ctx, input, request, session);
    const graph = withLengths(loaded);
    if (request.explain) session.note(await explainGraph(graph));
    const started = performance.now();
    const result = await runProgram(program, graph, ctx, request);
    const computeMs = performance.now() - started;
    throwIfInterrupted(session);
    if (result === undefined) {
      refuseWhatNeedsAResult(request, "returned no graph");
      return exitCodes.ok;
    }
    await presentResult(request, session, {
      table: await vertexTable(result.graph),
      supersteps: result.supersteps,
      converged: result.converged,
      method: result.method,
      parameters: maxSupersteps === undefined ? {} : { maxSupersteps },
      algorithm: path.basename(request.program),
      report: loaded.report,
      counts: await countsOf(loaded, input),
      computeMs,
      events: ctx.driver.events,
    });
    return result.converged || !request.requireConvergence ? exitCodes.ok : exitCodes.notConverged;
  });
}

/** @throws SuperstepError INVALID_ARGUMENT if something is asked for that takes a result, and there is none. */
function refuseWhatNeedsAResult({ program, output, json, requireConvergence }: PregelRequest, why: string): void {
  const asked = [output !== undefined && "--output", json && "--json", requireConvergence && "--require-convergence"];
  const options = asked.filter((option) => option !== false);
  if (options.length === 0) return;
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `pregel: ${excerpt(program)} ${why}, so there is no result for ${options.join(" and ")}`,
  );
}

/** Every edge with its weight, or 1. */
function withLengths({ graph, weight }: CommandGraph): Graph<Row, number> {
  if (weight === undefined) return graph.mapEdges(() => 1);
  return graph.mapEdges((edge) => Number(edge.attr[weight]));
}

/** @throws SuperstepError INVALID_ARGUMENT if the default export is no program, or the limit has none to go to. */
function checkProgram(program: unknown, { program: file, maxSupersteps }: PregelRequest): void {
  if (typeof program === "function") {
    if (maxSupersteps === undefined) return;
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `pregel: --max-supersteps is for a program that is an object; ${excerpt(file)} exports a function, which sets its own`,
    );
  }
  const functions = ["initialAttr", "vertexProgram", "sendMessage", "mergeMessage"];
  const given = (typeof program === "object" && program !== null ? program : {}) as Record<string, unknown>;
  const wrong = functions.filter((name) => typeof given[name] !== "function");
  if (!("initialMessage" in given)) wrong.unshift("initialMessage");
  if (wrong.length === 0) return;
  const got = wrong.length === functions.length + 1 ? excerpt(program) : `an object without ${wrong.join(", ")}`;
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `pregel: the default export of ${excerpt(file)} must be a function of a graph, or an object with ` +
      `initialMessage, ${functions.join(", ")}, got ${got}`,
  );
}

async function runProgram(
  program: unknown,
  graph: Graph<Row, number>,
  ctx: Context,
  { program: file, maxSupersteps }: PregelRequest,
): Promise<AnyRun | undefined> {
  if (typeof program === "function") return resultOf(await (program as GraphFunction)(graph, ctx), file);
  const { initialAttr, ...options } = program as PregelProgram<unknown, unknown>;
  const limits = maxSupersteps === undefined ? {} : { maxSupersteps };
  const started = graph.mapVertices(initialAttr);
  return (await started.pregel({ ...options, ...limits }, path.basename(file))) as AnyRun;
}

function resultOf(value: unknown, file: string): AnyRun | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Graph) return { graph: value, supersteps: 0, converged: true };
  const run = value as Partial<Run<unknown, unknown, unknown>>;
  if (run.graph instanceof Graph) {
    const { graph, supersteps = 0, converged = true, method } = run;
    return { graph, supersteps, converged, ...(method !== undefined && { method }) };
  }
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `pregel: the function that ${excerpt(file)} exports must return a graph, a run, or nothing, got ${excerpt(value)}`,
  );
}
