import { createHash } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterStatus } from "../../../../core/cluster/standalone/clusterStatus.ts";
import { statusPage, statusPolicy } from "../../../../core/cluster/standalone/statusPage.ts";
import { serveStatus, type StatusServer } from "../../../../core/cluster/standalone/statusServer.ts";
import { application, ScriptedCluster, submission, worker } from "./clusterEvents.ts";

const cluster = new ScriptedCluster();
const evil = `<img src=x onerror=alert(1)></script>"\n\u202e`;
cluster.tell(worker("w1", 3), worker("w2", 2), application("a", { cores: 4 }), submission("d"), application("b"));
cluster.tell({
  type: "applicationRegistered",
  request: {
    application: "c",
    name: evil,
    driverAddress: "x:1",
    cores: 0,
    coresPerExecutor: 0,
    memoryBytesPerExecutor: 0,
    versions: { protocol: 1, build: "b", node: "n" },
  },
});

let server: StatusServer;
let token: string;
beforeAll(async () => {
  server = await serveStatus({ status: () => clusterStatus(cluster.state, 1500) });
  token = server.link.split("#token=")[1]!;
});
afterAll(() => server.close());

/** As much of an element as the page's script uses. */
class FakeElement {
  textContent = "";
  className = "";
  children: FakeElement[] = [];
  append(...children: FakeElement[]): void {
    this.children.push(...children);
  }
  replaceChildren(...children: FakeElement[]): void {
    this.children = children;
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** Asks with exactly these headers. */
function ask(path: string, headers: http.OutgoingHttpHeaders = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: "127.0.0.1", port: server.port, path, method, headers: { host: `127.0.0.1:${server.port}`, ...headers } },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => resolve({ status: response.statusCode!, body, headers: response.headers }));
      },
    );
    request.on("error", reject);
    request.end();
  });
}

const withToken = (more: http.OutgoingHttpHeaders = {}): http.OutgoingHttpHeaders => ({
  authorization: `Bearer ${token}`,
  ...more,
});

