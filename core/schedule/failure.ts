/**
 * Why an attempt of a task ended without a result, what follows from that, and the error that a caller sees in the end.
 */
import { type ErrorCode, type ErrorDetails, escapeControls, SuperstepError } from "../errors.ts";
import { decodeError, type ErrorRecord, hasSystemCode, rootSuperstepError } from "../remoteError.ts";
import { fetchErrorIn } from "./fetchFailure.ts";

/** How an attempt ended; see `consequences`. */
export type FailureKind =
  | "userError"
  | "permanent"
  | "threadDied"
  | "threadNotStarted"
  | "outOfMemory"
  | "noSpace"
  | "hostLost"
  | "hostDrained"
  | "timedOut"
  | "fetchFailed"
  | "notStarted"
  | "cancelled";

/**
 * What an end means. `retry`: counts towards the task's limit, then the task runs again. `fail`: no retry can help, the
 * job fails at once. `recompute`: counts for the stage; the lost map output is made again. `again`: counts nothing.
 */
export const consequences: Readonly<Record<FailureKind, "retry" | "fail" | "recompute" | "again">> = {
  userError: "retry",
  permanent: "fail",
  threadDied: "retry",
  threadNotStarted: "retry",
  outOfMemory: "retry",
  noSpace: "retry",
  hostLost: "retry",
  hostDrained: "again",
  timedOut: "retry",
  fetchFailed: "recompute",
  notStarted: "again",
  cancelled: "again",
};

/** The end of one attempt. */
export interface TaskFailure {
  readonly kind: FailureKind;
  readonly error: ErrorRecord;
}

/** Why a job failed: what `toError` makes an error of. */
export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly cause?: ErrorRecord;
}

/** Where an attempt ran. */
export interface AttemptPlace {
  readonly stage: string;
  readonly stageId: number;
  readonly partition: number;
  readonly attempt: number;
  readonly host: number;
  readonly slot: number;
}

const retriedCodes: ReadonlySet<ErrorCode> = new Set(["TASK_FAILED", "HOST_LOST", "UNREACHABLE", "BLOCK_CORRUPT"]);
const spaceCodes = ["ENOSPC", "EFBIG", "EDQUOT"];
const moduleCodes = ["ERR_MODULE_NOT_FOUND", "ERR_UNKNOWN_FILE_EXTENSION", "ERR_PACKAGE_PATH_NOT_EXPORTED"];

/** The kind of an error that a task threw, by its root cause; a map output that could not be read goes before its cause. */
export function kindOfThrown(error: ErrorRecord): FailureKind {
  const code = rootSuperstepError(error)?.superstep?.code;
  if (code === "OUT_OF_MEMORY") return "outOfMemory";
  if (fetchErrorIn(error) !== undefined) return "fetchFailed";
  if (code !== undefined && !retriedCodes.has(code)) return "permanent";
  if (hasSystemCode(error, spaceCodes)) return "noSpace";
  if (hasSystemCode(error, moduleCodes)) return "permanent";
  return "userError";
}

/** Why a job fails whose task ended so for the last time. `earlier`: messages of its attempts before, oldest first. */
export function jobFailureOf(failure: TaskFailure, place: AttemptPlace, earlier: readonly string[]): JobFailure {
  const { stage, stageId, partition, attempt, host, slot } = place;
  const root = rootSuperstepError(failure.error, isMeans);
  const history = earlier.length === 0 ? {} : { earlierFailures: earlier };
  const details = { stage, stageId, partition, attempt, host, thread: slot, ...history };
  const keepsCode = root?.superstep !== undefined && root.superstep.code !== "TASK_FAILED";
  if (keepsCode && root.superstep !== undefined) {
    const code = root.superstep.code;
    return { code, message: root.message, details: { ...details, ...root.superstep.details }, cause: failure.error };
  }
  const attempts = attempt === 0 ? "" : `, attempt ${attempt}, failed ${earlier.length + 1} times`;
  const where = `stage ${JSON.stringify(stage)}, partition ${partition}${attempts || ", attempt 0"}`;
  const code = failure.kind === "hostLost" ? "HOST_LOST" : "TASK_FAILED";
  return { code, message: `${where}: ${summaryOf(failure.error)}`, details, cause: failure.error };
}

/** Not being reached is never what went wrong, but how that was found out. */
function isMeans(code: ErrorCode): boolean {
  return code === "UNREACHABLE";
}

/** Name and message of an error in one string. */
export function summaryOf(error: ErrorRecord): string {
  if (error.name === "Thrown") return error.message;
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

/** The error that a job's caller gets. */
export function toError(failure: JobFailure): SuperstepError {
  return new SuperstepError(failure.code, failure.message, {
    details: failure.details,
    ...(failure.cause === undefined ? {} : { cause: decodeError(failure.cause) }),
  });
}

/** A short, printable line for events. */
export function lineOf(error: ErrorRecord): string {
  return escapeControls(summaryOf(error)).slice(0, 300);
}
