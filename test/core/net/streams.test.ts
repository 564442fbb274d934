import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SuperstepError } from "../../../core/errors.ts";
import { grpcTransport, type GrpcTransportOptions } from "../../../core/net/grpcTransport.ts";
import { Secret } from "../../../core/net/secret.ts";
import type { Handlers, Transport } from "../../../core/net/transport.ts";
import { randomFor } from "../../../core/random.ts";

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

function randomBytes(seed: number, length: number): Uint8Array<SharedArrayBuffer> {
  const random = randomFor(seed);
  const words = new Uint32Array(new SharedArrayBuffer(4 * Math.ceil(length / 4)));
  for (let at = 0; at < words.length; at++) words[at] = random.nextUint32();
  return new Uint8Array(words.buffer, 0, length);
}

/** An executor with an arena: what is written, and what can be read. */
function arenaOf(byteLength: number): { handlers: Handlers; arena: Uint8Array; taken: unknown[] } {
  const arena = new Uint8Array(new SharedArrayBuffer(byteLength));
  const taken: unknown[] = [];
  const views = (ranges: readonly { offset: number; length: number }[]): Uint8Array[] =>
    ranges.map(({ offset, length }) => {
      if (offset + length > byteLength) throw new SuperstepError("INVALID_ARGUMENT", "beyond the arena");
      return arena.subarray(offset, offset + length);
    });
  const handlers: Handlers = {
    calls: {},
    uploads: {
      "executor.writeArena": {
        place: ({ ranges }) => views(ranges),
        take: async (header) => void taken.push(header.ranges),
      },
    },
    downloads: {
      "executor.readArena": async ({ ranges }) => views(ranges),
      "executor.payload": async () => undefined,
    },
  };
  return { handlers, arena, taken };
}

const life = { host: 1, incarnation: "a" };
const once = { number: 1, since: 0 };

