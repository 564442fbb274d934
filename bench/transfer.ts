/**
 * How fast bytes go from one process to another on loopback: uploads into memory that is there, as into an arena, and
 * downloads into new memory, as of a block, through segments in the machine's memory, as executors of one machine do, and
 * through sockets, as they do between machines; beside a bare TCP socket in the same run. Checksums are made and verified
 * in both directions; the socket has none.
 */
import { fork } from "node:child_process";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { segmentDirectory } from "../core/cluster/segmentDirectory.ts";
import { grpcTransport } from "../core/net/grpcTransport.ts";
import { Secret } from "../core/net/secret.ts";
import { median, table } from "./summary.ts";

const byteLength = 256 * 2 ** 20;
const life = { host: 1, incarnation: "bench" };

/** Measures, and prints a table: megabytes (10^6) a second. */
export async function benchTransfer(runs: number, say: (text: string) => void): Promise<void> {
  const segments = segmentDirectory();
  const child = fork(fileURLToPath(import.meta.url), ["serve", ...(segments === undefined ? [] : [segments.path])], {
    stdio: ["pipe", "inherit", "inherit", "ipc"],
  });
  try {
    const secret = Secret.generate();
    secret.passTo(child.stdin!);
    const [address, port] = await new Promise<[string, number]>((resolve, reject) => {
      child.once("message", (message) => resolve(message as [string, number]));
      child.once("exit", () => reject(new Error("the serving process ended")));
    });
    const transport = grpcTransport({ role: "driver", secret });
    const near = grpcTransport({ role: "driver", secret, segmentDirectory: segments?.path });
    const peers = {
      ...(segments === undefined ? {} : { "through segments": await near.connect(address, "executor") }),
      "through a socket": await transport.connect(address, "executor"),
    };
    const bytes = new Uint8Array(new SharedArrayBuffer(byteLength)).fill(7);
    const ranges = [{ offset: 0, length: byteLength }];
    const ways: Readonly<Record<string, () => Promise<unknown>>> = {
      "TCP socket": () => sendPlain(port, bytes),
      ...Object.fromEntries(
        Object.entries(peers).flatMap(([how, peer]) => [
          [
            `upload ${how}`,
            () => peer.upload("executor.writeArena", { ...life, ranges, number: 1, since: 1 }, [bytes]),
          ],
          [`download ${how}`, () => peer.download("executor.readArena", { ...life, ranges })],
        ]),
      ),
    };
    const speeds = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
    for (let run = 0; run <= runs; run++) {
      for (const [way, transfer] of Object.entries(ways)) {
        const started = performance.now();
        await transfer();
        const speed = byteLength / 1e6 / ((performance.now() - started) / 1e3);
        if (run > 0) speeds.get(way)!.push(speed); // the first one warms up
      }
    }
    const cell = (speed: number): string => `${speed.toFixed(0)} MB/s`;
    say(`\nTransfer of ${byteLength / 2 ** 20} MiB between two processes: median (min to max) of ${runs} runs`);
    say(
      table(
        [...speeds].map(([way, some]) => [
          way,
          `${cell(median(some))} (${cell(Math.min(...some))} to ${cell(Math.max(...some))})`,
        ]),
      ),
    );
    await Promise.all([transport.close(), near.close()]);
  } finally {
    child.kill();
    segments?.remove();
  }
}

function sendPlain(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", reject).on("close", () => resolve());
    socket.resume();
    socket.end(bytes);
  });
}

async function serve(): Promise<void> {
  const secret = await Secret.receive(process.stdin);
  const transport = grpcTransport({ role: "executor", secret, segmentDirectory: process.argv[3] });
  const memory = new Uint8Array(new SharedArrayBuffer(byteLength)).fill(1);
  const server = await transport.serve({
    calls: {},
    uploads: { "executor.writeArena": { place: () => [memory], take: async () => {} } },
    downloads: { "executor.readArena": async () => [memory] },
  });
  const plain = net.createServer((socket) => {
    let at = 0;
    socket.on("data", (chunk) => {
      memory.set(chunk as Buffer, at);
      at += chunk.length;
      if (at === byteLength) socket.end();
    });
    socket.on("error", () => socket.destroy());
  });
  plain.listen(0, "127.0.0.1", () => process.send?.([server.address, (plain.address() as net.AddressInfo).port]));
  process.once("disconnect", () => process.exit());
}

if (process.argv[2] === "serve" && process.argv[1] === fileURLToPath(import.meta.url)) await serve();
