import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ownVersions } from "../../core/net/grpcOptions.ts";
import { grpcTransport } from "../../core/net/grpcTransport.ts";
import { Secret } from "../../core/net/secret.ts";
import { isAlive, lockTimeoutMs, until } from "../support/cluster.ts";
import { StandaloneCluster } from "../support/standaloneCluster.ts";

/** A program over RDDs: what it prints does not depend on where it runs. */
const words = `
import { Context } from "superstep";
const ctx = await Context.create();
const counts = await ctx
  .range(0, 20000, 1, 7)
  .map((i): [string, number] => ["w" + ((i * 7919) % 101), Math.sin(i)])
  .reduceByKey((a, b) => a + b, 5)
  .sortBy(([word]) => word, { numPartitions: 3 })
  .collect();
console.log(JSON.stringify(counts), process.argv.slice(2).join("|"));
await ctx.stop();
`;

/** As above, in tasks that wait for a file once they have left one. */
const waiting = `
import { existsSync, writeFileSync } from "node:fs";
import { Context } from "superstep";
const name = process.argv[2]!;
const directory = process.env["MARKERS"]!;
const ctx = await Context.create({ appName: name });
const sums = await ctx
  .range(0, 6000, 1, 6)
  .mapPartitions(function* (values, partition) {
    let sum = 0;
    for (const value of values) sum += Math.sqrt(value);
    writeFileSync(directory + "/" + name + ".started." + partition, "");
    for (const end = performance.now() + 100000; !existsSync(directory + "/" + name + ".go"); ) {
      if (performance.now() > end) throw new Error("nobody said go");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
    yield [partition, sum];
  })
  .collect();
console.log(JSON.stringify(sums));
await ctx.stop();
`;

