/**
 * viz: from a result graph to a picture in the browser.
 *
 * A tour: a `ResultGraph` is plain columns, whoever made them. `reduce` makes it small enough for a screen, step by
 * step, and says in a sentence what it left out. `pageModel` packs the rest for the page, where a vertex becomes a node
 * and an edge a link. `exportHtml` puts it into one file; `serve` shows it to the browser of this machine.
 *
 * `view/` holds what the page decides (classes of colour, sizes, which labels fit, what is drawn where): pure, without a
 * browser. `browser/` holds what only a browser can do, bundled into the one asset by `browser/bundle.mjs`.
 */
export { exportHtml } from "./export.ts";
export { fromGraph, type FromGraphOptions } from "./fromGraph.ts";
export type { GivenLayout } from "./layout.ts";
export { pageModel, type ViewOptions } from "./model.ts";
export { reduce, type EgoStep, type ReduceOptions, type ReductionStep, type TopStep } from "./reduce.ts";
export type { AppliedStep, Counts, ReducedGraph } from "./reducedGraph.ts";
export type { ResultColumn, ResultGraph, ResultValue } from "./resultGraph.ts";
export { serve, type ServedView, type ServeOptions } from "./serve.ts";
export type { PageModel } from "./view/pageModel.ts";
