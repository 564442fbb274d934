import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readEdges, type EdgeInput } from "../../../../graph/load/readEdges.ts";
import { edgeRows, runner, useFolder } from "./reading.ts";

const folder = useFolder();

/** Numbers in [0, 1), the same in every run. */
function* seeded(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const random = seeded(17);
const pick = (limit: number): number => Math.floor(random.next().value * limit);

const text = Array.from({ length: 400 }, () => `${pick(1000)} ${pick(1000)}\n`).join("");
const edges = text.trim().split("\n").map((line) => line.split(" ").map(Number)); // prettier-ignore

const read = (bytes: Uint8Array, name = "fuzz.txt.gz"): Promise<EdgeInput> =>
  readEdges(runner, folder.write(name, bytes));

/** Reads bytes that may be damaged: the graph of the text, or INVALID_INPUT; anything else fails the test. */
async function readDamaged(bytes: Uint8Array): Promise<"same" | "refused"> {
  try {
    expect(edgeRows((await read(bytes)).chunks)).toEqual(edges);
    return "same";
  } catch (error) {
    expect(error).toMatchObject({ code: "INVALID_INPUT" });
    return "refused";
  }
}

describe("readEdges of gzip", () => {
  const packed = gzipSync(text);
  const members = Buffer.concat(
    [text.slice(0, 1003), text.slice(1003, 1003), text.slice(1003)].map((part) => gzipSync(part)),
  );

  it("reads several members as one text, empty ones too, cut inside a line", async () => {
    expect(await readDamaged(packed)).toBe("same");
    expect(await readDamaged(members)).toBe("same");
  });

  it("refuses every file that is cut short", async () => {
    for (let length = 1; length < packed.length; length += 1 + pick(40)) {
      expect([length, await readDamaged(packed.subarray(0, length))]).toEqual([length, "refused"]);
    }
    for (let cut = 1; cut <= 9; cut++) expect(await readDamaged(packed.subarray(0, -cut))).toBe("refused");
  });

  it("never gives another graph for a file with a flipped bit", async () => {
    let numRefused = 0;
    for (let round = 0; round < 300; round++) {
      const damaged = Buffer.from(packed);
      damaged[pick(damaged.length)]! ^= 1 << pick(8);
      if ((await readDamaged(damaged)) === "refused") numRefused++;
    }
    expect(numRefused).toBeGreaterThan(280); // the header has a few bytes that say nothing of the text
  });

  it.each([
    ["zeros", Buffer.alloc(9)],
    ["text", Buffer.from("3 4\n")],
    ["one byte of another member", Buffer.from([0x1f])],
    ["a member without its end", gzipSync("5 6\n").subarray(0, -3)],
  ])("refuses %s after the last member", async (_what, tail) => {
    expect(await readDamaged(Buffer.concat([packed, tail]))).toBe("refused");
  });

  it("goes by the bytes, not by the name", async () => {
    expect((await read(gzipSync("1 2\n"), "packed.txt")).numEdges).toBe(1);
    expect((await read(Buffer.from("1 2\n"), "plain.txt.gz")).numEdges).toBe(1);
    expect((await read(gzipSync(""))).numEdges).toBe(0);
    await expect(read(Buffer.alloc(0))).rejects.toMatchObject({ details: { reason: "an empty file named .gz" } });
    await expect(read(Buffer.from("fd377a585a00", "hex"))).rejects.toThrow(/got xz data/);
  });

  it("finds damage behind the first MiB of text, after many rows", async () => {
    const long = Array.from({ length: 400_000 }, () => `${pick(1e6)} ${pick(1e6)}\n`).join("");
    const damaged = gzipSync(long, { level: 1 });
    expect((await read(damaged)).numEdges).toBe(400_000);
    damaged[damaged.length - 6]! ^= 1;
    await expect(read(damaged)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      details: { reason: "damaged gzip data" },
    });
    await expect(read(damaged.subarray(0, -8))).rejects.toThrow(/ends too early/);
  });
});
