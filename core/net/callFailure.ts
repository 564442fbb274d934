/**
 * Errors of handlers on their way to the caller, and what goes wrong on the way as the errors that callers know.
 */
import { Metadata, status, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { escapeControls, excerpt, SuperstepError, type ErrorDetails, type Json } from "../errors.ts";
import { decodeError, encodeError } from "../remoteError.ts";
import { decodeMessage, encodeMessage, messageBytes } from "./protocol.ts";
import { optional, record, text } from "./wire.ts";

/** A Failure, for SuperstepErrors that a handler threw. */
export const failureKey = "superstep-failure-bin";

interface CallFailure {
  readonly code: string;
  readonly message: string;
  readonly details?: string;
}

const maxMessage = 4096;
const maxDetails = 2048;
const failureBytes = messageBytes("Failure");
const failureWire = record<CallFailure>({
  code: text(64),
  message: text(maxMessage),
  details: optional(text(maxDetails)),
});

/** The status by which a call ends that failed with `error`. Stacks, and text of other errors, stay here. */
export function statusOf(error: unknown): Partial<StatusObject> {
  const encoded = encodeError(error);
  if (encoded.superstep === undefined) {
    return { code: status.INTERNAL, details: `internal error: ${excerpt(encoded.message, 500)}` };
  }
  const json = JSON.stringify(encoded.superstep.details);
  const failure: CallFailure = {
    code: encoded.superstep.code,
    message: encoded.message.length > maxMessage ? `${encoded.message.slice(0, maxMessage - 1)}…` : encoded.message,
    ...(json === "{}" || json.length > maxDetails ? {} : { details: json }),
  };
  const metadata = new Metadata();
  metadata.set(failureKey, encodeMessage(failureBytes, failureWire, failure));
  return { code: statusCodeOf(failure.code), details: asciiOf(failure.message), metadata };
}

/** The error of a call that failed. `where`: method and address. */
export function errorOf(error: ServiceError, where: string): Error {
  const [failure] = error.metadata?.get(failureKey) ?? [];
  if (failure instanceof Buffer) return failureError(failure, where);
  const reason = escapeControls(error.details || error.message).slice(0, 500);
  switch (error.code) {
    case status.UNAUTHENTICATED:
      return new SuperstepError("UNAUTHENTICATED", `${where}: ${reason}`);
    case status.RESOURCE_EXHAUSTED:
      return new SuperstepError("MESSAGE_TOO_LARGE", `${where}: ${reason}`);
    case status.INTERNAL:
      if (reason.startsWith("internal error: ")) return new Error(`${where}: ${reason}`);
      return new SuperstepError("UNREACHABLE", `${where}: ${reason}`);
    default:
      return new SuperstepError("UNREACHABLE", `${where}: ${reason}`);
  }
}

/** The error for a control message over the limit. */
export function messageTooLarge(where: string, byteLength: number, limit: number): SuperstepError {
  const message = `${where}: a message must have at most maxControlBytes, ${limit}, bytes, got ${byteLength}`;
  return new SuperstepError("MESSAGE_TOO_LARGE", message, {
    details: { bytes: byteLength, limit, setting: "maxControlBytes" },
  });
}

function failureError(bytes: Buffer, where: string): Error {
  try {
    const { code, message, details } = decodeMessage(failureBytes, failureWire, bytes, "failure");
    const parsed = details === undefined ? {} : plainDetails(details);
    const superstep = { code: code as SuperstepError["code"], details: parsed };
    const known = encodeError(new SuperstepError(superstep.code, message, { details: parsed }));
    if (known.superstep === undefined) throw new Error("unknown code");
    const { stack: _stack, ...record } = known;
    return decodeError(record);
  } catch (error) {
    return new SuperstepError("UNREACHABLE", `${where}: answered with a failure that cannot be read`, { cause: error });
  }
}

function plainDetails(json: string): ErrorDetails {
  const parsed = JSON.parse(json, (key, value: Json) => {
    if (key === "__proto__" || key === "constructor") throw new Error(`details must not have the key ${key}`);
    return value;
  }) as Json;
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new Error("details are no object");
  return parsed as ErrorDetails;
}

function statusCodeOf(code: string): status {
  switch (code) {
    case "UNAUTHENTICATED":
      return status.UNAUTHENTICATED;
    case "INVALID_ARGUMENT":
      return status.INVALID_ARGUMENT;
    case "MESSAGE_TOO_LARGE":
      return status.RESOURCE_EXHAUSTED;
    case "BLOCK_CORRUPT":
      return status.DATA_LOSS;
    default:
      return status.FAILED_PRECONDITION;
  }
}

/** Status details travel in a header: printable, short. The whole message is in the failure. */
function asciiOf(message: string): string {
  return escapeControls(message).slice(0, 200);
}
