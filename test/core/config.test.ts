import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../core/config.ts";

describe("resolveConfig", () => {
  it("retries tasks on a cluster, and not in one process, unless told", () => {
    expect(resolveConfig({}, true).maxTaskFailures).toBe(1);
    expect(resolveConfig({}, false).maxTaskFailures).toBe(4);
    expect(resolveConfig({ maxTaskFailures: 3 }, true).maxTaskFailures).toBe(3);
  });

  it("takes defaults for what is undefined", () => {
    expect(resolveConfig({ cancelGraceMs: undefined })).toEqual(resolveConfig());
    expect(resolveConfig()).toMatchObject({ cancelGraceMs: 1000, resubmitDelayMs: 200, threadHeapMiB: 0 });
  });

  it("takes the ends of each range", () => {
    const least = { maxTaskFailures: 1, cancelGraceMs: 0, threadHeapMiB: 0, arenaBytes: 65536, blockMemoryBytes: 0 };
    expect(resolveConfig(least)).toMatchObject(least);
    expect(resolveConfig({ threadHeapMiB: 16, arenaBytes: 65535 * 65536 })).toMatchObject({ threadHeapMiB: 16 });
  });

  it.each([
    [{ maxTaskFailures: 0 }, "config: maxTaskFailures must be an integer in [1, 1000], got 0"],
    [{ maxTaskFailures: "4" }, 'maxTaskFailures must be an integer in [1, 1000], got "4"'],
    [{ cancelGraceMs: 1.5 }, "cancelGraceMs"],
    [{ cancelGraceMs: Number.NaN }, "cancelGraceMs"],
    [{ threadHeapMiB: 15 }, "threadHeapMiB must be an integer in [16, 1048576] or 0"],
    [{ arenaBytes: 65537 }, "a multiple of 65536"],
    [{ arenaBytes: 65536 * 65536 }, "arenaBytes"],
    [{ blockMemoryBytes: -1 }, "blockMemoryBytes"],
    [{ spillDirectory: "" }, "spillDirectory must be a directory's path"],
    [{ spillDirectory: "a\0b" }, "spillDirectory"],
    [{ cancelGrace: 5 }, "a setting must be one of maxTaskFailures"],
    [{ toString: 5 }, 'got "toString"'],
  ])("refuses %j", (options, text) => {
    const error = expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(text) });
    expect(() => resolveConfig(options as never)).toThrow(error);
  });
});
