/**
 * `superstep generate`: a made-up graph as a file of edges.
 */
import type { Context } from "../../core/context.ts";
import { edgeTable } from "../../graph/load/edgeTable.ts";
import type { GeneratedGraph } from "../../graph/load/generators/generatedGraph.ts";
import { grid } from "../../graph/load/generators/grid.ts";
import { kronecker } from "../../graph/load/generators/kronecker.ts";
import { logNormal } from "../../graph/load/generators/logNormal.ts";
import { rmat } from "../../graph/load/generators/rmat.ts";
import { star } from "../../graph/load/generators/star.ts";
import { writeTable } from "../../graph/load/table/writeTable.ts";
import { writeEdgeList } from "../../graph/load/writeEdgeList.ts";
import { exitCodes } from "../exitCodes.ts";
import { counted } from "../counted.ts";
import type { GenerateRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { noteWritten, throwIfInterrupted, withContext } from "./engine.ts";
import { checkFiles, isEdgeList } from "./resultFile.ts";

/** Generates; resolves to the exit code. */
export async function generate(request: GenerateRequest, session: Session): Promise<number> {
  const { output, force, kind, seed } = request;
  const isTable = output !== "-" && !isEdgeList(output);
  await checkFiles({ output, force }, { paths: [] }, isTable);
  return withContext(request, session, async (ctx) => {
    const { edges } = await generated(ctx, request);
    throwIfInterrupted(session);
    if (output === "-") session.progress.stop();
    const numEdges = edges.reduce((sum, chunk) => sum + chunk.numEdges, 0);
    const progress = (done: number): void =>
      ctx.driver.events.emit({ type: "phase", job: null, phase: "write", done, total: numEdges, unit: "edges" });
    if (!isTable) {
      const comments = [
        `${kind} graph, ${counted(numEdges, "edge")}${seeded.has(kind) ? `, seed ${seed}` : ""}`,
        "src\tdst",
      ];
      const throwIfStopped = (): void => throwIfInterrupted(session);
      await writeEdgeList(edges, output, { comments, force, onProgress: progress, throwIfStopped });
    } else await writeTable(edgeTable(edges), output, { force, signal: session.signal });
    noteWritten(session, counted(numEdges, "edge"), output);
    return exitCodes.ok;
  });
}

const seeded: ReadonlySet<string> = new Set(["rmat", "kronecker", "log-normal"]);

function generated({ driver }: Context, request: GenerateRequest): Promise<GeneratedGraph> {
  const { kind, seed, vertices, edges, scale, edgeFactor, rows, columns, mu, sigma } = request;
  switch (kind) {
    case "rmat":
      return rmat(driver, { vertices: vertices!, edges: edges!, seed });
    case "kronecker":
      return kronecker(driver, { scale: scale!, seed, ...(edgeFactor !== undefined && { degree: edgeFactor }) });
    case "log-normal":
      return logNormal(driver, {
        vertices: vertices!,
        seed,
        ...(mu !== undefined && { mu }),
        ...(sigma !== undefined && { sigma }),
      });
    case "grid":
      return grid(driver, rows!, columns!);
    case "star":
      return star(driver, vertices!);
  }
}
