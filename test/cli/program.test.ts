import { describe, expect, it } from "vitest";
import { strategies } from "../../cli/options.ts";
import { runCommandLine } from "../../cli/program.ts";
import type { Request } from "../../cli/requests.ts";
import { strategyNames } from "../../graph/partition/strategy.ts";

/** Runs a command line, and gives what was asked for, printed, and the exit code. */
async function command(line: string, code = 0) {
  const requests: Request[] = [];
  const printed: string[] = [];
  const exitCode = await runCommandLine(line.split(" ").filter(Boolean), {
    perform: async (request) => {
      requests.push(request);
      return code;
    },
    version: "1.2.3",
    print: (text) => printed.push(text),
  });
  return { request: requests[0], numRequests: requests.length, printed: printed.join(""), exitCode };
}

const usage = (message: string) => ({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) as string });

describe("superstep run", () => {
  it("has defaults for what is not said", async () => {
    expect((await command("run pagerank wiki.txt")).request).toEqual({
      command: "run",
      algorithm: "pagerank",
      input: { paths: ["wiki.txt"], undirected: false, ids: "auto", defaultVertex: false },
      parameters: {},
      explain: false,
      requireConvergence: false,
      force: false,
      json: false,
      top: 10,
      progress: "auto",
      quiet: false,
      verbose: false,
      color: true,
    });
  });

  it("reads every option", async () => {
    const line =
      "run pr a.csv b.csv --src from --dst 2 --weight miles --vertices v.csv --id key --default-vertex --undirected --from CSV --no-header --delimiter tab --ids string " +
      "--max-errors 5 --bad-rows bad.csv --master local[2] --partitions 7 --strategy edgepartition2d -o out.csv " +
      "--format tsv --force --top 3 --json --progress JSON --explain --quiet --verbose --no-color --tolerance 1e-6 " +
      "--reset-prob .2 --scale probability --source 30 --max-supersteps 50 --require-convergence " +
      "--checkpoint-dir saved --checkpoint-every 3 --resume --resume-other-node --chaos kill-host@stage=2#seed=7";
    expect((await command(line)).request).toEqual({
      command: "run",
      algorithm: "pagerank",
      input: {
        paths: ["a.csv", "b.csv"],
        src: "from",
        dst: "2",
        weight: "miles",
        vertices: "v.csv",
        id: "key",
        defaultVertex: true,
        undirected: true,
        from: "csv",
        header: false,
        delimiter: "\t",
        ids: "string",
        maxErrors: 5,
        badRows: "bad.csv",
      },
      parameters: { tolerance: 1e-6, resetProb: 0.2, scale: "probability", source: "30", maxSupersteps: 50 },
      explain: true,
      requireConvergence: true,
      checkpointDir: "saved",
      checkpointEvery: 3,
      resume: true,
      resumeOtherNode: true,
      chaos: "kill-host@stage=2#seed=7",
      master: "local[2]",
      partitions: 7,
      strategy: "EdgePartition2D",
      output: "out.csv",
      format: "tsv",
      force: true,
      json: true,
      top: 3,
      progress: "json",
      quiet: true,
      verbose: true,
      color: false,
    });
  });

  it("takes options before and behind what they belong to, and - for standard streams", async () => {
    const { request } = await command("run --iterations 20 pagerank -o - -");
    expect(request).toMatchObject({ parameters: { iterations: 20 }, output: "-", top: 0, input: { paths: ["-"] } });
  });

  it("collects landmarks, also over several options, with escaped commas", async () => {
    const { request } = await command("run shortest-paths x --landmarks 1,4 --landmarks a\\,b");
    expect(request).toMatchObject({ algorithm: "shortest-paths", parameters: { landmarks: ["1", "4", "a,b"] } });
  });

  it("shows no progress when quiet, unless asked for", async () => {
    expect((await command("run cc x -q")).request).toMatchObject({ progress: "none" });
    expect((await command("run cc x -q --progress json")).request).toMatchObject({ progress: "json" });
  });

  it("ends with the code of what it did", async () => {
    expect((await command("run cc x", 5)).exitCode).toBe(5);
  });

  it.each([
    ["run pagernk x", 'no algorithm "pagernk"; did you mean pagerank?'],
    ["run pagerank", "run: missing required argument input"],
    ["run", "run: missing required argument algorithm"],
    ["run pagerank x --tolerence 1", "run: unknown option --tolerence; did you mean --tolerance?"],
    ["run bfs x", "run: bfs needs --source"],
    ["run sp x", "run: shortest-paths needs --landmarks"],
    ["run cc x --tolerance 1", "--tolerance does not go with components; it is for pagerank"],
    ["run bfs x --source 1 --weight w", "--weight does not go with bfs"],
    ["run pr x --iterations 3 --tolerance 1", "--iterations and --tolerance exclude each other"],
    ["run pr x --iterations 3 --max-supersteps 2", "--iterations and --max-supersteps exclude each other"],
    ["run pr x --iterations 0", '--iterations must be an integer >= 1, got "0"'],
    ["run pr x --iterations 1.5", '--iterations must be an integer >= 1, got "1.5"'],
    ["run pr x --iterations 99999999999999999999", "--iterations must be an integer"],
    ["run pr x --tolerance -1", '--tolerance must be a number >= 0, got "-1"'],
    ["run pr x --tolerance Infinity", "--tolerance must be a number >= 0"],
    ["run pr x --tolerance 0x1", "--tolerance must be a number >= 0"],
    ["run pr x --reset-prob 1.01", '--reset-prob must be a number from 0 to 1, got "1.01"'],
    [
      "run pr x --scale probabilty",
      '--scale must be one of n, probability, got "probabilty"; did you mean probability?',
    ],
    ["run pr x --partitions 0", "--partitions must be an integer from 1 to 65536"],
    ["run pr x --progress fancy", "--progress must be one of auto, bar, plain, json, none"],
    ["run pr x --delimiter ab", '--delimiter must be one ASCII character, or tab, got "ab"'],
    ["run sp x --landmarks 1,,2", "--landmarks must be ids separated by commas"],
    ["run pr x -o - --json", "--json and -o - both print"],
    ["run pr x -o - --top 5", "--top and -o - both print"],
    ["run pr x --format csv", "--format needs --output"],
    ["run pr x --top", "argument missing"],
    ["run pr x --id key", "--id needs --vertices"],
    ["run pr x --default-vertex", "--default-vertex needs --vertices"],
    ["run pr x --from gml", "--from must be one of edgeList, csv, tsv, mtx"],
    ["run pr x --max-errors 100001", "--max-errors must be an integer from 0 to 100000"],
    ["run pr x --cores 2", '--cores goes with --master superstep://host:port alone, got "local[*]"'],
    ["run pr x --wait 2 --master local[2]", '--wait goes with --master superstep://host:port alone, got "local[2]"'],
    ["submit p.ts --executor-memory 2g --master local-cluster[2,1]", "--executor-memory goes with --master superstep:"],
    ["view r.csv --edges x --export p.html --port 80", "--export and --port exclude each other"],
    ["generate star --vertices 3 o.txt --partitions 2", "generate: unknown option --partitions"],
  ])("refuses %j", async (line, message) => {
    await expect(command(line)).rejects.toMatchObject(usage(message));
  });

  it("knows the strategies that graphs know", () => {
    expect(strategies).toEqual(strategyNames);
  });
});

