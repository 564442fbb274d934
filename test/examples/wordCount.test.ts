import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { expectedOf, root, runBuilt, runSuperstep } from "./runExample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "superstep-wordCount-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lines that the example prints for a text, counted one word at a time. */
function countedBySplitting(text: string): string[] {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().split(/[^a-z]+/)) {
    if (word.length >= 2) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  return most.map(([word, count]) => `${String(count).padStart(5)}  ${word}`);
}

describe("examples/wordCount.ts", () => {
  it("prints what its comment says, and what splitting the text at once gives", () => {
    const { status, stdout, stderr } = runBuilt("wordCount", [], folder);
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toEqual(expectedOf("wordCount"));
    expect(lines).toEqual(countedBySplitting(readFileSync(path.join(root, "LICENSE"), "utf8")));
  });

  it("counts the text that it is given, as TypeScript as it is", () => {
    writeFileSync(path.join(folder, "text.txt"), "Ein Ein, ein Wort: das Wort\nein a a a a Mal das Wort das\nWort\n");
    const { status, stdout } = runSuperstep(["pregel", "examples/wordCount.ts", "text.txt"], folder);
    expect(status).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .slice(0, 2)
        .map((line) => line.trim())
        .sort(),
    ).toEqual(["4  ein", "4  wort"]);
    expect(stdout).toContain("3  das");
    expect(stdout).not.toMatch(/ a$/m);
  });
});
