/**
 * The server's side of calls on a standing stream: each is answered under its number, in whatever order they end.
 */
import type { Http2Session } from "node:http2";
import { Metadata, type handleBidiStreamingCall } from "@grpc/grpc-js";
import { SuperstepError } from "../errors.ts";
import { type AdmittedOf, type Answers, answerFor } from "./answer.ts";
import { framed } from "./byteStream.ts";
import { statusOf } from "./callFailure.ts";
import { type AnswerFrame, decodeCall, encodeAnswer, frameOverhead, maxFrameData, refusal } from "./callFrames.ts";
import { FrameReader } from "./frameReader.ts";
import type { GrpcSettings } from "./grpcOptions.ts";
import { callsPath } from "./protocol.ts";

/** Calls of one stream that are not answered: while there are more, nothing is read. */
const maxUnanswered = 128;
/** Standing streams of one connection: a caller needs one, and a moment for its end to be noticed. */
const maxStanding = 4;

/** Answers calls of all methods but streams. */
export function answerCalls(
  answers: Answers,
  settings: GrpcSettings,
  admittedOf: AdmittedOf,
): handleBidiStreamingCall<Buffer, Buffer> {
  const standing = new WeakMap<Http2Session, number>();
  const maxBytes = settings.maxControlBytes + maxFrameData + frameOverhead;
  return (call) => {
    const { caller, stream, segments } = admittedOf(call.metadata);
    const rings = segments?.ringReader();
    let isOver = false;
    let hasEnded = false;
    let unanswered = 0;
    const fail = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      call.emit("error", statusOf(error));
    };
    const { session } = stream;
    const count = (session === undefined ? undefined : standing.get(session)) ?? 0;
    if (session === undefined || count >= maxStanding) {
      return fail(new SuperstepError("MESSAGE_TOO_LARGE", `calls: at most ${maxStanding} streams on a connection`));
    }
    standing.set(session, count + 1);
    stream.once("close", () => {
      isOver = true;
      rings?.close();
      standing.set(session, standing.get(session)! - 1);
    });
    const answered = (): void => {
      unanswered--;
      if (isOver) return;
      if (hasEnded && unanswered === 0) call.end();
      else if (stream.isPaused() && unanswered < maxUnanswered) stream.resume();
    };
    const answer = (frame: AnswerFrame): void => {
      if (!isOver) stream.write(framed(encodeAnswer(frame)), answered); // counted until it is on its way
    };
    const reader = new FrameReader(callsPath, maxBytes, (bytes) => {
      const frame = decodeCall(bytes);
      if (++unanswered >= maxUnanswered) stream.pause();
      answerFor(answers, frame, caller, rings).then(
        (message) => answer({ number: frame.number, message }),
        (error: unknown) => answer(refusal(frame.number, error)),
      );
    });
    stream.removeAllListeners("data"); // the library's own
    call.sendMetadata(new Metadata());
    stream.on("data", (bytes: Buffer) => {
      if (isOver) return;
      try {
        reader.push(bytes);
      } catch (error) {
        fail(error);
      }
    });
    call.on("cancelled", () => (isOver = true));
    call.on("end", () => {
      hasEnded = true;
      if (!isOver && unanswered === 0) call.end();
    });
    call.resume();
  };
}
