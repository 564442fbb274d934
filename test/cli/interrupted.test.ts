import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Running, startSuperstep, useTemporaryFolder } from "../support/command.ts";

const folder = useTemporaryFolder();
const inputs = ["cycle.txt", "endless.ts", "own.ts"];
const leftOver = (): string[] => readdirSync(folder).filter((name) => !inputs.includes(name));

/** A program that sends a message along every edge, for ever. */
const program = `{
  initialMessage: 0,
  vertexProgram: (_id: unknown, attr: number) => attr + 1,
  sendMessage: (edge: any) => {
    edge.sendToDst(1);
  },
  mergeMessage: (a: number, b: number) => a + b,
}`;

beforeAll(() => {
  writeFileSync(path.join(folder, "cycle.txt"), "1 2\n2 3\n3 1\n");
  writeFileSync(path.join(folder, "endless.ts"), `export default { initialAttr: () => 0, ...${program} };\n`);
  writeFileSync(
    path.join(folder, "own.ts"),
    `import { Context, GraphLoader } from "superstep";
const ctx = await Context.create();
ctx.on((event) => event.type === "superstep" && event.n === 3 && console.error("superstep 3 is done"));
const graph = await GraphLoader.edgeListFile(ctx, process.argv[2]!);
await graph.mapVertices(() => 0).pregel(${program});\n`,
  );
});

/** An endless run, once it is at its supersteps. */
async function endless(): Promise<Running> {
  const running = startSuperstep(["pregel", "endless.ts", "cycle.txt", "-o", "out.csv", "-v"], { cwd: folder });
  await running.said("superstep 3 ");
  return running;
}

function isGone({ pid }: Running): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe.skipIf(process.platform === "win32")("an interrupted run", () => {
  it.each<[NodeJS.Signals, number, string]>([
    ["SIGINT", 130, "interrupted"],
    ["SIGTERM", 143, "terminated"],
  ])("says what happens at %s, ends with %i, and leaves nothing", async (signal, code, word) => {
    const running = await endless();
    running.kill(signal);
    const { status, stdout, stderr } = await running.ended;
    expect([status, stdout]).toEqual([code, ""]);
    expect(stderr).toContain(`\n${word}: ending at the next superstep; Ctrl-C again ends at once\n`);
    expect(stderr).not.toMatch(/^error/m);
    expect(leftOver()).toEqual([]);
    expect(isGone(running)).toBe(true);
  });

  it("ends at once at the second Ctrl-C", async () => {
    const running = await endless();
    running.kill("SIGINT");
    running.kill("SIGINT");
    expect((await running.ended).status).toBe(130);
    expect(leftOver()).toEqual([]);
  });

  it("ends a program of its own, which has its own context", async () => {
    const running = startSuperstep(["pregel", "own.ts", "cycle.txt"], { cwd: folder });
    await running.said("superstep 3 is done");
    running.kill("SIGINT");
    const { status, stderr } = await running.ended;
    expect([status, stderr]).toEqual([130, expect.stringContaining("\ninterrupted: ending the program; ")]);
  });

  it.each([1, 2])("removes a half-written file, after %i signals", async (times) => {
    const args = ["generate", "grid", "--rows", "2000", "--columns", "5000", "out.txt"];
    const running = startSuperstep(args, { cwd: folder });
    await running.until(() => leftOver().length > 0);
    expect(leftOver()).toEqual([expect.stringMatching(/^\.out\.txt\..*\.tmp$/)]);
    for (let i = 0; i < times; i++) running.kill("SIGINT");
    expect((await running.ended).status).toBe(130);
    expect(leftOver()).toEqual([]);
  });
});
