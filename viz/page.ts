/**
 * The page's one asset, made by the build, and how it is filled.
 */
import { readFileSync } from "node:fs";
import { escapeControls } from "../core/errors.ts";
import type { PageModel } from "./view/pageModel.ts";

/** A page that holds `model` and never asks for anything: one HTML file. */
export function filledPage(model: PageModel): string {
  return fill({ title: model.title, connect: "'none'", data: dataBlock(model) });
}

/** A page without data, which asks the server it came from. */
export function emptyPage(): string {
  return fill({ title: "Superstep", connect: "'self'", data: "" });
}

/** The content security policy that a page carries, for the header of the same name. */
export function policyOf(page: string): string {
  return /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
}

let asset: string | undefined;

function fill(values: { title: string; connect: string; data: string }): string {
  asset ??= readFileSync(new URL("page.html", import.meta.url), "utf8");
  const filling: Record<string, string> = {
    CONNECT: values.connect,
    TITLE: escapeMarkup(escapeControls(values.title)),
    DATA: values.data,
  };
  // In one pass: what is filled in is not looked at again.
  return asset.replace(/__(CONNECT|TITLE|DATA)__/g, (_mark, name: string) => filling[name]!);
}

/** JSON in which nothing can be taken for markup. */
function dataBlock(model: PageModel): string {
  return JSON.stringify(model)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
