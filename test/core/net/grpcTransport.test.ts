import { afterEach, describe, expect, it } from "vitest";
import { SuperstepError } from "../../../core/errors.ts";
import { grpcTransport, type GrpcTransportOptions } from "../../../core/net/grpcTransport.ts";
import type { HostEvent } from "../../../core/net/messages.ts";
import { Secret } from "../../../core/net/secret.ts";
import type { Caller, Handlers, Transport } from "../../../core/net/transport.ts";

const secret = Secret.generate();
const open: Transport[] = [];

function transport(role: GrpcTransportOptions["role"], options: Partial<GrpcTransportOptions> = {}): Transport {
  const made = grpcTransport({ role, secret, ...options });
  open.push(made);
  return made;
}

const none: Handlers = { calls: {}, uploads: {}, downloads: {} };

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const report = (events: readonly HostEvent[], first = 0) => ({ host: 1, incarnation: "a", first, events });

describe("a call over gRPC", () => {
  it("brings request and response as they are, and tells the handler who calls", async () => {
    const heard: { request: unknown; caller: Caller }[] = [];
    const server = await transport("driver").serve({
      ...none,
      calls: {
        "driver.report": async (request, caller) => {
          heard.push({ request, caller });
          return { next: request.first + request.events.length };
        },
      },
    });
    const peer = await transport("executor").connect(server.address, "driver");
    const request = report(
      [
        { type: "slotAdded", slot: 0 },
        {
          type: "taskFinished",
          launch: 7,
          result: { inline: new Uint8Array([1, 2, 3]) },
          contributions: { number: 4, byteLength: 2 ** 40 },
        },
        { type: "taskFailed", launch: 8, failure: { kind: "threadNotStarted", error: new Uint8Array(0) } },
        { type: "blockStored", id: { kind: "shuffle", shuffle: 1, map: 0, reduce: 2 }, byteLength: 10 },
        { type: "warning", code: "W", text: "with\ttab and ü" },
      ],
      2 ** 53 - 10,
    );
    await expect(peer.call("driver.report", request)).resolves.toEqual({ next: 2 ** 53 - 5 });
    expect(heard).toMatchObject([{ caller: { role: "executor" } }]);
    expect(heard[0]!.request).toEqual(request);
    expect(heard[0]!.caller.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it("rejects with the SuperstepError that the handler threw", async () => {
    const thrown = new SuperstepError("HOST_LOST", "host 1: retired – ünïcode\n", { details: { host: 1, why: ["a"] } });
    const server = await transport("driver").serve({
      ...none,
      calls: { "driver.report": () => Promise.reject(thrown) },
    });
    const peer = await transport("executor").connect(server.address, "driver");
    const got = await peer.call("driver.report", report([])).catch((error: unknown) => error);
    expect(got).toBeInstanceOf(SuperstepError);
    expect(got).toMatchObject({ code: "HOST_LOST", message: thrown.message, details: thrown.details });
  });

  it("hides stack and type of any other error, and goes on", async () => {
    let isBroken = true;
    const server = await transport("driver").serve({
      ...none,
      calls: {
        "driver.report": async () => {
          if (isBroken) throw new TypeError("x is not a function");
          return { next: 1 };
        },
      },
    });
    const peer = await transport("executor").connect(server.address, "driver");
    const { message, stack } = await peer.call("driver.report", report([])).then(
      () => new Error("answered"),
      (error: unknown) => error as Error,
    );
    expect(message).toContain("internal error");
    expect(`${message}${stack}`).not.toContain("TypeError");
    isBroken = false;
    await expect(peer.call("driver.report", report([]))).resolves.toEqual({ next: 1 });
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])("does not send the number %d", async (host) => {
    const server = await transport("driver").serve(none);
    const peer = await transport("executor").connect(server.address, "driver");
    await expect(peer.call("driver.locate", { host, incarnation: "a", ids: [] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("fails at its deadline, and by its signal", async () => {
    const server = await transport("driver").serve({
      ...none,
      calls: { "driver.report": () => new Promise(() => {}) },
    });
    const peer = await transport("executor").connect(server.address, "driver");
    await expect(peer.call("driver.report", report([]), { deadlineMs: 50 })).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
    const controller = new AbortController();
    const cancelled = peer.call("driver.report", report([]), { signal: controller.signal });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    const closed = peer.call("driver.report", report([]));
    peer.close();
    peer.close();
    await expect(closed).rejects.toMatchObject({ code: "UNREACHABLE" });
    await expect(peer.call("driver.report", report([]))).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  it("reaches a server that came back on the same port, by a new handshake", async () => {
    const answering = (next: number): Handlers => ({ ...none, calls: { "driver.report": async () => ({ next }) } });
    const first = transport("driver");
    const server = await first.serve(answering(1));
    const peer = await transport("executor").connect(server.address, "driver");
    await expect(peer.call("driver.report", report([]))).resolves.toEqual({ next: 1 });
    await first.close();
    await expect(peer.call("driver.report", report([]))).rejects.toMatchObject({ code: "UNREACHABLE" });
    const port = Number(server.address.split(":")[1]);
    await transport("driver").serve(answering(2), { port });
    const again = async (): Promise<unknown> => {
      for (const deadline = performance.now() + 60_000; ;) {
        try {
          return await peer.call("driver.report", report([]));
        } catch (error) {
          if (performance.now() > deadline || !(error instanceof SuperstepError) || error.code !== "UNREACHABLE")
            throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    };
    await expect(again()).resolves.toEqual({ next: 2 });
  });

  it.each([
    { maxControlBytes: 1 },
    { keepaliveMs: 0 },
    { maxUnproven: 1.5 },
    { handshakeMs: Number.NaN },
    { maxStreamBytes: -1 },
  ])("is refused with %o", (options) => {
    expect(() => grpcTransport({ role: "driver", secret, ...options })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error,
    );
  });

  it("is served over IPv6, where the machine has it", async ({ skip }) => {
    const driver = transport("driver");
    const server = await driver
      .serve({ ...none, calls: { "driver.report": async () => ({ next: 3 }) } }, { host: "::1" })
      .catch(() => undefined);
    if (server === undefined) return skip("no IPv6 loopback here");
    expect(server.address).toMatch(/^\[::1\]:\d+$/);
    const peer = await transport("executor").connect(server.address, "driver");
    await expect(peer.call("driver.report", report([]))).resolves.toEqual({ next: 3 });
  });
});
