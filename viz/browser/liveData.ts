/**
 * Where the page's data comes from: the file itself, or the program that serves it.
 */
import type { PageModel } from "../view/pageModel.ts";
import { byId } from "./element.ts";

const tokenKey = "superstep token";

/**
 * The data block of an exported file; if that is empty, the answer of the server, asked with the token of the link.
 *
 * @throws Error, to be shown, if there is no token or the server says no.
 */
export async function loadModel(): Promise<PageModel> {
  const block = byId("data").textContent ?? "";
  if (block.trim() !== "") return JSON.parse(block) as PageModel;
  const response = await fetch("/api/graph", {
    headers: { authorization: `Bearer ${takeToken()}` },
    cache: "no-store",
  });
  if (response.status === 401) throw new Error("This page opens by the link that superstep view printed.");
  if (!response.ok) throw new Error(`The program answered with status ${response.status}.`);
  return (await response.json()) as PageModel;
}

/** Moves the token from the address bar to the session's storage, so that it survives a reload and is not copied. */
function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) {
    sessionStorage.setItem(tokenKey, token);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(tokenKey) ?? "";
}
