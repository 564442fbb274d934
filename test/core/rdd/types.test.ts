import { describe, expectTypeOf, it } from "vitest";
import type { RDD } from "../../../core/rdd/rdd.ts";
import { useContext } from "../../support/context.ts";

/** What the compiler makes of programs: `npm run typecheck` is what can fail here. */
describe("types", () => {
  const ctx = useContext("local[1]");

  it("pairs are inferred where a function or a list shows pairs", () => {
    const lines = ctx.parallelize(["a b"]);
    const words = lines.flatMap((line) => line.split(" "));
    const counts = words.map((word) => [word, 1]).reduceByKey((a, b) => a + b);
    expectTypeOf(counts).toEqualTypeOf<RDD<[string, number]>>();
    expectTypeOf(lines.flatMap((line) => line.split(" ").map((word) => [word, 1]))).toEqualTypeOf<
      RDD<[string, number]>
    >();
    expectTypeOf(ctx.parallelize([[1, "a"]])).toEqualTypeOf<RDD<[number, string]>>();
    expectTypeOf(counts.join(counts.mapValues((n) => n > 1))).toEqualTypeOf<RDD<[string, [number, boolean]]>>();
    expectTypeOf(counts.leftOuterJoin(counts)).toEqualTypeOf<RDD<[string, [number, number | undefined]]>>();
    expectTypeOf(counts.keys()).toEqualTypeOf<RDD<string>>();
    expectTypeOf(counts.values()).toEqualTypeOf<RDD<number>>();
    expectTypeOf(counts.cogroup(words.keyBy((word) => word))).toEqualTypeOf<RDD<[string, [number[], string[]]]>>();
  });

  it("what is no pair stays what it is", () => {
    const words = ctx.parallelize(["a"]);
    expectTypeOf(words.map((word) => word.length)).toEqualTypeOf<RDD<number>>();
    expectTypeOf(words.map((word) => [word, word, word])).toExtend<RDD<string[]>>();
    expectTypeOf(words.map((word) => ({ word }))).toEqualTypeOf<RDD<{ word: string }>>();
    expectTypeOf(words.filter((word): word is "a" => word === "a")).toEqualTypeOf<RDD<"a">>();
    const users = ctx.parallelize<[number, { name: string; age: number }]>([[1, { name: "Ada", age: 36 }]]);
    expectTypeOf(users.mapValues((user) => user.age)).toEqualTypeOf<RDD<[number, number]>>();
  });

  it("operators of pairs and of numbers are for those alone", () => {
    const words = ctx.parallelize(["a"]);
    // @ts-expect-error strings are no pairs
    expectTypeOf(() => words.groupByKey()).toBeFunction();
    // @ts-expect-error strings have no sum
    expectTypeOf(() => words.sum()).toBeFunction();
    expectTypeOf(() => words.map((word) => word.length).sum()).returns.toEqualTypeOf<Promise<number>>();
  });
});
