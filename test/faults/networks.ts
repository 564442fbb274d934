/** Hosts with networks of their own on this machine: a namespace each, joined by a bridge. For root on Linux alone. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";

const ip = (...args: string[]): string =>
  execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Network namespaces, each with an address, in a network that nothing else is in. */
export class Networks {
  readonly #prefix: string = `superstep-${process.pid}`;
  readonly #names: readonly string[];

  /** Makes the namespaces and links. @throws what `ip` says if that is not permitted. */
  constructor(names: readonly string[]) {
    this.#names = names;
    try {
      for (const name of ["hub", ...names]) ip("netns", "add", this.#space(name));
      const hub = this.#space("hub");
      ip("-n", hub, "link", "add", "name", "bridge", "type", "bridge");
      ip("-n", hub, "link", "set", "bridge", "up");
      for (const name of names) {
        const space = this.#space(name);
        ip("-n", hub, "link", "add", "name", `to-${name}`, "type", "veth", "peer", "name", "eth0", "netns", space);
        ip("-n", hub, "link", "set", `to-${name}`, "master", "bridge");
        ip("-n", hub, "link", "set", `to-${name}`, "up");
        ip("-n", space, "address", "add", `${this.addressOf(name)}/24`, "dev", "eth0");
        ip("-n", space, "link", "set", "eth0", "up");
        ip("-n", space, "link", "set", "lo", "up");
      }
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Why there can be none here; undefined if there can. */
  static whyNot(): string | undefined {
    try {
      new Networks(["probe"]).remove();
      return undefined;
    } catch (error) {
      return (error as Error).message.trim().split("\n").at(-1);
    }
  }

  addressOf(name: string): string {
    return `10.77.7.${this.#names.indexOf(name) + 1}`;
  }

  /** Starts a program of Node there. */
  start(name: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    return spawn("ip", ["netns", "exec", this.#space(name), process.execPath, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Processes that run there. */
  pidsIn(name: string): number[] {
    return ip("netns", "pids", this.#space(name)).split("\n").filter(Boolean).map(Number);
  }

  /** Takes the link of a namespace down, or up again. What is sent meanwhile is lost without a word. */
  setLink(name: string, state: "down" | "up"): void {
    ip("-n", this.#space("hub"), "link", "set", `to-${name}`, state);
  }

  /** Ends what runs there, and removes the namespaces. */
  remove(): void {
    for (const name of [...this.#names, "hub"]) {
      try {
        for (const pid of this.pidsIn(name)) process.kill(pid, "SIGKILL");
        ip("netns", "delete", this.#space(name));
      } catch {
        // it was not made
      }
    }
  }

  #space(name: string): string {
    return `${this.#prefix}-${name}`;
  }
}
