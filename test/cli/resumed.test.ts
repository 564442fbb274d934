import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commandFile, superstep, useTemporaryFolder } from "../support/command.ts";
import { superstepHere } from "../support/commandHere.ts";
import { integersFrom, randomArcs } from "../support/graphs.ts";

const folder = useTemporaryFolder();
const chainLength = 250;

/** Records of strings, numbers and integers of 64 bits, some of them missing. */
const program = `export default {
  initialAttr: (id: number) => ({ text: String(id), sum: id as number | null, big: 1n }),
  initialMessage: "",
  maxSupersteps: 150,
  vertexProgram: (_id: number, { text, sum, big }: any, message: string) => ({
    text: (text + message).slice(-9),
    sum: message.length % 5 === 3 ? null : (sum ?? 0) / 3 + message.length,
    big: (big * 3n + BigInt(message.length)) & 0xffff_ffff_ffffn,
  }),
  sendMessage: (edge: any) => {
    if (edge.attr < 7) edge.sendToDst(edge.srcAttr.text.slice(0, 3));
    else edge.sendToSrc("<" + edge.dstAttr.sum + ">");
  },
  mergeMessage: (a: string, b: string) => (a + "," + b).slice(0, 40),
};
`;

beforeAll(() => {
  const chain = Array.from({ length: chainLength }, (_none, at) => `${at} ${at + 1} ${1 + (at % 4)}\n`);
  writeFileSync(path.join(folder, "chain.txt"), chain.join(""));
  const arcs = randomArcs(5, 80, 300).map(({ srcId, dstId, attr }) => `${srcId},${dstId},${attr}\n`);
  writeFileSync(path.join(folder, "random.csv"), `from,to,km\n${arcs.join("")}`);
  writeFileSync(path.join(folder, "records.ts"), program);
});

const runs = [
  ["PageRank", "run pagerank random.csv --iterations 150"],
  ["components", "run components chain.txt"],
  ["weighted shortest paths", "run sssp chain.txt --source 0 --weight 3"],
  ["paths to landmarks", "run shortest-paths chain.txt --landmarks 250,125"],
  ["a program over records, strings and missing values", "pregel records.ts random.csv --weight km"],
] as const;

const inFolder = { cwd: folder };
const saved = (name: string): string[] => {
  const directory = path.join(folder, name);
  return existsSync(directory) ? readdirSync(directory) : [];
};

