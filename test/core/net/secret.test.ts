import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { Secret } from "../../../core/net/secret.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "superstep-secret-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = "a secret of sufficient length";

function file(name: string, content: string, mode = 0o600): string {
  const where = path.join(folder, name);
  writeFileSync(where, content);
  chmodSync(where, mode);
  return where;
}

describe("Secret", () => {
  it("is the same from a file, the environment and a parent, without the white space around it", async () => {
    const stream = new PassThrough();
    const fromFile = Secret.fromFile(file("good", `\n${text}\n`));
    fromFile.passTo(stream);
    const environment = { SUPERSTEP_SECRET: ` ${text}`, OTHER: "x" };
    const proofs = [fromFile, Secret.fromEnvironment(environment)!, await Secret.receive(stream)].map((secret) =>
      secret.hmac("label", new Uint8Array([1])).toString("hex"),
    );
    expect(new Set(proofs).size).toBe(1);
    expect(environment).toEqual({ OTHER: "x" });
    expect(Secret.fromEnvironment(environment)).toBeUndefined();
  });

  it("shows itself nowhere", () => {
    const secret = Secret.fromEnvironment({ SUPERSTEP_SECRET: text })!;
    const shown = [
      secret.toString(),
      JSON.stringify({ secret }),
      inspect(secret, { depth: 9, showHidden: true }),
      inspect({ options: { secret } }, { depth: 9, showHidden: true }),
      JSON.stringify(Object.entries(secret)),
      JSON.stringify(structuredClone(secret)),
    ].join(" ");
    expect(shown).not.toContain(text);
    expect(shown).not.toContain(Buffer.from(text).toString("hex").slice(0, 16));
    expect(shown).toContain("[secret]");
  });

  it("is another one each time it is generated, and parts are not run together", () => {
    const [a, b] = [Secret.generate(), Secret.generate()];
    expect(a.hmac("x")).not.toEqual(b.hmac("x"));
    expect(a.hmac("x")).toEqual(a.hmac("x"));
    expect(a.hmac("xy", "z")).not.toEqual(a.hmac("x", "yz"));
  });

  it.each([
    ["group", 0o640],
    ["all", 0o604],
    ["writing", 0o620],
  ])("is refused from a file that is open to others: %s", (name, mode) => {
    expect(() => Secret.fromFile(file(name, text, mode))).toThrow(/chmod 600/);
  });

  it("is refused from what is no plain, readable file, or too short, or too long, without being shown", () => {
    mkdirSync(path.join(folder, "directory"));
    expect(() => Secret.fromFile(path.join(folder, "directory"))).toThrow(/plain file/);
    expect(() => Secret.fromFile(path.join(folder, "missing"))).toThrow(/ENOENT/);
    expect(() => Secret.fromFile(file("short", "tooshort"))).toThrow(/16 to 4096 bytes, got 8/);
    expect(() => Secret.fromFile(file("long", "x".repeat(4097)))).toThrow(/got 4097/);
    expect(() => Secret.fromFile(file("shown", "tooshort"))).not.toThrow(/tooshort/);
  });

  it("is received in pieces, and leaves what follows", async () => {
    const stream = new PassThrough();
    const received = Secret.receive(stream);
    stream.write(text.slice(0, 5));
    stream.write(`${text.slice(5)}\nrest`);
    const proof = (await received).hmac("x");
    expect(proof).toEqual(Secret.fromEnvironment({ SUPERSTEP_SECRET: text })!.hmac("x"));
    stream.end();
    const rest: Buffer[] = [];
    for await (const chunk of stream) rest.push(chunk as Buffer);
    expect(Buffer.concat(rest).toString()).toBe("rest");
  });

  it("is waited for no longer than its parent lives, or the deadline", async () => {
    const ended = new PassThrough();
    ended.end("only a part of it");
    await expect(Secret.receive(ended)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(Secret.receive(new PassThrough(), 30)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const endless = new PassThrough();
    endless.write(Buffer.alloc(10_000, 97));
    await expect(Secret.receive(endless)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
