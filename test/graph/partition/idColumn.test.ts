import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildTopology } from "../../../graph/partition/buildTopology.ts";
import { compareIds, idAt, indexOf } from "../../../graph/partition/idColumn.ts";
import type { VertexId } from "../../../graph/types.ts";
import { compareReference, idValues, type IdKind } from "./edgeLists.ts";
import { serialRunner } from "./serialRunner.ts";

async function idsOf(kind: IdKind, ids: VertexId[]) {
  const runner = serialRunner(1, 1048576);
  const { topology } = await buildTopology(runner, { chunks: [], vertexIds: [idValues(kind, ids)] });
  return {
    numVertices: topology.numVertices,
    idAt: (index: number) => idAt(topology.ids, runner.arena, index),
    indexOf: (id: VertexId) => indexOf(topology.ids, runner.arena, id),
  };
}

describe("idAt and indexOf", () => {
  it.each<[IdKind, VertexId[]]>([
    ["uint32", [0, 7, 2 ** 31, 2 ** 32 - 1]],
    ["int64", [-(2n ** 63n), Number.MIN_SAFE_INTEGER, -1, 0, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 63n - 1n]],
    ["string", ["", "\0", "5", "\ufeffbom", "\uffff", "\u{10000}"]],
  ])("are inverse for %s ids", async (kind, ids) => {
    const column = await idsOf(kind, ids);
    expect(ids.map((_, index) => column.idAt(index))).toStrictEqual(ids);
    expect(ids.map((id) => column.indexOf(id))).toEqual(ids.map((_, index) => index));
  });

  it.each<IdKind>(["uint32", "int64"])("take 5 and 5n as one id among %s ids", async (kind) => {
    const column = await idsOf(kind, kind === "int64" ? [5n, 2n ** 60n] : [5]);
    expect([column.indexOf(5), column.indexOf(5n), column.indexOf(5.0)]).toEqual([0, 0, 0]);
  });

  it.each<[IdKind, VertexId[], VertexId[]]>([
    ["uint32", [1, 5], [0, 2, 6, -1, 1.5, NaN, Infinity, 2n ** 32n + 1n, -5n, "5"]],
    ["int64", [1, 2n ** 53n + 1n], [0, 2 ** 53, NaN, 1.5, -Infinity, 2n ** 64n + 1n, "1"]],
    ["string", ["1", "a"], [1, 1n, "", "aa", "b", "\ud800"]],
  ])("find none of the ids that %s ids lack", async (kind, ids, absent) => {
    const column = await idsOf(kind, ids);
    expect(absent.map((id) => column.indexOf(id))).toEqual(absent.map(() => -1));
  });

  it("do not take a lone surrogate for the replacement character", async () => {
    const column = await idsOf("string", ["\ufffd"]);
    expect([column.indexOf("\ufffd"), column.indexOf("\ud800")]).toEqual([0, -1]);
  });
});

describe("compareIds", () => {
  it("orders integers by value, numbers and bigints alike", () => {
    const integer = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    fc.assert(fc.property(integer, integer, (a, b) => Math.sign(compareIds(a, b)) === compareReference(a, b)));
    expect(compareIds(5, 5n)).toBe(0);
  });

  it("orders strings as their UTF-8 bytes are ordered", () => {
    const text = fc.string({
      size: "medium",
      unit: fc.constantFrom("a", "b", "\0", "é", "\ud7ff", "\ue000", "\uffff", "\u{10000}"),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareIds(a, b))).toBe(compareReference(a, b));
      }),
    );
  });
});
