import { describe, expect, it } from "vitest";
import { threadArguments } from "../../../core/host/threadArguments.ts";

describe("threadArguments", () => {
  it("leaves Node's default alone, unless the program itself was given as text", () => {
    expect(threadArguments([])).toBeUndefined();
    expect(threadArguments(["--import", "tsx", "--max-old-space-size=100"])).toBeUndefined();
  });

  it("passes on what concerns modules, with its value", () => {
    const options = [
      "--input-type=module",
      "--import",
      "a",
      "--require=b",
      "--max-old-space-size=9",
      "-C",
      "dev",
      "--inspect",
      "-e",
      "-r",
    ];
    expect(threadArguments(options)).toEqual(["--import", "a", "--require=b", "-C", "dev", "-r"]);
    expect(threadArguments(["--input-type", "module"])).toEqual([]);
  });
});
