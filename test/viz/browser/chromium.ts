/**
 * A real Chromium for page tests: by CHROMIUM_PATH, else where systems put it.
 */
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const places = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser's program; undefined if this machine has none. */
export const chromiumPath: string | undefined = places.find((place) => place !== undefined && existsSync(place));

/** Page tests are skipped without a browser, saying so, but not where CI says that all must run. */
export const skipsPages: boolean = chromiumPath === undefined && process.env["CI"] === undefined;
if (skipsPages) process.stderr.write("page tests skipped: no Chromium found; set CHROMIUM_PATH\n");

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("CI is set and no Chromium was found: set CHROMIUM_PATH");
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--disable-quic",
    ],
  });
}
