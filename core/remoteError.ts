/**
 * What a task throws, as plain data and back: user code may throw anything, and errors lose their own fields on the way
 * between threads.
 */
import { isPlainObject } from "./function/isData.ts";
import { type ErrorCode, type ErrorDetails, excerpt, invalidArgument, SuperstepError } from "./errors.ts";

/** A thrown value as plain data: JSON. */
export interface ErrorRecord {
  /** The error's name; `Thrown` for a value that is no Error. */
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Set if it is a SuperstepError. */
  readonly superstep?: { readonly code: ErrorCode; readonly details: ErrorDetails };
  /** The code of an error of Node or of a library: "ENOENT". */
  readonly code?: string | number;
  readonly cause?: ErrorRecord;
  /** The errors of an AggregateError. */
  readonly errors?: readonly ErrorRecord[];
}

/** Causes within causes that are kept; deeper ones are left out, and the record says so. */
const maxDepth = 8;
/** Errors of one aggregate that are kept. */
const maxErrors = 16;
/** Characters of a message or stack that are kept. */
const maxText = 65_536;
/** Records within each other, and values in details, in what another process sends. */
const maxReceivedDepth = 32;

const knownCodes: Readonly<Record<ErrorCode, true>> = {
  INVALID_ARGUMENT: true,
  INVALID_INPUT: true,
  TYPE_MISMATCH: true,
  NOT_SHIPPABLE: true,
  CONTEXT_STOPPED: true,
  CANCELLED: true,
  TASK_FAILED: true,
  HOST_LOST: true,
  FETCH_FAILED: true,
  BLOCK_CORRUPT: true,
  OUT_OF_MEMORY: true,
  UNAUTHENTICATED: true,
  UNREACHABLE: true,
  INCOMPATIBLE: true,
  NO_CAPACITY: true,
  MESSAGE_TOO_LARGE: true,
  RESULT_TOO_LARGE: true,
};

/** `thrown` as plain data. Never throws, whatever it is given: proxies, throwing getters, null. */
export function encodeError(thrown: unknown): ErrorRecord {
  return encode(thrown, 0);
}

/**
 * `value` as the record of an error, as another process sent it: it may hold anything.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it is none that `encodeError` makes.
 */
export function checkErrorRecord(value: unknown): ErrorRecord {
  if (isRecord(value, 0)) return value;
  throw invalidArgument("report", "what a task threw", "a record of an error", value);
}

/** The error of a record: a SuperstepError if it was one, else an Error with the remote name, message and stack. */
export function decodeError(record: ErrorRecord): Error {
  const cause = record.cause === undefined ? {} : { cause: decodeError(record.cause) };
  let error: Error;
  if (record.superstep !== undefined) {
    error = new SuperstepError(record.superstep.code, record.message, { details: record.superstep.details, ...cause });
  } else if (record.errors !== undefined) {
    error = new AggregateError(record.errors.map(decodeError), record.message, cause);
  } else error = new Error(record.message, cause);
  setHidden(error, "name", record.name);
  setHidden(error, "stack", record.stack ?? `${record.name}: ${record.message}`);
  if (record.code !== undefined) Object.assign(error, { code: record.code });
  return error;
}

/**
 * The innermost SuperstepError of a record and its causes: an error that wraps another is classed by what it wraps. Those
 * whose code `isPassedOver` are left out.
 */
export function rootSuperstepError(
  record: ErrorRecord,
  isPassedOver?: (code: ErrorCode) => boolean,
): ErrorRecord | undefined {
  let found: ErrorRecord | undefined;
  for (let at: ErrorRecord | undefined = record; at !== undefined; at = at.cause) {
    if (at.superstep !== undefined && isPassedOver?.(at.superstep.code) !== true) found = at;
  }
  return found;
}

/** True if a record or one of its causes has one of the codes that Node gives its own errors. */
export function hasSystemCode(record: ErrorRecord, codes: readonly string[]): boolean {
  for (let at: ErrorRecord | undefined = record; at !== undefined; at = at.cause) {
    if (typeof at.code === "string" && codes.includes(at.code)) return true;
  }
  return false;
}

