/**
 * Sorts the values of a column into the few classes that get a colour and a line in the legend.
 */
import type { Palette } from "./palette.ts";
import type { ViewColumn, ViewValue } from "./pageData.ts";
import { numberText, shorten, valueText } from "./valueText.ts";

/** Where a class finds its colour in a palette. */
export type ColourRef =
  { readonly from: "categories" | "sequence"; readonly index: number } | { readonly from: "neutral" | "absent" };

export interface ColourClass {
  readonly label: string;
  /** Nodes in it. */
  readonly count: number;
  readonly colour: ColourRef;
}

export interface ColourClasses {
  /** In the order of the legend. */
  readonly classes: readonly ColourClass[];
  /** The class of each node. */
  readonly classOf: Uint8Array;
}

/** Categories that get a colour of their own. */
const maxCategories = 10;

/** Columns of integers that name something, where order means nothing. */
const naming = /^(component|community|cluster|group|class|category|label|kind|type|department|partition)(_?id)?s?$/i;

/**
 * Text, and integers that name something or take at most 10 values, become categories: the ten most frequent, then
 * "other (n)". Other numbers become up to seven ranges of about equally many nodes. Infinite values, NaN and missing
 * ones have classes of their own. Without a column there is one class.
 */
export function colourClasses(column: ViewColumn | undefined, numNodes: number): ColourClasses {
  if (column === undefined) {
    const only: ColourClass = { label: "all vertices", count: numNodes, colour: { from: "categories", index: 0 } };
    return { classes: [only], classOf: new Uint8Array(numNodes) };
  }
  const { keyOf, ordered } = isCategorical(column) ? categories(column) : ranges(column);
  const special = [...specials].filter(([key]) => column.values.some((value) => specialKey(value) === key));
  const all = [...ordered, ...special.map(([key, label]) => ({ key, label, colour: { from: "absent" } as ColourRef }))];
  const positions = new Map(all.map(({ key }, position) => [key, position]));
  const classOf = Uint8Array.from(column.values, (value) => positions.get(specialKey(value) ?? keyOf(value))!);
  const counts = new Uint32Array(all.length);
  for (const position of classOf) counts[position]!++;
  return { classes: all.map(({ label, colour }, position) => ({ label, colour, count: counts[position]! })), classOf };
}

/** The colour of a class in a theme. */
export function colourIn(palette: Palette, colour: ColourRef): string {
  return "index" in colour ? palette[colour.from][colour.index]! : palette[colour.from];
}

interface Keyed {
  /** The key of a value that has no class of its own kind. */
  readonly keyOf: (value: ViewValue) => string;
  readonly ordered: readonly { readonly key: string; readonly label: string; readonly colour: ColourRef }[];
}

const specials: ReadonlyMap<string, string> = new Map([
  ["special infinity", "∞"],
  ["special -infinity", "−∞"],
  ["special nan", "not a number"],
  ["special missing", "missing"],
]);

function specialKey(value: ViewValue): string | undefined {
  if (value === null) return "special missing";
  if (typeof value === "string" || Number.isFinite(value)) return undefined;
  return Number.isNaN(value) ? "special nan" : value > 0 ? "special infinity" : "special -infinity";
}

function isCategorical({ name, type, values }: ViewColumn): boolean {
  if (type !== "number") return true;
  const finite = values.filter((value) => Number.isFinite(value));
  if (!finite.every((value) => Number.isInteger(value))) return false;
  return naming.test(name) || new Set(finite).size <= maxCategories;
}

function categories({ type, values }: ViewColumn): Keyed {
  const counts = new Map<number | string, number>();
  for (const value of values) {
    if (value !== null && specialKey(value) === undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const frequent = [...counts].sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1));
  const own = frequent.slice(0, maxCategories);
  const ordered = own.map(([value], index) => ({
    key: `value ${value}`,
    label: type === "number" ? numberText(value as number) : shorten(valueText(value), 60),
    colour: { from: "categories", index } as ColourRef,
  }));
  const numOther = frequent.length - own.length;
  if (numOther > 0) ordered.push({ key: "other", label: `other (${numOther})`, colour: { from: "neutral" } });
  const keys = new Set(ordered.map(({ key }) => key));
  return { ordered, keyOf: (value) => (keys.has(`value ${value}`) ? `value ${value}` : "other") };
}

function ranges({ values }: ViewColumn): Keyed {
  const sorted = Float64Array.from(values.filter((value): value is number => Number.isFinite(value))).sort();
  const numSteps = 7;
  const starts = new Set<number>(); // the least value of each range, ascending
  for (let step = 0; step < numSteps; step++) starts.add(sorted[Math.floor((step * sorted.length) / numSteps)]!);
  const lows = sorted.length === 0 ? [] : [...starts];
  const rangeOf = (value: number): number => lows.findLastIndex((low) => low <= value);
  const highs = lows.map(() => -Infinity);
  for (const value of sorted) highs[rangeOf(value)] = value;
  const ordered = lows.map((low, range) => ({
    key: `range ${range}`,
    label: low === highs[range] ? numberText(low) : `${numberText(low)} to ${numberText(highs[range]!)}`,
    colour: {
      from: "sequence",
      index: lows.length === 1 ? 3 : Math.round((range * (numSteps - 1)) / (lows.length - 1)),
    } as ColourRef,
  }));
  return { ordered, keyOf: (value) => `range ${rangeOf(value as number)}` };
}
