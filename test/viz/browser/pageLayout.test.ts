import { describe, expect, it } from "vitest";
import { randomResult } from "../resultGraphs.ts";
import { skipsPages } from "./chromium.ts";
import { atRest, drawn, live, pixels } from "./inPage.ts";
import { blue, cross, crossOnScreen, crossOptions, text, useWatchedPages } from "./watchedPages.ts";

describe.skipIf(skipsPages)("the page's layout", () => {
  const { open } = useWatchedPages();

  it("lays out in a worker made from its own script, and comes to rest", async () => {
    const page = await open(cross(), { title: "t", colourBy: "kind" });
    const before = await pixels(page, "base", blue);
    await page.locator("#overlay").focus();
    await page.keyboard.press("ArrowDown"); // the cursor is on the middle
    const started = page.waitForEvent("worker");
    await page.keyboard.press(" ");
    expect((await started).url()).toMatch(/^blob:/);
    expect(await live(page)).toBe("Layout running");
    await atRest(page);
    await page.keyboard.press("Escape");
    await drawn(page);
    expect(await pixels(page, "base", blue)).not.toEqual(before);
  });

  it("moves a node that is dragged, keeps it there, and lets it go again", async () => {
    const page = await open(cross(), crossOptions);
    const at = await crossOnScreen(page);
    await page.mouse.move(...at(0, 100));
    await page.mouse.down();
    await page.mouse.move(...at(150, 90), { steps: 5 });
    await page.mouse.up();
    await drawn(page);
    await page.mouse.click(...at(150, 90));
    expect(await text(page, "#inspector h2")).toBe("North");
    await page.getByRole("button", { name: "Let it move again" }).click();
    expect(await page.getByRole("button", { name: "Let it move again" }).count()).toBe(0);
  });

  it("lets others follow a node that is dragged, which stays where it was dropped", async () => {
    const page = await open(cross(), { title: "t", colourBy: "kind", labelBy: "name" });
    await page.keyboard.press("/");
    await page.keyboard.type("Middle");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(600); // it flies to the middle of what is free
    await drawn(page);
    const [canvas, legend, inspector] = await Promise.all(
      ["#overlay", "#legend", "#inspector"].map(async (selector) => (await page.locator(selector).boundingBox())!),
    );
    const middle = [(legend!.x + legend!.width + inspector!.x) / 2, canvas!.y + canvas!.height / 2] as const;
    const target = [middle[0] + 60, middle[1] + 240] as const;
    const others = (await pixels(page, "base", blue)).near;
    await page.mouse.move(...middle);
    await page.mouse.down();
    await page.mouse.move(...target, { steps: 8 });
    await page.mouse.up();
    await atRest(page);
    await page.keyboard.press("Escape");
    await page.mouse.move(canvas!.x + 5, canvas!.y + canvas!.height - 5);
    await drawn(page);
    expect((await pixels(page, "base", blue)).near).not.toBe(others);
    await page.mouse.click(...target);
    expect(await text(page, "#inspector h2")).toBe("Middle");
  });

  it("holds 2,000 nodes and 6,000 links", async () => {
    const page = await open(randomResult(9, 2_200, 9_000), { title: "large", layout: "live" });
    expect(await text(page, "#banner")).toContain("showing 2,000 of 2,200 vertices");
    await atRest(page);
    await drawn(page);
    expect((await pixels(page, "base")).inked).toBeGreaterThan(20_000);
  });

  it("waits with reduced motion until the layout has come to rest", async () => {
    const page = await open(cross(), { title: "t", layout: "live" }, { reducedMotion: "reduce" });
    await atRest(page);
    const before = await drawn(page);
    await page.waitForTimeout(300);
    expect(await drawn(page)).toBe(before);
    expect((await pixels(page, "base")).inked).toBeGreaterThan(1_000);
  });
});
