/**
 * Shipped functions in words, for `explain()`.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { escapeControls } from "../errors.ts";
import type { ShippedFunction } from "./ship.ts";

/** One line: "arrow at examples/routes.ts:12 capturing source, weights". Paths are relative to the working directory. */
export function describeShipped({ form, name, file, line, captures, nodes }: ShippedFunction): string {
  const called = form === "arrow" || name === "" ? form : `${form} ${name}`;
  const where = file === "" ? "" : ` at ${shortPath(file)}:${line}`;
  const names = captures
    .filter(({ value }) => typeof value !== "object" || value === null || nodes[value.ref]?.kind !== "importer")
    .map((each) => each.name);
  const what = names.length === 0 ? "capturing nothing" : `capturing ${names.join(", ")}`;
  return escapeControls(`${called}${where} ${what}`);
}

function shortPath(url: string): string {
  if (!url.startsWith("file:")) return url;
  const file = fileURLToPath(url);
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
