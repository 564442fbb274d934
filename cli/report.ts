/**
 * Says what went wrong, on standard error.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type SuperstepError, escapeControls, hasCode } from "../core/errors.ts";
import type { Style } from "./style.ts";

/** Options of `describeError`. */
export interface DescribeOptions {
  /** With the stack, and those of all causes. */
  readonly verbose: boolean;
  readonly style: Style;
}

/**
 * The text to print for `error`: `error[CODE] message` on one line; for bad input also the line and the hint below it.
 * An error without a code is a bug of ours or of a program, and is named by its class. What a user's program threw, or
 * met in a call of its own, is followed by the place: `(at hops.ts:9:60)`.
 */
export async function describeError(error: unknown, { verbose, style }: DescribeOptions): Promise<string> {
  const shown = inputCause(error) ?? error;
  const code = codeOf(shown);
  let text: string;
  if (code === "INVALID_INPUT") {
    const { formatInputError } = await import("../graph/load/inputError.ts");
    const label = "error[INVALID_INPUT]";
    const full = formatInputError(shown as SuperstepError);
    text = full.startsWith(label) ? style.red(label) + full.slice(label.length) : headline(code, full, style);
  } else {
    const place = programPlace(error);
    text = headline(code, place === undefined ? messageOf(shown) : `${messageOf(shown)} (at ${place})`, style);
  }
  return verbose ? `${text}\n${style.dim(stacks(error))}\n` : `${text}\n`;
}

/** A warning as a line. */
export function describeWarning(code: string, text: string, style: Style): string {
  return `${style.yellow(`warning[${code}]`)} ${escapeControls(text)}\n`;
}

/** The error of bad input that made a task fail. */
function inputCause(error: unknown): unknown {
  const cause = hasCode(error, "TASK_FAILED") ? (error as { cause?: unknown }).cause : undefined;
  return hasCode(cause, "INVALID_INPUT") ? cause : undefined;
}

function headline(code: string, message: string, style: Style): string {
  return `${style.red(`error[${code}]`)} ${escapeControls(message.replaceAll(/\s*\n\s*/g, " "))}`;
}

/** Causes within causes that are looked at. */
const maxCauses = 8;

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === "string") return code;
  return typeof name === "string" && name !== "" ? name : "UNKNOWN";
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" ? message : `thrown: ${String(error)}`;
}

/** The innermost place in a user's program that the error, or what made it, comes from; undefined if there is none. */
function programPlace(error: unknown): string | undefined {
  let place: string | undefined;
  for (let each = error, depth = 0; each instanceof Error && depth < maxCauses; each = each.cause, depth++) {
    place = placeIn(each.stack ?? "") ?? place;
  }
  return place;
}

const ownFolder = new URL("../", import.meta.url).href;

/** The first place in a stack that is neither ours nor a dependency's. */
function placeIn(stack: string): string | undefined {
  for (const [, url = "", position = ""] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+(?::\d+)?)(?=[\s),]|$)/g)) {
    if (url.startsWith(ownFolder) || url.includes("/node_modules/")) continue;
    const file = fileURLToPath(url);
    const relative = path.relative("", file);
    return `${relative.startsWith("..") ? file : relative}:${position}`;
  }
  return undefined;
}

/** Stacks, the outermost error first. */
function stacks(error: unknown): string {
  const parts: string[] = [];
  for (let each: unknown = error; each instanceof Error && parts.length < maxCauses; each = each.cause) {
    parts.push(`${parts.length > 0 ? "caused by " : ""}${each.stack ?? each.message}`);
  }
  return parts.join("\n");
}
