import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { WorkDirectory } from "../../../../core/cluster/standalone/workDirectory.ts";

const root = mkdtempSync(path.join(tmpdir(), "superstep-work-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("WorkDirectory", () => {
  it("is private, and has a directory for each process", () => {
    const work = new WorkDirectory(root);
    expect(path.dirname(work.path)).toBe(root);
    const own = work.make("executor-1");
    expect([statSync(work.path).mode & 0o777, statSync(own).mode & 0o777]).toEqual([0o700, 0o700]);
    writeFileSync(path.join(own, "block"), "x");
    work.make("executor-2");
    work.remove(own);
    expect(readdirSync(work.path)).toEqual(["executor-2"]);
    work.remove();
    expect(readdirSync(root)).toEqual([]);
  });

  it.each(["..", ".", "../x", "/etc", "a/b", "", "a\0b"])("makes none for the name %j", (name) => {
    const work = new WorkDirectory(root);
    expect(() => work.make(name)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(readdirSync(work.path)).toEqual([]);
    work.remove();
  });

  it("removes what dead workers left, and nothing else", () => {
    const { pid: dead } = spawnSync(process.execPath, ["-e", ""]);
    const left = path.join(root, `superstep-worker-${dead}-abcDEF`);
    mkdirSync(path.join(left, "executor"), { recursive: true });
    const kept = [`superstep-worker-${process.pid}-abcDEF`, `superstep-worker-${dead}-toolong`, "other"];
    for (const name of kept) mkdirSync(path.join(root, name));
    symlinkSync(path.join(root, "other"), path.join(root, `superstep-worker-${dead}-abcDEG`));
    const work = new WorkDirectory(root);
    expect(existsSync(left)).toBe(false);
    for (const name of kept) expect(existsSync(path.join(root, name))).toBe(true);
    work.remove();
  });

  it("says which directory cannot be used", () => {
    writeFileSync(path.join(root, "file"), "");
    expect(() => new WorkDirectory(path.join(root, "file"))).toThrow(/the work directory must be one that can be made/);
  });
});