describe("the other commands", () => {
  it.each<[string, object]>([
    [
      "pregel hops.ts a.txt b.txt --max-supersteps 9 -o x.csv",
      {
        command: "pregel",
        program: "hops.ts",
        input: { paths: ["a.txt", "b.txt"] },
        maxSupersteps: 9,
        output: "x.csv",
      },
    ],
    ["info a.txt --json", { command: "info", input: { paths: ["a.txt"] }, json: true }],
    [
      "convert a.txt - --format ndjson",
      { command: "convert", input: { paths: ["a.txt"] }, output: "-", format: "ndjson" },
    ],
    [
      "generate rmat --vertices 1000 --edges 5000 e.txt",
      { command: "generate", kind: "rmat", vertices: 1000, edges: 5000, seed: 1, output: "e.txt", force: false },
    ],
    ["generate grid --rows 3 --columns 4 --seed 9 e.csv", { kind: "grid", rows: 3, columns: 4, seed: 9 }],
    ["generate kronecker --scale 5 --edge-factor 8 e.csv", { kind: "kronecker", scale: 5, edgeFactor: 8 }],
    [
      "view --edges a.txt r.csv --edges b.txt --top 5 --export v.html --src x",
      {
        command: "view",
        result: "r.csv",
        edges: { paths: ["a.txt", "b.txt"], src: "x" },
        top: 5,
        export: "v.html",
        port: 0,
      },
    ],
    ["view r.csv --edges a --ego 3 --hops 1 --no-open --port 8080", { ego: "3", hops: 1, open: false, port: 8080 }],
  ])("read %j", async (line, expected) => {
    const { request, numRequests } = await command(line);
    expect(request).toMatchObject(expected);
    expect(numRequests).toBe(1);
  });

  it.each([
    ["rum pagerank x", "superstep: unknown command rum; did you mean run?"],
    ["pagerank x", "superstep: unknown command pagerank; did you mean superstep run pagerank?"],
    ["--nope", "superstep: unknown option --nope"],
    ["help vew", 'superstep: no command "vew"; did you mean view?'],
    ["convert a b c", "convert: too many arguments"],
    ["view r.csv", "view: required option --edges <input> not specified"],
    ["view r.csv --edges a --hops 2", "view: --hops needs --ego"],
    ["view r.csv --edges a --export v.svg", 'view: --export must end in .html, got "v.svg"'],
    ["generate rmat x --vertices 10", "generate: rmat needs --edges"],
    ["generate star x --vertices 10 --edges 3", "generate: --edges does not go with star"],
    ["generate tree x", 'kind must be one of rmat, kronecker, log-normal, grid, star, got "tree"'],
  ])("refuse %j", async (line, message) => {
    await expect(command(line)).rejects.toMatchObject(usage(message));
  });
});

