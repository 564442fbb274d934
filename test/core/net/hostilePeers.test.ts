import { createHash, createHmac } from "node:crypto";
import http from "node:http";
import http2, { type OutgoingHttpHeaders } from "node:http2";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { Client, Metadata, Server as LibraryServer, ServerCredentials, credentials, status } from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { afterEach, describe, expect, it, vi } from "vitest";
import { grpcTransport, type GrpcTransportOptions } from "../../../core/net/grpcTransport.ts";
import { Secret } from "../../../core/net/secret.ts";
import type { Handlers, Transport } from "../../../core/net/transport.ts";

const secret = Secret.generate();
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

function transport(role: GrpcTransportOptions["role"], options: Partial<GrpcTransportOptions> = {}): Transport {
  const made = grpcTransport({ role, secret, ...options });
  endings.push(() => made.close());
  return made;
}

/** Handlers that serve every method, and count. */
function counting(): { handlers: Handlers; entered: string[] } {
  const entered: string[] = [];
  const any = (make: (name: string) => unknown): never =>
    new Proxy({}, { get: (_target, name) => make(String(name)) }) as never;
  const handlers = {
    calls: any((name) => async () => {
      entered.push(name);
      return { next: 1 };
    }),
    uploads: any((name) => ({
      place: (_header: unknown, byteLength: number) => [new Uint8Array(byteLength)],
      take: async () => void entered.push(name),
    })),
    downloads: any((name) => async () => {
      entered.push(name);
      return [new Uint8Array(1)];
    }),
  };
  return { handlers, entered };
}

/** The whole protocol, read anew from its schema. */
const schema = loadSync(fileURLToPath(new URL("../../../core/net/superstep.proto", import.meta.url)), {
  longs: Number,
  enums: String,
});
const rpcs = Object.entries(schema)
  .filter(([name]) => /^superstep\.v1\.(Session|Driver|Executor|Master|Worker)$/.test(name))
  .flatMap(([, service]) => Object.values(service as ServiceDefinition));

const identity = (bytes: Buffer): Buffer => bytes;

function rawClient(address: string): Client {
  const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  endings.push(() => client.close());
  return client;
}

interface RawAnswer {
  readonly code: number;
  readonly details: string;
  readonly bytes: Buffer | undefined;
}

/** One call by hand; every kind of method takes one message and a half close. */
function rawCall(client: Client, path: string, metadata: Metadata, body: Buffer): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let bytes: Buffer | undefined;
    const call = client.makeBidiStreamRequest(path, identity, identity, metadata, { deadline: Date.now() + 60_000 });
    call.on("data", (data: Buffer) => (bytes = data));
    call.on("error", () => {});
    call.on("status", ({ code, details }) => resolve({ code, details, bytes }));
    call.end(body);
  });
}

/** Headers of all calls that this process makes while `run` does. */
async function recorded(run: () => Promise<unknown>): Promise<OutgoingHttpHeaders[]> {
  const sent: OutgoingHttpHeaders[] = [];
  const connect = http2.connect;
  const spy = vi.spyOn(http2, "connect").mockImplementation(((...args: Parameters<typeof connect>) => {
    const session = connect(...args);
    const request = session.request.bind(session);
    session.request = (headers, options) => {
      sent.push(headers as OutgoingHttpHeaders);
      return request(headers, options);
    };
    return session;
  }) as typeof connect);
  await run();
  spy.mockRestore();
  return sent;
}

/** The metadata of the recorded call that has `key`. */
function metadataOf(sent: readonly OutgoingHttpHeaders[], key: string): Metadata {
  const metadata = new Metadata();
  metadata.set(key, Buffer.from(String(sent.find((headers) => key in headers)![key]), "base64"));
  return metadata;
}

/** Metadata with one message of the handshake. */
function handshakeMetadata(key: string, message: string, value: object): Metadata {
  const type = schema[`superstep.v1.${message}`] as unknown as { serialize(value: object): Buffer };
  const metadata = new Metadata();
  metadata.set(key, type.serialize(value));
  return metadata;
}

