import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  readMasterFile,
  restoreCluster,
  savedCluster,
  beginMasterFile,
  writeMasterFile,
} from "../../../../core/cluster/standalone/masterFile.ts";
import { application, ScriptedCluster, settings, submission, worker } from "./clusterEvents.ts";

const folder = mkdtempSync(path.join(tmpdir(), "superstep-master-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, "state");

function saved(): ReturnType<typeof savedCluster> {
  const cluster = new ScriptedCluster();
  cluster.tell(worker("w1", 2), application("a", { cores: 3 }), application("b"), submission("d", 2));
  return savedCluster(cluster.state);
}

describe("writeMasterFile and readMasterFile", () => {
  it("gives back what was written, readable by its owner alone, and leaves no other file", () => {
    writeMasterFile(file, saved());
    writeMasterFile(file, saved());
    const read = readMasterFile(file)!;
    expect(read).toEqual(saved());
    expect(savedCluster(restoreCluster(settings, "next", read, 0))).toEqual(saved());
    expect(readdirSync(folder)).toEqual(["state"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("knows a file that is not there from one that is damaged, at any byte", () => {
    expect(readMasterFile(path.join(folder, "none"))).toBeUndefined();
    writeMasterFile(file, saved());
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(file, damaged);
      expect(() => readMasterFile(file)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
    }
    for (const length of [0, 10, whole.length - 1]) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      expect(() => readMasterFile(file)).toThrow(/Move it away/);
    }
  });

  it("keeps the file that was there if the new one cannot be written", () => {
    writeMasterFile(file, saved());
    expect(() => writeMasterFile(path.join(folder, "no", "state"), saved())).toThrow(/ENOENT/);
    expect(() => writeMasterFile(folder, saved())).toThrow();
    expect(() => beginMasterFile(path.join(folder, "no", "state"), saved())).toThrow(
      /the state file .* cannot be written \(ENOENT\)\. Name one that can be/,
    );
    expect(readdirSync(folder)).toEqual(["state"]);
    expect(readMasterFile(file)).toEqual(saved());
  });
});