describe("help", () => {
  it("is five examples for the bare command", async () => {
    const { printed, exitCode, numRequests } = await command("");
    expect(printed.split("\n").filter((line) => line.startsWith("  superstep "))).toHaveLength(5);
    expect([exitCode, numRequests]).toEqual([0, 0]);
  });

  it.each([
    ["--help", "Commands:"],
    ["-h", "Commands:"],
    ["help", "Commands:"],
    ["run -h", "--landmarks"],
    ["run pagerank x --tolerance 1 --help", "--landmarks"],
    ["help run", "--landmarks"],
    ["help generate", "kronecker"],
    ["--version", "1.2.3"],
    ["-V", "1.2.3"],
  ])("answers %j, with exit code 0", async (line, text) => {
    const { printed, exitCode, numRequests } = await command(line);
    expect(printed).toContain(text);
    expect([exitCode, numRequests]).toEqual([0, 0]);
  });

  it("of every command begins with examples", async () => {
    for (const name of ["run", "pregel", "info", "convert", "generate", "view"]) {
      expect((await command(`${name} --help`)).printed).toMatch(/^Examples:\n  superstep /);
    }
  });
});

describe("options of clusters", () => {
  const unset = ["SUPERSTEP_SECRET_FILE", "SUPERSTEP_TLS", "SUPERSTEP_HOST"].every(
    (name) => process.env[name] === undefined,
  );

  it.runIf(unset)("are part of every command that runs something", async () => {
    const options =
      "--master superstep://h:1 --cores 8 --executor-cores 2 --executor-memory 512m --wait 1.5 --secret-file s --tls t --insecure-no-tls --host 10.0.0.1";
    const cluster = {
      cores: 8,
      coresPerExecutor: 2,
      memoryBytesPerExecutor: 512 * 2 ** 20,
      waitMs: 1500,
      secretFile: "s",
      tls: "t",
      insecureNoTls: true,
      host: "10.0.0.1",
    };
    for (const line of [
      "run pagerank a",
      "pregel p.ts a",
      "info a",
      "convert a b",
      "generate star --vertices 3 o",
      "submit p.ts",
    ]) {
      expect((await command(`${line} ${options}`)).request).toMatchObject({ master: "superstep://h:1", cluster });
      expect((await command(line)).request).not.toHaveProperty("cluster");
    }
  });

  it.runIf(unset)("may say how much of a cluster a program with a master of its own wants", async () => {
    expect((await command("submit p.ts --cores 8")).request).toMatchObject({ cluster: { cores: 8 } });
  });

  it.runIf(unset)("make a master and a worker", async () => {
    const report = { progress: "auto", quiet: false, verbose: false, color: true };
    expect((await command("master")).request).toEqual({ command: "master", port: 7077, statusPort: 0, ...report });
    const more =
      "--port 0 --host 10.0.0.5 --secret-file s --tls t --state-file f --status-port 80 --heartbeat 100 --timeout 900";
    expect((await command(`master ${more}`)).request).toEqual({
      command: "master",
      port: 0,
      host: "10.0.0.5",
      secretFile: "s",
      tls: "t",
      stateFile: "f",
      statusPort: 80,
      heartbeat: 100,
      timeout: 900,
      ...report,
    });
    expect((await command("worker superstep://h:1")).request).toEqual({
      command: "worker",
      master: "superstep://h:1",
      ...report,
    });
    expect((await command("worker superstep://h:1 --cores 8 --memory 8g --work-dir w")).request).toEqual({
      command: "worker",
      master: "superstep://h:1",
      cores: 8,
      memory: 8 * 2 ** 30,
      workDir: "w",
      ...report,
    });
  });

  it("leave a program its arguments", async () => {
    const { request } = await command("submit p.ts a --master local[2] b -- --master c");
    expect(request).toMatchObject({
      program: "p.ts",
      args: ["a", "b", "--master", "c"],
      master: "local[2]",
      deploy: "client",
    });
  });

  it.each([
    ["submit p.ts --deploy nowhere", "--deploy must be one of client, cluster"],
    ["worker superstep://h:1 --memory 8", "--memory must be a size such as 8g or 512m"],
    ["worker superstep://h:1 --memory g", "--memory must be a size"],
    ["worker superstep://h:1 --memory 1023k", "--memory must be a size"],
    ["worker superstep://h:1 --cores 0", "--cores must be an integer from 1 to 1024"],
    ["worker", "missing required argument master"],
    ["master --port 70000", "--port must be an integer from 0 to 65535"],
    ["submit p.ts --flag-of-the-program", "unknown option --flag-of-the-program"],
  ])("refuse %s", async (line, message) => {
    await expect(command(line)).rejects.toMatchObject(usage(message));
  });

  it.each([
    ["8g", 8 * 2 ** 30],
    ["8GiB", 8 * 2 ** 30],
    ["1536m", 1536 * 2 ** 20],
    ["1t", 2 ** 40],
    ["2048K", 2 ** 21],
    ["1048576", 2 ** 20],
  ])("read %s as bytes", async (size, expected) => {
    expect((await command(`worker superstep://h:1 --memory ${size}`)).request).toMatchObject({ memory: expected });
  });
});
