/**
 * The status page of a master: one HTML file without data, whose script asks for `/api/status` and shows it as text nodes.
 */
import { createHash } from "node:crypto";

const style = `
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
#note { color: #888; }
`;

const script = `
const note = document.getElementById("note");
const fragment = new URLSearchParams(location.hash.slice(1)).get("token");
if (fragment) {
  sessionStorage.setItem("superstep-token", fragment);
  history.replaceState(null, "", location.pathname);
}
const token = sessionStorage.getItem("superstep-token") ?? "";
const mebibytes = (bytes) => Math.floor(bytes / 1048576).toLocaleString("en") + " MiB";
const tables = {
  workers: [
    ["address", (w) => w.address], ["cores free", (w) => w.freeCores + " of " + w.cores, true],
    ["memory free", (w) => mebibytes(w.freeMemoryBytes) + " of " + mebibytes(w.memoryBytes), true],
    ["executors", (w) => w.executors, true], ["silent for", (w) => (w.silentMs / 1000).toFixed(1) + " s", true],
  ],
  applications: [
    ["name", (a) => a.name], ["state", (a) => a.state], ["executors", (a) => a.executors, true],
    ["cores", (a) => a.cores + (a.wantedCores === 0 ? "" : " of " + a.wantedCores), true],
    ["driver", (a) => a.driverAddress], ["waits for", (a) => a.waiting],
  ],
  drivers: [
    ["submission", (d) => d.submission], ["program", (d) => d.program], ["state", (d) => d.state],
    ["exit code", (d) => (d.state === "finished" || d.state === "failed" || d.state === "killed" ? d.exitCode : ""), true],
  ],
  endedApplications: [["name", (a) => a.name], ["how", (a) => a.how]],
};
function cell(kind, text, isNumber) {
  const element = document.createElement(kind);
  element.textContent = String(text);
  if (isNumber) element.className = "number";
  return element;
}
function show(status) {
  for (const [name, columns] of Object.entries(tables)) {
    const head = document.createElement("tr");
    head.append(...columns.map(([title, , isNumber]) => cell("th", title, isNumber)));
    const rows = status[name].map((item) => {
      const row = document.createElement("tr");
      row.append(...columns.map(([, of, isNumber]) => cell("td", of(item), isNumber)));
      return row;
    });
    document.getElementById(name).replaceChildren(head, ...rows);
  }
}
async function refresh() {
  try {
    const response = await fetch("/api/status", { headers: { authorization: "Bearer " + token } });
    if (!response.ok) throw new Error(await response.text());
    show(await response.json());
    note.textContent = "as of " + new Date().toLocaleTimeString();
  } catch (error) {
    note.textContent = String(error.message);
  }
  setTimeout(refresh, 2000);
}
refresh();
`;

const sections = [
  ["workers", "Workers"],
  ["applications", "Applications"],
  ["drivers", "Drivers of submitted programs"],
  ["endedApplications", "Applications that are over"],
]
  .map(([id, title]) => `<h2>${title}</h2><table id="${id}"></table>`)
  .join("");

/** The page. It holds no data. */
export const statusPage: string =
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Superstep master</title>` +
  `<style>${style}</style></head><body><h1>Superstep master</h1><p id="note"></p>${sections}` +
  `<script>${script}</script></body></html>`;

/** The policy under which a browser shows it: its own style and script, its own server, nothing else. */
export const statusPolicy: string =
  `default-src 'none'; script-src '${sourceHash(script)}'; style-src '${sourceHash(style)}'; connect-src 'self'; ` +
  `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

function sourceHash(source: string): string {
  return `sha256-${createHash("sha256").update(source).digest("base64")}`;
}
