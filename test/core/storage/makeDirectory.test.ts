import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeDirectory } from "../../../core/storage/makeDirectory.ts";

const root = mkdtempSync(path.join(os.tmpdir(), "superstep-make-test."));
afterAll(() => rmSync(root, { recursive: true }));
const isPrivate = (directory: string): boolean =>
  process.platform === "win32" || (statSync(directory).mode & 0o077) === 0;

describe("makeDirectory", () => {
  it("makes a directory and all above it, in the mode that is asked for, and again does nothing", () => {
    const directory = path.join(root, "a", "b", "c");
    for (let time = 0; time < 2; time++) makeDirectory(directory, 0o700);
    expect([directory, path.dirname(directory)].map(isPrivate)).toEqual([true, true]);
    makeDirectory(path.join(directory, "d/"));
    makeDirectory(path.relative(process.cwd(), path.join(root, "relative", "path")));
    expect(statSync(path.join(root, "relative", "path")).isDirectory()).toBe(true);
  });

  it("says what the system says where it cannot be made, and does not try for ever", () => {
    writeFileSync(path.join(root, "file"), "");
    symlinkSync(path.join(root, "nowhere"), path.join(root, "dangling"));
    expect(() => makeDirectory(path.join(root, "file"))).toThrow(/EEXIST/);
    expect(() => makeDirectory(path.join(root, "file", "in", "it"))).toThrow(/ENOTDIR/);
    expect(() => makeDirectory(path.join(root, "dangling"))).toThrow(/EEXIST/);
    expect(() => makeDirectory(path.join(root, "dangling", "in", "it"))).toThrow(/EEXIST|ENOENT/);
  });

  it.runIf(process.platform === "linux")("also where nobody can make anything", () => {
    expect(() => makeDirectory("/proc/superstep")).toThrow(/ENOENT/);
    expect(() => makeDirectory("/proc/superstep/in/it")).toThrow(/ENOENT/);
  });
});
