import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { faultPoints } from "../../../core/host/faultPoint.ts";

const directory = mkdtempSync(path.join(os.tmpdir(), "superstep-fault-test."));
afterAll(() => rmSync(directory, { recursive: true }));

describe("faultPoints", () => {
  it("does nothing unless it is armed, and refuses to be armed outside of tests", () => {
    expect(() => faultPoints({})("launch")).not.toThrow();
    const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => faultPoints({ SUPERSTEP_FAULTS: directory })).toThrow(refused);
    expect(() => faultPoints({ SUPERSTEP_FAULTS: directory, SUPERSTEP_TESTING: "0" })).toThrow(refused);
  });

  it("fails at its point alone, once for each token", () => {
    const module = fileURLToPath(new URL("../../../dist/core/host/faultPoint.js", import.meta.url));
    const program = `
      import { faultPoints } from ${JSON.stringify(module)};
      const reach = faultPoints();
      reach("launch");
      reach("ship");`;
    const env = { ...process.env, SUPERSTEP_FAULTS: directory, SUPERSTEP_TESTING: "1" };
    const run = (): number | null =>
      spawnSync(process.execPath, ["--input-type=module", "-e", program], { env }).status;
    for (const token of ["ship.exit42.1", "ship.exit42.2", "store.exit0.1", "ship.odd.1"]) {
      writeFileSync(path.join(directory, token), "");
    }
    expect([run(), run(), run()]).toEqual([42, 42, 0]);
    expect(readdirSync(directory).sort((a, b) => (a < b ? -1 : 1))).toEqual(["ship.odd.1", "store.exit0.1"]);
  });
});
