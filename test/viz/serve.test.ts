import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { reduce } from "../../viz/reduce.ts";
import { serve, type ServedView } from "../../viz/serve.ts";
import { resultOf } from "./resultGraphs.ts";

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

const views: ServedView[] = [];
afterEach(async () => {
  for (const view of views.splice(0)) await view.close();
});

const start = async (): Promise<{ view: ServedView; token: string }> => {
  const view = await serve(reduce(resultOf("0>1", { name: ["a", "b"] })), { title: "A view" });
  views.push(view);
  return { view, token: view.url.split("#token=")[1]! };
};

const ask = (port: number, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });

describe("serve", () => {
  it("gives the page to all who ask by its name, and the data only for the token", async () => {
    const { view, token } = await start();
    const page = await ask(view.port, "/");
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.body).not.toContain("A view");
    const data = await ask(view.port, "/api/graph", { authorization: `Bearer ${token}` });
    expect(JSON.parse(data.body)).toMatchObject({ v: 1, title: "A view", numNodes: 2, positions: null });
  });

  it("makes a token of 32 bytes, another for every view, kept out of what is sent", async () => {
    const tokens = [(await start()).token, (await start()).token];
    expect(tokens.map((token) => Buffer.from(token, "base64url").length)).toEqual([32, 32]);
    expect(tokens[0]).not.toBe(tokens[1]);
    const [view] = views;
    expect(new URL(view!.url)).toMatchObject({ hostname: "127.0.0.1", pathname: "/", search: "" });
  });

  it.each([
    ["no token", 401, {}],
    ["a wrong token", 401, { authorization: "Bearer AAAA" }],
    ["a token that is one character short", 401, { cut: "1" }],
    ["another host's name", 421, { host: "evil.example", good: "1" }],
    ["the name without the port", 421, { host: "127.0.0.1", good: "1" }],
    ["another site's script", 403, { origin: "http://evil.example", good: "1" }],
    ["a page of another origin", 403, { "sec-fetch-site": "cross-site", good: "1" }],
    ["another program of this machine", 403, { origin: "http://127.0.0.1:1", good: "1" }],
  ])("refuses data for %s", async (_case, status, { good, cut, ...headers }: Record<string, string>) => {
    const { view, token } = await start();
    const authorization = good ? `Bearer ${token}` : cut ? `Bearer ${token.slice(0, -1)}` : undefined;
    const answer = await ask(view.port, "/api/graph", { ...(authorization && { authorization }), ...headers });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain("A view");
  });

  it("answers a page of its own, by either name", async () => {
    const { view, token } = await start();
    const host = `localhost:${view.port}`;
    const own = { host, origin: `http://${host}`, "sec-fetch-site": "same-origin", authorization: `Bearer ${token}` };
    expect((await ask(view.port, "/api/graph", own)).status).toBe(200);
  });

  it("knows GET, two paths, and nothing else", async () => {
    const { view, token } = await start();
    const headers = { authorization: `Bearer ${token}` };
    const post = await ask(view.port, "/api/graph", headers, "POST");
    expect([post.status, post.headers["allow"]]).toEqual([405, "GET"]);
    for (const path of ["/../package.json", "/api", "/api/graph/", "//", "/%2e%2e/etc/passwd"]) {
      expect((await ask(view.port, path, headers)).status).toBe(404);
    }
  });

  it("sends the headers that keep a page to itself, also with refusals", async () => {
    const { view } = await start();
    for (const path of ["/", "/api/graph", "/nowhere"]) {
      const { headers } = await ask(view.port, path);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "cross-origin-resource-policy": "same-origin",
      });
      const policy = String(headers["content-security-policy"]).split("; ");
      expect(policy).toEqual(
        expect.arrayContaining(["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"]),
      );
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("closes at once, also with a connection open, and twice", async () => {
    const { view } = await start();
    const idle = connect(view.port, "127.0.0.1");
    idle.write("GET / HTTP/1.1\r\n"); // and no more
    idle.on("error", () => {}); // reset is one way to be ended
    const ended = new Promise((resolve) => idle.on("close", resolve));
    await once(idle, "connect");
    await Promise.all([view.close(), view.close()]);
    await ended;
    await expect(ask(view.port, "/")).rejects.toThrow("ECONNREFUSED");
  });

  it("says so when its port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(serve(reduce(resultOf("0")), { title: "t", port })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(String(port)),
    });
    await new Promise((resolve) => other.close(resolve));
  });
});
