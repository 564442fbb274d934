/**
 * Calls and their answers as messages of a standing stream: see `CallFrame` and `AnswerFrame` in `superstep.proto`.
 */
import { crc32 } from "node:zlib";
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { failureKey, statusOf } from "./callFailure.ts";
import { encodeMessage, messageBytes } from "./protocol.ts";
import { maxEntryBytes, type StoredBytes } from "./segmentRing.ts";
import { integer, natural, optional, record, text, type Wire } from "./wire.ts";

/** Bytes up to which an upload goes along in one frame. */
export const maxFrameData: number = 2 ** 16;
/** Bytes that a frame may have beside its message and its data. */
export const frameOverhead: number = 8192;

/** A call, or an upload whose bytes go along, or lie where the other side can read them. */
export interface CallFrame {
  /** Its answer carries the same. */
  readonly number: number;
  /** Path of a method. */
  readonly method: string;
  /** Of a call its request, of an upload its first part. */
  readonly message: Uint8Array;
  /** Of an upload: all its bytes, and their CRC-32. */
  readonly data?: Uint8Array | undefined;
  readonly checksum?: number | undefined;
  /** Of an upload whose bytes do not go along: where they lie. */
  readonly stored?: StoredBytes | undefined;
}

/** How a call ended: with a response, or with a status other than OK. */
export interface AnswerFrame {
  readonly number: number;
  readonly message?: Uint8Array | undefined;
  readonly status?: number | undefined;
  readonly details?: string | undefined;
  /** An encoded Failure. */
  readonly failure?: Uint8Array | undefined;
}

/** Bytes that are views of the message they came with. */
const view: Wire<Uint8Array> = {
  write: (value) => value,
  read: (wire, where) => {
    if (wire instanceof Uint8Array) return wire;
    throw new SuperstepError("INVALID_ARGUMENT", `message: ${where} must be bytes`);
  },
};
const word = integer(0, 0xffff_ffff);

const storedWire = record<StoredBytes>({
  segment: text(64),
  entry: word,
  byteLength: integer(1, maxEntryBytes),
  checksum: word,
});
const callFrameWire = record<CallFrame>({
  number: natural,
  method: text(200),
  message: view,
  data: optional(view),
  checksum: optional(word),
  stored: optional(storedWire),
});
const answerFrameWire = record<AnswerFrame>({
  number: natural,
  message: optional(view),
  status: optional(integer(1, 16)),
  details: optional(text(1000)),
  failure: optional(view),
});
const callFrameBytes = messageBytes("CallFrame");
const answerFrameBytes = messageBytes("AnswerFrame");

export function encodeCall(frame: CallFrame): Buffer {
  return encodeMessage(callFrameBytes, callFrameWire, frame);
}

/** @throws SuperstepError INVALID_ARGUMENT if `bytes` are no call; BLOCK_CORRUPT if its data was damaged. */
export function decodeCall(bytes: Buffer): CallFrame {
  const frame = callFrameWire.read(callFrameBytes.decode(bytes), "a call");
  const { data, checksum, method } = frame;
  if (data === undefined || crc32(data) === checksum) return frame;
  throw new SuperstepError("BLOCK_CORRUPT", `${method}: its bytes have another checksum`);
}

export function encodeAnswer(frame: AnswerFrame): Buffer {
  return encodeMessage(answerFrameBytes, answerFrameWire, frame);
}

/** @throws SuperstepError INVALID_ARGUMENT if `bytes` are no answer. */
export function decodeAnswer(bytes: Buffer): AnswerFrame {
  return answerFrameWire.read(answerFrameBytes.decode(bytes), "an answer");
}

/** The answer to a call that failed with `error`: see `statusOf`. */
export function refusal(number: number, error: unknown): AnswerFrame {
  const { code = status.UNKNOWN, details = "", metadata } = statusOf(error);
  const [failure] = metadata?.get(failureKey) ?? [];
  return { number, status: code, details, ...(failure instanceof Buffer ? { failure } : {}) };
}

/** How a refused call would have ended by itself; undefined if it succeeded. */
export function errorInAnswer({ status: code, details = "", failure }: AnswerFrame): ServiceError | undefined {
  if (code === undefined) return undefined;
  const metadata = new Metadata();
  if (failure !== undefined) metadata.set(failureKey, Buffer.from(failure));
  return Object.assign(new Error(details), { code, details, metadata });
}
