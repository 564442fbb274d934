/**
 * Pages in a real Chromium, watched: whatever one says, asks for or fails at is trouble, and fails the test.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { exportHtml } from "../../../viz/export.ts";
import type { ViewOptions } from "../../../viz/model.ts";
import { palettes } from "../../../viz/view/palette.ts";
import { reduce } from "../../../viz/reduce.ts";
import type { ResultGraph } from "../../../viz/resultGraph.ts";
import { resultOf } from "../resultGraphs.ts";
import { launchChromium } from "./chromium.ts";
import { drawn } from "./inPage.ts";

/** A cross around 0: 1 right, 2 down, 3 left, 4 up; 5 far right, linked with 1. */
export const cross = (): ResultGraph => ({
  ...resultOf(
    "0>1 0>2 3>0 0>4 1>5",
    {
      rank: [9, 4, 3, 2.5, 2, 1],
      name: ["Middle", "East", "South", "West", "North", "Farther East"],
      kind: ["hub", "end", "end", "end", "end", "far"],
      x: [0, 100, 0, -100, 0, 200],
      y: [0, 0, -100, 0, 100, 0],
    },
    { weight: [1, 2, 3, 4, 5] },
  ),
});
export const crossOptions: ViewOptions = { title: "A cross", colourBy: "kind", layout: { x: "x", y: "y" } };

/** The colour of its most frequent class. */
export const blue: string = palettes.light.categories[0]!;

/** The visible text of an element. */
export const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

/** The lines of the search box. */
export const hits = (page: Page): Promise<string[]> => page.locator("#hits [role=option]").allInnerTexts();

export interface WatchedPages {
  /** Opens an exported file as a double click would; resolves once it has drawn. */
  readonly open: (graph: ResultGraph, view: ViewOptions, options?: BrowserContextOptions) => Promise<Page>;
  /** An empty page that may ask for these addresses only. */
  readonly watched: (options: BrowserContextOptions, allowed: (url: string) => boolean) => Promise<Page>;
  /** Takes the trouble so far that is expected: lines that contain `text`. */
  readonly takeTrouble: (text: string) => string[];
}

/** Pages for the tests of a `describe`. After each test its pages close, and there must have been no trouble. */
export function useWatchedPages(): WatchedPages {
  let browser: Browser;
  let folder: string;
  let trouble: string[] = [];
  const pages: Page[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    folder = mkdtempSync(path.join(tmpdir(), "superstep-page-"));
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    const said = trouble;
    trouble = [];
    expect(said).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const watched: WatchedPages["watched"] = async (options, allowed) => {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
    const page = await context.newPage();
    pages.push(page);
    page.on("console", (message) => trouble.push(`console ${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
    context.on("request", (request) => {
      if (!allowed(request.url())) trouble.push(`request: ${request.url().slice(0, 100)}`);
    });
    return page;
  };

  let numFiles = 0;
  const open: WatchedPages["open"] = async (graph, view, options = {}) => {
    const file = path.join(folder, `${numFiles++}.html`);
    writeFileSync(file, exportHtml(reduce(graph, [], { by: "rank" }), view));
    const url = pathToFileURL(file).href;
    const page = await watched(options, (asked) => asked === url || /^(blob|data):/.test(asked));
    await page.goto(url);
    await drawn(page);
    return page;
  };

  const takeTrouble = (part: string): string[] => {
    const taken = trouble.filter((line) => line.includes(part));
    trouble = trouble.filter((line) => !line.includes(part));
    return taken;
  };
  return { open, watched, takeTrouble };
}

/**
 * From the data's places of the cross to points on screen, as long as the view has not been moved: the cross is 300 wide
 * and 200 high, scaled to a width of 1,200, and fitted right of the legend with 36 px around.
 */
export async function crossOnScreen(page: Page): Promise<(x: number, y: number) => readonly [number, number]> {
  const box = (await page.locator("#overlay").boundingBox())!;
  const legend = (await page.locator("#legend").boundingBox())!;
  const left = legend.x + legend.width - box.x;
  const k = Math.min((box.width - left - 72) / 1_200, (box.height - 72) / 800, 2);
  const middle = [(box.width + left) / 2, box.height / 2] as const;
  return (x, y) => [box.x + middle[0] + (x - 50) * 4 * k, box.y + middle[1] - y * 4 * k];
}
