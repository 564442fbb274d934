import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena, uncleared } from "../../../core/column/arena.ts";
import { bytesPerElement, type ColumnRef, type FixedType } from "../../../core/column/types.ts";
import { hasCode } from "../../../core/errors.ts";

const types = Object.keys(bytesPerElement) as FixedType[];

function smallArena(pages = 1): Arena {
  return Arena.create({ capacityBytes: pages * 65536 });
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return "no error";
}

describe("Arena", () => {
  it("reserves 4 GiB less a page by default, and gives columns at both ends of it", () => {
    const arena = Arena.create();
    expect(arena.capacityBytes).toBe(2 ** 32 - 65536);
    const low = arena.allocate("float64", 1000, "low");
    const huge = arena.allocate("uint8", arena.capacityBytes - 8000 - 4096, "huge");
    const high = arena.allocate("float64", 4, "high");
    expect(high.offset).toBeGreaterThan(2 ** 32 - 8192);
    arena.view(high).set([1, 2, 3, 4]);
    arena.view(low).fill(7);
    expect([...arena.view(high)]).toEqual([1, 2, 3, 4]);
    for (const ref of [low, huge, high]) arena.free(ref);
    expect(arena.usedBytes).toBe(0);
  });

  it("refuses a capacity out of range", () => {
    for (const capacityBytes of [0, -1, 65535, 2 ** 32, 1e5 + 0.5, NaN]) {
      expect(codeOf(() => Arena.create({ capacityBytes }))).toBe("INVALID_ARGUMENT");
    }
  });

  it.each(types)("aligns a %s column to 64 bytes and views it by its type", (type) => {
    const arena = smallArena();
    const refs = [1, 3, 17].map((length) => arena.allocate(type, length));
    for (const ref of refs) {
      expect(ref.offset % 64).toBe(0);
      const view = arena.view(ref);
      expect(view.length).toBe(ref.length);
      expect(view.byteLength).toBe(ref.length * bytesPerElement[type]);
      expect(view.byteOffset).toBe(ref.offset);
      expect(view.buffer).toBe(arena.memory.buffer);
    }
  });

  it("clears memory that was used before, unless asked not to", () => {
    const arena = smallArena();
    const first = arena.allocate("uint32", 100);
    arena.view(first).fill(7);
    arena.free(first);
    const kept = arena.allocate("uint32", 100, "kept", uncleared);
    expect(kept.offset).toBe(first.offset);
    expect(new Set(arena.view(kept))).toEqual(new Set([7]));
    arena.free(kept);
    expect(new Set(arena.view(arena.allocate("uint32", 100)))).toEqual(new Set([0]));
  });

  it("never hands out offset 0, nor the first page", () => {
    expect(smallArena().allocate("uint8", 1).offset).toBeGreaterThanOrEqual(65536);
  });

  it("clears memory that was used before, and only then", () => {
    const arena = smallArena();
    const first = arena.allocate("float64", 100);
    arena.view(first).fill(NaN);
    arena.free(first);
    const again = arena.allocate("int32", 300); // over the old one and fresh memory
    expect(again.offset).toBe(first.offset);
    expect(arena.view(again).every((value) => value === 0)).toBe(true);
  });

  it("never overlaps live columns, keeps their bytes, and comes back to 0 and to one free run", () => {
    const step = fc.record({ type: fc.constantFrom(...types), length: fc.nat(900), drop: fc.nat(), owner: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
        const arena = smallArena(2);
        const live: { ref: ColumnRef; mark: number; owner: string }[] = [];
        let peak = 0;
        const check = ({ ref, mark }: { ref: ColumnRef; mark: number }): void => {
          const bytes = new Uint8Array(arena.memory.buffer, ref.offset, ref.length * bytesPerElement[ref.type]);
          expect(bytes.every((byte) => byte === mark)).toBe(true);
        };
        steps.forEach(({ type, length, drop, owner }, index) => {
          if (drop % 3 === 0 && live.length > 0) {
            const [gone] = live.splice(drop % live.length, 1);
            check(gone!);
            arena.free(gone!.ref);
            return;
          }
          let ref: ColumnRef;
          try {
            ref = arena.allocate(type, length, `owner ${owner}`);
          } catch (error) {
            expect(hasCode(error, "OUT_OF_MEMORY")).toBe(true);
            return;
          }
          const bytes = new Uint8Array(arena.memory.buffer, ref.offset, length * bytesPerElement[type]);
          expect(bytes.every((byte) => byte === 0)).toBe(true);
          const mark = (index % 255) + 1;
          bytes.fill(mark);
          live.push({ ref, mark, owner: `owner ${owner}` });
          peak = Math.max(peak, arena.usedBytes);
        });
        live.forEach(check);
        const spans = live
          .map(({ ref }) => [ref.offset, ref.offset + ref.length * bytesPerElement[ref.type]] as const)
          .sort((a, b) => a[0] - b[0]);
        for (let i = 1; i < spans.length; i++) expect(spans[i]![0]).toBeGreaterThanOrEqual(spans[i - 1]![1]);
        const padded = live.map(({ ref }) =>
          Math.max(64, Math.ceil((ref.length * bytesPerElement[ref.type]) / 64) * 64),
        );
        expect(arena.usedBytes).toBe(padded.reduce((sum, bytes) => sum + bytes, 0));
        expect(arena.peakBytes).toBe(peak);
        const owners = arena.owners();
        expect(owners.reduce((sum, { columns }) => sum + columns, 0)).toBe(live.length);
        for (const { owner, columns } of owners) {
          expect(columns).toBe(live.filter((column) => column.owner === owner).length);
        }
        for (const { ref } of live) arena.free(ref);
        expect(arena.usedBytes).toBe(0);
        expect(arena.owners()).toEqual([]);
        expect(arena.allocate("uint8", arena.capacityBytes).length).toBe(arena.capacityBytes);
      }),
      { seed: 20240501, numRuns: 100 },
    );
  });

  it("takes the lowest address that fits", () => {
    const arena = smallArena();
    const [a, , c] = [1, 2, 3, 4].map(() => arena.allocate("uint8", 64));
    arena.free(a!);
    arena.free(c!);
    expect(arena.allocate("uint8", 65).offset).toBeGreaterThan(c!.offset);
    expect(arena.allocate("uint8", 64).offset).toBe(a!.offset);
    expect(arena.allocate("uint8", 64).offset).toBe(c!.offset);
  });

  it("refuses to free twice, a slice, another type or length, and what is foreign", () => {
    const arena = smallArena();
    const ref = arena.allocate("float64", 10);
    const wrong: ColumnRef[] = [
      arena.slice(ref, 0, 5),
      arena.slice(ref, 2, 10),
      { ...ref, type: "int64" },
      { ...ref, offset: ref.offset + 4096 },
    ];
    for (const other of wrong) expect(() => arena.free(other)).toThrow(/internal error/);
    arena.free(ref);
    expect(() => arena.free(ref)).toThrow(/freed twice/);
    expect(arena.usedBytes).toBe(0);
  });

  it("says what is needed, used and to be had when it is full, and still works afterwards", () => {
    const arena = smallArena(2);
    const half = arena.allocate("uint8", 65536, "graph 1");
    expect(() => arena.allocate("float64", 10_000, "graph 2")).toThrow(
      "arena: graph 2 needs 0.08 MiB in one run, but 0.06 MiB of 0.13 MiB are used and the longest free run is 0.06 MiB. " +
        "Unpersist graphs that are no longer needed",
    );
    try {
      arena.allocate("float64", 10_000, "graph 2");
    } catch (error) {
      expect(error).toMatchObject({
        code: "OUT_OF_MEMORY",
        details: { neededBytes: 80_000, usedBytes: 65536, capacityBytes: 131072, longestFreeBytes: 65536 },
      });
    }
    expect(arena.usedBytes).toBe(65536);
    arena.free(half);
    expect(arena.allocate("float64", 10_000).length).toBe(10_000);
  });

  it("slices in elements, over the same bytes", () => {
    const arena = smallArena();
    const ref = arena.allocate("int64", 10);
    arena.view(ref).forEach((_, i, view) => (view[i] = BigInt(i)));
    const slice = arena.slice(ref, 3, 6);
    expect([...arena.view(slice)]).toEqual([3n, 4n, 5n]);
    arena.view(slice)[0] = -1n;
    expect(arena.view(ref)[3]).toBe(-1n);
    expect(() => arena.slice(ref, 3, 11)).toThrow(/outside/);
    expect(() => arena.slice(ref, 4, 3)).toThrow(/outside/);
  });

  it("shows the same bytes to a thread, which cannot allocate", async () => {
    const arena = Arena.create(); // the whole 4 GiB travel as a Memory
    const ref = arena.allocate("float64", 3);
    arena.view(ref).set([1, 2, 3]);
    const script = `
      import { parentPort, workerData } from "node:worker_threads";
      const { Arena } = await import(workerData.module);
      const arena = Arena.over(workerData.memory);
      arena.view(workerData.ref)[1] = 20;
      let refusal = "none";
      try { arena.allocate("uint8", 1); } catch (error) { refusal = error.message; }
      parentPort.postMessage({ seen: [...arena.view(workerData.ref)], refusal });
    `;
    const module = new URL("../../../dist/core/column/arena.js", import.meta.url).href;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
      workerData: { module, memory: arena.memory, ref },
    });
    const answer = await new Promise<{ seen: number[]; refusal: string }>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
    expect(answer.seen).toEqual([1, 20, 3]);
    expect(answer.refusal).toMatch(/internal error/);
    expect([...arena.view(ref)]).toEqual([1, 20, 3]);
    expect(() => Arena.over(arena.memory).free(ref)).toThrow(/internal error/);
  });
});
