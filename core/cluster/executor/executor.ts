/**
 * An executor: a process that serves one driver.
 */
import { hasCode } from "../../errors.ts";
import type { FaultPoints } from "../../host/faultPoint.ts";
import type { LocalHostOptions } from "../../host/localHost.ts";
import type { Clock } from "../../net/clock.ts";
import type { Response, Versions } from "../../net/messages.ts";
import type { Address, Server, Transport } from "../../net/transport.ts";
import { PeerLink } from "../peerLink.ts";
import { handlersOf } from "./handlers.ts";
import { type ExecutorHost, Service } from "./service.ts";

/** What an executor is made of. */
export interface ExecutorOptions {
  /** The name under which it was launched. */
  readonly executor: string;
  readonly numThreads: number;
  readonly driver: Address;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly versions: Versions;
  /** Where it listens. Default 127.0.0.1. */
  readonly listenOn?: string;
  /** Milliseconds that it tries to reach the driver. */
  readonly startMs: number;
  /** Limits of this machine, whatever the driver's settings say. */
  readonly spillDirectory?: string | undefined;
  readonly maxBlockMemoryBytes?: number | undefined;
  /** That of its transport, if it has one. */
  readonly segmentDirectory?: string | undefined;
  readonly faultPoints?: FaultPoints;
  readonly makeHost?: (options: LocalHostOptions) => ExecutorHost;
}

const firstRetryMs = 50;
const maxRetryMs = 1000;
/** Milliseconds until a registration is sent again: well below those after which the driver gives up who is silent. */
const registerMs = 2000;

/**
 * Serves one driver until that says stop, is silent for the host timeout, or refuses it. Then it is over for good:
 * another executor can take its place, under another name.
 */
export class Executor {
  /** Settles when it begins to end: with why. */
  readonly ended: Promise<string>;
  readonly #end: (why: string) => void;
  readonly #transport: Transport;
  readonly #server: Server;
  readonly #driver: PeerLink;
  #service: Service | undefined;
  #isOver = false;

  private constructor(transport: Transport, server: Server, driver: PeerLink) {
    this.#transport = transport;
    this.#server = server;
    this.#driver = driver;
    let end: (why: string) => void = () => undefined;
    this.ended = new Promise((resolve) => (end = resolve));
    this.#end = end;
  }

  /**
   * Listens, registers with the driver and starts to serve it.
   *
   * @throws SuperstepError as `Transport.connect` does, or what the driver refused it with.
   */
  static async start(options: ExecutorOptions): Promise<Executor> {
    const { transport, driver: address, listenOn } = options;
    let executor: Executor | undefined;
    const stop = (why: string): void => void executor?.stop(why);
    const server = await transport.serve(
      handlersOf(() => (executor === undefined ? undefined : executor.#service), stop),
      listenOn === undefined ? {} : { host: listenOn },
    );
    const driver = new PeerLink(transport, address, "driver");
    executor = new Executor(transport, server, driver);
    try {
      const registered = await register(options, server.address, driver);
      executor.#service = new Service({ ...options, registered, link: driver, stop });
      return executor;
    } catch (error) {
      await executor.stop("it could not register");
      throw error;
    }
  }

  /** Ends it. Idempotent. */
  async stop(why: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end(why);
    await this.#service?.stop();
    this.#driver.close();
    await this.#server.close();
    await this.#transport.close();
  }
}

/** Registers, and tries again for `startMs` while the driver cannot be reached. */
async function register(
  { executor, numThreads, versions, clock, startMs }: ExecutorOptions,
  address: Address,
  driver: PeerLink,
): Promise<Response<"driver.register">> {
  const deadline = clock.now() + startMs;
  const request = { executor, address, numThreads, pid: process.pid, versions };
  for (let retryMs = firstRetryMs; ; retryMs = Math.min(maxRetryMs, 2 * retryMs)) {
    try {
      return await driver.call("driver.register", request, { deadlineMs: registerMs });
    } catch (error) {
      if (!hasCode(error, "UNREACHABLE") || clock.now() + retryMs > deadline) throw error;
    }
    await new Promise<void>((resolve) => clock.after(retryMs, resolve));
  }
}
