import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusterAccess, splitAddress } from "../../../core/cluster/clusterAccess.ts";
import { Secret } from "../../../core/net/secret.ts";

const root = mkdtempSync(path.join(os.tmpdir(), "superstep-access-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function secretFile(name: string): { file: string; proof: string } {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `a secret that is named ${name}`, { mode: 0o600 });
  return { file, proof: proofOf(Secret.fromFile(file)) };
}
const proofOf = (secret: Secret): string => secret.hmac("x").toString("hex");

const names = [
  "SUPERSTEP_SECRET",
  "SUPERSTEP_SECRET_FILE",
  "SUPERSTEP_TLS",
  "SUPERSTEP_HOST",
  "XDG_STATE_HOME",
  "XDG_RUNTIME_DIR",
];
const before = names.map((name) => process.env[name]);
beforeEach(() => {
  for (const name of names) delete process.env[name];
  process.env["XDG_STATE_HOME"] = root;
});
afterEach(() => {
  names.forEach((name, at) => {
    if (before[at] === undefined) delete process.env[name];
    else process.env[name] = before[at];
  });
});

describe("clusterAccess", () => {
  it("takes the secret from what is nearest: itself, a file, the environment, the master's own file", async () => {
    const own = secretFile("superstep/secret-7077");
    const proof = async (options: Parameters<typeof clusterAccess>[1]) =>
      proofOf((await clusterAccess("127.0.0.1:7077", options)).secret);
    expect(await proof({})).toBe(own.proof);
    const named = secretFile("named");
    process.env["SUPERSTEP_SECRET_FILE"] = named.file;
    expect(await proof({})).toBe(named.proof);
    const given = secretFile("given");
    expect(await proof({ secretFile: given.file })).toBe(given.proof);
    const handed = Secret.generate();
    expect(await proof({ secretFile: given.file, secret: handed })).toBe(proofOf(handed));
    // last, since it is kept for the life of the process
    process.env["SUPERSTEP_SECRET"] = "a secret that is named env";
    expect(await proof({ secretFile: given.file })).toBe(given.proof);
    const inherited = await proof({});
    expect([own.proof, named.proof, given.proof]).not.toContain(inherited);
    expect(process.env["SUPERSTEP_SECRET"]).toBeUndefined(); // no child inherits it
    expect(await proof({})).toBe(inherited);
  });

  it("finds the address from which it reaches a master", async () => {
    const { file } = secretFile("any");
    const host = async (master: string, host?: string) =>
      (await clusterAccess(master, { secretFile: file, host })).host;
    expect(await host("localhost:1")).toBe("127.0.0.1");
    expect(await host("[::1]:1")).toBe("::1");
    expect(await host("127.0.0.1:1", "127.0.0.9")).toBe("127.0.0.9");
    process.env["SUPERSTEP_HOST"] = "127.0.0.8";
    expect(await host("127.0.0.1:1")).toBe("127.0.0.8");
  });

  it("says what to do where the master cannot be reached from here, or not without TLS", async () => {
    const { file } = secretFile("any");
    await expect(clusterAccess("255.255.255.255:7077", { secretFile: file })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringMatching(/no way to 255\.255\.255\.255 \(E\w+\)\. Check the address/) as string,
    });
    const beyond = { secretFile: file, host: "10.0.0.5" };
    await expect(clusterAccess("127.0.0.1:1", beyond)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/over TLS alone .*"10\.0\.0\.5".*--tls DIR/) as string,
    });
    expect((await clusterAccess("127.0.0.1:1", { ...beyond, insecureNoTls: true })).host).toBe("10.0.0.5");
  });

  it("says which file of certificates is missing", async () => {
    const { file } = secretFile("any");
    const refused = clusterAccess("127.0.0.1:1", { secretFile: file, tls: root });
    await expect(refused).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("ca.pem") as string,
    });
  });
});

describe("splitAddress", () => {
  it("takes names and addresses of both kinds apart", () => {
    expect(splitAddress("a.b:1")).toEqual({ host: "a.b", port: 1 });
    expect(splitAddress("[::1]:65535")).toEqual({ host: "::1", port: 65535 });
  });
});
