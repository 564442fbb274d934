/**
 * Asks a page about itself. Programs that run in the page are texts: its types are not those of the tests.
 */
import type { Page } from "playwright-core";

/** Waits until nothing is left to draw: some frames, however long they take, in which nothing was. Returns how often was drawn. */
export function drawn(page: Page): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const { dataset } = document.getElementById("overlay");
    for (let [count, frames, since] = [0, 0, 0]; ;) {
      await new Promise(requestAnimationFrame);
      const now = Number(dataset.drawn ?? 0);
      if (now !== count || now === 0) [count, frames, since] = [now, 0, performance.now()];
      else if (++frames >= 8 && performance.now() - since >= 160) return now;
    }
  })()`);
}

/** Waits until the layout, which runs, has come to rest. */
export async function atRest(page: Page): Promise<void> {
  const status = page.locator("#status");
  for (let waitedMs = 0; (await status.innerText()) !== ""; waitedMs += 100) {
    if (waitedMs > 100_000) throw new Error("the layout does not come to rest");
    await page.waitForTimeout(100);
  }
  await drawn(page);
}

/** What the live region says. */
export function live(page: Page): Promise<string> {
  return page.evaluate<string>(`document.getElementById("live").textContent`);
}

/** The width of the page's content, in px: more than the window's if something sticks out. */
export function contentWidth(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth");
}

/** The colour behind everything. */
export function ground(page: Page): Promise<string> {
  return page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
}

/** Pixels of a canvas that are more opaque than not, and how many of them are near a colour, "#rrggbb". */
export function pixels(page: Page, id: string, colour: string = "#000000"): Promise<{ inked: number; near: number }> {
  const rgb = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return page.evaluate(`(() => {
    const canvas = document.getElementById(${JSON.stringify(id)});
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const rgb = ${JSON.stringify(rgb)};
    let inked = 0;
    let near = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] < 128) continue;
      inked++;
      if (Math.max(...rgb.map((value, channel) => Math.abs(data[at + channel] - value))) < 12) near++;
    }
    return { inked, near };
  })()`);
}

/** Tries what the page's policy forbids: a script of another text, and a connection. */
export function breakPolicy(page: Page): Promise<{ ran: boolean; answer: string }> {
  return page.evaluate(`(async () => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    const answer = await fetch("http://127.0.0.1:9/").then(() => "answered", () => "refused");
    return { ran: window.ran ?? false, answer };
  })()`);
}

/** Controls without a name. */
export function unnamedControls(page: Page): Promise<number> {
  return page.evaluate<number>(`[...document.querySelectorAll("button, input, select")].filter((control) => {
    const name = control.getAttribute("aria-label") ?? control.closest("label")?.textContent ?? control.textContent;
    return name.trim() === "";
  }).length`);
}
