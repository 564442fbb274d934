/**
 * `superstep pregel`: a user's program, in TypeScript as it is, over a graph.
 *
 * A module can export, as its default, a `PregelProgram`, or a function of a graph; one without a default export is a
 * program of its own, which has run once it is imported.
 */
import { access } from "node:fs/promises";
import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Context } from "../../core/context.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import { explainGraph } from "../../graph/explain.ts";
import { Graph } from "../../graph/graph.ts";
import { vertexTable } from "../../graph/graphTables.ts";
import type { Row } from "../../graph/load/graphLoader.ts";
import { checkOutput } from "../../graph/load/table/output.ts";
import type { PregelProgram } from "../../graph/superstep/pregel.ts";
import type { Run } from "../../graph/types.ts";
import { exitCodes } from "../exitCodes.ts";
import type { PregelRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { loadGraph, throwIfInterrupted, withContext, type CommandGraph } from "./engine.ts";
import { presentResult } from "./presentResult.ts";

/** A program that is a function: of the loaded graph, to a graph, or a run, or nothing. */
type GraphFunction = (graph: Graph<Row, number>, ctx: Context) => Promise<unknown> | unknown;

const hooks = new URL("../typescript/hooks.js", import.meta.url).href;

/** Runs a program; resolves to the exit code. */
export async function pregel(request: PregelRequest, session: Session): Promise<number> {
  if (request.output !== undefined && request.output !== "-") await checkOutput(request.output, request);
  const program = await importProgram(request);
  if (program === undefined) return exitCodes.ok;
  return withContext(request, session, async (ctx) => {
    ctx.driver.setModuleHooks([hooks]);
    const loaded = await loadGraph(ctx, request.input, request, session, "all");
    const graph = withLengths(loaded);
    if (request.explain) session.note(await explainGraph(graph));
    const started = performance.now();
    const result = await runProgram(program, graph, ctx, request);
    const computeMs = performance.now() - started;
    throwIfInterrupted(session);
    if (result === undefined) return exitCodes.ok;
    const name = path.basename(request.program);
    await presentResult(request, session, {
      table: await vertexTable(result.graph),
      supersteps: result.supersteps,
      converged: result.converged,
      algorithm: name,
      report: loaded.report,
      counts: { vertices: await graph.numVertices(), edges: await graph.numEdges(), directed: true },
      computeMs,
      events: ctx.driver.events,
    });
    return result.converged || !request.requireConvergence ? exitCodes.ok : exitCodes.notConverged;
  });
}

/** The default export of the program, undefined if there is none. The program sees its inputs as its arguments. */
async function importProgram({ program, input }: PregelRequest): Promise<unknown> {
  const file = path.resolve(program);
  await access(file).catch(() => {
    throw new SuperstepError("INVALID_ARGUMENT", `pregel: there is no file ${excerpt(program)}`);
  });
  register(hooks);
  process.argv = [process.argv[0]!, file, ...input.paths];
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  return module.default;
}

/** Every edge with its weight, or 1. */
function withLengths({ graph, weight }: CommandGraph): Graph<Row, number> {
  if (weight === undefined) return graph.mapEdges(() => 1);
  return graph.mapEdges((edge) => Number(edge.attr[weight]));
}

async function runProgram(
  program: unknown,
  graph: Graph<Row, number>,
  ctx: Context,
  { program: file, maxSupersteps }: PregelRequest,
): Promise<Run<unknown, unknown, Graph<unknown, unknown>> | undefined> {
  if (typeof program === "function") return resultOf(await (program as GraphFunction)(graph, ctx), file);
  if (!isProgram(program)) {
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `pregel: the default export of ${file} must be a function of a graph, or an object with initialAttr, ` +
        `initialMessage, vertexProgram, sendMessage and mergeMessage, got ${excerpt(program)}`,
    );
  }
  const { initialAttr, ...options } = program;
  const limits = maxSupersteps === undefined ? {} : { maxSupersteps };
  const started = graph.mapVertices((id, row) => initialAttr(id, row));
  return (await started.pregel({ ...options, ...limits }, path.basename(file))) as Run<
    unknown,
    unknown,
    Graph<unknown, unknown>
  >;
}

function isProgram(value: unknown): value is PregelProgram<unknown, unknown> {
  if (typeof value !== "object" || value === null || !("initialMessage" in value)) return false;
  const functions = ["initialAttr", "vertexProgram", "sendMessage", "mergeMessage"];
  return functions.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}

function resultOf(value: unknown, file: string): Run<unknown, unknown, Graph<unknown, unknown>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Graph) return { graph: value, supersteps: 0, converged: true };
  const run = value as Partial<Run<unknown, unknown, unknown>>;
  if (run.graph instanceof Graph) {
    return { graph: run.graph, supersteps: run.supersteps ?? 0, converged: run.converged ?? true };
  }
  throw new SuperstepError(
    "INVALID_ARGUMENT",
    `pregel: the function that ${file} exports must return a graph, a run, or nothing, got ${excerpt(value)}`,
  );
}
