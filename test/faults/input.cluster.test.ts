/** Input at fault that executors read: the same errors as in one process, at once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Context } from "../../core/context.ts";
import { useCluster } from "../support/cluster.ts";
import { useContext } from "../support/context.ts";

const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-input-test."));
afterAll(() => rmSync(directory, { recursive: true }));
const local = useContext("local[1]");
const cluster = useCluster("local-cluster[2,1]");

/** What becomes of the file between the call and the reading. */
const faults: Record<string, { readonly content: Buffer; readonly change: (file: string) => void }> = {
  "F45: is not UTF-8": { content: Buffer.from([97, 10, 98, 0xff, 0xfe, 10]), change: () => undefined },
  "F46: was changed since": { content: Buffer.from("a\nb\n"), change: (file) => writeFileSync(file, "a\nb\nc\n") },
  "F46: is gone": { content: Buffer.from("a\nb\n"), change: (file) => rmSync(file) },
};

describe.each(Object.entries(faults))("a file that executors read and that %s", (name, { content, change }) => {
  const file = path.join(directory, `${Object.keys(faults).indexOf(name)}.txt`);
  const failure = async (context: Context): Promise<{ code: string; message: string }> => {
    writeFileSync(file, content);
    const lines = context.textFile(file).map((line) => line.length);
    change(file);
    return lines.collect().then(
      () => ({ code: "none", message: "it was read" }),
      (error: unknown) => error as { code: string; message: string },
    );
  };

  it("fails with INVALID_INPUT at once, on an executor, as in one process", async () => {
    const from = cluster.events.length;
    const there = await failure(cluster.context);
    const here = await failure(local);
    expect(here.code).toBe("INVALID_INPUT");
    expect([there.code, there.message]).toEqual([here.code, here.message]);
    const ends = cluster.events.slice(from).filter((event) => event.type === "task.end");
    expect(ends).toMatchObject([{ status: "failed", attempt: 0 }]);
    expect((ends[0] as { host: number }).host).toBeGreaterThan(0);
  });
});
