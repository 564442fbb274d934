/**
 * A view as a file that opens by double click, without a network.
 */
import { pageModel, type ViewOptions } from "./model.ts";
import { filledPage } from "./page.ts";
import type { ReducedGraph } from "./reducedGraph.ts";

/**
 * One self-contained HTML document: page, style, script and data, under a policy that forbids every connection. The
 * same input gives the same bytes. Cost: the layout, see `ViewOptions.layout`.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option names a column that does not exist.
 */
export function exportHtml(view: ReducedGraph, options: ViewOptions): string {
  return filledPage(pageModel(view, options));
}
