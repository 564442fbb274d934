// Makes the viewer's one asset, `page.html` with script and style inline, and beside it `layoutKernel.cjs`, the page's
// force layout for Node. Run by the build; the page is filled in by viz/page.ts.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Writes `outFile` and its companion into the same folder. Fails if the page would not be taken as it is meant. */
export async function bundlePage(outFile) {
  const [template, sheet, page, kernel] = await Promise.all([
    readFile(path.join(here, "index.html"), "utf8"),
    bundle("style.css", { target: "es2022" }),
    bundle("main.ts", { format: "iife", platform: "browser", target: "es2022" }),
    bundle("layout/kernel.ts", { format: "cjs", platform: "node", target: "node20" }),
  ]);
  const style = sheet.trim();
  const script = page.trim();
  // A browser hashes what stands between the tags after its own reading of the page: nothing there may be read otherwise.
  for (const [name, text] of Object.entries({ script, style })) {
    if (/<\/(script|style)|<!--|[\r\0]/i.test(text)) throw new Error(`the page's ${name} holds text that HTML changes`);
  }
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(script)}'`,
    `style-src '${sha256(style)}'`,
    "worker-src blob:",
    "img-src data: blob:",
    "connect-src __CONNECT__",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  let html = template.replaceAll(/\n\s+/g, "\n");
  for (const [name, text] of Object.entries({ POLICY: policy, STYLE: style, SCRIPT: script })) {
    const parts = html.split(new RegExp(`\\s*__${name}__\\s*`));
    if (parts.length !== 2) throw new Error(`index.html must say __${name}__ once`);
    html = parts.join(text);
  }
  html = html.replace(/\s*__DATA__\s*/, "__DATA__");
  for (const name of ["TITLE", "CONNECT", "DATA"]) {
    if (html.split(`__${name}__`).length !== 2) throw new Error(`the page must say __${name}__ once`);
  }
  await mkdir(path.dirname(outFile), { recursive: true });
  await writeFile(outFile, html);
  await writeFile(path.join(path.dirname(outFile), "layoutKernel.cjs"), kernel);
}

async function bundle(entry, options) {
  const result = await build({
    entryPoints: [path.join(here, entry)],
    bundle: true,
    write: false,
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    ...options,
  });
  return result.outputFiles[0].text;
}

function sha256(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
