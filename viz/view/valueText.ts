/**
 * Values as text to be read: always one line, always safe to show.
 */
import { escapeControls } from "../../core/errors.ts";
import type { ViewValue } from "./pageData.ts";

/** What stands for a missing value. */
export const missingText = "—";

/** A value for panels and tables: integers grouped, other numbers to six digits, text with its controls visible. */
export function valueText(value: ViewValue | undefined): string {
  if (value === null || value === undefined) return missingText;
  return typeof value === "number" ? numberText(value) : escapeControls(value);
}

/** A number to six significant digits; integers below 10^15 in full, grouped. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "not a number";
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4)
    return value
      .toExponential(4)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  return value.toLocaleString("en-US", { maximumSignificantDigits: 6 });
}

/** An id: its digits or text as they are, controls visible. */
export function idText(value: ViewValue | undefined): string {
  return value === null || value === undefined ? missingText : escapeControls(String(value));
}

/** At most `limit` characters, the last an ellipsis if any were left out. Never cuts a character in two. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const characters = Array.from(text.slice(0, 2 * limit + 2));
  return characters.length <= limit && text.length <= 2 * limit + 2
    ? text
    : `${characters.slice(0, limit - 1).join("")}…`;
}

/** "1 link", "2,000 links". */
export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
