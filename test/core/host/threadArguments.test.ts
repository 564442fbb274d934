import { describe, expect, it } from "vitest";
import { processArguments, threadArguments } from "../../../core/host/threadArguments.ts";

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

describe("processArguments", () => {
  it("keeps what concerns modules, memory and experiments", () => {
    const options = [
      "--import",
      "./hook.mjs",
      "--max-old-space-size=100",
      "--experimental-strip-types",
      "--conditions=dev",
    ];
    expect(processArguments(options)).toEqual(options);
  });

  it("leaves out inspectors, programs given as text, and what watches or tests", () => {
    const options = [
      "--inspect",
      "--inspect-brk=0",
      "--inspect-port=1",
      "--eval",
      "1",
      "-p",
      "2",
      "--input-type=module",
    ];
    expect(processArguments([...options, "--watch", "--test", "--cpu-prof", "-r", "./a.cjs"])).toEqual([
      "-r",
      "./a.cjs",
    ]);
  });
});
