/**
 * The tour of README.md as a newcomer takes it: every snippet, in order, in one folder.
 *
 * A `sh` block is run and must succeed; a `text` block after it is exactly what it prints. A `ts` block is a file, named
 * by its first line.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const readme = readFileSync(path.join(root, "README.md"), "utf8");

interface Step {
  readonly script: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly expected: string | undefined;
}

/** The scripts of a section, each with the files that stand before it and the output that stands after it. */
function stepsOf(section: string): Step[] {
  const blocks = [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({ kind, text: text! }));
  const steps: Step[] = [];
  let files: { name: string; text: string }[] = [];
  blocks.forEach(({ kind, text }, at) => {
    if (kind === "ts") files.push({ name: /^\/\/ ([\w.]+\.ts)\n/.exec(text)![1]!, text });
    if (kind !== "sh") return;
    const next = blocks[at + 1];
    steps.push({ script: text, files, expected: next?.kind === "text" ? next.text : undefined });
    files = [];
  });
  return steps;
}

function sectionNamed(title: string): string {
  const [, section] = readme.split(new RegExp(`^## ${title}$`, "m"));
  return section!.split(/^## /m)[0]!;
}

const steps = stepsOf(sectionNamed("Five-minute tour"));

describe("the tour of README.md", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "superstep-readme-"));
    mkdirSync(path.join(folder, "bin"));
    const shim = `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, "bundle/cli/main.js")}" "$@"\n`;
    writeFileSync(path.join(folder, "bin/superstep"), shim);
    chmodSync(path.join(folder, "bin/superstep"), 0o755);
    mkdirSync(path.join(folder, "work/examples"), { recursive: true });
    cpSync(path.join(root, "examples/data"), path.join(folder, "work/examples/data"), { recursive: true });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has commands, programs and outputs", () => {
    expect(steps.length).toBeGreaterThanOrEqual(7);
    expect(steps.flatMap(({ files }) => files).length).toBeGreaterThanOrEqual(3);
    expect(steps.filter(({ expected }) => expected !== undefined).length).toBeGreaterThanOrEqual(6);
  });

  it.each(steps.map((step) => [step.script.trim(), step] as const))("%s", (_script, { script, files, expected }) => {
    const cwd = path.join(folder, "work");
    for (const { name, text } of files) writeFileSync(path.join(cwd, name), text);
    const PATH = `${path.join(folder, "bin")}${path.delimiter}${process.env["PATH"]}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-euc", script], {
      cwd,
      encoding: "utf8",
      timeout: 100_000,
      env: { ...process.env, PATH, NO_COLOR: "1", FORCE_COLOR: "0" },
    });
    expect(status, stderr).toBe(0);
    if (expected !== undefined) expect(stdout).toBe(expected);
    for (const [, file] of script.matchAll(/(?:-o|--export) (\w\S*)/g)) {
      expect(existsSync(path.join(cwd, file!)), file).toBe(true);
    }
  });
});

describe("README.md", () => {
  it("links to files that exist", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(20);
    for (const link of links) expect(existsSync(path.join(root, link)), link).toBe(true);
  });

  it("names every option of every command, and no other", () => {
    const main = path.join(root, "bundle/cli/main.js");
    const offered = ["run", "pregel", "info", "convert", "generate", "view"].flatMap((command) => {
      const help = spawnSync(process.execPath, [main, command, "--help"], { encoding: "utf8" }).stdout;
      return [...help.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option!);
    });
    const rows = sectionNamed("The command")
      .split("\n")
      .filter((line) => line.startsWith("| `--"));
    const named = rows.flatMap((row) =>
      [...row.split("|")[1]!.matchAll(/`(--[a-z-]+)`/g)].map(([, option]) => option!),
    );
    const expected = new Set(offered.filter((option) => option !== "--help"));
    expect([...new Set(named)].sort()).toEqual([...expected].sort());
  });

  it("gives the reason of every runtime dependency, and of no other", () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const rows = sectionNamed("Dependencies")
      .split("\n")
      .filter((line) => line.startsWith("| ["));
    const named = rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/\[([^\]]+)\]/g)].map(([, name]) => name));
    expect(named.sort()).toEqual(Object.keys(dependencies).sort());
  });

  it("names nothing at a glance that the library does not have", async () => {
    const library = (await import("../index.ts")) as unknown as Record<string, { prototype?: object } | undefined>;
    const rows = sectionNamed("The API at a glance")
      .split("\n")
      .filter((line) => /^\| (?!---|\| )/.test(line));
    const members = new Map<string, object[]>([
      ["`Context`", [library["Context"]!, library["Context"]!.prototype!]],
      ["`RDD`", [library["RDD"]!.prototype!]],
      ["of pairs", [library["RDD"]!.prototype!]],
      ["actions", [library["RDD"]!.prototype!]],
      ["kept", [library["RDD"]!.prototype!]],
      ["`Graph`", [library["Graph"]!, library["Graph"]!.prototype!]],
      ["algorithms", [library["Graph"]!.prototype!]],
      ["`VertexRDD`", [library["VertexRDD"]!.prototype!]],
      ["in and out", [library]],
      ["viewer", [library]],
      ["errors", [library]],
    ]);
    const seen = rows.map((row) => {
      const [, title, text] = row.split("|").map((cell) => cell.trim());
      const names = [...text!.matchAll(/`(\w+)(?:\.(\w+))?(?:\([^`]*\))?`/g)].filter(([, name]) => name !== "code");
      for (const [, name, member] of names) {
        const owner = members.get(title!)!.find((object) => name! in object) as Record<string, object> | undefined;
        expect(owner, `${title}: ${name}`).toBeDefined();
        if (member !== undefined) expect(owner![name!], name).toHaveProperty(member);
      }
      return title;
    });
    expect(seen).toEqual([...members.keys()]);
  });
});