/** An environment in which a process runs the text of a program once it has said something on standard error. */
function once(said: string, program: string): NodeJS.ProcessEnv {
  const module = `
    const write = process.stderr.write.bind(process.stderr);
    let isDone = false;
    process.stderr.write = (text, ...rest) => {
      const isWritten = write(text, ...rest);
      if (isDone || !String(text).includes(${JSON.stringify(said)})) return isWritten;
      isDone = true;
      ${program};
      return isWritten;
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}

/** An environment in which a process sends itself a signal, `ms` after it has said that a superstep has ended. */
function signalling(signal: NodeJS.Signals, superstepNumber: number, ms = 0): NodeJS.ProcessEnv {
  return once(`superstep ${superstepNumber} `, `setTimeout(() => process.kill(process.pid, "${signal}"), ${ms})`);
}

/** Kills a run just after a superstep: the next ones are under way. Returns the last one that it told of. */
async function killedAfter(line: string, superstepNumber: number): Promise<number> {
  const env = signalling("SIGKILL", superstepNumber, superstepNumber % 5);
  const { signal, stderr } = await superstep([...line.split(" "), "-o", "killed.csv", "-v"], { ...inFolder, env });
  expect(signal).toBe("SIGKILL");
  return Number(/superstep (\d+) .*\n[^\n]*$/.exec(stderr)?.[1]);
}

describe("a run whose process was killed, and that is resumed", () => {
  it.each(runs)("writes what the uninterrupted run writes, also when killed twice: %s", async (name, line) => {
    const slug = name.replaceAll(/\W/g, "");
    const whole = await superstepHere([...line.split(" "), "-o", "-", "-q"], inFolder);
    expect([whole.status, whole.stderr]).toEqual([0, ""]);
    const random = integersFrom(name.length);
    const options = `--checkpoint-dir ${slug} --checkpoint-every ${1 + random(6)}`;
    const first = await killedAfter(`${line} ${options}`, 10 + random(50));
    expect(saved(slug)).toHaveLength(1);
    const second = await killedAfter(`${line} ${options} --resume --partitions 3`, first + 5 + random(30));
    expect(second).toBeGreaterThan(first);

    const args = `${line} ${options} --resume --master local[1] -o -`.split(" ");
    const { status, stdout, stderr } = await superstep(args, inFolder);
    expect(status).toBe(0);
    expect(stdout).toBe(whole.stdout);
    const resumedAfter = Number(/resumed after superstep (\d+)\n/.exec(stderr)?.[1]);
    expect(resumedAfter).toBeGreaterThan(second - 8);
    expect(saved(slug)).toEqual([]);
    expect(existsSync(path.join(folder, "killed.csv"))).toBe(false);
  });
});

describe.skipIf(process.platform === "win32")("Ctrl-C, with a checkpoint directory", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "ends after the superstep, with a checkpoint, at %s with %i; resumed, it ends as it would have",
    async (signal, code) => {
      const line = "run bfs chain.txt --source 0 -o -".split(" ");
      const whole = await superstepHere([...line, "-q"], inFolder);
      const options = ["--checkpoint-dir", signal, "--checkpoint-every", "100000"];
      const env = signalling(signal, 5);
      const { status, stdout, stderr } = await superstep([...line, ...options, "-v"], { ...inFolder, env });
      expect([status, stdout]).toEqual([code, ""]);
      expect(stderr).toContain("ending after this superstep, with a checkpoint; Ctrl-C again ends at once\n");
      const stopped = Number(/stopped after superstep (\d+); the same command with --resume goes on/.exec(stderr)?.[1]);
      expect(stopped).toBeGreaterThanOrEqual(5);
      const resumed = await superstep([...line, ...options, "--resume"], inFolder);
      expect(resumed.stderr).toContain(`bfs: resumed after superstep ${stopped}\n`);
      expect([resumed.status, resumed.stdout]).toEqual([0, whole.stdout]);
      expect(saved(signal)).toEqual([]);
    },
  );
});

describe("a result that is not written", () => {
  const line = "run bfs chain.txt --source 0 --checkpoint-dir unwritten --checkpoint-every 9".split(" ");
  const writes = '"phase":"write"';

  it.each([
    ["the process is killed as it begins", `process.kill(process.pid, "SIGKILL")`, "SIGKILL"],
    ["its directory is gone", `process.getBuiltinModule("node:fs").rmSync("results", { recursive: true })`, null],
  ])("leaves the last checkpoint, from which it is made: %s", async (_how, fault, killedBy) => {
    const whole = await superstepHere("run bfs chain.txt --source 0 -q -o -".split(" "), inFolder);
    mkdirSync(path.join(folder, "results"));
    const args = [...line, "-o", "results/bfs.csv", "--progress", "json"];
    const failed = await superstep(args, { ...inFolder, env: once(writes, fault) });
    expect([failed.signal, failed.status === 0]).toEqual([killedBy, false]);
    if (killedBy === null) expect(failed.stderr).toContain("the same command with --resume goes on from there");
    expect(saved("unwritten")).toHaveLength(1);
    const resumed = await superstep([...line, "--resume", "-o", "-"], inFolder);
    expect(resumed.stderr).toContain("bfs: resumed after superstep 243\n");
    expect([resumed.status, resumed.stdout]).toEqual([0, whole.stdout]);
    expect(saved("unwritten")).toEqual([]);
    rmSync(path.join(folder, "results"), { recursive: true, force: true });
  });
});

describe("a program with a context of its own", () => {
  const own = `import { Context, GraphLoader } from "superstep";
const ctx = await Context.create({ config: { maxTaskFailures: 4 } });
const graph = await GraphLoader.edgeListFile(ctx, process.argv[2]!);
const { graph: levels, supersteps } = await graph.bfs({ source: 0 });
console.log(supersteps, JSON.stringify(await levels.vertices.collect()));
`;
  const commands = ["submit own.ts chain.txt", "pregel own.ts chain.txt"];
  beforeAll(() => writeFileSync(path.join(folder, "own.ts"), own));

  it.each(commands)("is resumed as others are, and its checkpoints go once it has ended well: %s", async (command) => {
    const whole = await superstep(command.split(" "), inFolder);
    expect(whole.status).toBe(0);
    const options = "-v --checkpoint-dir own --checkpoint-every 4".split(" ");
    const env = signalling("SIGKILL", 50);
    expect((await superstep([...command.split(" "), ...options], { ...inFolder, env })).signal).toBe("SIGKILL");
    expect(saved("own")).toHaveLength(1);
    const resumed = await superstep([...command.split(" "), ...options, "--resume"], inFolder);
    expect([resumed.status, resumed.stdout]).toEqual([0, whole.stdout]);
    expect(resumed.stderr).not.toContain("superstep 40 ");
    expect(resumed.stderr).toContain("superstep 60 ");
    expect(saved("own")).toEqual([]);
  });

  it.each(commands)("keeps them when it fails after its run: %s", async (command) => {
    writeFileSync(path.join(folder, "own.ts"), `${own}throw new Error("too late");\n`);
    const failed = await superstep([...command.split(" "), "--checkpoint-dir", "late"], inFolder);
    expect([failed.status, failed.stderr]).toEqual([1, expect.stringContaining("too late")]);
    expect(saved("late")).toHaveLength(1);
    writeFileSync(path.join(folder, "own.ts"), own);
    const resumed = await superstep([...command.split(" "), "-v", "--checkpoint-dir", "late", "--resume"], inFolder);
    expect([resumed.status, resumed.stdout]).toEqual([0, failed.stdout]);
    expect(resumed.stderr).not.toContain("superstep 200 ");
    expect(saved("late")).toEqual([]);
  });

  it.skipIf(process.platform === "win32").each(commands)(
    "ends at Ctrl-C after its superstep, with a checkpoint: %s",
    async (command) => {
      const args = [...command.split(" "), "-v", "--checkpoint-dir", "stopped", "--checkpoint-every", "100000"];
      const { status, stdout, stderr } = await superstep(args, { ...inFolder, env: signalling("SIGINT", 5) });
      expect([status, stdout]).toEqual([130, ""]);
      expect(stderr).toMatch(/stopped after superstep \d+; the same command with --resume goes on from there/);
      expect(saved("stopped")).toHaveLength(1);
      const resumed = await superstep([...args, "--resume"], inFolder);
      expect(resumed.status).toBe(0);
      expect(resumed.stderr).not.toContain("superstep 4 ");
      expect(saved("stopped")).toEqual([]);
    },
  );

  it.each(commands)("has its threads ended by --chaos, and the same result: %s", async (command) => {
    const whole = await superstep(command.split(" "), inFolder);
    const shaken = await superstep([...command.split(" "), "--chaos", "kill-thread@stage=3"], inFolder);
    expect([shaken.status, shaken.stdout]).toEqual([0, whole.stdout]);
    expect(shaken.stderr).toContain("in its task as stage 3 began");
  });
});

describe.skipIf(process.platform === "win32")("a disk that is full", () => {
  it("ends the run with an error that says so, and leaves the checkpoint before whole", async () => {
    // Columns grow with each superstep, past the limit of a file's size.
    writeFileSync(
      path.join(folder, "growing.mjs"),
      `export default {
        initialAttr: () => "",
        initialMessage: "",
        maxSupersteps: 60,
        vertexProgram: (id, text, message) => text + id + message + "x".repeat(40),
        sendMessage: (edge) => edge.sendToDst("."),
        mergeMessage: (a, b) => a,
      };\n`,
    );
    const line = "pregel growing.mjs random.csv --checkpoint-dir full --checkpoint-every 5 -q -o -".split(" ");
    const limited = await shell(`ulimit -f 80; exec "$0" "$@"`, line); // 80 blocks of 512 or 1024 bytes
    expect(limited.status).toBe(1);
    const found = new RegExp(
      String.raw`^error\[TASK_FAILED\] growing\.mjs: the checkpoint after superstep (\d+), in ".*": there is no room for it on ` +
        String.raw`the disk \(EFBIG\); the checkpoint after superstep (\d+) is whole, and resume goes on from there\n$`,
    ).exec(limited.stderr);
    expect(limited.stderr).toMatch(/EFBIG/);
    const [failed, before] = [Number(found?.[1]), Number(found?.[2])];
    expect(failed).toBe(before + 5);
    const [run] = saved("full");
    const names = readdirSync(path.join(folder, "full", run!)).map((name) => Number(/^at-(\d+)$/.exec(name)?.[1]));
    expect(names.toSorted((a, b) => a - b).at(-1)).toBe(before);
    const whole = await superstepHere(
      line.filter((word) => !/checkpoint|full|^5$/.test(word)),
      inFolder,
    );
    const resumed = await superstepHere([...line, "--resume"], inFolder);
    expect([resumed.status, resumed.stdout]).toEqual([0, whole.stdout]);
  });
});

describe("options", () => {
  it.each([
    ["run bfs chain.txt --source 0 --resume", "--resume needs --checkpoint-dir"],
    ["run bfs chain.txt --source 0 --checkpoint-every 3", "--checkpoint-every needs --checkpoint-dir"],
    ["run bfs chain.txt --source 0 --checkpoint-dir d --resume-other-node", "--resume-other-node needs --resume"],
    [
      "run bfs chain.txt --source 0 --checkpoint-dir d --checkpoint-every 0",
      "--checkpoint-every must be an integer >= 1",
    ],
    ["run bfs chain.txt --source 0 --checkpoint-dir chain.txt", "directory must be one that exists or can be made"],
    ["run bfs chain.txt --source 0 --chaos kill-all", "a fault must be ACTION@superstep=N"],
    ["run bfs chain.txt --source 0 --chaos kill-host@superstep=2", 'use the master "local-cluster[2,1]"'],
  ])("are refused: %s", async (line, message) => {
    const { status, stderr } = await superstepHere(line.split(" "), inFolder);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it("say what differs when another run is resumed", async () => {
    await killedAfter("run bfs chain.txt --source 0 --checkpoint-dir other --checkpoint-every 3", 20);
    const line = "run bfs chain.txt --source 1 --checkpoint-dir other --resume".split(" ");
    const { status, stderr } = await superstep(line, inFolder);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /is of another graph, program or parameters: it differs in the vertex attributes; run it as/,
    );
    expect(saved("other")).toHaveLength(1);
  });
});

/** Runs the command in a shell that first does something else. */
function shell(script: string, args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  const child = spawn("sh", ["-c", script, process.execPath, commandFile, ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, SUPERSTEP_MASTER: "local[2]" },
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, stderr })));
}
