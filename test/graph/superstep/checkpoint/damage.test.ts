import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  algorithms,
  cancelledAfter,
  checkpoints,
  directory,
  fileOf,
  firstSuperstep,
  newContext,
  resultOf,
  runFolders,
  uninterrupted,
  warnings,
} from "./checkpointRuns.ts";

describe("a checkpoint that is damaged", () => {
  const change = (file: string, at: (length: number) => number): void => {
    const bytes = readFileSync(file);
    bytes[at(bytes.length)]! ^= 4;
    writeFileSync(file, bytes);
  };
  const damages: [string, (checkpoint: string) => void][] = [
    ["a byte of its columns changed", (at) => change(fileOf(at, "columns"), (length) => length - 3)],
    ["a byte of the header of its columns changed", (at) => change(fileOf(at, "columns"), () => 9)],
    ["columns cut short", (at) => truncateSync(fileOf(at, "columns"), 100)],
    ["bytes behind its columns", (at) => writeFileSync(fileOf(at, "columns"), "x", { flag: "a" })],
    ["no columns", (at) => rmSync(fileOf(at, "columns"))],
    ["a byte of its manifest changed", (at) => change(fileOf(at, "manifest"), (length) => length >> 1)],
    ["an empty manifest", (at) => writeFileSync(fileOf(at, "manifest"), "")],
    ["no manifest", (at) => rmSync(fileOf(at, "manifest"))],
    [
      "the manifest of another superstep",
      (at) => cpSync(fileOf("at-0000000004", "manifest"), fileOf(at, "manifest"), { force: true }),
    ],
  ];

  it.each(damages)("is passed over for the one before: %s", async (_what, damage) => {
    const algorithm = algorithms["pregel over records, strings and missing values"]!;
    const expected = await uninterrupted(algorithm);
    await cancelledAfter(7, algorithm, { checkpointEvery: 2 });
    expect(checkpoints()).toEqual(["at-0000000004", "at-0000000006"]);
    damage("at-0000000006");
    const { ctx, seen } = await newContext();
    const resumed = await algorithm(ctx, { checkpointDirectory: directory, resume: true });
    expect([firstSuperstep(seen), warnings(seen)]).toEqual([5, ["CHECKPOINT_DAMAGED"]]);
    expect(await resultOf(resumed)).toEqual(expected);
    expect(runFolders()).toEqual([]);
  });

  it("leads back to the beginning if there is no other", async () => {
    const algorithm = algorithms["sssp"]!;
    const expected = await uninterrupted(algorithm);
    await cancelledAfter(7, algorithm, { checkpointEvery: 3 });
    for (const name of checkpoints()) change(fileOf(name, "columns"), (length) => length - 1);
    const { ctx, seen } = await newContext();
    const run = await algorithm(ctx, { checkpointDirectory: directory, resume: true });
    expect([firstSuperstep(seen), warnings(seen)]).toEqual([
      1,
      ["CHECKPOINT_DAMAGED", "CHECKPOINT_DAMAGED", "NOTHING_TO_RESUME"],
    ]);
    expect(await resultOf(run)).toEqual(expected);
  });
});
