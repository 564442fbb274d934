// A CommonJS program: prints what a function gives that uses what was required.
"use strict";
const path = require("node:path");
const { parse } = require("acorn");
const scale = 2;

void import("../../../../dist/core/function/ship.js").then(async ({ ship }) => {
  const { revive } = await import("../../../../dist/core/function/revive.js");
  const environment = { importModule: (url) => import(url) };
  const fn = await revive(structuredClone(ship((x) => path.basename("a/b") + x * scale, "map", "fn")), environment);
  let refused;
  try {
    ship(() => require("node:fs"), "map", "fn");
  } catch (error) {
    refused = error.message;
  }
  process.stdout.write(JSON.stringify({ result: fn(2), refused, parse: typeof parse }));
});