/** What `waiting` prints. */
function expectedSums(): string {
  const sums = Array.from({ length: 6 }, (_, partition) => {
    let sum = 0;
    for (let i = partition * 1000; i < (partition + 1) * 1000; i++) sum += Math.sqrt(i);
    return [partition, sum];
  });
  return `${JSON.stringify(sums)}\n`;
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

/** A vertex program whose fifth superstep waits, wherever it is run, until it is told to go on. */
const steps = `
import { existsSync, writeFileSync } from "node:fs";
const directory = process.env["MARKERS"]!;
function pause(id: number): void {
  writeFileSync(directory + "/steps." + id, "");
  for (const end = performance.now() + 100000; !existsSync(directory + "/steps.go"); ) {
    if (performance.now() > end) throw new Error("nobody said go");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}
export default {
  initialAttr: (id: number) => ({ round: 0, value: Math.sqrt(id) }),
  initialMessage: 0,
  vertexProgram: (id: number, { round, value }: { round: number; value: number }, sum: number) => {
    if (round === 5) pause(id);
    return { round: round + 1, value: value / 2 + sum };
  },
  sendMessage: (edge: any) => {
    edge.sendToDst(Math.sin(edge.srcAttr.value));
  },
  mergeMessage: (a: number, b: number) => a + b,
};
`;

let cluster: StandaloneCluster;
const file = (name: string): string => path.join(cluster.directory, name);
beforeAll(async () => {
  cluster = await StandaloneCluster.start(3);
  writeFileSync(file("words.ts"), words);
  writeFileSync(file("waiting.ts"), waiting);
  const graph = ["generate", "rmat", "--vertices", "2000", "--edges", "12000", "--seed", "7", "graph.txt"];
  expect((await cluster.run(graph)).status).toBe(0);
}, lockTimeoutMs);
afterAll(async () => {
  await cluster?.stop(); // checks that nothing is left
});

beforeEach(async () => {
  // a test before may have killed one
  for (let { length } = (await cluster.status()).workers; length < 3; length++) cluster.startWorker();
  for (let count = 0; count < 3;)
    count = (await cluster.status()).workers.filter(({ freeCores }) => freeCores === 1).length;
});

const alone = { env: { SUPERSTEP_MASTER: "local[1]" } };

/** The bytes that a command writes to its -o, here and on the cluster. */
async function bytesOf(args: readonly string[], master: string): Promise<Buffer> {
  const output = file(`out-${Math.abs(master.length)}.csv`);
  const { status, stderr } = await cluster.run([...args, "--master", master, "-o", output, "--force"]);
  expect([status, stderr]).toEqual([0, expect.not.stringContaining("error")]);
  return readFileSync(output);
}

describe("a cluster of three workers, without any option", () => {
  it("gives the bits of local[1]: pagerank, components, a program of RDDs", async () => {
    for (const algorithm of ["pagerank", "components"]) {
      const args = ["run", algorithm, "graph.txt"];
      expect((await bytesOf(args, cluster.url)).equals(await bytesOf(args, "local[1]"))).toBe(true);
    }
    const here = await cluster.run(["submit", "words.ts", "a", "b c"], alone);
    const there = await cluster.run(["submit", "words.ts", "a", "b c", "--master", cluster.url]);
    expect(there).toEqual(here);
    expect([here.status, here.stdout.endsWith(" a|b c\n")]).toEqual([0, true]);
  });

  it("listens on loopback alone, and shows its secret nowhere", async () => {
    const run = cluster.start(["submit", "waiting.ts", "hidden", "--master", cluster.url]);
    await until(() => cluster.markers.names().filter((name) => name.startsWith("hidden.")).length === 3, "tasks run");
    const secret = readFileSync(cluster.secretFile, "utf8").trim();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(cluster.secretFile).mode & 0o777).toBe(0o600);
    const processes = cluster.processes();
    expect(processes.length).toBe(8); // a master, three workers with an executor each, a driver
    for (const { commandLine, environment } of processes) {
      expect(commandLine).not.toContain(secret);
      expect(environment).not.toContain(secret);
    }
    const listeners = cluster.listeners();
    expect(listeners.length).toBeGreaterThanOrEqual(9); // one each, and the status page
    expect([...new Set(listeners)]).toEqual(["0100007F"]); // 127.0.0.1
    cluster.markers.set("hidden.go");
    expect(await run.ended).toMatchObject({ status: 0, stdout: expectedSums() });
    expect(cluster.output()).not.toContain(secret);
    await until(() => cluster.executors().length === 0, "executors end with their application");
  });

  it("runs two applications side by side, each on the cores that it wants", async () => {
    const start = (name: string, cores: string) =>
      cluster.start(["submit", "waiting.ts", name, "--master", cluster.url, "--cores", cores]);
    const runs = [start("one", "1"), start("two", "2")];
    const started = (name: string) =>
      cluster.markers.names().filter((each) => each.startsWith(`${name}.started`)).length;
    await until(() => started("one") === 1 && started("two") === 2, "both run");
    const { applications, workers } = await cluster.status();
    expect(applications.map(({ name, cores }) => `${name} ${cores}`).sort()).toEqual(["one 1", "two 2"]);
    expect(workers.map(({ freeCores }) => freeCores)).toEqual([0, 0, 0]);
    expect(await cluster.metrics()).toMatchObject({
      superstep_workers: 3,
      superstep_worker_cores: 3,
      superstep_worker_cores_free: 0,
      'superstep_applications{state="running"}': 2,
      superstep_executors: 3,
    });

    // a third one finds no core, says so while it waits, and gives up in the time that it was given
    const third = await cluster.run(["submit", "waiting.ts", "three", "--wait", "1", "--master", cluster.url]);
    expect(third.status).toBe(1);
    expect(third.stderr).toContain("warning[NO_CAPACITY]");
    expect(third.stderr).toMatch(
      /error\[NO_CAPACITY\] .*no executor within 1 s: 0 of 3 workers have free cores\. Start more/,
    );

    for (const name of ["one", "two"]) cluster.markers.set(`${name}.go`);
    for (const run of runs) expect(await run.ended).toMatchObject({ status: 0, stdout: expectedSums() });
  });

  it("goes on with the same bits when a worker is killed, its executor with it", async () => {
    const run = cluster.start(["submit", "waiting.ts", "robbed", "--master", cluster.url]);
    await until(() => cluster.markers.names().filter((name) => name.startsWith("robbed.")).length === 3, "tasks run");
    const before = cluster.executors();
    cluster.killWorker();
    await until(() => before.some((pid) => !isAlive(pid)), "its executor ends with it");
    cluster.markers.set("robbed.go");
    expect(await run.ended).toMatchObject({ status: 0, stdout: expectedSums() });
    await until(() => /worker \S+ lost/.test(cluster.master.errorSoFar), "the master misses it");
  });

  it("gives the bits of local[1] when a worker is killed in a superstep", async () => {
    writeFileSync(file("steps.ts"), steps);
    const pregel = ["pregel", "steps.ts", "graph.txt", "--max-supersteps", "12", "--partitions", "6"];
    const run = cluster.start([...pregel, "--master", cluster.url, "-o", "robbed.csv", "-v"]);
    await until(() => cluster.markers.names().some((name) => name.startsWith("steps.")), "the fifth superstep");
    cluster.killWorker();
    const gone = async () => (await cluster.status()).applications[0]!.executors === 2;
    while (!(await gone())) await new Promise((resolve) => setTimeout(resolve, 20));
    cluster.markers.set("steps.go");
    const { status, stderr } = await run.ended;
    expect([status, stderr]).toEqual([0, expect.stringMatching(/executor \d .* was lost/)]);
    expect(stderr).not.toContain("done again: nothing");
    expect(readFileSync(file("robbed.csv")).equals(await bytesOf(pregel, "local[1]"))).toBe(true);
  });

  it("goes on when the master is killed and started anew, and so does the cluster", async () => {
    const run = cluster.start(["submit", "waiting.ts", "orphan", "--master", cluster.url]);
    await until(() => cluster.markers.names().filter((name) => name.startsWith("orphan.")).length === 3, "tasks run");
    const { port } = cluster;
    const executors = sorted(cluster.executors());
    cluster.master.kill("SIGKILL");
    await cluster.master.ended;
    await cluster.startMaster(port);
    await until(() => /application "orphan" registered again/.test(cluster.master.errorSoFar), "the driver comes back");
    await cluster.whenWorkers(3);
    const { applications } = await cluster.status();
    expect(applications).toMatchObject([{ name: "orphan", executors: 3, cores: 3 }]);
    expect(sorted(cluster.executors())).toEqual(executors); // the same processes
    cluster.markers.set("orphan.go");
    expect(await run.ended).toMatchObject({ status: 0, stdout: expectedSums() });
    expect((await cluster.run(["submit", "words.ts", "--master", cluster.url])).status).toBe(0);
  });

  it("ends a program that fails before it ends its context, and its executors", async () => {
    writeFileSync(file("open.ts"), words.replace("console.log", 'throw new Error("on purpose");\nconsole.log'));
    const { status, stdout, stderr } = await cluster.run(["submit", "open.ts", "--master", cluster.url]);
    expect([status, stdout, stderr]).toEqual([
      1,
      "",
      expect.stringMatching(/^error\[Error\] on purpose \(at open\.ts:/),
    ]);
    await until(() => cluster.executors().length === 0, "its executors end");
  });

  it("lets a program end that never stops its context, and its executors with it", async () => {
    const { url: master, secretFile } = cluster;
    writeFileSync(
      file("unstopped.mjs"),
      `import { Context } from ${JSON.stringify(new URL("../../bundle/index.js", import.meta.url).href)};
       const ctx = await Context.create(${JSON.stringify({ master, cluster: { secretFile }, appName: "unstopped" })});
       await ctx.driver.whenExecutors(3);
       console.log(await ctx.range(0, 100, 1, 4).sum());\n`,
    );
    const child = spawn(process.execPath, [file("unstopped.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    expect(output).toBe("4950\n");
    await until(() => cluster.executors().length === 0, "its executors end");
    expect(cluster.master.errorSoFar).toMatch(/application "unstopped" .*finished/);
  });

  it("runs drivers on workers, and gives back their exit codes and output", async () => {
    writeFileSync(file("fails.ts"), `console.log("so far"); throw new Error("on purpose");\n`);
    const cluster_ = ["--master", cluster.url, "--deploy", "cluster"];
    const fine = await cluster.run(["submit", "words.ts", "x y", ...cluster_]);
    const here = await cluster.run(["submit", "words.ts", "x y"], alone);
    expect([fine.status, fine.stdout]).toEqual([0, here.stdout]);
    expect(fine.stderr).toMatch(
      /^submitted (driver-\w+)\n(?:\1: waiting\n)?(?:\1: running\n)?\1: finished, exit code 0\n$/,
    );
    const failed = await cluster.run(["submit", "fails.ts", ...cluster_]);
    expect(failed.status).toBe(1);
    expect(failed.stdout).toMatch(/^so far\nerror\[Error\] on purpose \(at .*fails\.ts:1:30\)/);
    expect(failed.stderr).toMatch(/: failed, exit code 1\n$/);
  });

  it("loses executors on purpose below a driver on a worker, which is killed and resumed to the same bits", async () => {
    writeFileSync(
      file("ranks.ts"),
      `import { Context, GraphLoader } from "superstep";
import { existsSync, writeFileSync } from "node:fs";
const markers = process.env["MARKERS"]!;
const ctx = await Context.create();
const pause = new Int32Array(new SharedArrayBuffer(4));
const superstep = Number(process.argv[3]);
ctx.on((event) => {
  if (event.type === "resumed") console.log("resumed");
  if (event.type !== "superstep" || event.n !== superstep || existsSync(markers + "/ranks.go")) return;
  writeFileSync(markers + "/ranks.waits", String(process.pid));
  while (!existsSync(markers + "/ranks.go")) Atomics.wait(pause, 0, 0, 20);
});
const graph = await GraphLoader.edgeListFile(ctx, process.argv[2]!);
const { graph: ranks } = await graph.pageRank({ iterations: 12 });
console.log(JSON.stringify(await ranks.vertices.top(20, ([, rank]) => rank)));\n`,
    );
    const program = ["submit", "ranks.ts", file("graph.txt")];
    const here = await cluster.run([...program, "0"], alone);
    const options = [
      "--master",
      cluster.url,
      "--deploy",
      "cluster",
      "--checkpoint-dir",
      "ranks",
      "--checkpoint-every",
      "2",
    ];
    const shaken = cluster.start([...program, "7", ...options, "--chaos", "kill-host@superstep=2"]);
    await cluster.markers.seen("ranks.waits");
    await until(() => readFileSync(cluster.markers.file("ranks.waits"), "utf8") !== "", "the seventh superstep");
    process.kill(Number(readFileSync(cluster.markers.file("ranks.waits"), "utf8")), "SIGKILL");
    const killed = await shaken.ended;
    expect([killed.status, killed.stderr]).toEqual([137, expect.stringMatching(/: failed, exit code 137\n$/)]);
    expect(killed.stdout).toMatch(/warning\[CHAOS\] killed executor \d+ as superstep 2/);
    expect(readdirSync(file("ranks"))).toHaveLength(1); // beside whoever submitted, as workers here share its directories
    const resumed = await cluster.run([...program, "0", ...options, "--resume"]);
    expect([resumed.status, resumed.stdout]).toEqual([0, `resumed\n${here.stdout}`]);
    expect(readdirSync(file("ranks"))).toEqual([]);
  });

  it("ends a driver on a worker, and its executors, at Ctrl-C", async () => {
    const run = cluster.start(["submit", "waiting.ts", "ended", "--master", cluster.url, "--deploy", "cluster"]);
    await until(() => cluster.markers.names().some((name) => name.startsWith("ended.")), "it runs");
    run.kill("SIGINT");
    const { status, stderr } = await run.ended;
    expect([status, stderr]).toEqual([130, expect.stringMatching(/interrupted: ending driver-.*: killed, exit code/s)]);
    await until(() => cluster.processes().length === 4, "driver and executors end");
  });

  it("says in one line what is wrong: secret, version, address, nobody there, no cluster", async () => {
    const run = async (...args: string[]) => {
      const { status, stderr } = await cluster.run(["submit", "words.ts", ...args]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      return `${status} ${stderr}`;
    };
    writeFileSync(file("other"), "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
    expect(await run("--master", cluster.url, "--secret-file", "other")).toMatch(/^1 error\[UNAUTHENTICATED\] /);
    expect(await run("--master", cluster.url, "--secret-file", "none")).toMatch(
      /^2 error\[INVALID_ARGUMENT\] secret: "none"/,
    );
    expect(await run("--master", "superstep://127.0.0.1:1", "--secret-file", "other")).toMatch(
      /^1 error\[UNREACHABLE\] /,
    );
    expect(await run("--master", "superstep://127.0.0.1:1")).toMatch(
      /^1 error\[UNAUTHENTICATED\] superstep:\/\/127.0.0.1:1: no secret .* `superstep master --port 1`/,
    );
    expect(await run("--master", "superstep://10.255.255.1:7077")).toMatch(
      /^1 error\[UNAUTHENTICATED\] .*--secret-file FILE/,
    );
    expect(await run("--master", "local[2]", "--deploy", "cluster")).toMatch(
      /^2 error\[INVALID_ARGUMENT\] submit: --master/,
    );

    const versions = { ...ownVersions(), node: "v1.2.3" };
    const stranger = grpcTransport({ role: "driver", secret: Secret.fromFile(cluster.secretFile), versions });
    await expect(stranger.connect(cluster.url.replace("superstep://", ""), "master")).rejects.toMatchObject({
      code: "INCOMPATIBLE",
      message: expect.stringContaining("v1.2.3"),
    });
    await stranger.close();
  });

  it("refuses to serve other machines without a secret, and without TLS", async () => {
    const nothing = await cluster.run(["master", "--host", "0.0.0.0", "--port", "0"]);
    expect([nothing.status, nothing.stderr]).toEqual([
      1,
      expect.stringMatching(/^error\[UNAUTHENTICATED\] master: .*--secret-file/),
    ]);
    const plain = await cluster.run([
      "master",
      "--host",
      "0.0.0.0",
      "--port",
      "0",
      "--secret-file",
      cluster.secretFile,
    ]);
    expect([plain.status, plain.stderr]).toEqual([2, expect.stringMatching(/^error\[INVALID_ARGUMENT\] .*TLS/i)]);
  });

  it("says that a port is taken", async () => {
    const second = await cluster.run(["master", "--port", String(cluster.port)]);
    expect([second.status, second.stderr]).toEqual([2, expect.stringContaining(String(cluster.port))]);
    expect(existsSync(cluster.secretFile)).toBe(true);
  });
});
