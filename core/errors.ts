/**
 * Errors that callers meet. Branch on `code`: it is stable, and survives the way between threads and processes.
 */

/** What went wrong, in one word that never changes. */
export type ErrorCode =
  | "INVALID_ARGUMENT"
  | "INVALID_INPUT"
  | "TYPE_MISMATCH"
  | "NOT_SHIPPABLE"
  | "CONTEXT_STOPPED"
  | "CANCELLED"
  | "TASK_FAILED"
  | "HOST_LOST"
  | "FETCH_FAILED"
  | "BLOCK_CORRUPT"
  | "OUT_OF_MEMORY"
  | "UNAUTHENTICATED"
  | "UNREACHABLE"
  | "INCOMPATIBLE"
  | "NO_CAPACITY"
  | "MESSAGE_TOO_LARGE"
  | "RESULT_TOO_LARGE";

/** Plain JSON, as carried in `details`. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Details of an error: plain JSON by name. */
export type ErrorDetails = { readonly [key: string]: Json };

/** The one error class of Superstep's own failures. */
export class SuperstepError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "SuperstepError";
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True if `error` is a SuperstepError of the given code, also one that came from another process. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === "object" && error !== null && (error as { code?: unknown }).code === code;
}

/** An INVALID_ARGUMENT error in the house form: `where: what must be rule, got value`. */
export function invalidArgument(where: string, what: string, rule: string, got: unknown): SuperstepError {
  return new SuperstepError("INVALID_ARGUMENT", `${where}: ${what} must be ${rule}, got ${excerpt(got)}`, {
    details: { where, what, rule },
  });
}

/** `value` as one short line of printable text, quoted if a string: at most `limit` characters. */
export function excerpt(value: unknown, limit = 120): string {
  let text: string;
  if (typeof value === "string") text = JSON.stringify(value);
  else if (typeof value === "bigint") text = `${value}n`;
  else if (typeof value === "function") text = `function ${value.name || "(anonymous)"}`;
  else if (typeof value === "object" && value !== null) text = describeObject(value);
  else text = String(value);
  const printable = escapeControls(text);
  return printable.length > limit ? `${printable.slice(0, limit - 1)}…` : printable;
}

/** Replaces control and bidirectional-override characters by visible escapes, so that no terminal obeys them. */
export function escapeControls(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Throws a plain Error, a bug of ours and not of the caller, if `condition` does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}

function describeObject(value: object): string {
  try {
    const json = JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? `${item}n` : item));
    if (json !== undefined) return json;
  } catch {
    // a cycle, or a getter that throws: its kind must do
  }
  return Object.prototype.toString.call(value);
}
