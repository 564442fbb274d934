/**
 * `superstep convert`: edges or a table, from any format to any.
 */
import { SuperstepError } from "../../core/errors.ts";
import { edgeTable } from "../../graph/load/edgeTable.ts";
import { readEdges } from "../../graph/load/readEdges.ts";
import { encodingOfPath } from "../../graph/load/table/format.ts";
import { checkOutput } from "../../graph/load/table/output.ts";
import { readTable } from "../../graph/load/table/readTable.ts";
import { writeTable } from "../../graph/load/table/writeTable.ts";
import { writeEdgeList } from "../../graph/load/writeEdgeList.ts";
import { exitCodes } from "../exitCodes.ts";
import type { ConvertRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { readingOptions, throwIfInterrupted, withContext } from "./engine.ts";

/** Converts; resolves to the exit code. */
export async function convert(request: ConvertRequest, session: Session): Promise<number> {
  const { input, output, force, format } = request;
  if (output !== "-") await checkOutput(output, { force });
  const [only] = input.paths;
  const isText = format === undefined && isEdgeList(output);
  const options = { force, signal: session.signal, ...(format && { format }) };
  if (!isText && input.paths.length === 1 && isTable(only!) && input.src === undefined) {
    const table = await readTable(only!);
    await writeTable(table, output, options);
    session.note(`wrote ${table.numRows.toLocaleString("en")} rows to ${output}`);
    return exitCodes.ok;
  }
  return withContext(request, session, async (ctx) => {
    if (only !== undefined && isBinaryTable(only)) {
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        `convert: ${only} is a table; it can become .csv, .tsv, .ndjson, .parquet or .arrow, not an edge list`,
      );
    }
    const edges = await readEdges(ctx.driver, input.paths, {
      ...readingOptions(input, session, ctx),
      attributes: "all",
    });
    session.note(`${input.paths.join(", ")}: ${edges.format}`);
    throwIfInterrupted(session);
    if (isText) await writeEdgeList(edges.chunks, output, { force, throwIfStopped: () => throwIfInterrupted(session) });
    else await writeTable(edgeTable(edges.chunks), output, options);
    session.note(`wrote ${edges.numEdges.toLocaleString("en")} edges to ${output}`);
    return exitCodes.ok;
  });
}

/** Text with a source and a destination a line. */
export function isEdgeList(file: string): boolean {
  return /\.(txt|el|wel|edges)$/.test(file);
}

/** A table by its suffix: rows of named columns, whatever they mean. */
function isTable(file: string): boolean {
  return encodingOfPath(file) !== undefined;
}

function isBinaryTable(file: string): boolean {
  return /\.(parquet|arrow|ndjson)$/.test(file);
}
