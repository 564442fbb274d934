import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { grpcTransport } from "../../../core/net/grpcTransport.ts";
import { Secret } from "../../../core/net/secret.ts";
import { readTls, type TlsIdentity } from "../../../core/net/tls.ts";
import type { Handlers, Role, Transport } from "../../../core/net/transport.ts";

const secret = Secret.generate();
const folder = mkdtempSync(path.join(os.tmpdir(), "superstep-tls-"));
const open: Transport[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Authority {
  readonly cert: string;
  readonly private: string;
}

async function authority(): Promise<Authority> {
  return generate([{ name: "commonName", value: "test authority" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
}

/** A directory with a certificate of `ca` for some roles. */
async function directory(name: string, ca: Authority, roles: readonly string[], notAfterDate?: Date): Promise<string> {
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { key: ca.private, cert: ca.cert },
    ...(notAfterDate === undefined ? {} : { notBeforeDate: new Date(0), notAfterDate }),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          ...roles.map((role) => ({ type: 6, value: `superstep:role:${role}` }) as const),
        ],
      },
    ],
  });
  const where = mkdtempSync(path.join(folder, `${name}-`));
  writeFileSync(path.join(where, "ca.pem"), ca.cert);
  writeFileSync(path.join(where, "cert.pem"), made.cert);
  writeFileSync(path.join(where, "key.pem"), made.private, { mode: 0o600 });
  return where;
}

let ours: Authority;
let theirs: Authority;
const directories = new Map<string, string>();
beforeAll(async () => {
  ours = await authority();
  theirs = await authority();
  for (const role of ["driver", "executor"]) directories.set(role, await directory(role, ours, [role]));
  directories.set("other authority", await directory("other", theirs, ["driver", "executor"]));
});

function transport(role: Role, identity: TlsIdentity | undefined): Transport {
  const made = grpcTransport({ role, secret, tls: identity });
  open.push(made);
  return made;
}

const handlers: Handlers = {
  calls: { "driver.report": async ({ first }) => ({ next: first }) },
  uploads: {},
  downloads: { "driver.payload": async () => [new Uint8Array(3_000_000).fill(5)] },
};
const call = { host: 1, incarnation: "a", first: 8, events: [] } as const;

describe("TLS", () => {
  const identity = (name: string): TlsIdentity => readTls(directories.get(name)!);

  it("carries calls and bytes, by version 1.3 alone", async () => {
    const server = await transport("driver", identity("driver")).serve(handlers);
    const peer = await transport("executor", identity("executor")).connect(server.address, "driver");
    await expect(peer.call("driver.report", call)).resolves.toEqual({ next: 8 });
    const bytes = await peer.download("driver.payload", { host: 1, incarnation: "a", number: 1 });
    expect(bytes).toHaveLength(3_000_000);
    expect(bytes!.every((byte) => byte === 5)).toBe(true);
    const [host, port] = server.address.split(":") as [string, string];
    const protocolOf = (maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<string | null> =>
      new Promise((resolve, reject) => {
        const options = { host, port: Number(port), ...identity("executor"), ALPNProtocols: ["h2"], maxVersion };
        const socket = tls.connect({ ...options, checkServerIdentity: () => undefined }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on("error", reject);
      });
    await expect(protocolOf("TLSv1.3")).resolves.toBe("TLSv1.3");
    await expect(protocolOf("TLSv1.2")).rejects.toThrow();
  });

  it("listens beyond loopback", async () => {
    const server = await transport("driver", identity("driver")).serve(handlers, { host: "0.0.0.0" });
    const peer = await transport("executor", identity("executor")).connect(
      server.address.replace("0.0.0.0", "127.0.0.1"),
      "driver",
    );
    await expect(peer.call("driver.report", call)).resolves.toEqual({ next: 8 });
  });

  it.each([
    ["a caller without it", "driver", undefined, "executor"],
    ["a caller of another authority", "driver", "other authority", "executor"],
    ["a server of another authority", "other authority", "executor", "executor"],
    ["a server whose certificate is of another role", "executor", "executor", "executor"],
    ["a caller whose certificate is of another role", "driver", "driver", "executor"],
  ] as const)("refuses %s", async (_what, serverName, callerName, role) => {
    const server = await transport("driver", identity(serverName)).serve(handlers);
    const caller = transport(role, callerName === undefined ? undefined : identity(callerName));
    await expect(caller.connect(server.address, "driver")).rejects.toMatchObject({
      code: expect.stringMatching(/^(UNREACHABLE|UNAUTHENTICATED)$/) as string,
    });
    const right = await transport("executor", identity("executor"))
      .connect(server.address, "driver")
      .then(
        () => "connected",
        () => "refused",
      );
    expect(right).toBe(serverName === "driver" ? "connected" : "refused");
  });

  it("refuses a caller with it where the server has none", async () => {
    const server = await transport("driver", undefined).serve(handlers);
    await expect(transport("executor", identity("executor")).connect(server.address, "driver")).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
  });
});

describe("readTls", () => {
  const spoiled = async (spoil: (where: string) => void): Promise<string> => {
    const where = await directory("spoiled", ours, ["driver"]);
    spoil(where);
    return where;
  };

  it.each([
    ["ca.pem is missing", (where: string) => rmSync(path.join(where, "ca.pem")), /ca\.pem.*ENOENT/],
    ["cert.pem is none", (where: string) => writeFileSync(path.join(where, "cert.pem"), "x"), /holds no certificate/],
    ["others can read the key", (where: string) => chmodSync(path.join(where, "key.pem"), 0o640), /0640.*chmod 600/],
    [
      "the key is another's",
      (where: string) =>
        writeFileSync(path.join(where, "key.pem"), readFileSync(path.join(directories.get("driver")!, "key.pem"))),
      /is not the key/,
    ],
    ["the key is none", (where: string) => writeFileSync(path.join(where, "key.pem"), "x"), /holds no private key/],
  ])("refuses a directory where %s", async (_what, spoil, message) => {
    const where = await spoiled(spoil);
    expect(() => readTls(where)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });

  it("refuses certificates without a role, and expired ones", async () => {
    const unnamed = await directory("unnamed", ours, []);
    expect(() => readTls(unnamed)).toThrow(/names no role/);
    const expired = await directory("expired", ours, ["driver"], new Date(86_400_000));
    expect(() => readTls(expired)).toThrow(/not now/);
  });
});