const hello = (nonce = Buffer.alloc(32, 1), role = "ROLE_EXECUTOR"): Metadata =>
  handshakeMetadata("superstep-hello-bin", "Hello", { role, expected: "ROLE_DRIVER", nonce });

const openPath = "/superstep.v1.Session/Open";
const provePath = "/superstep.v1.Session/Prove";
const nothing = Buffer.alloc(0);
const versions = { protocol: 1, build: "0.1.0", node: process.version };
const call = { host: 1, incarnation: "a", first: 0, events: [] } as const;

describe("F80: a peer without a session", () => {
  it("is refused by every method of the schema, whatever token it shows, and enters no handler", async () => {
    const { handlers, entered } = counting();
    const server = await transport("driver").serve(handlers);
    expect(rpcs.length).toBeGreaterThan(30);
    for (const rpc of rpcs) {
      for (const token of [undefined, Buffer.alloc(0), Buffer.alloc(32), Buffer.alloc(4000, 7)]) {
        const metadata = new Metadata();
        if (token !== undefined) metadata.set("superstep-session-bin", token);
        const { code } = await rawCall(rawClient(server.address), rpc.path, metadata, Buffer.from([8, 1]));
        expect([rpc.path, code]).toEqual([rpc.path, status.UNAUTHENTICATED]);
      }
      for (const end of endings.splice(1)) await end();
    }
    expect(entered).toEqual([]);
  });

  it("cannot use the token of another connection", async () => {
    const { handlers, entered } = counting();
    const server = await transport("driver").serve(handlers);
    const sent = await recorded(async () => {
      const peer = await transport("executor").connect(server.address, "driver");
      await peer.call("driver.report", call);
    });
    const stolen = metadataOf(sent, "superstep-session-bin");
    expect(entered).toEqual(["driver.report"]);
    const { code } = await rawCall(rawClient(server.address), "/superstep.v1.Driver/Report", stolen, nothing);
    expect(code).toBe(status.UNAUTHENTICATED);
    expect(entered).toEqual(["driver.report"]);
  });

  it("needs the token of the handshake also on a connection that is proven, and each challenge is answered once", async () => {
    const { handlers, entered } = counting();
    const text = "0123456789abcdef";
    const known = Secret.fromEnvironment({ SUPERSTEP_SECRET: text })!;
    const server = await transport("driver", { secret: known, versions, wrongSecretMs: 1 }).serve(handlers);
    const client = rawClient(server.address);
    const serialize = (name: string, value: object): Buffer =>
      (schema[`superstep.v1.${name}`] as unknown as { serialize(value: object): Buffer }).serialize(value);
    const { bytes } = await rawCall(client, openPath, hello(), nothing);
    const challenge = (
      schema["superstep.v1.Challenge"] as unknown as { deserialize(bytes: Buffer): { nonce: Buffer; proof: Buffer } }
    ).deserialize(bytes!);
    /** The handshake as docs/security.md says it, by hand. */
    const hmac = (label: string, ...more: Buffer[]): Buffer => {
      const made = createHmac("sha256", createHash("sha256").update(text).digest());
      const parts = [label, "executor", "driver"].map((part) => Buffer.from(part));
      for (const part of [...parts, Buffer.alloc(32, 1), challenge.nonce, ...more]) {
        made.update(Buffer.from([0, 0, part.length >> 8, part.length & 255])).update(part);
      }
      return made.digest();
    };
    expect(challenge.proof.equals(hmac("superstep 1 server"))).toBe(true);
    const proof = hmac("superstep 1 caller", serialize("VersionsMessage", versions));
    const metadata = handshakeMetadata("superstep-proof-bin", "Proof", { proof, versions });
    await expect(rawCall(client, provePath, metadata, nothing)).resolves.toMatchObject({ code: status.OK });
    await expect(rawCall(client, provePath, metadata, nothing)).resolves.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    const body = serialize("ReportRequest", { host: 1, incarnation: "a", first: 0 });
    const report = async (token: Buffer | undefined): Promise<number> => {
      const shown = new Metadata();
      if (token !== undefined) shown.set("superstep-session-bin", token);
      return (await rawCall(client, "/superstep.v1.Driver/Report", shown, body)).code;
    };
    for (const token of [undefined, nothing, Buffer.alloc(32), hmac("superstep 1 server")])
      expect(await report(token)).toBe(status.UNAUTHENTICATED);
    expect(entered).toEqual([]);
    expect(await report(hmac("superstep 1 session"))).toBe(status.OK);
    expect(entered).toEqual(["driver.report"]);
  });

  it("cannot send more than 8 KiB of metadata", async () => {
    const server = await transport("driver").serve(counting().handlers);
    const metadata = hello();
    metadata.set("x", "y".repeat(9000));
    const { code } = await rawCall(rawClient(server.address), openPath, metadata, nothing);
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
  });
});

