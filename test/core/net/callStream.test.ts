import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { framed } from "../../../core/net/byteStream.ts";
import { type AnswerFrame, type CallFrame, decodeAnswer, encodeCall } from "../../../core/net/callFrames.ts";
import { FrameReader } from "../../../core/net/frameReader.ts";
import { settingsOf } from "../../../core/net/grpcOptions.ts";
import { grpcTransport } from "../../../core/net/grpcTransport.ts";
import { type Http2Call, Http2Connection } from "../../../core/net/http2Connection.ts";
import { callsPath, methods } from "../../../core/net/protocol.ts";
import { Secret } from "../../../core/net/secret.ts";
import type { Handlers, Role, Transport } from "../../../core/net/transport.ts";

const secret = Secret.generate();
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

function transport(role: Role): Transport {
  const made = grpcTransport({ role, secret });
  endings.push(() => made.close());
  return made;
}

/** A standing stream by hand, on a connection that is proven. */
class RawCalls {
  readonly answers: AnswerFrame[] = [];
  readonly call: Http2Call;
  readonly #heard = new Set<() => void>();

  constructor(call: Http2Call) {
    this.call = call;
    const reader = new FrameReader("raw", 2 ** 24, (bytes) => {
      const { message, ...answer } = decodeAnswer(bytes);
      this.answers.push(message === undefined ? answer : { ...answer, message: Uint8Array.from(message) });
      for (const heard of this.#heard) heard();
    });
    call.stream.on("data", (bytes: Buffer) => reader.push(bytes));
  }

  static async connection(address: string, role: Role, expected: Role): Promise<Http2Connection> {
    const connection = new Http2Connection(settingsOf({ role, secret }), address, expected);
    endings.push(() => connection.close());
    connection.hold();
    await connection.open();
    return connection;
  }

  /** Resolves when all is written to the connection. */
  send(...frames: CallFrame[]): Promise<void> {
    const bytes = Buffer.concat(frames.map((frame) => framed(encodeCall(frame))));
    return new Promise((resolve) => this.call.stream.write(bytes, () => resolve()));
  }

  /** The answers, when there are so many; rejects if the stream ends before. */
  async whenAnswered(count: number): Promise<readonly AnswerFrame[]> {
    const ended = this.call.ended.then(() => Promise.reject(new Error("the stream ended")));
    ended.catch(() => undefined);
    while (this.answers.length < count) {
      let heard = (): void => undefined;
      await Promise.race([new Promise<void>((resolve) => this.#heard.add((heard = resolve))), ended]);
      this.#heard.delete(heard);
    }
    return this.answers;
  }
}

const report = methods.get("driver.report")!;
const deliver = methods.get("executor.deliver")!;
const reportOf = (first: number): Buffer => report.request.encode({ host: 1, incarnation: "a", first });
const nextIn = ({ message }: AnswerFrame): unknown => report.response.decode(Buffer.from(message!))["next"];
const none: Handlers = { calls: {}, uploads: {}, downloads: {} };
const life = { host: 1, incarnation: "a" };

describe("a standing stream of calls", () => {
  it("answers each call under its number, in the order in which they end", async () => {
    let release = (): void => undefined;
    const first = new Promise<void>((resolve) => (release = resolve));
    const server = await transport("driver").serve({
      ...none,
      calls: {
        "driver.report": async (request) => {
          if (request.first === 10) await first;
          return { next: request.first + 1 };
        },
      },
    });
    const connection = await RawCalls.connection(server.address, "executor", "driver");
    const calls = new RawCalls(await connection.start(callsPath, "calls"));
    const call = (number: number, at: number): CallFrame => ({ number, method: report.path, message: reportOf(at) });
    void calls.send(call(7, 10), call(9, 20), call(8, 30));
    await calls.whenAnswered(2);
    release();
    const answers = await calls.whenAnswered(3);
    expect(answers.map((answer) => [answer.number, nextIn(answer)])).toEqual([
      [9, 21],
      [8, 31],
      [7, 11],
    ]);
    void calls.send(call(1, 1));
    calls.call.stream.end();
    await calls.call.ended; // what was sent before the end is answered
    expect(calls.answers.slice(3).map(nextIn)).toEqual([2]);
  });

  it("F80: is open to each role for its own methods alone, and enters no other handler", async () => {
    const entered: string[] = [];
    const any = (make: (name: string) => unknown): never =>
      new Proxy({}, { get: (_target, name) => make(String(name)) }) as never;
    const handlers: Handlers = {
      calls: any((name) => async () => {
        entered.push(name);
        throw new Error("entered");
      }),
      uploads: any((name) => ({
        place: () => {
          entered.push(name);
          throw new Error("entered");
        },
      })),
      downloads: any(() => () => Promise.reject(new Error("entered"))),
    };
    const server = await transport("driver").serve(handlers);
    const all = [...methods.values()];
    for (const role of ["driver", "executor", "master", "worker", "client"] as const) {
      const connection = await RawCalls.connection(server.address, role, "driver");
      const calls = new RawCalls(await connection.start(callsPath, "calls"));
      void calls.send(
        ...all.map(({ path, kind }, number) => {
          const whole = { data: new Uint8Array(0), checksum: 0 };
          return { number, method: path, message: new Uint8Array(0), ...(kind === "upload" ? whole : {}) };
        }),
        { number: all.length, method: callsPath, message: new Uint8Array(0) },
        { number: all.length + 1, method: "/superstep.v1.Session/Open", message: new Uint8Array(0) },
      );
      const answers = await calls.whenAnswered(all.length + 2);
      for (const { number, status } of answers) {
        const method = all[number];
        const isOpen = method !== undefined && method.kind !== "download" && method.callers.has(role);
        expect([role, method?.name, status === 16]).toEqual([role, method?.name, !isOpen]);
      }
    }
    expect(entered).toEqual([]); // those that are open were refused for the requests, which are empty
  });

  it("F27, F83: ends where what comes are no calls, is too long or damaged; other streams go on", async () => {
    const server = await transport("executor").serve({
      calls: {},
      uploads: { "executor.deliver": { place: (_header, length) => [new Uint8Array(length)], take: async () => {} } },
      downloads: {},
    });
    const connection = await RawCalls.connection(server.address, "executor", "executor");
    const part = deliver.request.encode({
      header: { ...life, mailbox: 1, part: 0, from: life },
      extent: { byteLength: 3, checksum: "CHECKSUM_CRC32" },
    });
    const data = Uint8Array.of(1, 2, 3);
    const whole = { number: 1, method: deliver.path, message: part, data, checksum: crc32(data) };
    const head = Buffer.alloc(5);
    head.writeUInt32BE(2 ** 30, 1);
    const cases: [string, Buffer, string][] = [
      ["too long", head, "MESSAGE_TOO_LARGE"],
      ["compressed", Buffer.from([1, 0, 0, 0, 0]), "INVALID_ARGUMENT"],
      ["no message", framed(Buffer.alloc(9, 255)), "INVALID_ARGUMENT"],
      ["a message without a number", framed(Buffer.alloc(0)), "INVALID_ARGUMENT"],
      ["damaged", framed(encodeCall({ ...whole, checksum: 5 })), "BLOCK_CORRUPT"],
      ["without a checksum", framed(encodeCall({ ...whole, checksum: undefined })), "BLOCK_CORRUPT"],
    ];
    for (const [what, bytes, code] of cases) {
      const calls = new RawCalls(await connection.start(callsPath, "calls"));
      void calls.send(whole);
      await calls.whenAnswered(1);
      calls.call.stream.write(bytes);
      await expect(calls.call.ended, what).rejects.toMatchObject({ code });
      await new Promise((resolve) =>
        calls.call.stream.destroyed ? resolve(0) : calls.call.stream.once("close", resolve),
      );
    }
    const calls = new RawCalls(await connection.start(callsPath, "calls"));
    void calls.send(whole, { ...whole, number: 2, data: undefined, checksum: undefined });
    void calls.send({ ...whole, number: 3, data: data.subarray(1), checksum: crc32(data.subarray(1)) });
    const answers = await calls.whenAnswered(3);
    const statuses = new Map(answers.map(({ number, status }) => [number, status]));
    expect(statuses).toEqual(
      new Map([
        [1, undefined],
        [2, 3], // an upload without its bytes
        [3, 15], // with fewer than it says
      ]),
    );
  });

  it("is not read while too many calls are not answered, and there are few of them on a connection", async () => {
    const entered: number[] = [];
    const waiting: (() => void)[] = [];
    let enteredLast = (): void => undefined;
    const last = new Promise<void>((resolve) => (enteredLast = resolve));
    const total = 20_000;
    const server = await transport("driver").serve({
      ...none,
      calls: {
        "driver.report": (request) => {
          entered.push(request.first);
          if (request.first === total) enteredLast();
          return new Promise((resolve) => waiting.push(() => resolve({ next: request.first })));
        },
      },
    });
    const connection = await RawCalls.connection(server.address, "executor", "driver");
    const call = (number: number): CallFrame => ({ number, method: report.path, message: reportOf(number) });
    const calls = new RawCalls(await connection.start(callsPath, "calls"));
    const all = Array.from({ length: total }, (_, number) => calls.send(call(number)));
    const sideways = await Promise.all(
      Array.from({ length: 8 }, async () => new RawCalls(await connection.start(callsPath, "calls"))),
    );
    const refused = sideways.slice(3).map((one) => one.call.ended);
    for (const one of refused) await expect(one).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
    await Promise.all(all);
    void sideways[0]!.send(call(total)); // another stream is read, and this comes behind all of the first one
    await last;
    expect(entered.length).toBeGreaterThan(128);
    expect(entered.length).toBeLessThan(total / 2);
    while (calls.answers.length < total) {
      for (const answer of waiting.splice(0)) answer();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(new Set(calls.answers.map(({ number }) => number)).size).toBe(total);
  });

  it("forgets calls that were given up: their answers, when they come, are nobody's", async () => {
    let answer = (): void => undefined;
    const server = await transport("driver").serve({
      ...none,
      calls: {
        "driver.report": (request) =>
          request.first === 0
            ? new Promise((resolve) => (answer = () => resolve({ next: 99 })))
            : Promise.resolve({ next: request.first }),
      },
    });
    const peer = await transport("executor").connect(server.address, "driver");
    const call = { ...life, first: 0, events: [] };
    await expect(peer.call("driver.report", call, { deadlineMs: 20 })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("no answer within 20 ms") as string,
    });
    answer();
    await expect(peer.call("driver.report", { ...call, first: 5 })).resolves.toEqual({ next: 5 });
  });
});

describe("FrameReader", () => {
  it("gives the messages that were framed, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
        (messages, cuts) => {
          const got: Uint8Array[] = [];
          const reader = new FrameReader("test", 40, (bytes) => got.push(Uint8Array.from(bytes)));
          const all = Buffer.concat(messages.map((message) => framed(message)));
          for (let at = 0, cut = 0; at < all.length; cut++) {
            const length = cuts[cut % cuts.length]!;
            reader.push(all.subarray(at, at + length));
            at += length;
          }
          expect(got).toEqual(messages);
        },
      ),
    );
  });

  it("refuses a frame that is too long by its head alone", () => {
    const reader = new FrameReader("test", 10, () => undefined);
    reader.push(Buffer.from([0, 0, 0]));
    expect(() => reader.push(Buffer.from([0, 11]))).toThrow(
      expect.objectContaining({ code: "MESSAGE_TOO_LARGE" }) as Error,
    );
  });
});
