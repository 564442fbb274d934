// Makes the viewer's one asset, `page.html` with script and style inline, and beside it `layoutKernel.cjs`, the page's
// force layout for Node. Run by the build; the page is filled in by viz/page.ts.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
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
  const style = sheet.text.trim();
  const script = page.text.trim();
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
  html = html.replace(/\s*__DATA__\s*/, "__DATA__").trimEnd();
  html += `\n<!--\nWhat this page is made with:\n\n${await licences(page.packages)}\n-->\n`;
  for (const name of ["TITLE", "CONNECT", "DATA"]) {
    if (html.split(`__${name}__`).length !== 2) throw new Error(`the page must say __${name}__ once`);
  }
  await mkdir(path.dirname(outFile), { recursive: true });
  await writeFile(outFile, html);
  await writeFile(path.join(path.dirname(outFile), "layoutKernel.cjs"), kernel.text);
}

async function bundle(entry, options) {
  const result = await build({
    entryPoints: [path.join(here, entry)],
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    ...options,
  });
  const [{ inputs }] = Object.values(result.metafile.outputs);
  const used = Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0);
  const packages = new Set(
    used.flatMap((file) => /.*node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(file)?.slice(0, 1) ?? []),
  );
  return { text: result.outputFiles[0].text, packages: [...packages].sort() };
}

/** The notices of the packages in those folders, equal ones once: their licences ask for them in every copy. */
async function licences(folders) {
  const namesByText = new Map();
  for (const folder of folders) {
    const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} has no licence file to quote in the page`);
    const text = (await readFile(path.join(folder, file), "utf8")).trim().replaceAll("--", "- -");
    const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
    namesByText.set(text, [...(namesByText.get(text) ?? []), name]);
  }
  return Array.from(namesByText, ([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n");
}

function sha256(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
