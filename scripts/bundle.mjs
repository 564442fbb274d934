// Bundles what is built in dist/ into bundle/, so that a process, and each of its threads, starts by reading a few files
// instead of hundreds: that is most of the time that starting takes.
//
// What users import, the command, and what is started by its path have the same path in both. A module keeps the URL that
// it would have beside dist/, of which `import.meta.url` tells, in whichever file it ends up: what it finds by that lies at
// the same place in both. Threads have files of their own: of modules that hold the driver's half and the threads' half of
// something, they read only the latter.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

/** What processes import or start. */
const processEntries = [
  "index",
  "core/index",
  "graph/index",
  "viz/index",
  "cli/main",
  "cli/typescript/hooks",
  "cli/actions/driverProcess",
  "core/cluster/executor/main",
];
/** What threads are started with; and the modules that make broadcasts and accumulators again there. */
const threadEntries = [
  "core/host/thread",
  "core/zstd/zstdThread",
  "graph/load/table/decodeThread",
  "core/broadcast",
  "core/accumulator",
];
/** Folders of modules, and of files that these read: all that is neither a module nor made beside one. */
const layers = ["core", "graph", "viz", "cli"];
const besideModules = /\.(?:js|ts|map)$/;

/** Makes `root`/bundle of `root`/dist. */
export async function bundle(root) {
  const dist = path.join(root, "dist");
  const target = path.join(root, "bundle");
  const groups = operatorGroups(dist);
  const entry = (name) => ({ in: path.join(dist, `${name}.js`), out: name });
  const groupEntry = (group) => ({ in: `operators:${group}`, out: `operators/${group}` });
  const parts = [
    { entryPoints: processEntries.map(entry), shared: "shared" },
    { entryPoints: [...threadEntries.map(entry), ...[...groups.keys()].map(groupEntry)], shared: "threads" },
  ];
  const outputs = await Promise.all(
    parts.map(({ entryPoints, shared }) =>
      build({
        entryPoints,
        outdir: target,
        chunkNames: `${shared}/[name]-[hash]`,
        bundle: true,
        splitting: true,
        format: "esm",
        platform: "node",
        target: "node20",
        packages: "external",
        logLevel: "warning",
        write: false,
        plugins: [operators(dist, groups), inPlace(dist)],
      }),
    ),
  );
  rmSync(target, { recursive: true, force: true }); // names of shared files tell their contents: old ones would stay
  for (const { path: file, text } of outputs.flatMap(({ outputFiles }) => outputFiles)) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, withClassNames(text));
  }
  const files = layers.flatMap((layer) =>
    readdirSync(path.join(dist, layer), { recursive: true, withFileTypes: true }),
  );
  for (const file of files.filter((each) => each.isFile() && !besideModules.test(each.name))) {
    const folder = path.join(target, path.relative(dist, file.parentPath));
    mkdirSync(folder, { recursive: true });
    copyFileSync(path.join(file.parentPath, file.name), path.join(folder, file.name));
  }
}

/** All operators, by the folder of their module: for each its modules, with the names of their operators. */
function operatorGroups(dist) {
  const groups = new Map();
  const add = (module, name) => {
    const modules = getOrMake(groups, path.posix.dirname(module), () => new Map());
    getOrMake(modules, module, () => new Set()).add(name);
  };
  for (const layer of ["core", "graph"]) {
    for (const name of readdirSync(path.join(dist, layer), { recursive: true }).sort(byText)) {
      if (!name.endsWith(".js")) continue;
      const file = `${layer}/${name.split(path.sep).join("/")}`;
      const text = readFileSync(path.join(dist, file), "utf8");
      for (const [, own, other, operator] of text.matchAll(operatorRefs)) {
        add(own === undefined ? path.posix.join(path.posix.dirname(file), other) : file.slice(0, -3), operator);
      }
      for (const [, module, operator] of text.matchAll(literalRefs)) add(module, operator);
    }
  }
  return groups;
}

/** Calls of `operatorRef` for the module itself, or one beside it. */
const operatorRefs =
  /\boperatorRef\((?:(import\.meta\.url)|new URL\("\.\/(\w+)\.js", import\.meta\.url\)\.href), "(\w+)"/g;
/** The same written out. */
const literalRefs = /\bmodule: "((?:core|graph)\/[^"]+)", name: "(\w+)"/g;

const byText = (a, b) => (a < b ? -1 : 1);

function getOrMake(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}

/** Has operators imported by their group, and makes the tables that are imported so. */
function operators(dist, groups) {
  const setup = (build) => {
    build.onLoad({ filter: /[\\/]core[\\/]host[\\/]importOperator\.js$/ }, () => ({
      contents: `export const importOperator = async (module, name) => {
        const group = module.slice(0, module.lastIndexOf("/"));
        const { operators } = await import(${urlOf('operators/" + group + ".js')});
        return operators[module + "#" + name];
      };`,
      loader: "js",
    }));
    build.onResolve({ filter: /^operators:/ }, ({ path: name }) => ({
      path: name.slice("operators:".length),
      namespace: "operators",
    }));
    build.onLoad({ filter: /./, namespace: "operators" }, ({ path: group }) => {
      const all = [...groups.get(group)].flatMap(([module, names]) => [...names].map((name) => ({ module, name })));
      const lines = [
        ...all.map(({ module, name }, at) => `import { ${name} as operator${at} } from "./${module}.js";`),
        "export const operators = {",
        "  __proto__: null,",
        ...all.map(({ module, name }, at) => `  ${JSON.stringify(`${module}#${name}`)}: operator${at},`),
        "};",
      ];
      return { contents: lines.join("\n"), loader: "js", resolveDir: dist };
    });
  };
  return { name: "operators", setup };
}

/** Gives each module its own URL below bundle/. Modules do nothing when they are loaded, so those not needed are left out. */
function inPlace(dist) {
  const setup = (build) => {
    build.onLoad({ filter: /\.js$/, namespace: "file" }, ({ path: file }) => {
      const module = path.relative(dist, file).split(path.sep).join("/");
      const text = readFileSync(file, "utf8");
      return { contents: text.replaceAll("import.meta.url", `(${urlOf(module)})`), loader: "js" };
    });
    build.onResolve({ filter: /^\./ }, async ({ path: name, resolveDir, importer, kind, pluginData }) => {
      if (pluginData === "resolved") return undefined;
      const found = await build.resolve(name, { resolveDir, importer, kind, pluginData: "resolved" });
      return { ...found, sideEffects: false };
    });
  };
  return { name: "in place", setup };
}

/** An expression for the URL of a file below bundle/. */
function urlOf(file) {
  return `import.meta.url.slice(0, import.meta.url.lastIndexOf("/bundle/")) + "/bundle/${file}"`;
}

/** Classes that refer to themselves have become `var Name = class _Name`: this gives them their name back. */
function withClassNames(text) {
  const renamed = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  return renamed.length === 0 ? text : text.replace(new RegExp(`\\b_(${renamed.join("|")})\\b`, "g"), "$1");
}
