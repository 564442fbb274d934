/**
 * The caller's side of calls: all of a connection on one standing stream, each answered under its number. A call costs
 * two small writes, where one of its own would cost a stream with headers and trailers.
 */
import type { ClientHttp2Stream } from "node:http2";
import { crc32 } from "node:zlib";
import { SuperstepError } from "../errors.ts";
import { framed, totalBytes } from "./byteStream.ts";
import { errorOf } from "./callFailure.ts";
import {
  type AnswerFrame,
  type CallFrame,
  decodeAnswer,
  encodeCall,
  errorInAnswer,
  frameOverhead,
} from "./callFrames.ts";
import { FrameReader } from "./frameReader.ts";
import type { Http2Connection } from "./http2Connection.ts";
import { callsPath } from "./protocol.ts";
import type { StoredBytes } from "./segmentRing.ts";

/** A call to make. `data`: of an upload, at most `maxFrameData` bytes. */
export interface OutgoingCall {
  readonly path: string;
  readonly message: Uint8Array;
  readonly data?: readonly Uint8Array[];
  /** In place of `data`: where the bytes lie. Only if `canRead`. */
  readonly stored?: StoredBytes;
  /** Names it in errors. */
  readonly where: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Waiting {
  readonly where: string;
  readonly settle: (error: unknown, answer?: AnswerFrame) => void;
}

/** A stream that stands, and the calls on it that are not answered. */
interface Standing {
  readonly stream: ClientHttp2Stream;
  readonly waiting: Map<number, Waiting>;
  /** True if the other side can read segments of this process. */
  readonly canRead: boolean;
}

export class CallStream {
  readonly #connection: Http2Connection;
  readonly #maxAnswerBytes: number;
  #opening: Promise<Standing> | undefined;
  #lastNumber = 0;

  /** `maxControlBytes`: of an answer. */
  constructor(connection: Http2Connection, maxControlBytes: number) {
    this.#connection = connection;
    this.#maxAnswerBytes = maxControlBytes + frameOverhead;
  }

  /** True if the other side can read segments of this process. Rejects if it cannot be reached. */
  async canRead(): Promise<boolean> {
    return (await this.#stand()).canRead;
  }

  /** The response to a call. Rejects as `Peer.call` does. */
  async call({ path, message, data, stored, where, deadlineMs, signal }: OutgoingCall): Promise<Uint8Array> {
    if (signal?.aborted === true) throw cancelled(where);
    this.#connection.hold();
    const number = ++this.#lastNumber;
    let timer: NodeJS.Timeout | undefined;
    let standing: Standing | undefined;
    let isOver = false;
    let abort = (): void => {};
    try {
      const answered = new Promise<AnswerFrame>((resolve, reject) => {
        const settle: Waiting["settle"] = (error, answer) => (answer === undefined ? reject(error) : resolve(answer));
        abort = () => settle(cancelled(where));
        signal?.addEventListener("abort", abort, { once: true });
        timer = setTimeout(() => settle(tooLate(where, deadlineMs)), Math.min(deadlineMs, longestTimerMs));
        this.#stand().then((stands) => {
          if (isOver) return;
          standing = stands;
          if (stands.stream.destroyed) return settle(this.#connection.closedError(where));
          stands.waiting.set(number, { where, settle });
          const frame: CallFrame = {
            number,
            method: path,
            message,
            stored,
            ...(data === undefined ? {} : checked(data)),
          };
          stands.stream.write(framed(encodeCall(frame)));
        }, settle);
      });
      const answer = await answered;
      const error = errorInAnswer(answer);
      if (error !== undefined) throw errorOf(error, where);
      return answer.message ?? new Uint8Array(0);
    } finally {
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      standing?.waiting.delete(number);
      this.#connection.release();
    }
  }

  #stand(): Promise<Standing> {
    if (this.#opening !== undefined) return this.#opening;
    const opening = this.#start(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    this.#opening = opening;
    return opening;
  }

  /** Starts the stream; `ended` is called when it has ended, or could not be started. */
  async #start(ended: () => void): Promise<Standing> {
    const where = `calls at ${this.#connection.address}`;
    const waiting = new Map<number, Waiting>();
    const fail = (error: unknown): void => {
      ended();
      for (const one of waiting.values()) one.settle(asOf(error, one.where));
      waiting.clear();
    };
    try {
      const { stream, ended: ending, segments } = await this.#connection.start(callsPath, where);
      const reader = new FrameReader(where, this.#maxAnswerBytes, (bytes) => {
        const answer = decodeAnswer(bytes);
        waiting.get(answer.number)?.settle(undefined, answer);
      });
      stream.on("data", (bytes: Buffer) => {
        try {
          reader.push(bytes);
        } catch (error) {
          fail(error);
          stream.close();
        }
      });
      ending.then(() => fail(new SuperstepError("UNREACHABLE", `${where}: the stream ended`)), fail);
      return { stream, waiting, canRead: segments !== undefined };
    } catch (error) {
      ended();
      throw error;
    }
  }
}

const longestTimerMs = 2 ** 31 - 1;

/** The error of a stream as that of a call on it. */
function asOf(error: unknown, where: string): unknown {
  if (!(error instanceof SuperstepError)) return error;
  return new SuperstepError(error.code, `${where}: ${error.message}`, { cause: error, details: error.details });
}

function checked(pieces: readonly Uint8Array[]): { readonly data: Uint8Array; readonly checksum: number } {
  const data = new Uint8Array(totalBytes(pieces));
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.byteLength;
  }
  return { data, checksum: crc32(data) };
}

function cancelled(where: string): SuperstepError {
  return new SuperstepError("CANCELLED", `${where}: cancelled`);
}

function tooLate(where: string, deadlineMs: number): SuperstepError {
  return new SuperstepError("UNREACHABLE", `${where}: no answer within ${deadlineMs} ms`);
}
