import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { superstepHere } from "../support/commandHere.ts";
import { hasSharedData, sharedData } from "../support/sharedData.ts";

interface ManifestEntry {
  readonly file: string;
  readonly edges?: number;
}

/** Files that are refused as they stand; all others are read. */
const refused = [
  "comment-styles.txt", "cr-only.txt", "odd-integers.txt", "too-big-ids.txt", "nbsp-separator.txt", "latin1.txt",
  "nul-bytes.txt", "utf16.txt", "missing-columns.txt", "header-in-data.txt", "one-bad-line-in-many.txt", "binary.txt",
  "truncated.txt.gz", "truncated-trailer.txt.gz", "bad-crc.txt.gz", "flipped-byte.txt.gz", "trailing-garbage.txt.gz",
  "empty.txt.gz", "one-long-line.txt.gz", "unclosed-quote.csv", "duplicate-header.csv", "ragged.csv",
  "vertices-duplicate.csv", "vertices-bad.csv", "vertices-partial.csv", "truncated.mtx", "out-of-range.mtx",
  "zero-based.mtx", "no-banner.mtx",
]; // prettier-ignore

/** Files whose words are taken for ids, and the edges there are then. */
const words: Readonly<Record<string, number>> = { "string-ids.txt": 4, "unicode-ids.txt": 5 };

describe.skipIf(!hasSharedData)("superstep run over the malformed files (skipped where ../shared/data is not)", () => {
  it("reads what the manifest says, or refuses it in so many words", async () => {
    const text = readFileSync(sharedData("malformed/manifest.json"), "utf8");
    const { files } = JSON.parse(text) as { files: ManifestEntry[] };
    expect(files).toHaveLength(63);
    for (const { file, edges } of files) {
      const args = ["run", "components", sharedData(`malformed/${file}`), "--json", "-q", "--master", "local[1]"];
      const { status, stdout, stderr } = await superstepHere(args);
      if (refused.includes(file)) {
        expect([file, status, stdout]).toEqual([file, 3, ""]);
        const [first, ...others] = stderr.trimEnd().split("\n");
        expect(first).toMatch(/^error\[INVALID_INPUT\] \S*malformed\/\S+: expected .+, got .+$/);
        for (const line of others) expect(line).toMatch(/^ {2}(\d+ \| .*|\s+\| \s*\^+|hint: .+)$/);
      } else {
        expect([file, status, stderr]).toEqual([file, 0, ""]);
        const { graph } = JSON.parse(stdout) as { graph: { edges: number } };
        const expected = words[file] ?? edges;
        if (expected !== undefined) expect([file, graph.edges]).toEqual([file, expected]);
      }
    }
  }, 120_000);
});
