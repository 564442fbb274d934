import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useContext } from "../../support/context.ts";

describe("saveAsTextFile", () => {
  const ctx = useContext("local[2]");
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "superstep-save-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it("writes a file a partition, then _SUCCESS, and textFile reads them back", async () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index} é`);
    const directory = path.join(root, "new/plain");
    await ctx.parallelize(lines, 3).saveAsTextFile(directory);
    expect(readdirSync(directory).sort()).toEqual(["_SUCCESS", "part-00000", "part-00001", "part-00002"]);
    expect(readFileSync(path.join(directory, "part-00000"), "utf8")).toBe(
      lines
        .slice(0, 16)
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect(await ctx.textFile(directory).collect()).toEqual(lines);
  });

  it("writes gzip, also of many pieces, and of empty partitions", async () => {
    const directory = path.join(root, "gzip");
    const long = "x".repeat(400_000);
    await ctx
      .parallelize([long, long, long, long], 2)
      .union(ctx.emptyRDD())
      .saveAsTextFile(directory, { compression: "gzip" });
    expect(readdirSync(directory).sort()).toEqual(["_SUCCESS", "part-00000.gz", "part-00001.gz", "part-00002.gz"]);
    expect(gunzipSync(readFileSync(path.join(directory, "part-00002.gz"))).length).toBe(0);
    expect(await ctx.textFile(directory).collect()).toEqual([long, long, long, long]);
  });

  it("writes primitives as String makes them and all else as JSON", async () => {
    const directory = path.join(root, "kinds");
    await ctx
      .parallelize<unknown>(["a", 0.1, 5n, null, undefined, true, [1, "b"], { id: 2n }], 1)
      .saveAsTextFile(directory);
    expect(await ctx.textFile(directory).collect()).toEqual([
      "a",
      "0.1",
      "5",
      "null",
      "undefined",
      "true",
      '[1,"b"]',
      '{"id":"2"}',
    ]);
  });

  it("refuses a directory that exists before anything is computed", async () => {
    const directory = path.join(root, "exists");
    mkdirSync(directory);
    const computed = ctx.accumulator(0, (a, b) => a + b);
    const rdd = ctx.parallelize([1], 1).map((x) => {
      computed.add(1);
      return x;
    });
    await expect(rdd.saveAsTextFile(directory)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(computed.value).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("leaves nothing behind when it fails", async () => {
    const directory = path.join(root, "failed");
    const rdd = ctx.parallelize([1, 2, 3], 3).map((x) => {
      if (x === 3) throw new Error("no");
      return x;
    });
    await expect(rdd.saveAsTextFile(directory)).rejects.toMatchObject({ code: "TASK_FAILED" });
    expect(existsSync(directory)).toBe(false);
  });

  it("refuses a compression it does not know", async () => {
    const compression = "zip" as "gzip";
    await expect(ctx.parallelize([1]).saveAsTextFile(path.join(root, "zip"), { compression })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});
