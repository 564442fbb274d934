/**
 * `superstep convert`: edges or a table, from any format to any.
 */
import { edgeTable } from "../../graph/load/edgeTable.ts";
import { readEdges } from "../../graph/load/readEdges.ts";
import { encodingOfPath } from "../../graph/load/table/format.ts";
import { readTable } from "../../graph/load/table/readTable.ts";
import { writeTable } from "../../graph/load/table/writeTable.ts";
import { writeEdgeList } from "../../graph/load/writeEdgeList.ts";
import { counted } from "../counted.ts";
import { exitCodes } from "../exitCodes.ts";
import type { ConvertRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { noteBadRows, noteInput, noteWritten, readingOptions, throwIfInterrupted, withContext } from "./engine.ts";
import { checkFiles, isEdgeList } from "./resultFile.ts";

/** Converts; resolves to the exit code. */
export async function convert(request: ConvertRequest, session: Session): Promise<number> {
  const { input, output, format, force } = request;
  const isText = format === undefined && output !== "-" && isEdgeList(output);
  await checkFiles(request, input, !isText);
  const options = { force, signal: session.signal, ...(format && { format }) };
  const [from = ""] = input.paths;
  if (!isText && isPlainTable(request)) {
    const table = await readTable(from, input.delimiter === undefined ? {} : { delimiter: input.delimiter });
    await writeTable(table, output, options);
    noteWritten(session, counted(table.numRows, "row"), output);
    return exitCodes.ok;
  }
  return withContext(request, session, async (ctx) => {
    const edges = await readEdges(ctx.driver, input.paths, {
      ...readingOptions(input, session, ctx),
      attributes: "all",
    });
    noteInput(input.paths, edges.format, session);
    noteBadRows("edges", edges.badRows, input, session);
    throwIfInterrupted(session);
    if (output === "-") session.progress.stop();
    if (isText) await writeEdgeList(edges.chunks, output, { force, throwIfStopped: () => throwIfInterrupted(session) });
    else await writeTable(edgeTable(edges.chunks), output, options);
    noteWritten(session, counted(edges.numEdges, "edge"), output);
    return exitCodes.ok;
  });
}

/** True if the input is a table by its suffix, and nothing is asked that takes its columns for the ends of edges. */
function isPlainTable({ input }: ConvertRequest): boolean {
  const { paths, src, dst, weight, from, header, maxErrors, badRows, ids } = input;
  const [file, ...others] = paths;
  if (file === undefined || others.length > 0 || encodingOfPath(file) === undefined) return false;
  return [src, dst, weight, from, header, maxErrors, badRows].every((option) => option === undefined) && ids === "auto";
}
