/**
 * Reads and checks the values of options. Each reader throws INVALID_ARGUMENT naming the option, the rule and the value.
 */
import { invalidArgument } from "../core/errors.ts";
import { didYouMean } from "./didYouMean.ts";

/** A reader of integers in [min, max]. */
export function integer(option: string, min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const rule = max === Number.MAX_SAFE_INTEGER ? `an integer >= ${min}` : `an integer from ${min} to ${max}`;
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (!(Number.isSafeInteger(value) && value >= min && value <= max)) throw wrong(option, rule, text);
    return value;
  };
}

/** A reader of sizes in bytes: `8g`, `512m`, `64k`, or a plain number of bytes. At least 1 MiB. */
export function bytes(option: string): (text: string) => number {
  return (text) => {
    const [, digits, unit = ""] = /^(\d+)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
    const value = digits === undefined ? NaN : Number(digits) * 1024 ** " kmgt".indexOf(unit.toLowerCase() || " ");
    if (!(Number.isSafeInteger(value) && value >= 2 ** 20)) throw wrong(option, "a size such as 8g or 512m", text);
    return value;
  };
}

/** A reader of finite decimal numbers in [min, max]. */
export function decimal(option: string, min: number, max: number = Infinity): (text: string) => number {
  const rule =
    min === -Infinity ? "a number" : max === Infinity ? `a number >= ${min}` : `a number from ${min} to ${max}`;
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (!(Number.isFinite(value) && value >= min && value <= max)) throw wrong(option, rule, text);
    return value;
  };
}

/** A reader of one of `names`, in any case. */
export function oneOf<Name extends string>(option: string, names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    const closest = didYouMean(text, names);
    throw wrong(option, `one of ${names.join(", ")}`, text, closest === undefined ? "" : `; did you mean ${closest}?`);
  };
}

/** Reads text that is not empty. */
export function text(option: string): (value: string) => string {
  return (value) => {
    if (value === "") throw wrong(option, "a value", value);
    return value;
  };
}

/** Reads the delimiter: one ASCII character; `tab` and `\t` are a tab. */
export function delimiter(option: string): (value: string) => string {
  return (value) => {
    if (value === "tab" || value === "\\t") return "\t";
    const isOne = value.length === 1 && value.charCodeAt(0) < 128 && !'"\r\n'.includes(value);
    if (!isOne) throw wrong(option, "one ASCII character, or tab", value);
    return value;
  };
}

/** Reads ids separated by commas; a comma in an id is written `\,`. Also repeated: each adds to the ones before. */
export function idList(option: string): (value: string, before: readonly string[] | undefined) => readonly string[] {
  return (value, before = []) => {
    const ids = value.split(/(?<!\\),/).map((id) => id.replaceAll("\\,", ",").trim());
    if (ids.includes("")) throw wrong(option, "ids separated by commas", value);
    return [...before, ...ids];
  };
}

function wrong(option: string, rule: string, value: string, next = ""): Error {
  const error = invalidArgument("superstep", option, rule, value);
  error.message = error.message.replace("superstep: ", "") + next;
  return error;
}
