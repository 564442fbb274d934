import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync, truncateSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inputFiles } from "../../../graph/load/inputFiles.ts";
import { readEdges } from "../../../graph/load/readEdges.ts";
import type { TaskRunner } from "../../../graph/load/text/taskRunner.ts";
import { edgeRows, root, runner, useFolder } from "./text/reading.ts";

const folder = useFolder();
const at = (name: string): string => path.join(folder.path, name);
folder.write("parts/part-00010", "3 4\n");
folder.write("parts/part-00002.gz", gzipSync("2 3\n"));
folder.write("parts/part-00001", "1 2");
folder.write("parts/_SUCCESS", "not an edge");
folder.write("parts/.part-00001.crc", "not an edge");
folder.write("nested/year=2024/part-0", "5 6\n");
folder.write("nested/year=2025/part-0", "7 8\n");
folder.write("odd/a[1].txt", "9 9\n");
folder.write("odd/a1.txt", "1 1\n");
folder.write("empty/_SUCCESS", "");

const edgesOf = async (paths: string | string[]): Promise<unknown[][]> =>
  edgeRows((await readEdges(runner, paths)).chunks);

/** Does `work` without the rights of root, who may read everything: `nobody`'s, where this is root. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  if (process.geteuid!() !== 0) return work();
  process.seteuid!(65534);
  try {
    await work();
  } finally {
    process.seteuid!(0);
  }
}

describe("inputFiles", () => {
  it("takes a directory for its part files by name, leaving out what starts with _ or .", async () => {
    expect(await edgesOf(at("parts"))).toEqual([[1, 2], [2, 3], [3, 4]]); // prettier-ignore
  });

  it("keeps the order of what is named", async () => {
    expect(await edgesOf([at("parts/part-00010"), at("parts/part-00001")])).toEqual([[3, 4], [1, 2]]); // prettier-ignore
  });

  it.each([
    ["parts/part-*", [[1, 2], [2, 3], [3, 4]]],
    ["parts/*", [[1, 2], [2, 3], [3, 4]]],
    ["parts/part-0000?", [[1, 2]]],
    ["parts/part-000[1-9]0", [[3, 4]]],
    ["parts/part-000[!1]1", [[1, 2]]],
    ["nested/*/part-*", [[5, 6], [7, 8]]],
    ["nested/year=202?", [[5, 6], [7, 8]]],
    ["odd/a[1].txt", [[9, 9]]],
    ["odd/a?.txt", [[1, 1]]],
  ])("reads %s", async (pattern, edges) => {
    expect(await edgesOf(at(pattern))).toEqual(edges);
  }); // prettier-ignore

  it.each([
    ["nowhere.txt", "no such file"],
    ["parts/no-*", "a pattern without a match"],
    ["empty", "an empty directory"],
    ["nested", "a directory in a directory"],
    ["parts/part-00001/x", "a path through something that is no directory"],
  ])("refuses %s: %s", async (name, reason) => {
    await expect(edgesOf(at(name))).rejects.toMatchObject({
      code: "INVALID_INPUT",
      details: { file: at(name), reason },
    });
  });

  it.skipIf(process.platform === "win32")("F47: refuses a named pipe and a loop of links at once", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    await expect(edgesOf(at("pipe"))).rejects.toMatchObject({ details: { reason: "a named pipe" } });
    symlinkSync(at("loop"), at("loop"));
    await expect(edgesOf(at("loop"))).rejects.toMatchObject({ details: { reason: "a loop of symbolic links" } });
  });

  it.skipIf(process.platform === "win32")("F46: refuses a file it may not read", async () => {
    const secret = folder.write("secret.txt", "1 2\n");
    chmodSync(folder.path, 0o755);
    await asOrdinaryUser(async () => expect(await edgesOf(secret)).toEqual([[1, 2]]));
    chmodSync(secret, 0);
    await asOrdinaryUser(async () => {
      await expect(edgesOf(secret)).rejects.toMatchObject({ details: { reason: "no permission to read it" } });
    });
  });

  it("F46: notices a file that changes between the look and the reading", async () => {
    const file = folder.write("changing.txt", "1 2\n".repeat(1000));
    const slow: TaskRunner = {
      numThreads: 1,
      runTasks(spec, options) {
        truncateSync(file, 2000);
        return runner.runTasks(spec, options);
      },
    };
    await expect(readEdges(slow, file)).rejects.toMatchObject({ details: { reason: "changed while it was read" } });
  });

  it("reads standard input to its end, plain or gzip", () => {
    const program = `
      import { readEdges } from ${JSON.stringify(path.join(root, "dist/graph/load/readEdges.js"))};
      import { parseSplits } from ${JSON.stringify(path.join(root, "dist/graph/load/text/parseSplits.js"))};
      const runTasks = ({ shared, tasks }) =>
        Promise.all(tasks.map((params) => parseSplits(shared, params, { throwIfCancelled() {} })));
      const { numEdges, files } = await readEdges({ numThreads: 2, runTasks }, "-", { splitBytes: 5000 });
      console.log(numEdges, files[0].name);`;
    for (const input of ["1 2\n".repeat(5000), gzipSync("1 2\n".repeat(5000)), ""]) {
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
        input,
        encoding: "utf8",
      });
      expect(output).toBe(`${input.length === 0 ? 0 : 5000} <stdin>\n`);
    }
  });

  it("wants a path", async () => {
    await expect(inputFiles([])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("gives plain files by name and size", async () => {
    expect(await inputFiles(at("parts/part-00001"))).toMatchObject([
      { kind: "file", size: 3, name: at("parts/part-00001") },
    ]);
  });
});
