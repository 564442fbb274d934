import { existsSync, readdirSync } from "node:fs";
import os from "node:os";
import { describe, expect, it } from "vitest";
import { Driver } from "../../../core/cluster/driver.ts";
import { segmentDirectory } from "../../../core/cluster/segmentDirectory.ts";
import { randomFor } from "../../../core/random.ts";

const memory = "/dev/shm";
const hasMemory = existsSync(memory);

/** The directories of this process, by name. */
function own(): string[] {
  const prefix = `superstep-${os.hostname().replace(/[^\w.]/g, "_")}-${process.pid}-`;
  return readdirSync(memory).filter((name) => name.startsWith(prefix));
}

describe("a driver with executors on its machine", () => {
  it.skipIf(!hasMemory)(
    "brings columns there and back through memory, of which nothing is left at the end",
    async () => {
      const before = new Set(own());
      const driver = await Driver.create({ master: "local-cluster[2,1]" });
      try {
        const [name, ...others] = own().filter((one) => !before.has(one));
        expect(others).toEqual([]);
        const column = driver.arena.allocate("uint32", 2 ** 20, "test");
        const random = randomFor(11);
        const values = driver.arena.view(column);
        for (let at = 0; at < values.length; at++) values[at] = random.nextUint32();
        const expected = values.slice();
        const [first, second] = driver.executors;
        await driver.copyToHost(first!.id, [column]);
        await driver.copyToHost(second!.id, [column]);
        expect(readdirSync(`${memory}/${name}`).some((file) => file.startsWith(`${process.pid}-`))).toBe(true);
        values.fill(0);
        await driver.copyFromHost(second!.id, [column]);
        expect(
          Buffer.compare(
            Buffer.from(values.buffer, values.byteOffset, values.byteLength),
            Buffer.from(expected.buffer),
          ),
        ).toBe(0);
        expect(readdirSync(`${memory}/${name}`).some((file) => file.startsWith(`${second!.pid}-`))).toBe(true);
        const lost = new Promise<void>((resolve) => {
          driver.events.subscribe((event) => {
            if (event.type === "host" && event.what === "lost") resolve();
          });
        });
        driver.killHost(second!.id);
        await lost;
        await driver.whenExecutors(2);
        const ofLost = (): string[] =>
          readdirSync(`${memory}/${name}`).filter((file) => file.startsWith(`${second!.pid}-`));
        while (ofLost().length > 0) await new Promise((resolve) => setTimeout(resolve, 5)); // once its process has ended
        values.fill(0);
        await driver.copyFromHost(first!.id, [column]);
        expect(values[12345]).toBe(expected[12345]);
      } finally {
        await driver.stop();
      }
      expect(own().filter((one) => !before.has(one))).toEqual([]);
    },
    60_000,
  );

  it("does without where there are no files in memory", () => {
    expect(segmentDirectory("/nowhere/at/all")).toBeUndefined();
  });
});