describe("serveStatus", () => {
  it("serves the page to anyone, without data, under a policy that allows its own script alone", async () => {
    const { status, body, headers } = await ask("/");
    expect([status, body]).toEqual([200, statusPage]);
    const script = /<script>([\s\S]*)<\/script>/.exec(body)![1]!;
    const hash = createHash("sha256").update(script).digest("base64");
    expect(headers["content-security-policy"]).toBe(statusPolicy);
    expect(statusPolicy).toContain(`script-src 'sha256-${hash}'`);
    expect(statusPolicy).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/);
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });

  it("has a page that takes the token from its address and shows what others named as text", async () => {
    const script = /<script>([\s\S]*)<\/script>/.exec(statusPage)![1]!;
    const elements = new Map<string, FakeElement>();
    const stored = new Map<string, string>();
    let address = "";
    const asked: unknown[] = [];
    const shown = new Promise<void>((resolve) => {
      runInNewContext(script, {
        URLSearchParams,
        Date,
        document: {
          getElementById: (id: string) => {
            if (!elements.has(id)) elements.set(id, new FakeElement());
            return elements.get(id);
          },
          createElement: () => new FakeElement(),
        },
        location: { hash: "#token=abc", pathname: "/" },
        history: { replaceState: (_state: unknown, _title: string, url: string) => (address = url) },
        sessionStorage: {
          setItem: (key: string, value: string) => stored.set(key, value),
          getItem: (key: string) => stored.get(key) ?? null,
        },
        fetch: async (...request: unknown[]) => {
          asked.push(request);
          return { ok: true, json: async () => clusterStatus(cluster.state, 1500) };
        },
        setTimeout: () => resolve(),
      });
    });
    await shown;
    expect(address).toBe("/"); // the token is out of sight
    expect(asked).toEqual([["/api/status", { headers: { authorization: "Bearer abc" } }]]);
    const rows = elements.get("applications")!.children.map(({ children }) => children.map((cell) => cell.textContent));
    expect(rows[0]).toEqual(["name", "state", "executors", "cores", "driver", "waits for"]);
    expect(rows[1]).toEqual(["app a", "running", "2", "4 of 4", "a:2", ""]);
    expect(rows[3]![0]).toBe(evil); // as text
    expect(elements.get("workers")!.children).toHaveLength(3);
  });

  it("gives the data to who has the token, as it is", async () => {
    const { status, body } = await ask("/api/status", withToken());
    expect(status).toBe(200);
    const data = JSON.parse(body) as ReturnType<typeof clusterStatus>;
    expect(data.workers).toMatchObject([
      { address: "w1:1", cores: 3, freeCores: 0, silentMs: 1500 },
      { address: "w2:1", cores: 2, freeCores: 0 },
    ]);
    expect(data.applications).toMatchObject([
      { name: "app a", state: "running", cores: 4, wantedCores: 4 },
      { name: "app b", state: "waiting", waiting: "0 of 2 workers have free cores" },
      { name: evil },
    ]);
    expect(data.drivers).toMatchObject([{ submission: "d", state: "running" }]);
  });

  it("gives metrics that add up", async () => {
    const { status, body, headers } = await ask("/metrics", withToken());
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    const values = new Map<string, number>();
    for (const line of body.trimEnd().split("\n")) {
      if (line.startsWith("# ")) continue;
      expect(line).toMatch(/^superstep_[a-z_]+(\{[a-z]+="[a-z]+"\})? \d+$/);
      values.set(line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1)));
    }
    expect(Object.fromEntries(values)).toMatchObject({
      superstep_workers: 2,
      superstep_worker_cores: 5,
      superstep_worker_cores_free: 0,
      superstep_executors: 2,
      superstep_executors_launched_total: 2,
      'superstep_applications{state="running"}': 1,
      'superstep_applications{state="waiting"}': 2,
      'superstep_drivers{state="running"}': 1,
    });
    expect(body).not.toContain("app a");
  });

  it.each<[string, http.OutgoingHttpHeaders | ((port: number) => http.OutgoingHttpHeaders), number]>([
    ["no token", {}, 401],
    ["a wrong token", { authorization: "Bearer wrong" }, 401],
    ["another scheme", { authorization: "Basic x" }, 401],
    ["a name that rebinds", { host: "evil.example:1" }, 421],
    ["the right name at another port", { host: "127.0.0.1:1" }, 421],
    ["the right name with a dot", (port) => ({ host: `localhost.:${port}` }), 421],
    ["user information", (port) => ({ host: `x@localhost:${port}` }), 421],
    ["another site", { origin: "http://evil.example" }, 403],
    ["no site at all", { origin: "null" }, 403],
    ["its own name at another port", { origin: "http://127.0.0.1:1" }, 403],
    ["a fetch across sites", { "sec-fetch-site": "cross-site" }, 403],
  ])("refuses data to %s", async (_what, headers, expected) => {
    const given = typeof headers === "function" ? headers(server.port) : headers;
    for (const path of ["/api/status", "/metrics"]) {
      const { status, body } = await ask(path, expected === 401 ? given : withToken(given));
      expect(status).toBe(expected);
      expect(body).not.toContain("app a");
    }
  });

  it("answers its own names, in any case, from its own pages", async () => {
    for (const host of ["127.0.0.1", "LOCALHOST", "[::1]"]) {
      const own = `${host}:${server.port}`;
      const headers = withToken({ host: own, origin: `http://${own.toLowerCase()}`, "sec-fetch-site": "same-origin" });
      expect((await ask("/api/status", headers)).status).toBe(200);
    }
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])("refuses %s", async (method) => {
    const { status, headers } = await ask("/api/status", withToken(), method);
    expect([status, headers["allow"]]).toEqual([405, "GET"]);
  });

  it("has nothing elsewhere", async () => {
    for (const path of ["/api", "/../etc/passwd", "/metrics/", "//", "/favicon.ico"]) {
      expect((await ask(path, withToken())).status).toBe(404);
    }
  });

  it("refuses a request with two hosts, and lives on after garbage", async () => {
    const send = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let answer = "";
        const socket = net.connect(server.port, "127.0.0.1", () => socket.write(text));
        socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
        socket.on("close", () => resolve(answer.split("\r\n")[0]!));
        socket.on("error", () => undefined);
      });
    const own = `127.0.0.1:${server.port}`;
    const two = `GET /metrics HTTP/1.1\r\nHost: ${own}\r\nHost: ${own}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
    expect(await send(two)).toMatch(/^HTTP\/1\.1 4(00|21)/);
    expect(await send("\x16\x03\x01 garbage\r\n\r\n")).toMatch(/^HTTP\/1\.1 400|^$/);
    expect((await ask("/")).status).toBe(200);
  });

  it("serves other machines with TLS only, and says that a port is taken", async () => {
    const status = () => clusterStatus(cluster.state, 0);
    await expect(serveStatus({ status, host: "0.0.0.0" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(serveStatus({ status, port: server.port })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(String(server.port)) as string,
    });
  });
});
