import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCertificates } from "../support/certificates.ts";
import { lockTimeoutMs } from "../support/cluster.ts";
import { StandaloneCluster } from "../support/standaloneCluster.ts";

const program = `
import { Context } from "superstep";
const ctx = await Context.create();
console.log(await ctx.range(0, 1000, 1, 4).map((i): [number, number] => [i % 5, i]).reduceByKey((a, b) => a + b).collect());
await ctx.stop();
`;

let cluster: StandaloneCluster;
let url: string;
const file = (name: string): string => path.join(cluster.directory, name);

beforeAll(async () => {
  cluster = await StandaloneCluster.start(2, {
    prepare: async (directory) => {
      const roles = { master: ["master"], worker: ["worker", "executor"], driver: ["driver", "client"] } as const;
      await makeCertificates(directory, roles, ["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
      writeFileSync(path.join(directory, "secret"), "a secret of thirty-two characters\n", { mode: 0o600 });
    },
    master: ["--host", "127.0.0.2", "--secret-file", "secret", "--tls", "master"],
    worker: ["--host", "127.0.0.3", "--secret-file", "secret", "--tls", "worker"],
  });
  ({ url } = cluster);
  writeFileSync(file("program.ts"), program);
}, lockTimeoutMs);
afterAll(async () => {
  await cluster?.stop();
});

describe("a cluster with TLS, each kind of process at an address of its own", () => {
  it("runs a program with its driver here, found by options, and by the environment", async () => {
    const here = await cluster.run(["submit", "program.ts", "--master", "local[1]"]);
    const access = ["--secret-file", "secret", "--tls", "driver", "--host", "127.0.0.4"];
    expect(await cluster.run(["submit", "program.ts", "--master", url, ...access])).toEqual(here);
    const env = {
      SUPERSTEP_MASTER: url,
      SUPERSTEP_SECRET: "a secret of thirty-two characters",
      SUPERSTEP_TLS: "driver",
      SUPERSTEP_HOST: "127.0.0.4",
    };
    expect(await cluster.run(["submit", "program.ts"], { env })).toEqual(here);
    expect(here.status).toBe(0);
  });

  it("refuses a driver with a worker's certificate, and one without any", async () => {
    const submit = ["submit", "program.ts", "--master", url, "--secret-file", "secret"];
    const wrong = await cluster.run([...submit, "--tls", "worker"]);
    expect([wrong.status, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(/^error\[(UNAUTHENTICATED|UNREACHABLE)\] /),
    ]);
    const none = await cluster.run(submit);
    expect([none.status, none.stderr]).toEqual([1, expect.stringMatching(/^error\[(UNAUTHENTICATED|UNREACHABLE)\] /)]);
  });

  it("serves its status page over HTTPS", () => {
    expect(cluster.statusLink).toMatch(/^https:\/\/127\.0\.0\.2:\d+\/#token=[\w-]{43}$/);
  });
});
