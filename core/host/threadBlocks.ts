/**
 * A thread's way to its host's blocks: asks the main thread, which alone keeps them.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { excerpt, SuperstepError } from "../errors.ts";
import { decodeError } from "../remoteError.ts";
import type { FromThread, ToThread } from "./messages.ts";
import type { BlockId, StorageLevel } from "./task.ts";
import { sharedCopy } from "../storage/sharedCopy.ts";

/** Milliseconds that a thread stands still for a block. */
const answerMs = 60_000;

interface Waiting {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Requests for blocks, matched with their answers. Several can be under way at once. */
export class ThreadBlocks {
  readonly #port: MessagePort;
  readonly #arena: ArrayBufferLike;
  readonly #waiting: Map<number, Waiting> = new Map();
  #lastRequest = 0;

  /** `arena`: the host's arena memory, which cannot be sent. */
  constructor(port: MessagePort, arena: ArrayBufferLike) {
    this.#port = port;
    this.#arena = arena;
  }

  /** The bytes of a block, shared with all who read it; undefined if the host does not have it. */
  fetch(id: BlockId): Promise<Uint8Array | undefined> {
    return this.#ask((request) => ({ type: "fetchBlock", request, id }));
  }

  /**
   * As `fetch`, but waits: the whole thread stands still until the main thread has answered.
   *
   * @throws SuperstepError FETCH_FAILED if there is no answer within a minute.
   */
  fetchNow(id: BlockId): Uint8Array | undefined {
    const { port1, port2 } = new MessageChannel();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const message: FromThread = { type: "fetchBlockNow", id, port: port2, flag };
    this.#port.postMessage(message, [port2]);
    Atomics.wait(flag, 0, 0, answerMs);
    const reply = (receiveMessageOnPort(port1) as { message: ToThread } | undefined)?.message;
    port1.close();
    if (reply?.type === "answer") return reply.bytes;
    if (reply?.type === "refusal") throw decodeError(reply.error);
    throw new SuperstepError("FETCH_FAILED", `block ${excerpt(id)}: its host did not answer within ${answerMs} ms`);
  }

  /** Resolves when the host has taken the block, which may wait for room. */
  async store(id: BlockId, bytes: Uint8Array, level: StorageLevel): Promise<void> {
    const shared = this.#isShareable(bytes) ? bytes : sharedCopy(bytes);
    await this.#ask((request) => ({ type: "storeBlock", request, id, bytes: shared, level }));
  }

  /** Hands bytes to the main thread, which sends them to another host. */
  deliver(stageId: number, host: number, bytes: Uint8Array): void {
    const shared = this.#isShareable(bytes) ? bytes : sharedCopy(bytes);
    this.#port.postMessage({ type: "deliver", stageId, host, bytes: shared } satisfies FromThread);
  }

  /** Takes the main thread's reply to a request. */
  settle(reply: ToThread & { type: "answer" | "refusal" }): void {
    const waiting = this.#waiting.get(reply.request);
    this.#waiting.delete(reply.request);
    if (reply.type === "answer") waiting?.resolve(reply.bytes);
    else waiting?.reject(decodeError(reply.error));
  }

  #ask(message: (request: number) => FromThread): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const request = ++this.#lastRequest;
      this.#waiting.set(request, { resolve, reject });
      this.#port.postMessage(message(request));
    });
  }

  /** A view that would keep far more memory alive than it shows is copied, so that accounts are true. */
  #isShareable({ buffer, byteLength }: Uint8Array): boolean {
    if (!(buffer instanceof SharedArrayBuffer) || buffer === this.#arena) return false;
    return buffer.byteLength <= 2 * byteLength + 1024;
  }
}
