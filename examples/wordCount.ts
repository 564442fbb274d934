/**
 * The RDD core by itself: the words of a text that occur most.
 *
 *   node dist/examples/wordCount.js [TEXT]         (or: superstep pregel examples/wordCount.ts TEXT)
 *
 * Expected, without TEXT (this project's licence):
 *
 *     100  the
 *      69  or
 *      67  of
 *      46  and
 *      40  to
 */
import { fileURLToPath } from "node:url";
import { Context } from "superstep";

const file = process.argv[2] ?? fileURLToPath(new URL("../../LICENSE", import.meta.url));

const ctx = await Context.create({ master: "local[*]" });
try {
  const shortest = 2; // captured, and shipped with the function that uses it
  const words = ctx
    .textFile(file)
    .flatMap((line) => line.toLowerCase().match(/[a-z]+/g) ?? [])
    .filter((word) => word.length >= shortest);
  const counts = words.map((word): [string, number] => [word, 1]).reduceByKey((a, b) => a + b);

  for (const [word, count] of await counts.top(5, ([, count]) => count)) {
    console.log(`${String(count).padStart(5)}  ${word}`);
  }
} finally {
  await ctx.stop();
}
