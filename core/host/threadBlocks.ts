/**
 * A thread's way to its host's blocks: asks the main thread, which alone keeps them.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { excerpt, SuperstepError } from "../errors.ts";
import { decodeError } from "../remoteError.ts";
import type { BlockRequest, FromThread, Reply } from "./messages.ts";
import type { BlockId, StorageLevel } from "./task.ts";
import { sharedCopy } from "../storage/sharedCopy.ts";

/** Milliseconds that a thread stands still for a block. */
const answerMs = 60_000;

interface Waiting {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Requests for blocks, matched with their replies. Several can be under way at once; those of one turn travel together.
 */
export class ThreadBlocks {
  readonly #port: MessagePort;
  readonly #arena: ArrayBufferLike;
  readonly #waiting: Map<number, Waiting> = new Map();
  /** Requests that are not posted yet. */
  #queue: BlockRequest[] = [];
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
    this.#flush();
    const { port1, port2 } = new MessageChannel();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const message: FromThread = { type: "fetchBlockNow", id, port: port2, flag };
    this.#port.postMessage(message, [port2]);
    Atomics.wait(flag, 0, 0, answerMs);
    const reply = (receiveMessageOnPort(port1) as { message: Reply } | undefined)?.message;
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

  /** Takes the main thread's replies to requests. */
  settle(replies: readonly Reply[]): void {
    for (const reply of replies) {
      const waiting = this.#take(reply.request);
      if (reply.type === "answer") waiting?.resolve(reply.bytes);
      else waiting?.reject(decodeError(reply.error));
    }
  }

  #ask(requestOf: (request: number) => BlockRequest): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const request = ++this.#lastRequest;
      this.#waiting.set(request, { resolve, reject });
      if (this.#queue.push(requestOf(request)) === 1) queueMicrotask(() => this.#flush());
    });
  }

  #take(request: number): Waiting | undefined {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    return waiting;
  }

  #flush(): void {
    if (this.#queue.length === 0) return;
    const requests = this.#queue;
    this.#queue = [];
    try {
      this.#port.postMessage({ type: "blocks", requests } satisfies FromThread);
    } catch (error) {
      for (const { request } of requests) this.#take(request)?.reject(error as Error); // one of them cannot be sent
    }
  }

  /** A view that would keep far more memory alive than it shows is copied, so that accounts are true. */
  #isShareable({ buffer, byteLength }: Uint8Array): boolean {
    if (!(buffer instanceof SharedArrayBuffer) || buffer === this.#arena) return false;
    return buffer.byteLength <= 2 * byteLength + 1024;
  }
}
