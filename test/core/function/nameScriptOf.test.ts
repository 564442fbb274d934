import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { inspectFunction, nameScriptOf, scriptInfo } from "../../../core/function/inspectFunction.ts";

it("gives a script the name it was told, with the script's own text, and other scripts their own", () => {
  const [one, other] = [() => "the first", () => "the second"];
  nameScriptOf(one, "file:///told.js");
  const script = scriptInfo(inspectFunction(other).location!.scriptId)!;
  expect(script.url).toBe("file:///told.js");
  expect(script.source()).toContain('"the second"');

  const built = scriptInfo(inspectFunction(inspectFunction).location!.scriptId)!;
  expect(built.url).toMatch(/\/dist\/core\/function\/inspectFunction\.js$/);
  expect(built.source()).toBe(readFileSync(fileURLToPath(built.url), "utf8"));
});