/** A TCP proxy on loopback that can spoil what comes from a side after so many bytes. */
async function proxyTo(address: string): Promise<{
  address: string;
  /** Of the connections made from now on. `damage` gets the bytes from `from` on; undefined cuts the connection. */
  spoil: (side: "caller" | "server", from: number, damage: (bytes: Buffer) => Buffer | undefined) => void;
  bytes: { caller: number; server: number };
  fired: () => boolean;
}> {
  const [host, port] = address.split(":") as [string, string];
  let spoiling: { side: string; from: number; damage: (bytes: Buffer) => Buffer | undefined } | undefined;
  let hasFired = false;
  const bytes = { caller: 0, server: 0 };
  const sockets = new Set<net.Socket>();
  const server = net.createServer((caller) => {
    const upstream = net.connect(Number(port), host);
    const pass = (side: "caller" | "server", from: net.Socket, to: net.Socket): void => {
      let seen = 0;
      sockets.add(from);
      from.on("error", () => {}).on("close", () => to.destroy());
      from.on("data", (data: Buffer) => {
        bytes[side] += data.length;
        const start = seen;
        seen += data.length;
        if (spoiling?.side !== side || seen <= spoiling.from) {
          to.write(data);
          return;
        }
        hasFired = true;
        const at = Math.max(0, spoiling.from - start);
        to.write(data.subarray(0, at));
        const rest = spoiling.damage(data.subarray(at));
        if (rest === undefined) {
          from.destroy();
          to.end();
        } else to.write(rest);
      });
    };
    pass("caller", caller, upstream);
    pass("server", upstream, caller);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    address: `127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    spoil: (side, from, damage) => {
      hasFired = false;
      spoiling = { side, from, damage };
    },
    bytes,
    fired: () => hasFired,
  };
}

describe("bytes over gRPC", () => {
  const mebi = 2 ** 20;

  it.each([0, 1, 65_536, 65_537, mebi - 1, mebi, mebi + 1, 5 * mebi + 3])(
    "%i of them go up and come down as they were",
    async (length) => {
      const { handlers, arena, taken } = arenaOf(6 * mebi);
      const server = await transport("executor").serve(handlers);
      const peer = await transport("driver").connect(server.address, "executor");
      const bytes = randomBytes(length, length);
      const cutAt = Math.floor(length / 3);
      const ranges = [
        { offset: 5, length: cutAt },
        { offset: 5 + cutAt, length: length - cutAt },
      ];
      await peer.upload("executor.writeArena", { ...life, ...once, ranges }, [bytes.subarray(0, 1), bytes.subarray(1)]);
      expect(taken).toEqual([ranges]);
      expect(Buffer.compare(arena.subarray(5, 5 + length), bytes)).toBe(0);
      expect(arena[5 + length]).toBe(0);
      const back = await peer.download("executor.readArena", { ...life, ranges });
      expect(back!.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(back!.buffer.byteLength).toBe(length);
      expect(Buffer.compare(back!, bytes)).toBe(0);

      const places = [Math.floor(length / 2), Math.ceil(length / 2)].map((size) => new Uint8Array(size).fill(7));
      const none = await peer.download("executor.readArena", { ...life, ranges }, { into: places });
      expect(none).toHaveLength(0);
      expect(Buffer.compare(Buffer.concat(places), bytes)).toBe(0);
      const refused = peer.download(
        "executor.readArena",
        { ...life, ranges },
        { into: [...places, new Uint8Array(1)] },
      );
      await expect(refused).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    },
  );

  it("go nowhere after their download was cancelled", async () => {
    const { handlers, arena } = arenaOf(64 * mebi);
    arena.fill(1);
    const server = await transport("executor").serve(handlers);
    const peer = await transport("driver").connect(server.address, "executor");
    const into = new Uint8Array(64 * mebi);
    const cancelling = new AbortController();
    const ranges = [{ offset: 0, length: 64 * mebi }];
    const downloading = peer.download(
      "executor.readArena",
      { ...life, ranges },
      { into: [into], signal: cancelling.signal },
    );
    let arrived = -1;
    const cancelled = downloading.catch((error: unknown) => {
      arrived = into.indexOf(0);
      return error;
    });
    while (into[0] === 0) await new Promise((resolve) => setImmediate(resolve));
    cancelling.abort();
    expect(await cancelled).toMatchObject({ code: "CANCELLED" });
    expect(arrived).toBeGreaterThan(0);
    // what was on its way before comes before this
    await peer.download("executor.readArena", { ...life, ranges: [{ offset: 0, length: 10 }] });
    expect(into.indexOf(0)).toBe(arrived);
  });

  it("that are not there are undefined, and what a handler throws arrives", async () => {
    const { handlers } = arenaOf(10);
    const server = await transport("executor").serve(handlers);
    const peer = await transport("driver").connect(server.address, "executor");
    await expect(peer.download("executor.payload", { ...life, number: 1 })).resolves.toBeUndefined();
    const ranges = [{ offset: 0, length: 11 }];
    const beyond = { code: "INVALID_ARGUMENT", message: "beyond the arena" };
    await expect(peer.download("executor.readArena", { ...life, ranges })).rejects.toMatchObject(beyond);
    await expect(
      peer.upload("executor.writeArena", { ...life, ...once, ranges }, [new Uint8Array(11)]),
    ).rejects.toMatchObject(beyond);
    const fits = [{ offset: 0, length: 10 }];
    await expect(
      peer.upload("executor.writeArena", { ...life, ...once, ranges: fits }, [new Uint8Array(9)]),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(
      peer.download("executor.readBlocks", { ...life, ids: [{ kind: "rdd", rdd: 1, partition: 0 }] }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(peer.download("executor.readArena", { ...life, ranges: fits })).resolves.toHaveLength(10);
  });

  it("may be on their way in many streams at once", async () => {
    const { handlers } = arenaOf(4 * mebi);
    const server = await transport("executor").serve(handlers);
    const peer = await transport("driver").connect(server.address, "executor");
    const bytes = randomBytes(9, 4 * mebi);
    const ranges = (at: number): { offset: number; length: number }[] => [{ offset: at * 16_384, length: 16_384 }];
    const every = Array.from({ length: 256 }, (_, at) => at);
    await Promise.all(
      every.map((at) =>
        peer.upload("executor.writeArena", { ...life, ...once, ranges: ranges(at) }, [
          bytes.subarray(at * 16_384, (at + 1) * 16_384),
        ]),
      ),
    );
    const back = await Promise.all(
      every.map((at) => peer.download("executor.readArena", { ...life, ranges: ranges(at) })),
    );
    expect(Buffer.compare(Buffer.concat(back as Uint8Array[]), bytes)).toBe(0);
  });

  it("are not sent to the end once the other side has refused them", async () => {
    const { handlers } = arenaOf(10);
    const server = await transport("executor").serve(handlers);
    const proxy = await proxyTo(server.address);
    const peer = await transport("driver").connect(proxy.address, "executor");
    const length = 100 * mebi;
    const bytes = new Uint8Array(new SharedArrayBuffer(length));
    await expect(
      peer.upload("executor.writeArena", { ...life, ...once, ranges: [{ offset: 0, length }] }, [bytes]),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: "beyond the arena" });
    expect(proxy.bytes.caller).toBeLessThan(length / 2);
  });

  it("are asked for up to a limit only", async () => {
    const { handlers } = arenaOf(mebi);
    const server = await transport("executor").serve(handlers);
    const peer = await transport("driver", { maxStreamBytes: 1000 }).connect(server.address, "executor");
    const ranges = (length: number): { offset: number; length: number }[] => [{ offset: 0, length }];
    await expect(peer.download("executor.readArena", { ...life, ranges: ranges(1000) })).resolves.toHaveLength(1000);
    await expect(peer.download("executor.readArena", { ...life, ranges: ranges(1001) })).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      details: { setting: "maxStreamBytes" },
    });
  });

  it("end by signal, by lack of progress on either side, and by close; the peer is usable as long as it is open", async () => {
    const { handlers } = arenaOf(10);
    const stuck: Handlers = {
      ...handlers,
      uploads: {
        "executor.writeArena": { place: () => [new Uint8Array(1)], take: () => new Promise(() => {}) },
      },
      downloads: { ...handlers.downloads, "executor.payload": () => new Promise(() => {}) },
    };
    const server = await transport("executor").serve(stuck);
    const peer = await transport("driver").connect(server.address, "executor");
    const payload = { ...life, number: 1 };
    const write = { ...life, ranges: [{ offset: 0, length: 1 }] };
    await expect(peer.download("executor.payload", payload, { deadlineMs: 100 })).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
    await expect(
      peer.upload("executor.writeArena", { ...write, ...once }, [new Uint8Array(1)], { deadlineMs: 100 }),
    ).rejects.toMatchObject({ code: "UNREACHABLE" });
    const controller = new AbortController();
    const cancelled = peer.download("executor.payload", payload, { signal: controller.signal });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(peer.download("executor.readArena", write)).resolves.toHaveLength(1);
    const closed = peer.download("executor.payload", payload);
    peer.close();
    await expect(closed).rejects.toMatchObject({ code: "UNREACHABLE" });
    await expect(peer.download("executor.readArena", write)).rejects.toMatchObject({ code: "UNREACHABLE" });

    const strict = await transport("executor", { streamMs: 100 }).serve(stuck);
    const other = await transport("driver").connect(strict.address, "executor");
    await expect(other.download("executor.payload", payload)).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("no progress") as string,
    });
  });

  it("F20: and calls end soon after a peer is cut off without a word, though nothing closes the connection", async () => {
    const { handlers } = arenaOf(mebi);
    const waiting: Handlers = { ...handlers, calls: { "executor.stop": () => new Promise(() => {}) } };
    const server = await transport("executor", { keepaliveMs: 600_000 }).serve(waiting); // it is the caller that notices
    const proxy = await proxyTo(server.address);
    const peer = await transport("driver", { keepaliveMs: 100 }).connect(proxy.address, "executor");
    const ranges = [{ offset: 0, length: mebi }];
    await peer.download("executor.readArena", { ...life, ranges });
    proxy.spoil("server", 0, () => Buffer.alloc(0)); // what the server says is swallowed from now on
    const long = { deadlineMs: 15_000 };
    const outcomes = await Promise.allSettled([
      peer.call("executor.stop", life, long),
      peer.download("executor.readArena", { ...life, ranges }, long),
    ]);
    expect(proxy.fired()).toBe(true);
    const noticed = { code: "UNREACHABLE", message: expect.not.stringMatching(/within|eadline/) as string };
    expect(outcomes).toMatchObject([{ reason: noticed }, { reason: noticed }]);
  });

  it("F25: cut or damaged on their way are never taken, wherever that happens, and the next attempt is whole", async () => {
    const length = 2 * mebi + 70_000;
    const { handlers, arena, taken } = arenaOf(length);
    const server = await transport("executor").serve(handlers);
    const bytes = randomBytes(25, length);
    const ranges = [{ offset: 0, length }];
    const around = [2000, 60_000, mebi - 1, mebi + 300, mebi + 40_000, 2 * mebi + 20_000];
    const damages: ((rest: Buffer) => Buffer | undefined)[] = [
      () => undefined,
      (rest) => {
        const flipped = Buffer.from(rest);
        flipped[0]! ^= 4;
        return flipped;
      },
    ];
    for (const damage of damages) {
      for (const from of around) {
        const proxy = await proxyTo(server.address);
        const peer = await transport("driver", { keepaliveMs: 500 }).connect(proxy.address, "executor");
        for (const side of ["caller", "server"] as const) {
          arena.fill(0);
          taken.length = 0;
          let isOnce = true;
          proxy.spoil(side, from, (rest) => {
            if (!isOnce) return rest;
            isOnce = false;
            return damage(rest);
          });
          const transfer =
            side === "caller"
              ? peer.upload("executor.writeArena", { ...life, ...once, ranges }, [bytes], { deadlineMs: 2000 })
              : peer.download("executor.readArena", { ...life, ranges }, { deadlineMs: 2000 });
          const outcome = await transfer.then(
            () => undefined,
            (error: unknown) => error as SuperstepError,
          );
          expect([side, from, proxy.fired()]).toEqual([side, from, true]);
          expect([side, from, outcome?.code]).toEqual([
            side,
            from,
            expect.stringMatching(/^(UNREACHABLE|BLOCK_CORRUPT|INVALID_ARGUMENT)$/),
          ]);
          expect(taken).toEqual([]);
        }
        await peer.upload("executor.writeArena", { ...life, ...once, ranges }, [bytes]);
        expect(taken).toHaveLength(1);
        expect(Buffer.compare(arena, bytes)).toBe(0);
        const back = await peer.download("executor.readArena", { ...life, ranges });
        expect(Buffer.compare(back!, bytes)).toBe(0);
      }
    }
  });
});
