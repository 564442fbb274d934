import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { defaultSecretFile, makeDefaultSecret } from "../../../../core/cluster/standalone/defaultSecret.ts";
import { Secret } from "../../../../core/net/secret.ts";

const root = mkdtempSync(path.join(os.tmpdir(), "superstep-secrets-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("defaultSecretFile", () => {
  it("is in the user's runtime directory, or else in that for state", () => {
    const both = { XDG_RUNTIME_DIR: "/run/user/7", XDG_STATE_HOME: "/state" };
    expect(defaultSecretFile(7077, both)).toBe("/run/user/7/superstep/secret-7077");
    expect(defaultSecretFile(1, { XDG_STATE_HOME: "/state" })).toBe("/state/superstep/secret-1");
    const home = path.join(os.homedir(), ".local/state/superstep/secret-1");
    for (const unset of [{}, { XDG_RUNTIME_DIR: "", XDG_STATE_HOME: "relative" }]) {
      expect(defaultSecretFile(1, unset)).toBe(home);
    }
  });
});

describe("makeDefaultSecret", () => {
  it("makes a file for its owner alone, in a directory for its owner alone, once", () => {
    const file = path.join(root, "a", "superstep", "secret-1");
    makeDefaultSecret(file);
    const secret = readFileSync(file, "utf8");
    expect(secret).toMatch(/^[0-9a-f]{64}\n$/);
    expect([statSync(file).mode & 0o777, statSync(path.dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
    makeDefaultSecret(file);
    expect(readFileSync(file, "utf8")).toBe(secret);
    expect(readdirSync(path.dirname(file))).toEqual(["secret-1"]);
    makeDefaultSecret(path.join(path.dirname(file), "secret-2"));
    expect(readFileSync(path.join(path.dirname(file), "secret-2"), "utf8")).not.toBe(secret);
    expect(Secret.fromFile(file)).toBeInstanceOf(Secret);
  });

  it("refuses a directory that others can read, and a link to one", () => {
    const open = path.join(root, "open");
    mkdirSync(open);
    chmodSync(open, 0o755);
    expect(() => makeDefaultSecret(path.join(open, "secret-1"))).toThrow(/must be open to its owner alone/);
    chmodSync(open, 0o700);
    symlinkSync(open, path.join(root, "link"));
    expect(() => makeDefaultSecret(path.join(root, "link", "secret-1"))).toThrow(/no link/);
    expect(readdirSync(open)).toEqual([]);
  });
});
