import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeWhole } from "../../../core/storage/writeWhole.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "superstep-whole-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("writeWhole", () => {
  it("writes all pieces in their order, in place of what was there", () => {
    const file = path.join(folder, "a");
    writeFileSync(file, "before");
    writeWhole(file, 0, [Buffer.from("one"), new Uint8Array(0), Buffer.from("two")]);
    expect(readFileSync(file, "utf8")).toBe("onetwo");
    expect(readdirSync(folder)).toEqual(["a"]);
    rmSync(file);
  });

  it("leaves what was there, and nothing of its own, if a piece cannot be made", () => {
    const file = path.join(folder, "b");
    writeFileSync(file, "before");
    const pieces = function* () {
      yield Buffer.from("half");
      throw new Error("cancelled");
    };
    expect(() => writeWhole(file, 3, pieces())).toThrow("cancelled");
    expect([readFileSync(file, "utf8"), readdirSync(folder)]).toEqual(["before", ["b"]]);
    rmSync(file);
  });

  it("leaves nothing of its own if its name cannot be had", () => {
    const file = path.join(folder, "c");
    mkdirSync(file);
    expect(() => writeWhole(file, 0, [Buffer.from("x")])).toThrow(/EISDIR|EPERM|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder)).toEqual(["c"]);
    rmSync(file, { recursive: true });
  });
});
