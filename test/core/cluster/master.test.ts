import os from "node:os";
import { describe, expect, it } from "vitest";
import { parseMaster } from "../../../core/cluster/master.ts";

describe("parseMaster", () => {
  it("reads the forms of this version", () => {
    expect(parseMaster("local[3]")).toEqual({ kind: "local", numThreads: 3 });
    expect(parseMaster("local[1024]")).toEqual({ kind: "local", numThreads: 1024 });
    expect(parseMaster("local[*]")).toEqual({ kind: "local", numThreads: os.availableParallelism() });
  });

  it.each(["local-cluster[2,4]", "local-cluster[2, 4]", "superstep://host:7077"])(
    "says that %s comes later",
    (master) => {
      const message = expect.stringMatching(/not available in this version; use local\[T\]/);
      expect(() => parseMaster(master)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
    },
  );

  it.each([
    "",
    "local",
    "local[0]",
    "local[-1]",
    "local[2.5]",
    "local[1025]",
    "local[02]",
    "LOCAL[2]",
    " local[2]",
    "yarn",
    null,
  ])("refuses %j and lists the forms", (master) => {
    const message = expect.stringMatching(/^master: must be local\[T\].* or local\[\*\]/);
    expect(() => parseMaster(master as string)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
  });
});