describe("F81: a secret", () => {
  const text = "0123456789abcdef0123456789abcdef";
  const of = (value: string): Secret => Secret.fromEnvironment({ SUPERSTEP_SECRET: value })!;

  it.each([
    ["another one", "f".repeat(32)],
    ["a prefix", text.slice(0, 31)],
    ["one with more behind it", `${text}0`],
    ["one in upper case", text.toUpperCase()],
  ])("that is %s is refused, by both sides", async (_what, other) => {
    const { handlers, entered } = counting();
    const server = await transport("driver", { secret: of(text) }).serve(handlers);
    await expect(transport("executor", { secret: of(other) }).connect(server.address, "driver")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(transport("executor", { secret: of(text) }).connect(server.address, "driver")).resolves.toBeDefined();
    expect(entered).toEqual([]);
  });

  it.each(["", "short", "x".repeat(5000)])("that is too short or too long is no secret", (value) => {
    expect(() => of(value)).toThrow(/16 to 4096 bytes/);
  });

  it("that is wrong in a caller's proof is answered late, and ends the connection", async () => {
    const server = await transport("driver", { wrongSecretMs: 200 }).serve(counting().handlers);
    const client = rawClient(server.address);
    const { code, bytes } = await rawCall(client, openPath, hello(), nothing);
    expect(code).toBe(status.OK);
    expect(bytes!.length).toBeGreaterThan(60);
    const proof = handshakeMetadata("superstep-proof-bin", "Proof", { proof: Buffer.alloc(32, 3), versions });
    const started = performance.now();
    await expect(rawCall(client, provePath, proof, nothing)).resolves.toMatchObject({ code: status.UNAUTHENTICATED });
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  it("that a recorded handshake proved does not prove anything again", async () => {
    const { handlers, entered } = counting();
    const server = await transport("driver", { wrongSecretMs: 1 }).serve(handlers);
    const sent = await recorded(() => transport("executor").connect(server.address, "driver"));
    const openMetadata = metadataOf(sent, "superstep-hello-bin");
    const proveMetadata = metadataOf(sent, "superstep-proof-bin");
    const client = rawClient(server.address);
    await expect(rawCall(client, provePath, proveMetadata, nothing)).resolves.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    const again = rawClient(server.address);
    await expect(rawCall(again, openPath, openMetadata, nothing)).resolves.toMatchObject({ code: status.OK });
    await expect(rawCall(again, provePath, proveMetadata, nothing)).resolves.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    expect(entered).toEqual([]);
  });

  it("is not proven to a process that took over the port", async () => {
    const heard: Metadata[] = [];
    const squatter = new LibraryServer();
    const challenge = schema["superstep.v1.Challenge"] as unknown as { serialize(value: object): Buffer };
    const method = (path: string): object => ({
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    });
    squatter.addService(
      { open: method(openPath), prove: method(provePath) } as never,
      {
        open: (call: { metadata: Metadata }, answer: (error: null, bytes: Buffer) => void) => {
          heard.push(call.metadata);
          answer(
            null,
            challenge.serialize({ role: "ROLE_DRIVER", nonce: Buffer.alloc(32, 9), proof: Buffer.alloc(32, 9) }),
          );
        },
        prove: (call: { metadata: Metadata }, answer: (error: null, bytes: Buffer) => void) => {
          heard.push(call.metadata);
          answer(null, nothing);
        },
      } as never,
    );
    const port = await new Promise<number>((resolve, reject) => {
      squatter.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, got) =>
        error ? reject(error) : resolve(got),
      );
    });
    endings.push(() => squatter.forceShutdown());
    await expect(transport("executor").connect(`127.0.0.1:${port}`, "driver")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(heard).toHaveLength(1);
    expect(heard[0]!.get("superstep-proof-bin")).toEqual([]);
  });

  it("does not let a role do what is another's", async () => {
    const { handlers, entered } = counting();
    const driver = await transport("driver").serve(handlers);
    const executor = await transport("executor").serve(handlers);
    const worker = await transport("worker").connect(driver.address, "driver");
    await expect(worker.call("driver.report", call)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const other = await transport("executor").connect(executor.address, "executor");
    await expect(other.call("executor.stop", { host: 1, incarnation: "a" })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(entered).toEqual([]);
    await expect(transport("executor").connect(driver.address, "master")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});

describe("F82: sockets that are no peers", () => {
  const socketTo = (address: string): net.Socket => {
    const [host, port] = address.split(":") as [string, string];
    const socket = net.connect(Number(port), host);
    socket.on("error", () => {});
    endings.push(() => socket.destroy());
    return socket;
  };
  const closed = (socket: net.Socket): Promise<unknown> =>
    new Promise((resolve) => {
      socket.once("close", resolve);
      socket.resume();
    });

  it.each([
    ["garbage", Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) & 255))],
    ["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["half a preface of HTTP/2", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM")],
    ["a TLS hello", Buffer.from("16030100f8010000f40303", "hex")],
    ["nothing", nothing],
  ])("are closed when they send %s, and the server goes on", async (_what, bytes) => {
    const { handlers } = counting();
    const server = await transport("driver", { handshakeMs: 300 }).serve(handlers);
    const socket = socketTo(server.address);
    socket.write(bytes);
    await closed(socket);
    const peer = await transport("executor").connect(server.address, "driver");
    await expect(peer.call("driver.report", call)).resolves.toEqual({ next: 1 });
  });

  it("are closed, the oldest first, when there are a thousand of them, and peers still come in", async () => {
    const { handlers } = counting();
    const server = await transport("driver", { handshakeMs: 60_000, maxUnproven: 50 }).serve(handlers);
    const sockets = Array.from({ length: 1000 }, () => socketTo(server.address));
    let open = 1000;
    const most = new Promise<void>((resolve) => {
      for (const socket of sockets) {
        void closed(socket).then(() => {
          if (--open === 50) resolve();
        });
      }
    });
    const peer = await transport("executor").connect(server.address, "driver", { deadlineMs: 10_000 });
    await expect(peer.call("driver.report", call)).resolves.toEqual({ next: 1 });
    await most;
    await expect(peer.call("driver.report", call)).resolves.toEqual({ next: 1 }); // it has proven itself: it stays
  });

  it("do not keep a caller waiting: neither one that says nothing nor one of another kind", async () => {
    const silent = net.createServer((socket) => void socket.on("error", () => {}));
    const web = http.createServer((_request, response) => response.end("hello"));
    const listen = (server: net.Server): Promise<string> =>
      new Promise((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve(`127.0.0.1:${(server.address() as net.AddressInfo).port}`));
        endings.push(() => server.close());
      });
    const executor = transport("executor");
    await expect(executor.connect(await listen(silent), "driver", { deadlineMs: 300 })).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
    await expect(executor.connect(await listen(web), "driver")).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});

describe("F27: a message over the limit", () => {
  const large = (bytes: number): string[] => Array.from({ length: bytes / 4096 }, () => "x".repeat(4090));

  it("is refused with its size and the setting, either way, and the connection is as before", async () => {
    let urls: string[] = [];
    const handlers: Handlers = {
      calls: {
        "driver.report": async () => ({ next: 1 }),
        "driver.register": async () => ({
          host: 1,
          incarnation: "a",
          config: new Uint8Array(0),
          moduleHooks: urls,
          peers: [],
        }),
      },
      uploads: {},
      downloads: {},
    };
    const server = await transport("driver").serve(handlers);
    const peer = await transport("executor").connect(server.address, "driver");
    const register = { executor: "e", address: "a", numThreads: 1, pid: 1, versions };
    const failure = { kind: "userError", error: new Uint8Array(5 * 2 ** 20) } as const;
    const events = [{ type: "taskFailed", launch: 1, failure }] as const;
    const expected = {
      code: "MESSAGE_TOO_LARGE",
      message: expect.stringMatching(/maxControlBytes.*4194304.*52\d{5}/) as string,
    };
    await expect(peer.call("driver.report", { ...call, events })).rejects.toMatchObject(expected);
    urls = large(5 * 2 ** 20);
    await expect(peer.call("driver.register", register)).rejects.toMatchObject(expected);
    urls = large(3 * 2 ** 20);
    await expect(peer.call("driver.register", register)).resolves.toMatchObject({ moduleHooks: urls });
    const generous = await transport("executor", { maxControlBytes: 16 * 2 ** 20 }).connect(server.address, "driver");
    await expect(generous.call("driver.report", { ...call, events })).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
    });
    await expect(generous.call("driver.report", call)).resolves.toEqual({ next: 1 });
  });
});

describe("F28: an address that leads nowhere", () => {
  it("is said to be taken, unknown or dead at once, in one line", async () => {
    const none: Handlers = { calls: {}, uploads: {}, downloads: {} };
    const driver = transport("driver");
    const server = await driver.serve(none);
    const port = Number(server.address.split(":")[1]);
    const failures = await Promise.all([
      driver.serve(none, { port }).catch((error: unknown) => error),
      driver.serve(none, { port: 70_000 }).catch((error: unknown) => error),
      driver.connect("127.0.0.1:1", "executor").catch((error: unknown) => error),
      driver.connect("no-such-name.invalid:7077", "executor").catch((error: unknown) => error),
      driver.connect("no port", "executor").catch((error: unknown) => error),
    ]);
    expect(failures).toMatchObject([
      { code: "INVALID_ARGUMENT", message: expect.stringContaining("is taken") as string },
      { code: "INVALID_ARGUMENT" },
      { code: "UNREACHABLE", message: expect.stringContaining("nothing listens there") as string },
      { code: "UNREACHABLE", message: expect.stringContaining("name") as string },
      { code: "INVALID_ARGUMENT" },
    ]);
    for (const failure of failures) expect((failure as Error).message).not.toMatch(/\n| {4}at /);
  });

  it.each(["0.0.0.0", "::", "10.0.0.5", "example.org"])(
    "%s is refused as an address to listen on without TLS",
    async (host) => {
      const none: Handlers = { calls: {}, uploads: {}, downloads: {} };
      await expect(transport("driver").serve(none, { host })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("TLS") as string,
      });
    },
  );
});

describe("F29: another version", () => {
  it.each([
    ["protocol", { protocol: 2 }],
    ["build", { build: "9.9.9" }],
    ["Node", { node: "v99.1.2" }],
  ])("of %s is refused with both printed", async (_what, other) => {
    const { handlers, entered } = counting();
    const server = await transport("driver", { versions }).serve(handlers);
    const theirs = { ...versions, ...other };
    const failed = await transport("executor", { versions: theirs })
      .connect(server.address, "driver")
      .then(
        () => undefined,
        (error: unknown) => error as Error,
      );
    expect(failed).toMatchObject({ code: "INCOMPATIBLE" });
    for (const { protocol, build, node } of [versions, theirs])
      expect(failed!.message).toContain(`Superstep ${build} (protocol ${protocol}) on Node ${node}`);
    expect(entered).toEqual([]);
  });
});
