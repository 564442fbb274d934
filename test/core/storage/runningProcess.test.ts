import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { isRunning, startOf } from "../../../core/storage/runningProcess.ts";

describe("isRunning", () => {
  it("is true of this process, and false of one that has ended", async () => {
    expect(isRunning(process.pid)).toBe(true);
    const child = spawn(process.execPath, ["-e", "0"]);
    await new Promise((resolve) => child.once("exit", resolve));
    expect(isRunning(child.pid!)).toBe(false);
  });

  it.runIf(process.platform === "linux")("is false of a zombie, which still has a number", async () => {
    // the shell becomes a program that waits for no child, and its child ends once it has: a shell may still wait for it
    const child = `sh -c 'while [ "$(cat /proc/$0/comm)" != sleep ]; do :; done' $$`;
    const script = `${child} & echo $!; exec sleep 60`;
    const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const zombie = await new Promise<number>((resolve) => {
        parent.stdout.once("data", (bytes: Buffer) => resolve(Number(bytes.toString())));
      });
      await expect.poll(() => isRunning(zombie)).toBe(false);
      expect(() => process.kill(zombie, 0)).not.toThrow();
      expect(startOf(zombie)).toBeUndefined();
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
