import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { exportHtml } from "../../viz/export.ts";
import { reduce } from "../../viz/reduce.ts";
import type { PageModel } from "../../viz/view/pageModel.ts";
import { randomResult, resultOf } from "./resultGraphs.ts";

const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The text between the tags, as the HTML standard reads raw text: up to the first closing tag. */
const blocks = (html: string, tag: string): string[] =>
  [...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}`, "gi"))].map(([, text]) => text!);

const modelIn = (html: string): PageModel => JSON.parse(blocks(html, "script")[0]!) as PageModel;

const hostile = [
  "<img src=x onerror=alert(1)>",
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "]]>&amp;\"'`${1}$&__TITLE__",
  "\u202egnp.exe\u2066",
  "\u0000\u0007\u001b[31m\u2028\u2029\ufeff",
  "\ud800 alone",
  "x".repeat(10_240),
];

describe("exportHtml", () => {
  it("carries hostile ids, labels and names as data, and nothing else", () => {
    const ids = hostile.map((text, index) => text + index);
    const plain = resultOf(hostile.map((_text, index) => String(index)).join(" "));
    const graph = {
      ...plain,
      vertexId: (index: number) => ids[index]!,
      vertexColumns: new Map([["</script><b>", hostile]]),
    };
    const html = exportHtml(reduce(graph), { title: hostile.join(" "), labelBy: "</script><b>" });
    const scripts = blocks(html, "script");
    expect(scripts).toHaveLength(2);
    expect(scripts[0]).not.toMatch(/</);
    const model = modelIn(html);
    const order = [...ids.keys()].sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1));
    expect(model.nodeColumns[0]).toMatchObject({ name: "</script><b>", values: order.map((node) => hostile[node]) });
    expect(model.ids).toMatchObject({ values: order.map((node) => ids[node]) });
    // Outside script, style and data there is only what the template says.
    const clean = exportHtml(reduce(resultOf("0")), { title: "t" });
    const skeleton = (text: string): string =>
      text.replaceAll(/<(script|style|title)([^>]*)>[\s\S]*?<\/\1>/g, "<$1$2>");
    expect(skeleton(html)).toBe(skeleton(clean));
    expect(blocks(html, "title")[0]).not.toMatch(/[<>"'\u0000-\u001f\u202e]/); // oxlint-disable-line no-control-regex
  });

  it("forbids every connection, and allows exactly its own script and style", () => {
    const html = exportHtml(reduce(resultOf("0>1")), { title: "t" });
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!.split("; ");
    expect(policy).toEqual([
      "default-src 'none'",
      `script-src ${hash(blocks(html, "script")[1]!)}`,
      `style-src ${hash(blocks(html, "style")[0]!)}`,
      "worker-src blob:",
      "img-src data: blob:",
      "connect-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html).not.toMatch(/\sstyle=/);
    expect(html).not.toMatch(/(src|href)="?https?:/);
  });

  it("is the same bytes for the same input, and stays under 450 kB without data", () => {
    const make = (): string => exportHtml(reduce(randomResult(5, 60, 150), [], { by: "rank" }), { title: "t" });
    expect(make()).toBe(make());
    expect(exportHtml(reduce(resultOf("0")), { title: "t" }).length).toBeLessThan(450_000);
  });

  it("stores the positions of every node", () => {
    const { positions } = modelIn(exportHtml(reduce(resultOf("0>1 1>2")), { title: "t" }));
    expect(Buffer.from(positions!.data, "base64")).toHaveLength(3 * 2 * 4);
  });
});
