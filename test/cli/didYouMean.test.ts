import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { algorithmNamed, algorithms } from "../../cli/algorithms.ts";
import { didYouMean } from "../../cli/didYouMean.ts";

describe("didYouMean", () => {
  it.each([
    ["pagernak", "pagerank"],
    ["PageRnk", "pagerank"],
    ["componets", "components"],
    ["bsf", "bfs"],
    ["zzzz", undefined],
    ["x", undefined],
    ["", undefined],
  ])("takes %j for %j", (given, expected) => {
    expect(didYouMean(given, ["pagerank", "components", "bfs"])).toBe(expected);
  });

  it("finds a word again that lost, doubled, changed or swapped one letter", () => {
    const words = ["pagerank", "components", "shortest-paths", "generate", "convert"];
    const edits = [
      (word: string, at: number) => word.slice(0, at) + word.slice(at + 1),
      (word: string, at: number) => word.slice(0, at) + word[at]! + word.slice(at),
      (word: string, at: number) => `${word.slice(0, at)}z${word.slice(at + 1)}`,
      (word: string, at: number) => word.slice(0, at) + (word[at + 1] ?? "") + word[at]! + word.slice(at + 2),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.constantFrom(...edits), fc.nat(), (word, edit, at) => {
        expect(didYouMean(edit(word, at % word.length), words)).toBe(word);
      }),
      { seed: 1 },
    );
  });
});

describe("algorithmNamed", () => {
  it("knows each by its name and aliases, in any case, and no two by one name", () => {
    const names = algorithms.flatMap((entry) => [entry.name, ...entry.aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const entry of algorithms) {
      for (const name of [entry.name, ...entry.aliases]) expect(algorithmNamed(name.toUpperCase())).toBe(entry);
    }
    expect(algorithmNamed("pr").name).toBe("pagerank");
    expect(algorithmNamed("cc").name).toBe("components");
  });

  it("names the closest one of those it lacks", () => {
    expect(() => algorithmNamed("shortest-path")).toThrow(
      'run: no algorithm "shortest-path"; did you mean shortest-paths? There are pagerank, components',
    );
    expect(() => algorithmNamed("louvain")).toThrow('no algorithm "louvain"; there are pagerank');
  });

  it("requires only options that it has", () => {
    for (const { options, required } of algorithms) expect(options).toEqual(expect.arrayContaining([...required]));
  });
});
