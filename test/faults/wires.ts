/**
 * A wire between each two processes of a cluster on this machine, that can be made to hold what is sent over it: a TCP proxy
 * of its own for each pair and direction of connecting.
 */
import { randomUUID } from "node:crypto";
import net from "node:net";
import type { ExecutorSource } from "../../core/cluster/executorSource.ts";
import { ExecutorProcess } from "../../core/cluster/executor/executorProcess.ts";
import type { Launcher, LauncherListener } from "../../core/cluster/launcher.ts";
import { grpcTransport } from "../../core/net/grpcTransport.ts";
import type { PeerMessage } from "../../core/net/messages.ts";
import { Secret } from "../../core/net/secret.ts";
import type { Address, Handlers, Peer, Transport } from "../../core/net/transport.ts";

/** Passes bytes on to one address, or holds them, in both directions, and the ends of connections too. */
export class Wire {
  readonly address: Address;
  readonly #server: net.Server;
  readonly #sockets: Set<net.Socket> = new Set();
  #isHolding = false;
  #held: (() => void)[] = [];
  /** Bytes that were held so far. */
  heldBytes = 0;

  private constructor(server: net.Server, target: Address) {
    this.#server = server;
    this.address = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const [host, port] = target.split(":") as [string, string];
    server.on("connection", (caller) => this.#when(() => this.#join(caller, net.connect(Number(port), host))));
  }

  static async open(target: Address): Promise<Wire> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Wire(server, target);
  }

  hold(): void {
    this.#isHolding = true;
  }

  /** Passes on all that was held, in its order, and what comes from now on. */
  release(): void {
    this.#isHolding = false;
    for (const pass of this.#held.splice(0)) pass();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #when(pass: () => void): void {
    if (this.#isHolding) this.#held.push(pass);
    else pass();
  }

  #join(caller: net.Socket, callee: net.Socket): void {
    for (const [from, to] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => undefined);
      from.on("data", (bytes) => {
        if (this.#isHolding) this.heldBytes += bytes.length;
        this.#when(() => to.write(bytes));
      });
      from.on("close", () => this.#when(() => to.destroy()));
    }
  }
}

/** Executors on this machine that reach their driver and each other, and are reached, over wires. */
export class WiredExecutors {
  /** For `Context.create`. */
  readonly source: ExecutorSource;
  /** By who connects and to whom: addresses of executors, or "driver". */
  readonly #wires: Map<string, Promise<Wire>> = new Map();
  readonly #running: Map<string, ExecutorProcess> = new Map();
  readonly #addresses: Map<string, Address> = new Map();
  readonly #cutOff: Set<string> = new Set();
  readonly #numExecutors: number;
  readonly #secret: Secret = Secret.generate();
  #driver: Address = "";
  #listener: LauncherListener | undefined;

  constructor(numExecutors: number) {
    this.#numExecutors = numExecutors;
    this.source = { launcher: this.#launcher(), transport: this.#transport() };
  }

  /** Holds everything from and to an executor, by its process. It cannot be killed from here any more either. */
  async cutOff(pid: number): Promise<void> {
    const name = this.#nameOf(pid);
    this.#cutOff.add(name);
    for (const wire of await this.#wiresOf(name)) wire.hold();
  }

  /** Lets through what was held of and for an executor. Returns how many bytes that were. */
  async heal(pid: number): Promise<number> {
    const name = this.#nameOf(pid);
    this.#cutOff.delete(name);
    let bytes = 0;
    for (const wire of await this.#wiresOf(name)) {
      bytes += wire.heldBytes;
      wire.release();
    }
    return bytes;
  }

  async close(): Promise<void> {
    for (const wire of this.#wires.values()) (await wire).close();
  }

  #nameOf(pid: number): string {
    const found = [...this.#running].find(([, running]) => running.pid === pid);
    if (found === undefined) throw new Error(`no executor has process ${pid}`);
    return found[0];
  }

  #wiresOf(name: string): Promise<Wire[]> {
    const ends = [name, this.#addresses.get(name) ?? name];
    return Promise.all(
      [...this.#wires].filter(([key]) => key.split(" ").some((end) => ends.includes(end))).map(([, wire]) => wire),
    );
  }

  /** The address under which `from` finds the process that listens on `target`. */
  async #over(from: string, to: string, target: Address): Promise<Address> {
    const key = `${from} ${to}`;
    let wire = this.#wires.get(key);
    if (wire === undefined) this.#wires.set(key, (wire = Wire.open(target)));
    const opened = await wire;
    const cut = [...this.#cutOff].flatMap((name) => [name, this.#addresses.get(name)]);
    if (cut.includes(from) || cut.includes(to)) opened.hold();
    return opened.address;
  }

  #peersFor(receiver: Address, peers: readonly PeerMessage[]): Promise<PeerMessage[]> {
    return Promise.all(
      peers.map(async (peer) => ({ ...peer, address: await this.#over(receiver, peer.address, peer.address) })),
    );
  }

  #launcher(): Launcher {
    const launch = async (): Promise<void> => {
      const executor = randomUUID();
      const driver = await this.#over(executor, "driver", this.#driver);
      const running = new ExecutorProcess({ executor, driver, numThreads: 1, startMs: 30_000 }, this.#secret);
      this.#running.set(executor, running);
      void running.ended.then((text) => {
        if (!this.#cutOff.has(executor)) this.#listener?.ended(executor, text);
      });
    };
    return {
      start: async (driver, listener) => {
        this.#driver = driver;
        this.#listener = listener;
        for (let count = 0; count < this.#numExecutors; count++) await launch();
        return this.#numExecutors;
      },
      replace: () => void launch(),
      kill: (executor, manner) => !this.#cutOff.has(executor) && (this.#running.get(executor)?.kill(manner) ?? false),
      stop: async () => {
        await Promise.all([...this.#running.values()].map((running) => running.stop()));
      },
    };
  }

  #transport(): Transport {
    const real = grpcTransport({ role: "driver", secret: this.#secret });
    return {
      connect: async (address, role, options) => {
        const peer = await real.connect(await this.#over("driver", address, address), role, options);
        return this.#telling(peer, address);
      },
      serve: (handlers, options) => real.serve(this.#registering(handlers), options),
      close: () => real.close(),
    };
  }

  /** A peer whose commands name the wires by which their receiver finds others. */
  #telling(peer: Peer, receiver: Address): Peer {
    const call: Peer["call"] = async (method, request, options) => {
      if (method !== "executor.command") return peer.call(method, request, options);
      const { commands, ...rest } = request as Parameters<typeof peer.call<"executor.command">>[1];
      const told = await Promise.all(
        commands.map(async (command) =>
          command.type === "peers" ? { ...command, peers: await this.#peersFor(receiver, command.peers) } : command,
        ),
      );
      return peer.call(method, { ...rest, commands: told } as typeof request, options);
    };
    return {
      address: receiver,
      call,
      upload: (method, header, bytes, options) => peer.upload(method, header, bytes, options),
      download: (method, request, options) => peer.download(method, request, options),
      close: () => peer.close(),
    };
  }

  #registering(handlers: Handlers): Handlers {
    const register = handlers.calls["driver.register"]!;
    return {
      ...handlers,
      calls: {
        ...handlers.calls,
        "driver.register": async (request, caller) => {
          this.#addresses.set(request.executor, request.address);
          const response = await register(request, caller);
          return { ...response, peers: await this.#peersFor(request.address, response.peers) };
        },
      },
    };
  }
}