function encode(thrown: unknown, depth: number): ErrorRecord {
  if (!attempt(() => isError(thrown), false)) return { name: "Thrown", message: describeThrown(thrown) };
  const error = thrown as Record<string, unknown>;
  const name = textOf(() => error["name"]) ?? "Error";
  const message = textOf(() => error["message"]) ?? "";
  const stack = textOf(() => error["stack"]);
  const code = attempt(() => error["code"], undefined);
  const superstep = attempt(() => superstepFields(error), undefined);
  const cause = attempt(() => ("cause" in error ? { value: error["cause"] } : undefined), undefined);
  const errors = attempt(
    () => (Array.isArray(error["errors"]) ? [...(error["errors"] as unknown[])] : undefined),
    undefined,
  );
  const isPlainCode = superstep === undefined && (typeof code === "string" || typeof code === "number");
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(superstep === undefined ? {} : { superstep }),
    ...(isPlainCode ? { code } : {}),
    ...(cause === undefined || cause.value === undefined ? {} : { cause: encodeInner(cause.value, depth) }),
    ...(errors === undefined ? {} : { errors: encodeAll(errors, depth) }),
  };
}

function isRecord(value: unknown, depth: number): value is ErrorRecord {
  if (!isFields(value) || depth > maxReceivedDepth) return false;
  const { name, message, stack, code, superstep, cause, errors } = value;
  return (
    typeof name === "string" &&
    typeof message === "string" &&
    ["undefined", "string"].includes(typeof stack) &&
    ["undefined", "string", "number"].includes(typeof code) &&
    (superstep === undefined || isSuperstep(superstep)) &&
    (cause === undefined || isRecord(cause, depth + 1)) &&
    (errors === undefined || (Array.isArray(errors) && errors.every((inner) => isRecord(inner, depth + 1))))
  );
}

function isSuperstep(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { code, details } = value;
  return typeof code === "string" && Object.hasOwn(knownCodes, code) && isDetails(details);
}

function isDetails(value: unknown): value is ErrorDetails {
  return isFields(value) && isJson(value, 0);
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return true;
  if (depth >= maxReceivedDepth) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  return isFields(value) && Object.values(value).every((item) => isJson(item, depth + 1));
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && isPlainObject(value);
}

function encodeAll(errors: readonly unknown[], depth: number): ErrorRecord[] {
  const kept = errors.slice(0, maxErrors).map((inner) => encodeInner(inner, depth));
  const left = errors.length - kept.length;
  return left > 0 ? [...kept, { name: "Error", message: `${left} more errors left out` }] : kept;
}

function encodeInner(thrown: unknown, depth: number): ErrorRecord {
  if (depth + 1 >= maxDepth) return { name: "Error", message: `causes beyond a depth of ${maxDepth} left out` };
  return encode(thrown, depth + 1);
}

/** Errors of other realms (`node:vm`) are no instances of this realm's Error, but have its tag. */
function isError(value: unknown): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

function superstepFields(error: Record<string, unknown>): { code: ErrorCode; details: ErrorDetails } | undefined {
  if (!((error as unknown) instanceof SuperstepError) && error["name"] !== "SuperstepError") return undefined;
  const code = error["code"];
  if (typeof code !== "string" || !Object.hasOwn(knownCodes, code)) return undefined;
  const details: unknown = JSON.parse(JSON.stringify(error["details"] ?? {}));
  return { code: code as ErrorCode, details: isDetails(details) ? details : {} };
}

function describeThrown(thrown: unknown): string {
  const kind = thrown === null ? "null" : typeof thrown;
  const text = attempt(() => excerpt(thrown, 1000), "a value that cannot be shown");
  return kind === text
    ? `${text} was thrown`
    : `${text} was thrown, ${kind === "object" ? "an" : "a"} ${kind} and not an Error`;
}

function textOf(read: () => unknown): string | undefined {
  const text = attempt(() => {
    const value = read();
    return value === undefined || value === null ? undefined : `${value as string}`; // a value of the user's: may throw
  }, undefined);
  if (text === undefined || text.length <= maxText) return text;
  return `${text.slice(0, maxText)}… (${text.length - maxText} more characters)`;
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function setHidden(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
