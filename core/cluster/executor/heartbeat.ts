/**
 * An executor's heartbeats, on a connection of their own: bulk data must not starve them.
 */
import type { Config } from "../../config.ts";
import { hasCode } from "../../errors.ts";
import type { Clock, Timer } from "../../net/clock.ts";
import type { Request } from "../../net/messages.ts";
import type { PeerLink } from "../peerLink.ts";

/** What heartbeats are made of. */
export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly config: Pick<Config, "heartbeatMs" | "hostTimeoutMs">;
  /** Closed with the heartbeat. */
  readonly link: PeerLink;
  readonly message: () => Request<"driver.heartbeat">;
  /** Called once, when this executor has to take it that it was given up: with why. */
  readonly lost: (why: string) => void;
}

/** Sends heartbeats until none was acknowledged for the host timeout, or the driver refuses one: then it is over. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #acknowledgedAt: number;
  #timer: Timer | undefined;
  #isWaiting = false;
  #isClosed = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#acknowledgedAt = options.clock.now();
    this.#beat();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.clear();
    this.#options.link.close();
  }

  #beat(): void {
    const { clock, config } = this.#options;
    if (clock.now() - this.#acknowledgedAt > config.hostTimeoutMs) {
      return this.#lose(`no heartbeat was acknowledged for ${config.hostTimeoutMs} ms`);
    }
    this.#timer = clock.after(config.heartbeatMs, () => this.#beat());
    if (!this.#isWaiting) void this.#send();
  }

  async #send(): Promise<void> {
    const { clock, config, link, message } = this.#options;
    this.#isWaiting = true;
    const sentAt = clock.now();
    try {
      await link.call("driver.heartbeat", message(), { deadlineMs: Math.ceil(config.hostTimeoutMs / 3) });
      this.#acknowledgedAt = sentAt;
    } catch (error) {
      if (hasCode(error, "HOST_LOST")) this.#lose("the driver has given it up");
    } finally {
      this.#isWaiting = false;
    }
  }

  #lose(why: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.lost(why);
  }
}
