import { describe, expect, it } from "vitest";
import { reduce } from "../../../viz/reduce.ts";
import { serve } from "../../../viz/serve.ts";
import { resultOf } from "../resultGraphs.ts";
import { skipsPages } from "./chromium.ts";
import { breakPolicy, contentWidth, drawn } from "./inPage.ts";
import { cross, crossOptions, hits, text, useWatchedPages } from "./watchedPages.ts";

describe.skipIf(skipsPages)("the page's safety", () => {
  const { open, watched, takeTrouble } = useWatchedPages();

  it("shows hostile texts as texts, everywhere", async () => {
    const hostile = [
      "<img src=x onerror=\"document.title='owned'\">",
      "</script><script>document.title='owned'</script>",
      "\u202egnp.exe",
      "x".repeat(10_240),
      "a\u0000b\u001b[31m\nc",
    ];
    const base = resultOf("0>1 1>2 2>3 3>4", { rank: [5, 4, 3, 2, 1] });
    const graph = {
      ...base,
      vertexId: (index: number) => `${index} ${hostile[index]!}`,
      vertexColumns: new Map([...base.vertexColumns, [hostile[0]!, hostile], ["kind", hostile]]),
    };
    const page = await open(graph, { title: hostile.join(), colourBy: "kind", labelBy: hostile[0] });
    await page.keyboard.press("t");
    await page.keyboard.press("/");
    await page.keyboard.type("document");
    expect(await hits(page)).toHaveLength(2);
    await page.keyboard.press("Enter");
    const shown = await text(page, "body");
    expect(shown).toContain("<img src=x onerror=");
    expect(shown).not.toMatch(/[\u0000\u001b\u202e]/); // oxlint-disable-line no-control-regex
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toBe("owned");
    expect(await contentWidth(page)).toBe(1000);
  });

  it("is held to its policy: no script of another kind runs, no connection opens", async () => {
    const page = await open(cross(), crossOptions);
    expect(await breakPolicy(page)).toEqual({ ran: false, answer: "refused" });
    const violations: string[] = [];
    await expect.poll(() => violations.push(...takeTrouble(" violates the following "))).toBe(2);
    await expect.poll(() => takeTrouble("it violates the document's")).toHaveLength(1);
  });

  it("is served with its data to who has the link, whose token leaves the address bar and survives a reload", async () => {
    const view = await serve(reduce(cross(), [], { by: "rank" }), { title: "Served", colourBy: "kind" });
    try {
      const origin = `http://127.0.0.1:${view.port}/`;
      const page = await watched({}, (url) => url.startsWith(origin) || /^(blob|data):/.test(url));
      await page.goto(view.url);
      await drawn(page);
      expect(await text(page, "h1")).toBe("Served");
      expect(page.url()).toBe(origin);
      await page.reload();
      await drawn(page);
      expect(await text(page, "h1")).toBe("Served");
      const stranger = await watched({}, (url) => url.startsWith(origin) || url.startsWith("data:"));
      await stranger.goto(origin);
      await stranger.locator("#failure").waitFor({ state: "visible" });
      expect(await text(stranger, "#failure")).toBe("This page opens by the link that superstep view printed.");
      expect(takeTrouble("401")).toHaveLength(1);
    } finally {
      await view.close();
    }
  });
});
